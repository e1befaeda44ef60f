"""Env files: the dotenv dialect that compose, systemd's simple cases and shells share.

`NAME=value`, `export NAME=value`, single and double quotes (double ones with backslash escapes, over several lines), comments;
no interpolation: `$` is an ordinary character. A later line of one file wins over an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final

from llama_storage_tui.config.environment import Environment, Variable
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import ConfigError
from llama_storage_tui.model.notices import Notice, NoticeKind

_NAME: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=")
_SINGLE: Final = re.compile(r"[ \t]*'([^']*)'")
_DOUBLE: Final = re.compile(r'[ \t]*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PLAIN: Final = re.compile(r"[^\r\n]*")
_REST: Final = re.compile(r"[ \t]*(#[^\r\n]*)?(\r\n|\n|\r|$)")
_IGNORED: Final = re.compile(r"[ \t]*(#[^\r\n]*)?(\r\n|\n|\r)|[ \t]*(#[^\r\n]*)?$")
ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_OPEN: Final = re.compile(r"[ \t]*['\"]")
_COMMENT: Final = re.compile(r"(?<![ \t])[ \t]+#.*$")
"""Only after a blank: `A=#x` is #x, as in a shell."""
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class Quoting(StrEnum):
    """How a value is written."""

    PLAIN = "without quotes"
    SINGLE = "in single quotes"
    DOUBLE = "in double quotes"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment of an env file: `start` and `end` bound the written value, quotes left out; lines count from 1."""

    variable: str
    value: str = field(repr=False)
    line: int
    start: int
    end: int
    quoting: Quoting


def parse_env_file(text: str, name: str) -> dict[str, Variable]:
    """Read an env file; raises ConfigError with the line for one that is not an assignment."""
    return {
        found.variable: Variable(found.value, name, found.line)
        for found in read_assignments(text.removeprefix("\ufeff"), name)
    }


def read_assignments(text: str, name: str) -> Iterator[Assignment]:
    """Yield the assignments of an env file in its order; `text` has no byte order mark. Raises ConfigError as above."""
    position = 0
    while position < len(text):
        ignored = _IGNORED.match(text, position)
        if ignored:
            position = max(ignored.end(), position + 1)
            continue
        line = text.count("\n", 0, position) + 1
        match = _NAME.match(text, position)
        if match is None:
            raise ConfigError(
                f"{name}, line {line}: not an assignment",
                where=f"{name}:{line}",
                help="Each line of an env file is NAME=value, a comment, or empty.",
            )
        assignment, position = _assignment(text, match, name, line)
        yield assignment


def unescape(escaped: str) -> str:
    """Return what a backslash and a character mean in double quotes."""
    return _ESCAPES.get(escaped[1], escaped[1])


def _assignment(text: str, match: re.Match[str], name: str, line: int) -> tuple[Assignment, int]:
    variable, position = match[1], match.end()
    for pattern, quoting in ((_SINGLE, Quoting.SINGLE), (_DOUBLE, Quoting.DOUBLE)):
        quoted = pattern.match(text, position)
        if quoted is None:
            continue
        rest = _REST.match(text, quoted.end())
        if rest is None:
            raise ConfigError(f"{name}, line {line}: text after the closing quote", where=f"{name}:{line}")
        value = quoted[1]
        if quoting is Quoting.DOUBLE:
            value = ESCAPED.sub(lambda found: unescape(found[0]), value)
        return Assignment(variable, value, line, quoted.start(1), quoted.end(1), quoting), rest.end()
    if _OPEN.match(text, position):
        raise ConfigError(f"{name}, line {line}: a quote that is never closed", where=f"{name}:{line}")
    plain = _PLAIN.match(text, position)
    raw = plain[0] if plain else ""
    end = position + len(raw)
    if text.startswith("\r\n", end):
        end += 2
    elif end < len(text):
        end += 1
    value = _COMMENT.sub("", raw).strip()
    start = position + raw.index(value)
    return Assignment(variable, value, line, start, start + len(value), Quoting.PLAIN), end


def merge(
    env_files: list[dict[str, Variable]],
    process: Mapping[str, str] | None,
    *,
    assumes_set: bool = False,
    home: str | None = None,
) -> Environment:
    """Put env files and the process environment together.

    A later file wins over an earlier one, and a named file over the process environment, with a notice where the two differ.
    """
    named: dict[str, Variable] = {}
    for file in env_files:
        named |= file
    notices = [
        Notice(NoticeKind.VARIABLE_DIFFERS, name, f"{variable.file} (line {variable.line})")
        for name, variable in named.items()
        if process is not None
        and variable.value is not None
        and process.get(name, variable.value) != variable.value
    ]
    # One that a compose file sets to what is not known: what is set here is the best that is known of it.
    known = {
        name: found for name, found in named.items() if found.value is not None or name not in (process or {})
    }
    variables = {name: Variable(value) for name, value in (process or {}).items()} | known
    return Environment(variables, assumes_set, home, tuple(notices))
