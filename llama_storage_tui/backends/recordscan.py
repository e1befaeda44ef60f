"""A record query resolved against its table, as statements: newest first, as stored, by range, by id."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.documents import (
    DocumentSource,
    asked,
    columns_of,
    fields_of,
    holds,
    inside_of,
)
from llama_storage_tui.backends.engine import Dialect, Expression, Statement, TableWatch, Values
from llama_storage_tui.backends.recordsort import RecordSort, TimeFloor, as_condition
from llama_storage_tui.backends.row_source import (
    FIRST_RANGE,
    RowOrdering,
    Rows,
    RowSource,
    ScanSlice,
    is_one_of,
    next_width,
    shortened,
)
from llama_storage_tui.backends.shape import ColumnShape, TablePart, TableShape
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Cell, Cursor, Order
from llama_storage_tui.model.records import Condition, Measure, Record, RecordOrder, RecordQuery, SortValue
from llama_storage_tui.next_steps import Advice, Step

Row = Sequence[object]
"""The wanted fields, then what a cursor is made of."""


@dataclass(frozen=True, slots=True)
class RecordScan(RowSource):
    """A resolved query. `marked` are the columns that a cursor holds: time, id and key, or the position alone."""

    marked: tuple[ColumnShape, ...]
    name: str
    parts: tuple[TablePart, ...] = ()
    _composed: dict[tuple[str, int], Statement] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )
    """What was composed for the slices of a part: what finds the wanted `places`, and what reads the `rows`."""

    @classmethod
    def of(
        cls, query: RecordQuery, shape: TableShape, dialect: Dialect, parts: tuple[TablePart, ...] = ()
    ) -> RecordScan:
        """Resolve a query; `parts` are the tables of a tree.

        Raises UsageError for a column that the table lacks, or an order that it has not.
        """
        physical = dialect.documents.physical(shape)
        if query.order is not RecordOrder.STORED:
            marked = RecordSort.of(query, shape, dialect).columns
        elif not physical:
            raise UsageError(f"{shape.name!r} has no stored order.", help=Advice("", Step.NEWEST_FIRST))
        else:
            marked = physical
        conditions = [asked(condition) for condition in query.conditions]
        order = query.order
        named = ("by", order.column, order.is_descending) if isinstance(order, Order) else order.value
        name = cursors.fingerprint(shape.place, shape.schema, shape.name, named, conditions)
        return cls(query, shape, dialect, marked, name, parts)

    @property
    def is_narrowed_later(self) -> bool:
        """Whether the statement gives rows that the query does not want."""
        return False

    @property
    def table(self) -> sa.TableClause:
        """The table, with the pseudo columns that its cursors need."""
        return self._selectable(self.shape)

    def _selectable(self, shape: TableShape) -> sa.TableClause:
        names = {column.name for column in (*shape.columns, *shape.hidden)}
        table = shape.selectable()
        for column in self.marked:
            if column.name not in names:
                table.append_column(sa.column(sa.sql.quoted_name(column.name, quote=True)))
        return table

    def record(self, row: Row) -> Record:
        """Return a row's fields by their names."""
        cells: Sequence[Cell] = row  # type: ignore[assignment] # what `wanted` selects is nothing but cells
        limit = self.query.cell_limit
        return {
            field.name: cell if limit is None else shortened(cell, field, limit)
            for field, cell in zip(self.query.fields, cells, strict=False)
        }

    def cursor(self, row: Row) -> Cursor:
        """Return the cursor of the page after a row."""
        return cursors.encode(self.name, self._parts(row))

    async def ordered(
        self, connection: AsyncConnection, after: Cursor | None, limit: int | None
    ) -> list[Row]:
        """Return up to `limit` rows, the newest first or by the column that the query sorts by."""
        table = self.table
        parts = None if after is None else cursors.decode(after, self.name, length=len(self.marked)).parts
        rows: list[Row] = []
        floor = self._floor(parts)
        for segment in self._sort.segments(table, parts):
            wanted_ = None if limit is None else limit - len(rows)
            rows += await self._fetch(connection, self._sorted(table, segment, wanted_, floor), wanted_)
            floor = None  # the rows that follow have no value
            if limit is not None and len(rows) >= limit:
                break
        return rows

    async def stored(self, connection: AsyncConnection, after: Cursor | None, limit: int) -> list[Row]:
        """Return up to `limit` rows, the last stored first, from growing ranges back from the end."""
        low, high = await self.span(connection, after)
        if low >= high or not self.dialect.documents.needs_ranges:
            return await self._fetch(connection, self._walked(ScanSlice(self.table, ()), after), limit)
        rows: list[Row] = []
        width = FIRST_RANGE
        while low < high and len(rows) < limit:
            start, before = max(low, high - width), len(rows)
            for piece in self.slices((start, high)):
                rows += await self._fetch(connection, self._walked(piece, after), limit - len(rows))
                if len(rows) >= limit:
                    break
            high, width = start, next_width(high - start, len(rows) - before, limit - len(rows))
        return rows

    async def span(self, connection: AsyncConnection, after: Cursor | None) -> tuple[int, int]:
        """Return the first position of the table, and the one after the last that a cursor leaves to be read.

        The two are equal where nothing has a position.
        """
        documents = self.dialect.documents
        if self.query.order is not RecordOrder.STORED:
            return 0, 0
        low, high = await documents.positions(connection, self.shape)
        if self.parts:
            high = self.parts[-1].first + self.parts[-1].positions
        if after is None:
            return low, high
        decoded = cursors.decode(after, self.name, length=len(self.marked)).parts
        texts = [part[1] if part else "" for part in decoded]
        left = documents.position_of(texts[-1]) + 1
        if not self.parts:
            return low, min(high, left)
        ends = (part.first + min(part.positions, left) for part in self.parts if str(part.oid) == texts[0])
        before = (part.first + part.positions for part in self.parts if part.oid < cursors.number(texts[0]))
        return low, max((low, *before, *ends))

    def slices(self, positions: tuple[int, int] | None) -> Iterator[ScanSlice]:
        """Yield the tables that some positions (None: all) lie in, the last first, each with the condition of its own positions."""
        if positions is None:
            yield ScanSlice(self.table, ())
            return
        low, high = positions
        within = self.dialect.documents.within
        if not self.parts:
            table = self.table
            condition = within(table.c[self.marked[-1].name], low, high)
            yield ScanSlice(table, (condition,), ends=self.dialect.documents.ends(low, high))
        for part in reversed(self.parts):
            start, end = max(low, part.first), min(high, part.first + part.positions)
            if start >= end:
                continue
            shape = replace(self.shape, name=part.name, schema=part.schema) if part.is_direct else self.shape
            table = self._selectable(shape)
            oid = table.c[self.marked[0].name] == self.dialect.bound(("t", str(part.oid)), self.marked[0])
            ends = start - part.first, end - part.first
            yield ScanSlice(
                table,
                (within(table.c[self.marked[-1].name], *ends),) + (() if part.is_direct else (oid,)),
                part.oid,
                self.dialect.documents.ends(*ends),
            )

    async def within(self, connection: AsyncConnection, positions: tuple[int, int] | None) -> list[Row]:
        """Return the rows at some positions (None: at all), the last stored first, or the newest where none has a position."""
        if self.query.order is not RecordOrder.STORED:
            return await self.ordered(connection, self.query.after, None)
        rows: list[Row] = []
        for piece in self.slices(positions):
            narrowed = await self._narrowed(connection, piece)
            if narrowed is not None:
                if (key := ("rows", piece.part)) not in self._composed:
                    self._composed[key] = self._walked(narrowed, self.query.after)
                rows += await self._fetch(connection, self._composed[key], None, narrowed.ends)
        return rows

    async def _narrowed(self, connection: AsyncConnection, piece: ScanSlice) -> ScanSlice | None:
        """Return the rows of a slice for which the conditions hold that need no document taken apart; None where there are none.

        What takes documents apart is 10 KB of SQL, which SQLite prepares anew for each slice, though most hold no wanted row.
        """
        (early, _), among = self._conditions(), self.dialect.documents.among
        if not early or among is None:
            return piece
        place = piece.table.c[self.marked[0].name]
        if (key := ("places", piece.part)) not in self._composed:
            after = self._before(piece, self.query.after)
            where = (*piece.conditions, *after, *self._holding(piece.table, early))
            self._composed[key] = sa.select(place).where(*where)
        found = (await connection.execute(self._composed[key], piece.ends)).scalars().all()
        ends = {**piece.ends, "places": json.dumps([*found])}
        return replace(piece, conditions=(*piece.conditions, among(place)), ends=ends) if found else None

    def _walked(self, piece: ScanSlice, after: Cursor | None) -> Statement:
        """Select the rows of a slice that come after a cursor, the last stored first."""
        order = [piece.table.c[each.name].desc() for each in self.marked]
        where = (*piece.conditions, *self._before(piece, after))
        return self._selected(piece.table, where, order=lambda _: order, is_walk=True)

    def _before(self, piece: ScanSlice, after: Cursor | None) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the condition of the rows that come after a cursor."""
        if after is not None:
            places, bounds = [piece.table.c[each.name] for each in self.marked], self._bounds(after)
            yield places[0] < bounds[0] if len(places) == 1 else sa.tuple_(*places) < sa.tuple_(*bounds)

    async def by_id(self, connection: AsyncConnection, ids: Sequence[str]) -> list[Row]:
        """Return the rows with these ids."""
        table = self.table
        column = self.shape.column(self.query.id)
        is_one = is_one_of(self.dialect, table.c[column.name], column, ids)
        return await self._fetch(connection, self._selected(table, (is_one,)), None)

    def followed(self, watch: TableWatch) -> Statement:
        """Return the statement of the rows at a look's positions, which are its parameters (`TableWatch.values`)."""
        return self._selected(table := self.table, (watch.at(table.c[self.marked[-1].name]),))

    async def at(
        self, connection: AsyncConnection, statement: Statement, watch: TableWatch, positions: Sequence[str]
    ) -> list[Record]:
        """Return the records at the positions of a look, in their order; those that the query does not want are left out."""
        return self.ranked(await self._fetch(connection, statement, None, watch.values(positions)), positions)

    def ranked(self, rows: Sequence[Row], positions: Sequence[str]) -> list[Record]:
        """Return the records of rows in the order of their positions."""
        order: dict[str, int] = {text: index for index, text in enumerate(positions)}
        ranked = sorted(rows, key=lambda row: order.get((self._parts(row)[-1] or ("", ""))[1], 0))
        return [self.record(row) for row in ranked]

    async def _fetch(
        self,
        connection: AsyncConnection,
        statement: Statement,
        limit: int | None,
        values: Values | None = None,
    ) -> list[Row]:
        # A limit makes another statement, of which SQLAlchemy works out anew how it is compiled.
        asked_ = statement if limit is None else statement.limit(limit)
        return [*(await connection.execute(asked_, values)).all()]

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
        """Select the fields and the marks of the rows that the query's conditions hold for; `is_asked`: they were asked before."""
        early, late = ((), ()) if is_asked else self._conditions()
        fields = [*self.query.fields, *(field for each in late for field in inside_of(each))]
        where = (*where, *self._holding(table, early))
        names = [column.name for column in self.marked] + [name for each in late for name in columns_of(each)]
        rows = self.rows(table, fields, names, where, order=order, source=source, is_walk=is_walk)
        chosen = [self.taken(rows, field) for field in self.query.fields]
        marks = [
            mark for column in self.marked for mark in self.dialect.mark(rows.table.c[column.name], column)
        ]
        return rows.select([*chosen, *marks]).where(*self._late(rows, late))

    def _conditions(self) -> tuple[Sequence[Condition], Sequence[Condition]]:
        """Return the query's conditions: those asked of the table, and those asked of rows whose documents are ready."""
        if self.dialect.documents.ready is None:
            return self.query.conditions, ()
        late = [each for each in self.query.conditions if any(inside_of(each))]
        return [each for each in self.query.conditions if each not in late], late

    def _holding(
        self, table: sa.FromClause, conditions: Sequence[Condition]
    ) -> Iterator[sa.ColumnElement[bool]]:
        source = DocumentSource(self.dialect, self.shape, table)
        return (holds(source, each) for each in conditions)

    def _late(self, rows: Rows, conditions: Sequence[Condition]) -> Iterator[sa.ColumnElement[bool]]:
        taken = {
            field: self.taken(rows, field)
            for each in conditions
            for field in fields_of(each)
            if field.measure is Measure.BYTES
        }
        source = DocumentSource(self.dialect, self.shape, rows.table, taken, rows.prepared)
        return (holds(source, each) for each in conditions)

    def _floor(self, after: Sequence[Part] | None) -> TimeFloor | None:
        """Return what tells the least time of a page after a cursor; None where its rows have no time, or no position in order."""
        if self.query.order is not RecordOrder.NEWEST:
            return None
        documents = self.dialect.documents
        position = None if documents.needs_ranges else next(iter(documents.physical(self.shape)), None)
        early, late = self._conditions()
        end = self.table.alias("tail")
        if position is None or position.name not in end.c or late or (after is not None and after[0] is None):
            return None
        sort = self._sort
        conditions = (next(sort.segments(end, after)), *self._holding(end, early))
        return TimeFloor(end, end.c[position.name], sort.elements(end)[0], conditions)

    def _sorted(
        self,
        table: sa.TableClause,
        segment: sa.ColumnElement[bool],
        limit: int | None,
        floor: TimeFloor | None = None,
    ) -> Statement:
        """Return the statement of a sorted page: first which rows, then what is in them.

        Else the documents of all rows would be taken apart before all but a page of them are dropped.
        """
        keys, sort = self.shape.key, self._sort
        if not keys or self.is_narrowed_later:
            return self._selected(table, (segment,), order=sort.ordering)
        early, late = self._conditions()
        rows = self.rows(
            table,
            [field for each in late for field in inside_of(each)],
            [column.name for column in (*keys, *self.marked)]
            + [name for each in late for name in columns_of(each)],
            (
                segment,
                *as_condition(floor, sort.elements(table)[0], limit),
                *self._holding(table, early),
            ),
            order=sort.ordering,
        )
        found = (
            sa.select(*(rows.table.c[key.name] for key in keys))
            .select_from(rows.source)
            .where(*rows.where, *self._late(rows, late))
            .order_by(*rows.order)
            .limit(limit)
            .subquery("found")
        )
        same = sa.and_(*(table.c[key.name] == found.c[key.name] for key in keys))
        return self._selected(table, (), order=sort.ordering, source=table.join(found, same), is_asked=True)

    @property
    def _sort(self) -> RecordSort:
        return RecordSort.of(self.query, self.shape, self.dialect)

    def sort_values(self, rows: Sequence[Row]) -> tuple[SortValue, ...] | None:
        """Return what rows are sorted by; None where that is no column, or only the engine knows its order."""
        if not isinstance(self.query.order, Order):
            return None
        try:
            return tuple(self.dialect.sort_value(self._parts(row)[0], self.marked[0]) for row in rows)
        except ValueError:
            return None

    def _bounds(self, after: Cursor) -> list[Expression]:
        bounds: list[Expression] = []
        for part, shape in zip(
            cursors.decode(after, self.name, length=len(self.marked)).parts, self.marked, strict=True
        ):
            if part is None:
                raise cursors.refused()
            bounds.append(self.dialect.bound(part, shape))
        return bounds

    def _parts(self, row: Row) -> tuple[Part, ...]:
        raw, width = row[len(self.query.fields) :], self.dialect.mark_width
        return tuple(self.dialect.part(raw[start : start + width]) for start in range(0, len(raw), width))
