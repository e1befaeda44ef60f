"""Which values of a config are secret, and how text that holds one is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.environment import EXPRESSION
from llama_storage_tui.secrets import MASK, Secret

_SECRET_NAME: Final = re.compile(
    r"pass(word|wd|phrase)?$|passw|pwd|secret|token$|api[_-]?key|apikey|credential|connection_string|dsn|private|authorization",
    re.IGNORECASE,
)
_USERINFO: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)?(?P<user>[^\s/:@?#]*):(?P<password>[^\s/]*)@(?=[^\s@]*$)"
)
_QUERY_SECRET: Final = re.compile(
    r"([?&](?:password|sslpassword|passwd|token|secret)=)([^&#\s]+)", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Tell whether a field of that name holds a secret, known to a server or not."""
    return _SECRET_NAME.search(name) is not None


def mask_userinfo(text: str) -> str:
    """Mask the password of `user:password@host`, in a URI or alone, and secrets of a URI's query."""
    shown = _USERINFO.sub(lambda found: f"{found['scheme'] or ''}{found['user']}:{MASK}@", text)
    return _QUERY_SECRET.sub(rf"\g<1>{MASK}", shown)


def secrets_in_userinfo(text: str) -> Iterator[Secret]:
    """Yield the secrets that `mask_userinfo` hides."""
    for found in _USERINFO.finditer(text):
        if found["password"]:
            yield Secret(found["password"])
    for found in _QUERY_SECRET.finditer(text):
        yield Secret(found[2])


def mask_expression(text: str) -> str:
    """Show a secret's text from the file: its `${env…}` with defaults masked, anything literal masked as a whole.

    What stays readable is the variable's name, which is what an operator needs and no secret.
    """
    if not EXPRESSION.search(text):
        return MASK
    shown: list[str] = []
    position = 0
    for found in EXPRESSION.finditer(text):
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
    if isinstance(value, dict):
        return {str(key): mask_value(str(key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask_value(name, item) for item in value]
    if is_secret_name(name) and value not in (None, ""):
        return MASK
    return mask_userinfo(value) if isinstance(value, str) else value


def find_secrets(data: object, name: str = "") -> Iterator[Secret]:
    """Yield every secret of a resolved document, wherever it stands: by its field's name, or as userinfo of a URI."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from find_secrets(value, str(key))
    elif isinstance(data, list):
        for value in data:
            yield from find_secrets(value, name)
    elif isinstance(data, str) and data:
        if is_secret_name(name):
            yield Secret(data)
        yield from secrets_in_userinfo(data)
