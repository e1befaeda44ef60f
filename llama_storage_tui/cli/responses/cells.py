"""What stands in a table of stored records for a person: a dash for nothing, a time as one reads it, nobody's owner."""

from __future__ import annotations

from llama_storage_tui.model.data import Cell
from llama_storage_tui.services.values import epoch_time


def time_of(value: Cell) -> str:
    """Return a stored time as a person reads it, or as it is."""
    time = epoch_time("created_at", value)
    return f"{time:%Y-%m-%d %H:%M:%S}" if time else or_dash(value)


def owner_of(owner: str | None) -> str:
    """Return an owner; nobody is a dash."""
    return "NULL" if owner is None else owner or "–"


def or_dash(value: object) -> str:
    """Return a value as text, a dash for none."""
    return "–" if value is None else str(value)
