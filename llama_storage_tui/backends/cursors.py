"""Cursors: where a page ends, as opaque text that survives a command line.

A cursor is the base64url form of a JSON object that names its listing by a fingerprint, so that one of another table or
another filter is refused instead of giving a page of something else. Values keep their storage class, because SQLite orders
by it and JSON would lose it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Cursor

Part = tuple[str, str] | None
"""One value of a key: its storage class (the dialect's own letter) and its text; None is NULL."""


@dataclass(frozen=True, slots=True)
class Position:
    """The values of the last row seen, in the order of the listing's sort columns; empty for a scan's own mark."""

    parts: tuple[Part, ...]


def fingerprint(*what: object) -> str:
    """Return a short name for a listing: equal for equal arguments, across runs."""
    text = json.dumps(what, ensure_ascii=True, default=list)
    return hashlib.blake2s(text.encode(), digest_size=6).hexdigest()


def encode(listing: str, parts: Sequence[Part]) -> Cursor:
    """Return the cursor of a position in the listing of that fingerprint."""
    text = json.dumps({"l": listing, "p": parts}, ensure_ascii=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: Cursor, listing: str, *, length: int) -> Position:
    """Return the position that a cursor holds; raises UsageError for one that is broken or of another listing."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        name, raw = found["l"], found["p"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise _refused() from None
    if name != listing or not isinstance(raw, list) or len(raw) != length:
        raise _refused()
    return Position(tuple(_part(item) for item in raw))


def _part(item: object) -> Part:
    match item:
        case None:
            return None
        case [str(kind), str(text)]:
            return kind, text
        case _:
            raise _refused()


def refused(help_: str = "Leave it out for the first page.") -> UsageError:
    """Return what is raised for a cursor whose position is none of the list, by default without saying what it goes with."""
    return UsageError("This cursor does not belong to this list.", help=help_)


def _refused() -> UsageError:
    return refused(
        "A cursor goes with the table, filter and order that it was given for; leave it out for the first page.",
    )


def number(text: str) -> int:
    """Return the number that a cursor's text stands for; raises UsageError for a forged one."""
    try:
        return int(text)
    except ValueError:
        raise refused() from None
