"""Where a config has the value of a secret field inside of another value: in a path, a host, a user, a namespace.

Such a value is used as it is and shown with the secret masked. Two things prove that a value holds a secret. One is where it
comes from: a variable that a secret field reads, or that is named as a secret, is masked wherever an expression expands it, be
it a plain word. The other is the secret itself in a longer text, where it is no word that may stand there by chance: many
servers have a role, a database and a folder that are called as their password is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path
from llama_storage_tui.config.environment import UNKNOWN, expand_text, expressions
from llama_storage_tui.config.masking import (
    is_secret_name,
    names_a_place,
    password_in_userinfo,
    secrets_in_userinfo,
)
from llama_storage_tui.secrets import MASK, Concealed, Secret
from llama_storage_tui.upstream.run_config.storage import BACKENDS

SHORTEST: Final = 6
"""Shorter texts are in many names by chance."""
_FEWEST_DIGITS: Final = 10
"""A shorter number may be a date, a port or an identifier."""
_RANDOM: Final = (
    re.compile("[a-z]"),
    re.compile("[A-Z]"),
    re.compile("[0-9]"),
    re.compile(r"[^A-Za-z0-9_.\s-]"),
)
_FEWEST_KINDS: Final = 3
"""Of how many kinds the letters of a text are that nobody calls a database by."""

_NAMED_AS_SECRET: Final = re.compile(
    r"(passw(or)?d|pass(phrase)?|pwd?|secret|token|key|creds?|credentials?)\d*$", re.IGNORECASE
)
_OF_ENGINES: Final = sorted({word for type_ in BACKENDS for word in type_.split("_")}, key=len, reverse=True)
_WORDS: Final = re.compile(
    r"(admin|backend|cache|change|client|data|database|db|default|demo|dev|example|key|llama|local|localhost|main|me|meta|"
    r"my|ogx|pass|password|pg|pgsql|pgvector|postgresql|prod|production|public|root|secret|server|service|"
    rf"stack|staging|storage|store|test|testing|the|token|user|vector|{'|'.join(_OF_ENGINES)}|[^a-z]+)+",
    re.IGNORECASE,
)
"""What names in run configs are made of."""


def find_concealed(context: Context) -> Iterator[Concealed]:
    """Yield what a config has of its secrets in other values, and note in the context what is shown at those places."""
    scalars = _scalars(context.document.data, (), is_secret=False)
    leaves = [(path, value, is_secret) for path, value, is_secret in scalars if isinstance(value, str)]
    variables = _secret_variables(leaves)
    for path, text, is_secret in leaves:
        if is_secret or not any(use.variable in variables for use in context.resolution.uses.get(path, ())):
            continue
        value, shown = (
            expand_text(text, context.environment, context.version, conceals=names)
            for names in ((), variables)
        )
        if UNKNOWN in (value, shown) or value == shown:
            continue
        context.shown_at[path] = str(shown)
        if shown != MASK:
            for whole in dict.fromkeys((str(value), context.map_path(str(value)))):
                yield from _beginnings(whole, str(shown))
    known = (context.environment.variables.get(name) for name in variables)
    values = (variable.value for variable in known if variable is not None and variable.value)
    secrets = dict.fromkeys((*_secrets(context.data), *sorted(values)))
    names = _names(context.data) if secrets else set()
    for secret in secrets:
        if not _is_common(secret, names):
            yield Concealed(Secret(secret))


def _scalars(data: object, path: Path, *, is_secret: bool) -> Iterator[tuple[Path, object, bool]]:
    """Yield each value that holds no others with its path, and whether its own name says that it is a secret."""
    if isinstance(data, dict):
        for key, value in data.items():
            step = key if isinstance(key, str | int) else str(key)
            yield from _scalars(value, (*path, step), is_secret=_is_secret(str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _scalars(value, (*path, index), is_secret=is_secret)
    else:
        yield path, data, is_secret


def _is_secret(name: str) -> bool:
    return is_secret_name(name) and not names_a_place(name)


def _secret_variables(leaves: list[tuple[Path, str, bool]]) -> frozenset[str]:
    """Return the variables whose value is a secret: by their name, or by the field that reads them. Of a URI, its password."""
    found: set[str] = set()
    for _, text, is_secret in leaves:
        if "${env." not in text:
            continue
        found |= {
            name for name in expressions(text) if _NAMED_AS_SECRET.search(name) and is_secret_name(name)
        }
        secret = text if is_secret and "://" not in text else password_in_userinfo(text)
        found |= set(expressions(secret))
    return frozenset(found)


def _beginnings(value: str, shown: str) -> Iterator[Concealed]:
    """Yield a value with what is shown of it, and of a path the folders that it lies in."""
    parts, masked = value.split("/"), shown.split("/")
    if len(parts) == len(masked):
        for end in range(1, len(parts)):
            beginning, mask = "/".join(parts[:end]), "/".join(masked[:end])
            if beginning != mask and mask != MASK:
                yield Concealed(Secret(beginning), mask)
    yield Concealed(Secret(value), shown)


def _secrets(data: object) -> Iterator[str]:
    for _, value, is_secret in _scalars(data, (), is_secret=False):
        if isinstance(value, str):
            if is_secret and "://" not in value:
                yield value
            yield from (secret.reveal() for secret in secrets_in_userinfo(value))
        elif is_secret and isinstance(value, int | float):
            yield str(value)


def _names(data: object, *, is_secret: bool = False) -> set[str]:
    """Return every key and every text that is a whole value and no secret."""
    if isinstance(data, dict):
        keys = {str(key) for key in data}
        return keys.union(*(_names(value, is_secret=_is_secret(str(key))) for key, value in data.items()))
    if isinstance(data, list):
        return set().union(*(_names(value, is_secret=is_secret) for value in data))
    return {str(data)} if isinstance(data, str | int) and not is_secret else set()


def _is_common(text: str, names: set[str]) -> bool:
    """Tell whether a secret is a text that may stand in other values by chance."""
    if len(text) < SHORTEST or text[0] in "/~." or (text.isdecimal() and len(text) < _FEWEST_DIGITS):
        return True
    if sum(bool(kind.search(text)) for kind in _RANDOM) >= _FEWEST_KINDS:
        return False
    return text in names or _WORDS.fullmatch(text) is not None
