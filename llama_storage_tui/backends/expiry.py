"""Expiration texts of every server version, read as UTC times.

Seen in stores: `2027-11-23 01:00:00.123456+00:00` and naive ones (llama-stack on SQLite), a `T` in between (ogx on SQLite),
`timestamp` and `timestamptz` in PostgreSQL, whose text has an hours-only offset. A time without an offset is UTC: every
server writes it so.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from llama_storage_tui.model.data import Cell

_HOURS_ONLY: Final = re.compile(r"(?<=:\d\d)(\.\d+)?([+-]\d\d)$")
"""PostgreSQL's `+00`, which `fromisoformat` reads; kept to pad fractions of other lengths beside it."""


def read(stored: Cell) -> tuple[datetime | None, str | None]:
    """Return the time that a stored expiration means, or None with the text that could not be read as one."""
    if stored is None:
        return None, None
    try:
        match stored:
            case bool() | bytes():
                return None, repr(stored)
            case int() | float():
                return datetime.fromtimestamp(stored, UTC), None
            case str():
                return _aware(datetime.fromisoformat(_padded(stored.strip()))), None
    except (ValueError, OverflowError, OSError):
        return None, str(stored)


def spaced(stored: Cell) -> Cell:
    """Return an expiration as SQLite's driver writes it for llama-stack and ogx before 1.0; what cannot be read as it is."""
    time, _ = read(stored)
    return stored if time is None else time.isoformat(" ")


def joined(stored: Cell) -> Cell:
    """Return an expiration as ogx from 1.0 on writes it to SQLite; what cannot be read as it is."""
    time, _ = read(stored)
    return stored if time is None else time.isoformat()


def is_past(expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether a key has expired: at its second, as ogx compares."""
    return expires_at is not None and expires_at <= now


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _padded(text: str) -> str:
    return _HOURS_ONLY.sub(lambda match: f"{match[1] or ''}{match[2]}:00", text)
