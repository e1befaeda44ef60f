"""What stands in a table of stored records for a person: a dash for nothing, a time as one reads it, nobody's owner."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.model.data import Cell
from llama_storage_tui.services.values import epoch_time, with_letters

_STATUSES: Final = {
    "failed": Colour.BAD,
    **dict.fromkeys(("incomplete", "in_progress", "queued", "cancelled"), Colour.WARNING),
}


def time_of(value: Cell) -> str:
    """Return a stored time as a person reads it, or as it is."""
    time = epoch_time("created_at", value)
    return f"{time:%Y-%m-%d %H:%M:%S}" if time else or_dash(value)


def owner_of(owner: str | None) -> str:
    """Return an owner; nobody is a dash."""
    return "NULL" if owner is None else owner or "–"


def whose(owner: str | None) -> str:
    """Return an owner where there is room: nobody is said in words."""
    return "NULL" if owner is None else owner or "'' (no owner)"


def json_or_dash(value: object) -> str:
    """Return a stored JSON text with its letters as they are, a dash for none."""
    return "–" if value is None else with_letters(str(value))


def status_of(status: object) -> Toned | str:
    """Return a response's status in the tone of how it ended; what is as it should be has none."""
    tone = _STATUSES.get(str(status))
    return or_dash(status) if tone is None else Toned(str(status), tone)


def or_dash(value: object) -> str:
    """Return a value as text, a dash for none."""
    return "–" if value is None else str(value)
