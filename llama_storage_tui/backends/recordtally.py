"""Counting records by many conditions at once: one statement for each range of a table, and the ids of a few of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.documents import Source, fields_of, holds, is_inside, wanted
from llama_storage_tui.backends.engine import Statement
from llama_storage_tui.backends.recordscan import RecordScan
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import Field, Measure, Tallied

MOST_LOOKED_AT: Final = 1_000
"""Rows among which examples of all tallies are looked for at once."""

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
        counts = [int(count) for count in counts]
        lacking = {
            index: one for index, one in enumerate(each) if counts[index] and self.most > self._found[index]
        }
        examples = await self._ids(connection, source, lacking, counts) if lacking else {}
        return Counted(
            int(rows), tuple(counts), tuple(examples.get(index, ()) for index in range(len(counts)))
        )

    def note(self, counted: Counted) -> None:
        """Take note of what was handed over: ranges are counted ahead, but only those that came before have given their ids."""
        self._found.update({index: len(ids) for index, ids in enumerate(counted.examples)})

    async def _ids(
        self,
        connection: AsyncConnection,
        source: Source,
        lacking: Mapping[int, sa.ColumnElement[bool]],
        counts: Sequence[int],
    ) -> dict[int, tuple[Cell, ...]]:
        """Return ids of each tally that lacks some: from one more look for all, and one of its own for what others hide."""
        flags = [sa.case((one, 1), else_=0).label(f"n{index}") for index, one in lacking.items()]
        any_of = self._ordered(source, sa.or_(*lacking.values()), MOST_LOOKED_AT).add_columns(*flags)
        rows = (await connection.execute(any_of)).all()
        found: dict[int, tuple[Cell, ...]] = {}
        for place, (index, one) in enumerate(lacking.items(), start=1):
            missing = self.most - self._found[index]
            ids = tuple(row[0] for row in rows if row[place])[:missing]
            if len(rows) == MOST_LOOKED_AT and len(ids) < min(missing, counts[index]):
                ids = tuple((await connection.execute(self._ordered(source, one, missing))).scalars())
            found[index] = ids
        return found

    def _ordered(self, source: Source, condition: sa.ColumnElement[bool], limit: int) -> Statement:
        statement = sa.select(source.table.c[_ID]).where(condition)
        return statement.order_by(source.table.c[_POSITION].desc()).limit(limit)

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
