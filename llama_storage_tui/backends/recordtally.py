"""Counting records by many conditions at once: one statement for each range of a table, and the ids of a few of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.documents import Source, fields_of, holds, is_inside, wanted
from llama_storage_tui.backends.recordscan import RecordScan
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import Field, Measure, Tallied

_ID: Final = "tally id"
_POSITION: Final = "tally position"


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of one range: how many, how many of each tally, and the ids of a few of each."""

    rows: int
    counts: tuple[int, ...]
    examples: tuple[tuple[Cell, ...], ...]


@dataclass(slots=True)
class RecordTally:
    """What is counted of a table in stored order, with up to `most` ids of each tally.

    Ids are looked for, at the price of another look at the range, until there are enough of a tally: `_found` counts them.
    """

    scan: RecordScan
    tallies: Sequence[Tallied]
    most: int
    _found: Counter[int] = field(default_factory=Counter)

    async def within(self, connection: AsyncConnection, positions: tuple[int, int] | None) -> Counted:
        """Count the rows at some positions (None: at all)."""
        source = self._source(positions)
        each = [sa.and_(sa.true(), *(holds(source, one) for one in tally)) for tally in self.tallies]
        sums = [sa.func.count(sa.case((one, 1))).label(f"n{index}") for index, one in enumerate(each)]
        rows, *counts = (
            await connection.execute(sa.select(sa.func.count(), *sums).select_from(source.table))
        ).one()
        examples = [
            await self._ids(connection, source, one, self.most - self._found[index]) if count else ()
            for index, (one, count) in enumerate(zip(each, counts, strict=True))
        ]
        return Counted(int(rows), tuple(int(count) for count in counts), tuple(examples))

    def note(self, counted: Counted) -> None:
        """Take note of what was handed over: ranges are counted ahead, but only those that came before have given their ids."""
        self._found.update({index: len(ids) for index, ids in enumerate(counted.examples)})

    async def _ids(
        self, connection: AsyncConnection, source: Source, condition: sa.ColumnElement[bool], most: int
    ) -> tuple[Cell, ...]:
        if most <= 0:
            return ()
        statement = sa.select(source.table.c[_ID]).where(condition)
        found = await connection.execute(statement.order_by(source.table.c[_POSITION].desc()).limit(most))
        return tuple(found.scalars())

    def _source(self, positions: tuple[int, int] | None) -> Source:
        """Return the rows with their documents taken apart once, however many conditions look into them."""
        scan, table = self.scan, self.scan.table
        asked = dict.fromkeys(each for tally in self.tallies for one in tally for each in fields_of(one))
        inside = [each for each in asked if is_inside(each) or each.measure is Measure.BYTES]
        plain = {scan.shape.column(each.column).name for each in asked if each not in inside}
        position = table.c[scan.marked[0].name]
        id_ = wanted(scan.dialect, scan.shape, table, Field(_ID, scan.query.id))
        statement = scan.taking(table, inside).add_columns(
            position.label(_POSITION), id_.label(_ID), *(table.c[name] for name in plain)
        )
        if positions is not None:
            statement = statement.where(scan.dialect.documents.within(position, *positions))
        # The offset keeps the engine from putting the expressions back where they are used, once for every use.
        rows = statement.offset(0).subquery("rows")
        taken = {each: rows.c[f"c{index}"] for index, each in enumerate(inside)}
        return Source(scan.dialect, scan.shape, rows, taken)
