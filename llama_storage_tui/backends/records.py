"""JSON documents in the rows of a table, found by what is inside them: what SQLite and PostgreSQL share."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import field
from functools import partial
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.described_tables import DescribedTables
from llama_storage_tui.backends.engine import Dialect, Engine, Statement, describe
from llama_storage_tui.backends.pieces import TablePieces
from llama_storage_tui.backends.protocols import RecordReader
from llama_storage_tui.backends.ranges import is_storable
from llama_storage_tui.backends.recordscan import RecordScan, Row
from llama_storage_tui.backends.recordtally import RecordTally
from llama_storage_tui.backends.rereading import rereading
from llama_storage_tui.backends.shape import ColumnKind, TableShape
from llama_storage_tui.backends.stored_scan import StoredScan, check_conditions, resolved_for, scan_of
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.following import Mark, StoredSince
from llama_storage_tui.model.records import (
    Extent,
    Record,
    RecordBatch,
    RecordOrder,
    RecordPage,
    RecordQuery,
    Tallied,
    TallyBatch,
)

SIDE_BY_SIDE: Final = 2
"""Pieces of a search that are read at once: the engines' own scans of a large table use as many processes or more.

Where this process does the work and has one processor, one at a time: two would only take turns, and take half as long again.
"""

IDS_AT_ONCE: Final = 100
"""Ids of one look-up: a statement of four times as many takes 30 ms to make, and holds up everything else that runs."""

HANDED_OVER: Final = 1000
"""Records of a batch of a search: making more of them at once would hold up everything else that runs."""

NEAR: Final = 1_000
"""Texts of an index that are looked at for those that begin alike."""

FIRST_TALLIED: Final = 512
FIRST_BLOCKS: Final = 16
"""Rows, or blocks, of the first piece of a tally: many conditions on each, and somebody waits for the first numbers."""


@dataclass(slots=True)
class SqlRecordReader(DescribedTables, RecordReader):
    """The JSON documents in the tables of every engine with a dialect."""

    _looked: dict[str, tuple[RecordScan, Statement]] = field(default_factory=dict)
    """What reads the new rows of each table that is followed."""

    async def page(self, query: RecordQuery, *, seconds: float | None = None) -> RecordPage:
        """Return a page of records in the query's order."""
        if query.limit < 1:
            raise UsageError("A page has at least one record.")

        async def paged(engine: Engine, connection: AsyncConnection) -> RecordPage:
            scan = await self._scan(connection, engine, query)
            find = scan.stored if query.order is RecordOrder.STORED else scan.ordered
            rows = await find(connection, query.after, query.limit + 1)
            kept = rows[: query.limit]
            cursors = tuple(scan.cursor(row) for row in kept)
            return RecordPage(
                tuple(scan.record(row) for row in kept),
                cursors,
                next=cursors[-1] if len(rows) > query.limit else None,
                values=scan.sort_values(kept),
            )

        return await self._read(paged, seconds=seconds)

    async def search(self, query: RecordQuery) -> AsyncGenerator[RecordBatch, None]:
        """Yield all records of the query as they are found, the last stored first."""
        scan, low, high = await self._begun(query)

        async def read(positions: tuple[int, int] | None) -> list[Row]:
            async def within(engine: Engine, connection: AsyncConnection) -> list[Row]:
                return await resolved_for(scan, engine.dialect).within(connection, positions)

            return await self._read(within, seconds=None)

        pieces = TablePieces(read, low, high, at_once=self._at_once)
        try:
            while pieces.is_more:
                found = await pieces.next()
                pieces.hold_to(len(found))
                for part in _handed_over(found):
                    yield RecordBatch(
                        tuple(scan.record(row) for row in part),
                        tuple(scan.cursor(row) for row in part) if query.with_cursors else (),
                        done=pieces.done,
                        total=high - low,
                    )
                    await asyncio.sleep(0)
        finally:
            await pieces.stop()

    async def tally(
        self, query: RecordQuery, tallies: Sequence[Tallied], *, examples: int = 0
    ) -> AsyncGenerator[TallyBatch, None]:
        """Yield what was counted since the last batch, the last stored first."""
        stored = replace(query, order=RecordOrder.STORED, fields=(), conditions=(), after=None)
        scan, low, high = await self._begun(stored)
        extent = await self.extent(query.table) or Extent(0, 0)
        # A block holds a few large rows, or a hundred whose documents lie elsewhere: nobody knows before one was read.
        first = FIRST_TALLIED if extent.rows <= extent.positions else FIRST_BLOCKS
        tally = RecordTally(scan, tallies, examples)

        async def read(positions: tuple[int, int] | None) -> TallyBatch:
            async def within(engine: Engine, connection: AsyncConnection) -> TallyBatch:
                return await tally.of(resolved_for(scan, engine.dialect)).within(connection, positions)

            return await self._read(within, seconds=None)

        pieces = TablePieces(read, low, high, at_once=self._at_once, first=first)
        try:
            while pieces.is_more:
                found = await pieces.next()
                tally.note(found)
                yield replace(found, done=pieces.done, total=high - low)
        finally:
            await pieces.stop()

    async def find(self, query: RecordQuery, ids: Sequence[str]) -> tuple[Record, ...]:
        """Return the records with these ids."""

        async def looked_up(engine: Engine, connection: AsyncConnection) -> list[Record]:
            scan = await self._scan(connection, engine, query)
            return [
                scan.record(row)
                for start in range(0, len(ids), IDS_AT_ONCE)
                for row in await scan.by_id(connection, ids[start : start + IDS_AT_ONCE])
            ]

        return tuple(await self._read(looked_up, seconds=self.timeouts.query)) if ids else ()

    async def ids(self, table: str, column: str, beginning: str, *, limit: int) -> tuple[str, ...]:
        """Return up to `limit` texts of a column that begin with a text."""

        async def looked_up(engine: Engine, connection: AsyncConnection) -> tuple[str, ...]:
            dialect = engine.dialect
            shape = await describe(engine, connection, table)
            found = None if shape is None else shape.described().column(column)
            if (
                shape is None
                or found is None
                or not is_storable(beginning)
                or not dialect.can_hold(beginning)
            ):
                return ()
            chosen = shape.column(column)
            if chosen.kind is not ColumnKind.TEXT:
                return ()
            # A text comes before all that begin with it, and near to them, in every collation: so this part of the index
            # is all that is read. What stands between them there, `starts_with` leaves out.
            element = shape.selectable().c[column]
            near = (
                sa.select(element.label("id"))
                .where(element >= sa.literal(beginning, sa.Text()))
                .order_by(element)
                .limit(NEAR)
                .subquery("near")
            )
            statement = (
                sa.select(dialect.cell(near.c["id"], chosen, None))
                .where(dialect.starts_with(near.c["id"], beginning))
                .limit(limit)
            )
            rows = (await connection.execute(statement)).all()
            return tuple(row[0] for row in rows if isinstance(row[0], str))

        return await self._read(looked_up, seconds=self.timeouts.query)

    async def stored_since(
        self, query: RecordQuery, mark: Mark | None, *, limit: int, newest: int | None = None
    ) -> StoredSince:
        """Return the records of a query that were stored since a mark; without one none, and where to go on."""
        stored = replace(query, order=RecordOrder.STORED, after=None)
        shape = None if mark is None else self._shapes.get(query.table)
        if shape is None:
            shape = await self._followable(stored)
        look = await self.watch.look(shape, mark, limit, seconds=self.timeouts.query)
        wanted = look.positions if newest is None or query.conditions else look.positions[-newest:]
        read = partial(self._at, query=stored, shape=shape, positions=wanted)
        records = await rereading(self.engine, read) if wanted else []
        unread = len(look.positions) - len(wanted)
        return StoredSince(tuple(records), look.mark, self.watch.way, look.is_cut, look.unseen, unread)

    async def _followable(self, query: RecordQuery) -> TableShape:
        """Describe a table and check what is asked of it; raises BackendError where it cannot be followed."""

        async def checked(connection: AsyncConnection) -> TableShape:
            shape = await self._shape(connection, query.table, refresh=query.after is None)
            self._check_followable(shape)
            await check_conditions(connection, query, shape, self.engine.dialect)
            # What no statement can ask is refused now, not when the first row comes.
            self._followed(self.engine.dialect, query, shape)
            return shape

        return await self.engine.run(checked, seconds=self.timeouts.query)

    async def _at(
        self, engine: Engine, query: RecordQuery, shape: TableShape, positions: Sequence[str]
    ) -> list[Record]:
        scan, statement = self._followed(engine.dialect, query, shape)
        beside = self.watch.beside
        if beside is not None and isinstance(scan, StoredScan):
            read_all = partial(scan.beside, statement=statement, values=self.watch.values(positions))
            return await beside(
                lambda connection: scan.ranked(read_all(connection), positions), seconds=self.timeouts.query
            )

        async def read(connection: AsyncConnection) -> list[Record]:
            return await scan.at(connection, statement, self.watch, positions)

        return await engine.run(read, seconds=self.timeouts.query)

    def _followed(
        self, dialect: Dialect, query: RecordQuery, shape: TableShape
    ) -> tuple[RecordScan, Statement]:
        """Return what reads the rows of a look: the same as at the last one, as long as the same is asked."""
        made = self._looked.get(shape.name)
        if made is None or made[0].query != query or made[0].shape != shape or made[0].dialect is not dialect:
            kind = StoredScan if dialect.is_raw or self.watch.beside is not None else RecordScan
            scan = kind.of(query, shape, dialect)
            made = self._looked[shape.name] = scan, scan.followed(self.watch)
        return made

    async def extent(self, table: str) -> Extent | None:
        """Return how large a table is without counting."""

        async def measured(connection: AsyncConnection) -> Extent | None:
            dialect = self.engine.dialect
            shape = await describe(self.engine, connection, table)
            return None if shape is None else await dialect.documents.extent(connection, shape)

        return await self.engine.run(measured, seconds=self.timeouts.query)

    @property
    def _at_once(self) -> int:
        """How many pieces to read at once."""
        has_one = sys.platform == "linux" and len(os.sched_getaffinity(0)) == 1
        return 1 if has_one and self.engine.dialect.works_here else SIDE_BY_SIDE

    async def _begun(self, query: RecordQuery) -> tuple[RecordScan, int, int]:
        """Return what walks a table by positions, and from where to where; by time where nothing has a position, as in a view."""

        async def begun(connection: AsyncConnection) -> tuple[RecordScan, int, int]:
            shape = await self._shape(connection, query.table, refresh=query.after is None)
            has_positions = bool(self.engine.dialect.documents.physical(shape))
            asked = query if has_positions else replace(query, order=RecordOrder.NEWEST)
            scan = await scan_of(connection, asked, shape, self.engine.dialect)
            return scan, *(await scan.span(connection, query.after))

        return await self.engine.run(begun, seconds=self.timeouts.query)

    async def _scan(self, connection: AsyncConnection, engine: Engine, query: RecordQuery) -> RecordScan:
        shape = await self._shape(connection, query.table, refresh=query.after is None)
        return await scan_of(connection, query, shape, engine.dialect)


def _handed_over(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Cut what a piece of a search holds; a piece that holds nothing is handed over too, since it says how far the search is."""
    for start in range(0, max(1, len(rows)), HANDED_OVER):
        yield rows[start : start + HANDED_OVER]
