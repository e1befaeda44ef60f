"""Scans whose rows are taken as they are stored, and the choice between the two kinds of scan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.batches import Pace
from llama_storage_tui.backends.documents import fields_of, inside_of, is_inside
from llama_storage_tui.backends.engine import Dialect, Expression, Statement, Values
from llama_storage_tui.backends.outlines import WantedParts
from llama_storage_tui.backends.recordscan import RecordScan, Row
from llama_storage_tui.backends.row_filters import check_filters
from llama_storage_tui.backends.row_source import RowOrdering
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.backends.stored_rows import StoredRow
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell, Filter, Operator
from llama_storage_tui.model.records import (
    Compares,
    Condition,
    Equals,
    Field,
    Measure,
    OneOf,
    RecordOrder,
    RecordQuery,
)


@dataclass(frozen=True, slots=True)
class StoredScan(RecordScan):
    """A resolved query whose rows are taken as they are stored: what is in their documents is told on this side."""

    @property
    def is_narrowed_later(self) -> bool:
        """Whether a condition is left that the engine does not answer."""
        return any(not _is_of_column(each) for each in self.query.conditions)

    async def stored_rows(
        self, connection: AsyncConnection, statement: Statement, values: Values | None = None
    ) -> AsyncGenerator[list[tuple[StoredRow, Row]], None]:
        """Yield the rows of a statement that selects `needed`, in batches, each with what follows its columns."""
        made = self._maker()
        pace = Pace()
        async with connection.stream(statement, values) as result:
            while batch := await result.fetchmany(pace.size):
                yield [made(row) for row in batch]
                pace.after(batch)

    def beside(self, connection: sa.Connection, statement: Statement, values: Values) -> list[Row]:
        """Return all rows of a statement, in a thread that is beside the event loop as a whole."""
        made, rows = self._maker(), list[Row]()
        pace = Pace()
        with connection.execute(statement, values) as result:
            while batch := result.fetchmany(pace.size):
                rows += self._kept([made(row) for row in batch])
                pace.after(batch)
        return rows

    def _maker(self) -> Callable[[Row], tuple[StoredRow, Row]]:
        """Return what makes of a row what is asked of, and what follows its columns."""
        columns, sizes = self._needed()
        shapes = {name: self.shape.column(name) for name in columns}
        inside = [field for field in self.query.fields if is_inside(field)]
        inside += [field for each in self.query.conditions for field in inside_of(each)]
        asked = {
            name: WantedParts.by(field for field in inside if field.column == name)
            for name in dict.fromkeys(field.column for field in inside)
        }

        def made(row: Row) -> tuple[StoredRow, Row]:
            end = len(columns)
            cells: Sequence[Cell] = row  # type: ignore[assignment] # what is selected is nothing but cells
            stored = StoredRow(
                dict(zip(columns, cells, strict=False)),
                dict(zip(sizes, cells[end:], strict=False)),
                shapes,
                asked,
                self.dialect.documents.separators,
            )
            return stored, row[end + len(sizes) :]

        return made

    def needed(self, table: sa.TableClause, more: Sequence[Expression]) -> Statement:
        """Select the columns that fields and conditions look into, as they are stored, and more behind them."""
        columns, sizes = self._needed()
        taken = [self.dialect.cell(table.c[name], self.shape.column(name), None) for name in columns]
        taken += [self.dialect.size(table.c[name], self.shape.column(name)) for name in sizes]
        chosen = [each.label(f"c{index}") for index, each in enumerate((*taken, *more))]
        return sa.select(*chosen).select_from(table)

    async def _fetch(
        self,
        connection: AsyncConnection,
        statement: Statement,
        limit: int | None,
        values: Values | None = None,
    ) -> list[Row]:
        if limit is not None and not self.is_narrowed_later:
            statement = statement.limit(limit)
        rows: list[Row] = []
        async with aclosing(self.stored_rows(connection, statement, values)) as batches:
            async for batch in batches:
                # Beside the event loop: a batch may hold megabytes of JSON. What reads rows in this process is already there.
                in_place = self.dialect.works_here
                rows += self._kept(batch) if in_place else await asyncio.to_thread(self._kept, batch)
                if limit is not None and len(rows) >= limit:
                    return rows[:limit]
        return rows

    def _kept(self, batch: Sequence[tuple[StoredRow, Row]]) -> list[Row]:
        """Return the fields of the rows that meet what the engine was not asked, and what follows."""
        left = tuple(each for each in self.query.conditions if not _is_of_column(each))
        return [
            (*(stored.value(field) for field in self.query.fields), *rest)
            for stored, rest in batch
            if stored.meets_all(left)
        ]

    def _conditions(self) -> tuple[Sequence[Condition], Sequence[Condition]]:
        return [each for each in self.query.conditions if _is_of_column(each)], ()

    def _selected(
        self,
        table: sa.TableClause,
        where: Sequence[sa.ColumnElement[bool]],
        *,
        order: RowOrdering | None = None,
        source: sa.FromClause | None = None,
        is_walk: bool = False,
        is_asked: bool = False,
    ) -> Statement:
        del is_walk
        marks = [mark for column in self.marked for mark in self.dialect.mark(table.c[column.name], column)]
        early = () if is_asked else self._conditions()[0]
        statement = self.needed(table, marks).where(*where, *self._holding(table, early))
        statement = statement if source is None else statement.select_from(source)
        return statement if order is None else statement.order_by(*order(table))

    def _needed(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the columns whose values, and those whose sizes are needed; raises UsageError for one that the table lacks."""
        asked = [*self.query.fields]
        asked += [field for each in self.query.conditions for field in fields_of(each)]
        names = dict.fromkeys(each.column for each in asked if each.measure is not Measure.BYTES)
        sizes = dict.fromkeys(each.column for each in asked if each.measure is Measure.BYTES)
        for name in (*names, *sizes):
            self.shape.column(name)
        return tuple(names), tuple(sizes)


async def scan_of(
    connection: AsyncConnection, query: RecordQuery, shape: TableShape, dialect: Dialect
) -> RecordScan:
    """Resolve a query for the way in which a dialect reads; raises as `RecordScan.of` does."""
    await check_conditions(connection, query, shape, dialect)
    parts = await dialect.documents.parts(connection, shape) if query.order is RecordOrder.STORED else ()
    return (StoredScan if dialect.is_raw else RecordScan).of(query, shape, dialect, parts)


async def check_conditions(
    connection: AsyncConnection, query: RecordQuery, shape: TableShape, dialect: Dialect
) -> None:
    """Refuse what cannot be compared with the sentences that filters of rows have, before any row is read; raises UsageError."""
    filters = [
        Filter(".".join([each.field.column, *map(str, each.field.path)]), each.text, each.operator)
        for each in query.conditions
        if isinstance(each, Compares)
    ]
    await check_filters(connection, shape, filters, dialect)


def resolved_for(scan: RecordScan, dialect: Dialect) -> RecordScan:
    """Return a scan for the way in which another dialect of the same engine reads."""
    if scan.dialect is dialect:
        return scan
    made = StoredScan if dialect.is_raw else RecordScan
    return made(scan.query, scan.shape, dialect, scan.marked, scan.name, scan.parts)


def _is_of_column(condition: Condition) -> bool:
    """Tell whether a condition compares a column as a whole, which any content allows and an index may serve."""
    match condition:
        case Equals(Field(path=(), measure=Measure.VALUE), _) | OneOf(
            Field(path=(), measure=Measure.VALUE), _
        ):
            return True
        case Compares(Field(path=(), measure=Measure.VALUE), operator, _) if (
            operator is not Operator.CONTAINS
        ):
            return True
        case _:
            return False
