"""Rows as they are stored: how far a table was seen, and what was stored in it since."""

from __future__ import annotations

from dataclasses import field

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell, Column, Cursor, RowPage
from llama_storage_tui.model.records import Record


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a table was seen, in an engine's own terms: nobody else reads it.

    `end` is the position after the last one seen, `since` the oldest transaction that was not over then, `seen` are the rows of
    later ones that were given already. `inserted` is how many rows the server should have counted by then, `gaps` how many more it
    had counted at the last few looks.
    """

    end: int
    since: int = 0
    seen: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    inserted: int | None = None
    gaps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredSince:
    """What was stored in a table since a mark, the first stored first; `mark` is where to go on.

    `is_cut` where more was stored than was asked for: the next look goes on at once. `unseen` is about how many rows the server
    stored where this does not look, as far as it tells. `way` says how new rows are found, and what that leaves out. `unread` are
    rows before these that nobody wanted to read.
    """

    records: tuple[Record, ...]
    mark: Mark
    way: str
    is_cut: bool = False
    unseen: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True)
class RowsSince:
    """Rows of any table that were stored since a mark, as a page, the first stored first; the rest is as in `StoredSince`."""

    page: RowPage
    mark: Mark
    way: str
    is_cut: bool = False
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that was stored: its cells align with `columns`; `cursor` reads it whole, None where the table has no key."""

    columns: tuple[Column, ...]
    cells: tuple[Cell, ...]
    cursor: Cursor | None = None
