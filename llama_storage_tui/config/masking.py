"""Which values of a config are secret, and how text that holds one is shown.

What is masked is decided generously: a name that sounds like a secret is one, whether a server reads it or not, and everything
between the first `:` and the last `@` of a text is a password, since passwords hold `/`, `:`, `@` and spaces themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from llama_storage_tui.config.environment import EXPRESSION
from llama_storage_tui.secrets import MASK, Secret, password_span

_SECRET_NAME: Final = re.compile(
    r"(?<!by)(?<!com)pass(word|wd|phrase)?$|passw|pwd|secret|secert|secrt|token|api[_-]?key|credential|connection_?str|conn_?str|dsn|private|authorization|"
    r"bearer|cookie|(^|[_-])(pw|creds?)$|moderation_headers|(access|account|auth|encryption|master|shared|signing|ssl)_?key",
    re.IGNORECASE,
)
_COUNTED_TOKENS: Final = re.compile(
    r"(^|_)(max|min|num|n|total|chunk|overlap|prompt|completion|input|output|reserved)_(\w+_)?tokens?|^tokens$|tokeniz|"
    r"tokens?_(budget|count|endpoint|limit|overlap|per|size|uri|url|usage)",
    re.IGNORECASE,
)
"""Names with the word token that hold a number or an address, their words joined by underscores."""

_PLACE: Final = re.compile(r"_(dir|file|filename|name|path)$", re.IGNORECASE)
"""Names that say where a secret is, or how it is called, their words joined by underscores: `token_file`, `secret_name`."""

_WORD_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")

_ASSIGNED: Final = re.compile(r"(?<![\w-])([A-Za-z_][\w-]*)(\s*=\s*)('(?:[^'\\]|\\.)*'|[^&#;\s]+)")
"""`name=value` in a URI's query or a DSN. The look-behind keeps the scan linear."""


_OFTEN_MISTYPED: Final = ("password", "passwd", "passphrase", "credential", "api_key", "connection_string")
_LIKENESS: Final = 0.83
"""One letter too many, too few, or two that changed places: `pasword`, `conection_string`."""
_LONGEST_NAME: Final = 32


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Tell whether a field of that name holds a secret, known to a server or not, also where the name is mistyped."""
    if _SECRET_NAME.search(name) is None:
        return len(name) <= _LONGEST_NAME and _is_mistyped(name.lower())
    return "token" not in name.lower() or _COUNTED_TOKENS.search(_WORD_BREAK.sub("_", name)) is None


def _is_mistyped(name: str) -> bool:
    near = [word for word in _OFTEN_MISTYPED if _share_letters(name, word)]
    if not near:
        return False
    from difflib import get_close_matches  # here: hardly a name in a config comes so far

    return bool(get_close_matches(name, near, n=1, cutoff=_LIKENESS))


def _share_letters(name: str, word: str) -> bool:
    """Tell whether two names have as many letters in common, in any order, as two that are alike."""
    shared = sum(min(name.count(letter), word.count(letter)) for letter in {*word})
    return 2 * shared >= _LIKENESS * (len(name) + len(word))


def names_a_place(name: str) -> bool:
    """Tell whether a field of that name says where a secret is rather than what it is; such a value is masked all the same."""
    return _PLACE.search(_WORD_BREAK.sub("_", name)) is not None


def mask_userinfo(text: str) -> str:
    """Mask the password of `user:password@host`, in a URI or alone, and secrets of a URI's query or a DSN."""
    span = password_span(text)
    if span is not None:
        text = text[: span[0]] + MASK + text[span[1] :]
    return _ASSIGNED.sub(
        lambda found: f"{found[1]}{found[2]}{MASK}" if is_secret_name(found[1]) else found[0], text
    )


def secrets_in_userinfo(text: str) -> Iterator[Secret]:
    """Yield the secrets that `mask_userinfo` hides, as written and as a driver decodes them."""
    found = [match[3].strip("'") for match in _ASSIGNED.finditer(text) if is_secret_name(match[1])]
    span = password_span(text)
    if span is not None:
        found.append(text[slice(*span)])
    for value in found:
        if value:
            yield from {Secret(value), Secret(unquote(value))}


def password_in_userinfo(text: str) -> str:
    """Return the password of `user:password@host` in a text with expressions, as it is written; empty where there is none."""
    # A colon of an expression is none of the URI: each is as long as it was, and has none.
    end = text.rfind("}") + 1
    plain = EXPRESSION.sub(lambda found: "x" * len(found[0]), text[:end])
    span = password_span(plain + text[end:])
    return "" if span is None else text[slice(*span)]


def mask_written(text: str) -> str:
    """Show the text of a field that is no secret by its name: as it stands, unless a password is in it."""
    return text if mask_userinfo(text) == text else mask_expression(text)


def mask_expression(text: str) -> str:
    """Show a secret's text from the file: its `${env…}` with defaults masked, anything literal masked as a whole.

    What stays readable is the variable's name, which is what an operator needs and no secret.
    """
    end = text.rfind("}") + 1
    shown: list[str] = []
    position = 0
    for found in EXPRESSION.finditer(text, 0, end):
        if found.start() > position:
            shown.append(MASK)
        tail = f":{found[2]}{MASK if found[3] else ''}" if found[2] else ""
        shown.append(f"${{env.{found[1]}{tail}}}")
        position = found.end()
    if position < len(text):
        shown.append(MASK)
    return "".join(shown)


def mask_value(name: str, value: object) -> object:
    """Return plain data with every secret inside masked, by name and by userinfo."""
    if is_secret_name(name) and value not in (None, ""):
        return MASK
    if isinstance(value, dict):
        return {str(key): mask_value(str(key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask_value(name, item) for item in value]
    return mask_userinfo(value) if isinstance(value, str) else value


def find_secrets(data: object, name: str = "", *, is_secret: bool = False) -> Iterator[Secret]:
    """Yield every secret of a resolved document, wherever it stands: by its field's name, or as userinfo of a URI.

    What lies inside a mapping or list under a secret's name is secret too.
    """
    is_secret = is_secret or is_secret_name(name)
    if isinstance(data, dict):
        for key, value in data.items():
            yield from secrets_in_userinfo(str(key))
            yield from find_secrets(value, str(key), is_secret=is_secret)
    elif isinstance(data, list):
        for value in data:
            yield from find_secrets(value, is_secret=is_secret)
    elif isinstance(data, str) and data:
        if is_secret:
            yield Secret(data)
        yield from secrets_in_userinfo(data)
    elif is_secret and isinstance(data, int | float) and not isinstance(data, bool):
        yield Secret(str(data))
