"""Responses in the words and marks that the screens use: states, owners, times, short ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.services.values import epoch_time
from llama_storage_tui.text import ELLIPSIS
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.response_marks import owner_shown, status_mark, trouble
from llama_storage_tui.tui.style.wording import bare_moment

__all__ = [
    "created_shown",
    "id_text",
    "number",
    "owner_shown",
    "point",
    "short_ids",
    "status_mark",
    "trouble",
]

NOBODY: Final = "''"
"""How an operator types the owner that nobody is."""
LEAST_ID: Final = 8
"""Characters after an id's prefix that its short form has at least."""


def created_shown(created: Cell, zone: tzinfo | None) -> Shown:
    """Return when a response was created; what is no time as it is stored."""
    time = epoch_time("created_at", created)
    if time is not None:
        return Shown(bare_moment(time, zone))
    return Shown(f"▲ {id_text(created)}", Tone.WARNING)


def number(value: int | None) -> Shown:
    """Return a number for a list, a dash where the row does not tell."""
    return Shown("–", Tone.MUTED) if value is None else Shown(f"{value:,}")


def id_text(id_: Cell) -> str:
    """Return a stored id as text."""
    if isinstance(id_, bytes):
        return f"bytes {id_.hex()}"
    return "NULL" if id_ is None else str(id_)


def short_ids(ids: Sequence[str]) -> list[str]:
    """Return ids cut at one length at which no two of them that differ look the same."""
    prefix = max((id_.find("_") + 1 for id_ in ids), default=0)
    longest = max(map(len, ids), default=0)
    different = len(set(ids))
    length = prefix + LEAST_ID
    while length < longest and len({id_[:length] for id_ in ids}) < different:
        length += 2
    return [id_ if len(id_) <= length + 1 else id_[:length] + ELLIPSIS for id_ in ids]


def point(seconds: float, zone: tzinfo | None) -> str:
    """Return epoch seconds as a time; those of no calendar as they are."""
    try:
        return bare_moment(datetime.fromtimestamp(seconds, UTC), zone)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:g}"
