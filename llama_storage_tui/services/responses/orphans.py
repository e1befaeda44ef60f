"""Items whose conversation is gone: what a deletion by hand, or one that failed half-way, leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import field, replace
from typing import Final

from llama_storage_tui.backends.protocols import RecordReader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.conversations import OrphanReport, Orphans
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import Record, RecordQuery, scan
from llama_storage_tui.services.records.places import table_places
from llama_storage_tui.services.records.sources import tables_there
from llama_storage_tui.services.responses.item_tables import item_tables
from llama_storage_tui.services.responses.membership import CONVERSATION
from llama_storage_tui.services.responses.summaries import CREATED, ID
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable
from llama_storage_tui.upstream.families.conversations import ITEMS, ROWS

MOST: Final = 10_000
"""Gone conversations that are told apart."""

Progress = Callable[[int, int], None]
"""Hears how many of how many positions of the table were read."""


async def find_orphans(
    session: Session, *, progress: Progress | None = None, most_items: int | None = None
) -> OrphanReport:
    """Return the items whose conversation has no row: a scan of the items' table, to be cancelled at any time.

    With `most_items` only so many of each table are looked at, the last stored ones: a bounded read. Raises BackendError.
    The existence of a conversation is asked once, through its key.
    """
    found: list[Orphans] = []
    scanned = 0
    is_complete = True
    tables = await item_tables(session)
    async for place, reader, _ in tables_there(session, table_places(session.catalog, ITEMS)):
        search = _Search(place, reader.records, await _conversations(session, place))
        query = scan(place.table, (CONVERSATION, CREATED))
        if most_items is not None:
            page = await reader.records.page(replace(query, limit=most_items))
            await search.look(page.records)
            scanned, is_complete = scanned + len(page.records), is_complete and page.next is None
            found += search.orphans()
            continue
        async with aclosing(reader.records.search(query)) as batches:
            async for batch in batches:
                await search.look(batch.records)
                scanned += len(batch.records)
                if progress is not None:
                    progress(batch.done, batch.total)
                if len(search.gone) > MOST:
                    is_complete = False
                    break
        found += search.orphans()
    notices = () if is_complete or most_items is not None else (Notice(NoticeKind.TOO_MANY_GONE, count=MOST),)
    return OrphanReport(
        tuple(sorted(found, key=lambda each: -each.items)),
        scanned,
        is_complete=is_complete and not tables.is_split,
        notices=(*tables.notices, *notices),
    )


@dataclass(slots=True)
class _Gone:
    items: int = 0
    first: float | None = None
    last: float | None = None

    def count(self, time: Cell) -> None:
        self.items += 1
        if isinstance(time, int | float):
            self.first = min(time, time if self.first is None else self.first)
            self.last = max(time, time if self.last is None else self.last)


@dataclass(slots=True)
class _Search:
    place: TablePlace
    records: RecordReader
    conversations: str | None
    """Their table; None where there is none, so that every item is an orphan."""
    known: set[Cell] = field(default_factory=set)
    gone: dict[Cell, _Gone] = field(default_factory=dict)

    async def look(self, records: Sequence[Record]) -> None:
        """Count the items of gone conversations among some records."""
        names = dict.fromkeys(each["conversation_id"] for each in records)
        new = [name for name in names if name not in self.known and name not in self.gone]
        self.known |= await self._there(new)
        for record in records:
            name = record["conversation_id"]
            if name not in self.known:
                self.gone.setdefault(name, _Gone()).count(record["created_at"])

    def orphans(self) -> Iterable[Orphans]:
        """Return what was found."""
        return (
            Orphans(self.place, name, gone.items, gone.first, gone.last) for name, gone in self.gone.items()
        )

    async def _there(self, names: Sequence[Cell]) -> set[Cell]:
        wanted = [name for name in names if isinstance(name, str) and is_storable(name)]
        if self.conversations is None or not wanted:
            return set()
        query = RecordQuery(self.conversations, (ID,))
        return {record["id"] for record in await self.records.find(query, wanted)}


async def _conversations(session: Session, place: TablePlace) -> str | None:
    """Return the table of conversations beside a table of items, None where it is not there."""
    reader = await session.reader(place.backend)
    for each in table_places(session.catalog, ROWS):
        if each.backend == place.backend and await reader.tables.table(each.table) is not None:
            return each.table
    return None
