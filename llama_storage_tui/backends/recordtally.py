"""Counting records by many conditions at once: one statement for each range of a table, and the ids of a few of each kind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import field
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.documents import DocumentSource, fields_of, holds, is_inside, wanted
from llama_storage_tui.backends.engine import Expression, Statement, Values
from llama_storage_tui.backends.recordscan import RecordScan, Row
from llama_storage_tui.backends.row_source import ScanSlice
from llama_storage_tui.backends.stored_rows import StoredRow
from llama_storage_tui.backends.stored_scan import StoredScan
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import Field, Measure, RecordOrder, Tallied, TallyBatch

MOST_LOOKED_AT: Final = 1_000
"""Rows among which examples of all tallies are looked for at once."""

_ID: Final = "tally id"
_POSITION: Final = "tally position"


@dataclass(frozen=True, slots=True)
class _Composed:
    """The rows of a slice, the condition of each tally on them, and the statement that counts."""

    source: DocumentSource
    each: Sequence[sa.ColumnElement[bool]]
    statement: Statement


@dataclass(slots=True)
class RecordTally:
    """What is counted of a table in stored order, with up to `most` ids of each tally.

    Ids are looked for, at the price of another look at the range, until there are enough of a tally: `_found` counts them.
    """

    scan: RecordScan
    tallies: Sequence[Tallied]
    most: int
    _found: Counter[int] = field(default_factory=Counter)
    _composed: dict[int, _Composed] = field(init=False, default_factory=dict)
    """What was composed for the slices of a part."""

    async def within(self, connection: AsyncConnection, positions: tuple[int, int] | None) -> TallyBatch:
        """Count the rows at some positions (None: at all)."""
        found = [await self._counted(connection, piece) for piece in self.scan.slices(positions)]
        return TallyBatch(
            sum(each.rows for each in found),
            tuple(sum(each.counts[index] for each in found) for index in range(len(self.tallies))),
            tuple(
                tuple(id_ for each in found for id_ in each.examples[index])[
                    : max(0, self.most - self._found[index])
                ]
                for index in range(len(self.tallies))
            ),
        )

    async def _counted(self, connection: AsyncConnection, piece: ScanSlice) -> TallyBatch:
        if isinstance(self.scan, StoredScan):
            return await self._stored(connection, self.scan, piece)
        if piece.part not in self._composed:
            self._composed[piece.part] = self._compose(piece)
        composed = self._composed[piece.part]
        rows, *counts = (await connection.execute(composed.statement, piece.ends)).one()
        counts = [int(count) for count in counts]
        lacking = {
            index: one
            for index, one in enumerate(composed.each)
            if counts[index] and self.most > self._found[index]
        }
        examples = (
            await self._ids(connection, composed.source, lacking, counts, piece.ends) if lacking else {}
        )
        return TallyBatch(
            int(rows), tuple(counts), tuple(examples.get(index, ()) for index in range(len(counts)))
        )

    def _compose(self, piece: ScanSlice) -> _Composed:
        source = self._source(piece)
        each = [sa.and_(sa.true(), *(holds(source, one) for one in tally)) for tally in self.tallies]
        sums = [sa.func.count(sa.case((one, 1))).label(f"n{index}") for index, one in enumerate(each)]
        return _Composed(source, each, sa.select(sa.func.count(), *sums).select_from(source.table))

    async def _stored(self, connection: AsyncConnection, scan: StoredScan, piece: ScanSlice) -> TallyBatch:
        """Count rows as they are stored, one by one."""
        looking = replace(
            scan,
            query=replace(
                scan.query,
                fields=(Field(_ID, scan.query.id),),
                conditions=tuple(one for tally in self.tallies for one in tally),
            ),
        )
        lacking = [self.most - self._found[index] for index in range(len(self.tallies))]
        rows = 0
        counts = [0] * len(self.tallies)
        examples: list[list[Cell]] = [[] for _ in self.tallies]

        def look(batch: Sequence[tuple[StoredRow, Row]]) -> None:
            for stored, _ in batch:
                for index, tally in enumerate(self.tallies):
                    if stored.meets_all(tally):
                        counts[index] += 1
                        if len(examples[index]) < lacking[index]:
                            examples[index].append(stored.cells[scan.query.id])

        statement = looking.needed(piece.table, ()).where(*piece.conditions)
        statement = statement.order_by(self._position(piece.table).desc())
        async with aclosing(looking.stored_rows(connection, statement, piece.ends)) as batches:
            async for batch in batches:
                # Beside the event loop: a batch may hold megabytes of JSON.
                await asyncio.to_thread(look, batch)
                rows += len(batch)
        return TallyBatch(rows, tuple(counts), tuple(tuple(ids) for ids in examples))

    def of(self, scan: RecordScan) -> RecordTally:
        """Return the same tally, with the same examples noted, by another scan."""
        return self if scan is self.scan else replace(self, scan=scan)

    def note(self, counted: TallyBatch) -> None:
        """Take note of what was handed over: ranges are counted ahead, but only those that came before have given their ids."""
        self._found.update({index: len(ids) for index, ids in enumerate(counted.examples)})

    async def _ids(
        self,
        connection: AsyncConnection,
        source: DocumentSource,
        lacking: Mapping[int, sa.ColumnElement[bool]],
        counts: Sequence[int],
        ends: Values,
    ) -> dict[int, tuple[Cell, ...]]:
        """Return ids of each tally that lacks some: from one more look for all, and one of its own for what others hide."""
        flags = [sa.case((one, 1), else_=0).label(f"n{index}") for index, one in lacking.items()]
        any_of = self._ordered(source, sa.or_(*lacking.values()), MOST_LOOKED_AT).add_columns(*flags)
        rows = (await connection.execute(any_of, ends)).all()
        found: dict[int, tuple[Cell, ...]] = {}
        for place, (index, one) in enumerate(lacking.items(), start=1):
            missing = self.most - self._found[index]
            ids = tuple(row[0] for row in rows if row[place])[:missing]
            if len(rows) == MOST_LOOKED_AT and len(ids) < min(missing, counts[index]):
                ids = tuple((await connection.execute(self._ordered(source, one, missing), ends)).scalars())
            found[index] = ids
        return found

    def _ordered(self, source: DocumentSource, condition: sa.ColumnElement[bool], limit: int) -> Statement:
        statement = sa.select(source.table.c[_ID]).where(condition)
        return statement.order_by(source.table.c[_POSITION].desc()).limit(limit)

    def _position(self, table: sa.TableClause) -> Expression:
        """Return what the last stored rows are known by: a position, or a time where nothing has a position."""
        marked = self.scan.marked
        place = marked[0] if self.scan.query.order is not RecordOrder.STORED else marked[-1]
        return table.c[place.name]

    def _source(self, piece: ScanSlice) -> DocumentSource:
        """Return the rows of a slice with their documents taken apart once, however many conditions look into them."""
        scan, table = self.scan, piece.table
        asked = dict.fromkeys(each for tally in self.tallies for one in tally for each in fields_of(one))
        inside = [each for each in asked if is_inside(each) or each.measure is Measure.BYTES]
        plain = {scan.shape.column(each.column).name for each in asked if each not in inside}
        position = self._position(table).name
        ready = scan.rows(
            table, inside, [position, scan.shape.column(scan.query.id).name, *plain], piece.conditions
        )
        id_ = wanted(scan.dialect, scan.shape, ready.table, Field(_ID, scan.query.id))
        statement = ready.select([scan.taken(ready, each) for each in inside]).add_columns(
            ready.table.c[position].label(_POSITION), id_.label(_ID), *(ready.table.c[name] for name in plain)
        )
        # The offset keeps the engine from putting the expressions back where they are used, once for every use.
        rows = statement.offset(0).subquery("rows")
        taken = {each: rows.c[f"c{index}"] for index, each in enumerate(inside)}
        return DocumentSource(scan.dialect, scan.shape, rows, taken)
