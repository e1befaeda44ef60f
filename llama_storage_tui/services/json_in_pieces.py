"""Parses large JSON a piece at a time: `json.loads` holds the interpreter, and with it the screen, until it has read the whole.

Of objects each member, of lists each item is read by the standard library's own scanner; between two of them other threads have
their turn. An item that follows a large one is itself taken apart, since it may be as large.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final

LARGE: Final = 200_000
"""Characters that are read at once: a few milliseconds."""
_DEEPEST: Final = 6
"""Levels that are taken apart: below them one piece holds no more than one of many."""
_read: Final = JSONDecoder().raw_decode
_after_space: Final = re.compile(r"[ \t\n\r]*").match


def loads(text: str, *, large: int = LARGE) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return what `json.loads` returns; raises ValueError or RecursionError where it does."""
    value, end = _value(text, _skipped(text, 0), 0, large)
    if _skipped(text, end) != len(text):
        raise JSONDecodeError("Extra data", text, end)
    return value


def _value(text: str, at: int, depth: int, large: int) -> tuple[Any, int]:
    if depth < _DEEPEST and len(text) - at > large:
        if text.startswith("{", at):
            return _object(text, at, depth, large)
        if text.startswith("[", at):
            return _list(text, at, depth, large)
    return _read(text, at)


def _object(text: str, at: int, depth: int, large: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    at = _skipped(text, at + 1)
    if text.startswith("}", at):
        return found, at + 1
    while True:
        _past(text, at, '"')
        name, at = _read(text, at)
        at = _skipped(text, _past(text, _skipped(text, at), ":"))
        found[name], at = _value(text, at, depth + 1, large)
        at = _skipped(text, at)
        if text.startswith("}", at):
            return found, at + 1
        at = _skipped(text, _past(text, at, ","))


def _list(text: str, at: int, depth: int, large: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    at = _skipped(text, at + 1)
    if text.startswith("]", at):
        return found, at + 1
    is_taken_apart = True
    while True:
        began = at
        item, at = _value(text, at, depth + 1 if is_taken_apart else _DEEPEST, large)
        found.append(item)
        is_taken_apart = at - began > large
        at = _skipped(text, at)
        if text.startswith("]", at):
            return found, at + 1
        at = _skipped(text, _past(text, at, ","))


def _skipped(text: str, at: int) -> int:
    found = _after_space(text, at)
    return at if found is None else found.end()


def _past(text: str, at: int, sign: str) -> int:
    if not text.startswith(sign, at):
        raise JSONDecodeError(f"Expecting {sign!r}", text, at)
    return at + 1
