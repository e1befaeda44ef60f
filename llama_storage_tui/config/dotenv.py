"""Env files: the dotenv dialect that compose, systemd's simple cases and shells share.

`NAME=value`, `export NAME=value`, single and double quotes (double ones with backslash escapes, over several lines), comments;
no interpolation: `$` is an ordinary character. A later line of one file wins over an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.config.environment import Environment, Variable
from llama_storage_tui.errors import ConfigError

_NAME: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=")
_SINGLE: Final = re.compile(r"[ \t]*'([^']*)'")
_DOUBLE: Final = re.compile(r'[ \t]*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PLAIN: Final = re.compile(r"[^\r\n]*")
_REST: Final = re.compile(r"[ \t]*(#[^\r\n]*)?(\r\n|\n|\r|$)")
_IGNORED: Final = re.compile(r"[ \t]*(#[^\r\n]*)?(\r\n|\n|\r)|[ \t]*(#[^\r\n]*)?$")
_OPEN: Final = re.compile(r"[ \t]*['\"]")
_COMMENT: Final = re.compile(r"(?<![ \t])[ \t]+#.*$")
"""Only after a blank: `A=#x` is #x, as in a shell."""
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def parse_env_file(text: str, name: str) -> dict[str, Variable]:
    """Read an env file; raises ConfigError with the line for one that is not an assignment."""
    variables: dict[str, Variable] = {}
    text = text.removeprefix("\ufeff")
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
        value, position = _value(text, match.end(), name, line)
        variables[match[1]] = Variable(value, name, line)
    return variables


def _value(text: str, position: int, name: str, line: int) -> tuple[str, int]:
    for pattern in (_SINGLE, _DOUBLE):
        quoted = pattern.match(text, position)
        if quoted is None:
            continue
        rest = _REST.match(text, quoted.end())
        if rest is None:
            raise ConfigError(f"{name}, line {line}: text after the closing quote", where=f"{name}:{line}")
        value = quoted[1]
        if pattern is _DOUBLE:
            value = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), value, flags=re.DOTALL)
        return value, rest.end()
    if _OPEN.match(text, position):
        raise ConfigError(f"{name}, line {line}: a quote that is never closed", where=f"{name}:{line}")
    plain = _PLAIN.match(text, position)
    raw = plain[0] if plain else ""
    end = position + len(raw)
    if text.startswith("\r\n", end):
        end += 2
    elif end < len(text):
        end += 1
    return _COMMENT.sub("", raw).strip(), end


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
        f"{name} differs between {variable.file} (line {variable.line}) and the process environment; the file counts"
        for name, variable in named.items()
        if process is not None and process.get(name, variable.value) != variable.value
    ]
    variables = {name: Variable(value) for name, value in (process or {}).items()} | named
    return Environment(variables, assumes_set, home, tuple(notices))
