"""Counting records by many conditions at once: one statement for each range of a table, and the ids of a few of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.documents import Source, fields_of, holds, wanted
from llama_storage_tui.backends.engine import Expression
from llama_storage_tui.backends.recordscan import RecordScan
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import Field, Measure, Tallied

_ID: Final = "tally id"
_POSITION: Final = "tally position"


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of one range: how many, how many of each tally, and the ids of all that were asked for as examples."""

    rows: int
    counts: tuple[int, ...]
    examples: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class RecordTally:
    """What is counted of a table in stored order, with up to `most` ids of each tally and range."""

    scan: RecordScan
    tallies: Sequence[Tallied]
    most: int

    async def within(self, connection: AsyncConnection, positions: tuple[int, int] | None) -> Counted:
        """Count the rows at some positions (None: at all)."""
        source = self._source(positions)
        each = [sa.and_(sa.true(), *(holds(source, one) for one in tally)) for tally in self.tallies]
        sums = [sa.func.count(sa.case((one, 1))).label(f"n{index}") for index, one in enumerate(each)]
        rows, *counts = (
            await connection.execute(sa.select(sa.func.count(), *sums).select_from(source.table))
        ).one()
        examples = [
            await self._ids(connection, source, one) if count else ()
            for one, count in zip(each, counts, strict=True)
        ]
        return Counted(int(rows), tuple(int(count) for count in counts), tuple(examples))

    async def _ids(
        self, connection: AsyncConnection, source: Source, condition: sa.ColumnElement[bool]
    ) -> tuple[Cell, ...]:
        if not self.most:
            return ()
        statement = sa.select(source.table.c[_ID]).where(condition)
        found = await connection.execute(
            statement.order_by(source.table.c[_POSITION].desc()).limit(self.most)
        )
        return tuple(found.scalars())

    def _source(self, positions: tuple[int, int] | None) -> Source:
        """Return the rows with their documents taken apart once, however many conditions look into them."""
        scan, table = self.scan, self.scan.table
        asked = dict.fromkeys(field for tally in self.tallies for one in tally for field in fields_of(one))
        inside = {field: f"field {index}" for index, field in enumerate(asked) if _is_inside(field)}
        plain = {scan.shape.column(field.column).name for field in asked if field not in inside}
        position = table.c[scan.marked[0].name]

        def taken(field: Field) -> Expression:
            return wanted(scan.dialect, scan.shape, table, field)

        chosen = [
            position.label(_POSITION),
            taken(Field(_ID, scan.query.id)).label(_ID),
            *(table.c[name] for name in plain),
            *(taken(field).label(name) for field, name in inside.items()),
        ]
        statement = sa.select(*chosen).select_from(table)
        if positions is not None:
            statement = statement.where(scan.dialect.documents.within(position, *positions))
        # The offset keeps the engine from putting the expressions back where they are used, once for every use.
        rows = statement.offset(0).subquery("rows")
        return Source(scan.dialect, scan.shape, rows, {field: rows.c[name] for field, name in inside.items()})


def _is_inside(field: Field) -> bool:
    return bool(field.path) or field.measure is not Measure.VALUE
