"""Fields of stored objects, of whatever type they are: never raises, says what is odd. Pure functions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from llama_storage_tui.secrets import MASK

WIDEST_SUMMARY: Final = 200
DEEPEST: Final = 100
"""Levels of nesting that are kept: what walks a value by recursion, pydantic too, then never meets a limit."""

_EXACT: Final = 2**53

CUT: Final = f"… nested deeper than {DEEPEST} levels"

_SUSPECT: Final = frozenset(
    {*("headers", "Headers", "authorization", "Authorization"), *("api_key", "access_token", "server_url")}
)
"""Fields of tools and connectors that hold credentials, or may: what is stored under them is never shown."""

_WORDS: Final = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def type_name(value: object) -> str:
    """Say what a parsed value is: "a list"."""
    return _WORDS.get(type(value), type(value).__name__)


def as_mapping(value: object) -> Mapping[str, object]:
    """Return an object, an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[object]:
    """Return a list, an empty one in place of anything else."""
    return value if isinstance(value, list) else ()


def as_number(value: object) -> float | None:
    """Return a finite number as it is, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def as_count(value: object) -> float | None:
    """Return a whole number, None for anything else; one with a point or an exponent stays as it is beyond what a float counts."""
    number = as_number(value)
    return (
        int(number) if number is not None and (isinstance(number, int) or abs(number) <= _EXACT) else number
    )


def as_text(value: object) -> str | None:
    """Return a text as it is, of a column's bytes what of them is text, anything else as JSON, None for null."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, str) else compact(value)


def compact(value: object) -> str:
    """Write a parsed value as JSON on one line, letters as they are: it is cleaned where it is shown."""
    return json.dumps(value, ensure_ascii=False, default=str)


def one_line(text: str, limit: int = WIDEST_SUMMARY) -> str:
    """Return the beginning of a text on one line."""
    words = " ".join(text[: limit * 4].split())
    return words if len(words) <= limit and len(text) <= limit * 4 else words[: limit - 1] + "…"


def parsed(text: object) -> object:
    """Return what a text holds where it is a JSON object or list, else the value itself."""
    if not isinstance(text, str) or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return shallow(json.loads(text))
    except (ValueError, RecursionError):
        return text


def shallow(value: object) -> object:
    """Replace what is nested deeper than DEEPEST by a sentence, in place. Walks without recursion."""
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return value
    for node in level:
        _cut(node)
    return value


def _children(node: object) -> Sequence[object]:
    return [*node.values()] if isinstance(node, dict) else node if isinstance(node, list) else ()


def _cut(node: object) -> None:
    if isinstance(node, dict):
        node.update({key: CUT for key, child in node.items() if isinstance(child, dict | list)})
    elif isinstance(node, list):
        node[:] = [CUT if isinstance(child, dict | list) else child for child in node]


def load(text: str, constant: Callable[[str], object] | None = None) -> object:
    """Parse stored JSON: credentials masked, nesting cut. `constant` hears of NaN and Infinity and gives their value.

    Raises ValueError (json.JSONDecodeError, or a number of too many digits) and RecursionError.
    """
    # The hook is Python: without one, a document of 50 MB would hold the interpreter, and with it every screen, until its end.
    return shallow(json.loads(text, parse_constant=constant, object_pairs_hook=_object))


def loaded_list(text: object) -> list[object] | None:
    """Parse a stored list as `load` does; None where it is none."""
    try:
        found = load(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object, with credentials masked: headers' values, authorizations, user info and queries of server URLs."""
    found = dict(pairs)
    if not _SUSPECT.isdisjoint(found):
        found |= {name: _masked(name.lower(), found[name]) for name in _SUSPECT if name in found}
    return found


def _masked(name: str, value: object) -> object:
    if value is None or value in ("", {}, []):
        return value
    if name == "headers":
        return dict.fromkeys(value, MASK) if isinstance(value, dict) else MASK
    if not isinstance(value, str):
        return value  # the description of a field of that name, in a tool's schema
    return masked_url(value) if name == "server_url" else MASK


def masked_url(url: str) -> str:
    """Return a URL without its user info and the values of its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    _, at, host = parts.netloc.rpartition("@")
    query = re.sub(r"=[^&]*", f"={MASK}", parts.query)
    return urlunsplit((parts.scheme, f"{MASK}@{host}" if at else host, parts.path, query, parts.fragment))
