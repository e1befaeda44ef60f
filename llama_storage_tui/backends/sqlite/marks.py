"""A value of a SQLite row as a cursor holds it: with its storage class, which decides where it sorts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.ranges import is_storable
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.records import SortValue

INTEGERS: Final = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Bound:
    """A value to bind. `is_text`: bytes that are text to SQLite, though no valid UTF-8."""

    value: str | float | bytes
    is_text: bool = False


def part_of(value: object, storage: object) -> Part:
    """Return a cursor's part of a value and its storage class; text that is no valid UTF-8 keeps its bytes."""
    if type(value) is str:  # first, and without a match: as good as all keys are text
        return "t", value
    match value:
        case None:
            return None
        case bytes():
            return ("x" if storage == "text" else "b"), base64.b64encode(value).decode()
        case float():
            return "r", value.hex()
        case int():
            return "i", str(value)
        case _:
            return "t", str(value)


def sort_value_of(part: Sequence[str]) -> SortValue:
    """Return what a part sorts by: numbers, then texts, then binary; raises UsageError for a forged one."""
    bound = bound_of(part)
    match bound.value:
        case bytes() as data:
            return (1 if bound.is_text else 2), data
        case str() as text:
            return 1, text.encode()
        case number:
            return 0, number


def bound_of(part: Sequence[str]) -> Bound:
    """Return the value of a cursor's part; raises UsageError for a forged one."""
    kind, text = part
    try:
        match kind:
            case "i" if int(text) in INTEGERS:
                return Bound(int(text))
            case "r":
                return Bound(float.fromhex(text))
            case "t" if is_storable(text):
                return Bound(text)
            case "b":
                return Bound(base64.b64decode(text, validate=True))
            case "x":
                return Bound(base64.b64decode(text, validate=True), is_text=True)
    except (ValueError, OverflowError):
        pass
    raise cursors.refused()
