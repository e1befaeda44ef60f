"""Which characters of which file a resolved password comes from.

A field's text is literal text and `${env…}` expressions, each of which gives a part of the resolved text. The password must lie
within one part: a password put together from two variables has no place where a new one could be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace
from enum import StrEnum

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, get, show_path, strings
from llama_storage_tui.config.edit.uri import decode_password, password_span
from llama_storage_tui.config.environment import (
    EARLY_EXPRESSION,
    EXPRESSION,
    Variable,
    convert,
)
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.secrets import Secret
from llama_storage_tui.upstream import changes


class CarrierKind(StrEnum):
    """Where a password is written."""

    LITERAL = "literal"
    DEFAULT = "default"
    """The default of `${env.X:=default}`."""
    ENV_FILE = "env-file"
    PROCESS = "process"
    """A variable of the process environment alone."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A place that carries a password.

    `start` and `end` bound it, still encoded where `is_encoded`, in the field's own text (`LITERAL`, `DEFAULT`) or in the
    variable's value (`ENV_FILE`, `PROCESS`). `is_used` is False for one that another overrides today.
    """

    kind: CarrierKind
    path: Path
    start: int
    end: int
    password: Secret
    written: Secret
    """The password as it is written there: percent-encoded in a URI."""
    variable: str | None = None
    file: str | None = None
    line: int | None = None
    is_encoded: bool = False
    is_used: bool = True

    @property
    def is_of_document(self) -> bool:
        """Whether the run config itself carries it."""
        return self.kind in (CarrierKind.LITERAL, CarrierKind.DEFAULT)


@dataclass(frozen=True, slots=True)
class _Part:
    text: str = field(repr=False)
    offset: int
    """Where the part begins in the field's text; of a variable's value 0."""
    kind: CarrierKind
    variable: str | None = None
    origin: Variable | None = None
    is_verbatim: bool = True


def find_carriers(context: Context, path: Path, *, is_uri: bool) -> tuple[Carrier, ...]:
    """Return the place that carries the password of a field, and after it those that it overrides.

    Overridden are the default of a variable that is set, and nothing else here: what other env files set is not known to the
    resolved environment. Raises RefusedError with a sentence where there is no single place.
    """
    raw = get(context.document.data, *path)
    if not isinstance(raw, str):
        raise _refused(context, path, "is no text")
    if context.version < changes.EXPRESSION_OPERATORS and EXPRESSION.sub("", raw) != EARLY_EXPRESSION.sub(
        "", raw
    ):
        raise _refused(
            context, path, "is written in the form of 0.2.12 and earlier, which is not changed from here"
        )
    parts = list(_parts(context, raw))
    used = _locate(context, path, parts, is_uri=is_uri)
    found = [used]
    for index, part in enumerate(parts):
        if part.variable != used.variable or part.kind is CarrierKind.DEFAULT or used.variable is None:
            continue
        default = _default_part(raw, used.variable)
        if default is not None and default.text:
            try:
                overridden = _locate(
                    context, path, [*parts[:index], default, *parts[index + 1 :]], is_uri=is_uri
                )
            except RefusedError:
                continue
            if overridden.kind is CarrierKind.DEFAULT:
                found.append(replace(overridden, is_used=False))
    return tuple(found)


def _locate(context: Context, path: Path, parts: list[_Part], *, is_uri: bool) -> Carrier:
    resolved = "".join(part.text for part in parts)
    is_literal = len(parts) == 1 and parts[0].kind is CarrierKind.LITERAL
    if not is_literal and convert(resolved) != resolved:
        raise _refused(
            context, path, "does not stay text: servers turn such a value into a number or nothing"
        )
    span = password_span(resolved) if is_uri else (0, len(resolved))
    if span is None or span[0] == span[1]:
        raise _refused(context, path, "holds no password")
    position = 0
    for part in parts:
        end = position + len(part.text)
        if position <= span[0] and span[1] <= end and part.text:
            if not part.is_verbatim:
                raise _refused(context, path, "begins with ~, which servers expand")
            password = decode_password(resolved, span) if is_uri else resolved
            origin = part.origin
            return Carrier(
                part.kind,
                path,
                part.offset + span[0] - position,
                part.offset + span[1] - position,
                Secret(password),
                Secret(resolved[slice(*span)]),
                part.variable,
                origin.file if origin else None if part.kind is CarrierKind.PROCESS else _file(context),
                origin.line if origin else context.document.file_line(path),
                is_encoded=is_uri,
            )
        position = end
    raise _refused(
        context, path, "is put together from several parts, so that no single place holds the password"
    )


def _file(context: Context) -> str:
    manifest = context.document.manifest
    return context.document.name if manifest is None else manifest.document.name


def _parts(context: Context, raw: str) -> Iterator[_Part]:
    environment = context.environment
    position = 0
    for match in EXPRESSION.finditer(raw):
        if match.start() > position:
            yield _Part(raw[position : match.start()], position, CarrierKind.LITERAL)
        position = match.end()
        variable, operator, alternative = match[1], match[2] or "", match[3] or ""
        origin = environment.variables.get(variable)
        is_set = origin is not None and not origin.is_empty
        if operator == "+":
            text = alternative if is_set else ""
            verbatim = environment.expand_user(text) == text
            yield _Part(text, match.start(3), CarrierKind.LITERAL, is_verbatim=verbatim)
        elif is_set and origin is not None and origin.value is None:
            raise RefusedError(
                f"{variable} is set in {origin.file}, line {origin.line}, to a value that is not known here",
                help=Advice("", Step.GIVE_ENV_FILE),
            )
        elif is_set and origin is not None and origin.value is not None:
            # What a manifest gives to a server is changed where it is kept: in a Secret, by the operator.
            kind = CarrierKind.PROCESS if origin.file is None or origin.is_deployed else CarrierKind.ENV_FILE
            verbatim = environment.expand_user(origin.value) == origin.value
            yield _Part(origin.value, 0, kind, variable, origin, verbatim)
        elif operator == "=":
            verbatim = environment.expand_user(alternative) == alternative
            yield _Part(alternative, match.start(3), CarrierKind.DEFAULT, variable, None, verbatim)
        else:
            raise RefusedError(f"{variable} is not set", help=Advice("", Step.GIVE_ENV_FILE))
    if position < len(raw):
        yield _Part(raw[position:], position, CarrierKind.LITERAL)


def _default_part(raw: str, variable: str) -> _Part | None:
    for match in EXPRESSION.finditer(raw):
        if match[1] == variable and match[2] == "=":
            return _Part(match[3], match.start(3), CarrierKind.DEFAULT, variable)
    return None


def uses_of_variable(data: object, variable: str) -> Iterator[Path]:
    """Yield the paths of a document whose text takes over the value of a variable; `:+` only asks whether it is set."""
    for path, text in strings(data):
        if any(match[1] == variable and match[2] != "+" for match in EXPRESSION.finditer(text)):
            yield path


def _refused(context: Context, path: Path, why: str) -> RefusedError:
    line = context.document.value_line(path)
    return RefusedError(
        f"{context.document.name}{f', line {line}' if line else ''}: {show_path(path)} {why}",
        where=show_path(path),
    )
