"""A record query resolved against its table, as statements: newest first, as stored, by range, by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.documents import Prepared, Source, holds, is_inside, wanted
from llama_storage_tui.backends.engine import Dialect, Expression, Statement
from llama_storage_tui.backends.shape import ColumnShape, TableShape
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Cell, Cursor
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Condition,
    Field,
    Not,
    Record,
    RecordOrder,
    RecordQuery,
)

Row = Sequence[object]
"""The wanted fields, then what a cursor is made of."""

FIRST_RANGE: Final = 16
"""Positions of the first range of a page as stored: PostgreSQL reads no more blocks than these if they fill the page."""


@dataclass(frozen=True, slots=True)
class RecordScan:
    """A resolved query. `marked` are the columns that a cursor holds: time, id and key, or the position alone."""

    query: RecordQuery
    shape: TableShape
    dialect: Dialect
    marked: tuple[ColumnShape, ...]
    name: str

    @classmethod
    def of(cls, query: RecordQuery, shape: TableShape, dialect: Dialect) -> RecordScan:
        """Resolve a query; raises UsageError for a column that the table lacks, or an order that it has not."""
        physical = dialect.documents.physical(shape)
        if query.order is RecordOrder.NEWEST:
            leading = (shape.column(query.time), shape.column(query.id))
            marked = (*leading, *(key for key in shape.key if key not in leading))
        elif physical is None:
            raise UsageError(
                f"{shape.name!r} has no stored order.", help="Ask for the newest first: --order newest."
            )
        else:
            marked = (physical,)
        conditions = [_asked(condition) for condition in query.conditions]
        name = cursors.fingerprint(shape.schema, shape.name, query.order.value, conditions)
        return cls(query, shape, dialect, marked, name)

    @property
    def table(self) -> sa.TableClause:
        """The table, with the pseudo columns that its cursors need."""
        names = {column.name for column in (*self.shape.columns, *self.shape.hidden)}
        table = self.shape.selectable()
        for column in self.marked:
            if column.name not in names:
                table.append_column(sa.column(sa.sql.quoted_name(column.name, quote=True)))
        return table

    def record(self, row: Row) -> Record:
        """Return a row's fields by their names."""
        cells: Sequence[Cell] = row  # type: ignore[assignment] # what `wanted` selects is nothing but cells
        return {field.name: cell for field, cell in zip(self.query.fields, cells, strict=False)}

    def cursor(self, row: Row) -> Cursor:
        """Return the cursor of the page after a row."""
        return cursors.encode(self.name, self._parts(row))

    async def newest(self, connection: AsyncConnection, after: Cursor | None, limit: int) -> list[Row]:
        """Return up to `limit` rows by time and id, both falling; rows without a time come last."""
        table = self.table
        parts = None if after is None else cursors.decode(after, self.name, length=len(self.marked)).parts
        rows: list[Row] = []
        for segment in self._segments(table, parts):
            rows += (await connection.execute(self._sorted(table, segment, limit - len(rows)))).all()
            if len(rows) >= limit:
                break
        return rows

    async def stored(self, connection: AsyncConnection, after: Cursor | None, limit: int) -> list[Row]:
        """Return up to `limit` rows, the last stored first, from growing ranges back from the end."""
        low, high = await self.span(connection, after)
        table = self.table
        position = table.c[self.marked[0].name]
        before = [] if after is None else [position < self._bound(after)]
        statement = self._selected(table).where(*before, *self._conditions(table)).order_by(position.desc())
        if low >= high or not self.dialect.documents.needs_ranges:
            return [*(await connection.execute(statement.limit(limit))).all()]
        rows: list[Row] = []
        width = FIRST_RANGE
        while low < high and len(rows) < limit:
            start = max(low, high - width)
            piece = statement.where(self.dialect.documents.within(position, start, high))
            rows += (await connection.execute(piece.limit(limit - len(rows)))).all()
            high, width = start, width * 4
        return rows

    async def span(self, connection: AsyncConnection, after: Cursor | None) -> tuple[int, int]:
        """Return the first position of the table, and the one after the last that a cursor leaves to be read."""
        documents = self.dialect.documents
        low, high = await documents.positions(connection, self.shape)
        if after is None:
            return low, high
        part = cursors.decode(after, self.name, length=1).parts[0]
        return low, min(high, documents.position_of(part[1] if part else "") + 1)

    async def within(self, connection: AsyncConnection, positions: tuple[int, int] | None) -> list[Row]:
        """Return the rows at some positions (None: at all), the last stored first."""
        table = self.table
        position = table.c[self.marked[0].name]
        conditions = [] if positions is None else [self.dialect.documents.within(position, *positions)]
        if self.query.after is not None:
            conditions.append(position < self._bound(self.query.after))
        statement = self._selected(table).where(*conditions, *self._conditions(table))
        return [*(await connection.execute(statement.order_by(position.desc()))).all()]

    async def by_id(self, connection: AsyncConnection, ids: Sequence[str]) -> list[Row]:
        """Return the rows with these ids."""
        table = self.table
        column = self.shape.column(self.query.id)
        equal = [self.dialect.equals(table.c[column.name], column, id_) for id_ in ids]
        statement = self._selected(table).where(sa.or_(*equal), *self._conditions(table))
        return [*(await connection.execute(statement)).all()]

    def _conditions(self, table: sa.TableClause) -> tuple[sa.ColumnElement[bool], ...]:
        source = Source(self.dialect, self.shape, table)
        return tuple(holds(source, each) for each in self.query.conditions)

    def taking(
        self,
        table: sa.TableClause,
        fields: Sequence[Field],
        more: Sequence[Expression] = (),
        source: sa.FromClause | None = None,
    ) -> Statement:
        """Select fields, and more beside them, as the columns c0, c1 and so on; each document is parsed once a row."""
        source = table if source is None else source
        prepared = self._prepared(table, fields)
        taken = [
            wanted(self.dialect, self.shape, table, field, prepared.get(field.column)) for field in fields
        ]
        chosen = [each.label(f"c{index}") for index, each in enumerate((*taken, *more))]
        for document in prepared.values():
            for part in document.joined:
                source = source.join(part, sa.true())
        return sa.select(*chosen).select_from(source)

    def _selected(self, table: sa.TableClause, source: sa.FromClause | None = None) -> Statement:
        marks = [mark for column in self.marked for mark in self.dialect.mark(table.c[column.name], column)]
        return self.taking(table, self.query.fields, marks, source)

    def _prepared(self, table: sa.TableClause, fields: Sequence[Field]) -> dict[str, Prepared]:
        """Return each document that fields are taken out of, by its column."""
        found: dict[str, Prepared] = {}
        inside = [field for field in fields if is_inside(field)]
        for index, name in enumerate(dict.fromkeys(field.column for field in inside)):
            element: Expression = table.c[self.shape.column(name).name]
            paths = (field.path for field in inside if field.column == name)
            keys = dict.fromkeys(path[0] for path in paths if path and isinstance(path[0], str))
            prepared = self.dialect.documents.prepared(element, tuple(map(str, keys)), f"document_{index}")
            if prepared is not None:
                found[name] = prepared
        return found

    def _sorted(self, table: sa.TableClause, segment: sa.ColumnElement[bool], limit: int) -> Statement:
        """Return the statement of a sorted page: first which rows, then what is in them.

        Else the documents of all rows would be taken apart before all but a page of them are dropped.
        """
        conditions = (segment, *self._conditions(table))
        order = [each.desc() for each in self._order(table)]
        keys = self.shape.key
        if not keys:
            return self._selected(table).where(*conditions).order_by(*order).limit(limit)
        found = (
            sa.select(*(table.c[key.name] for key in keys))
            .where(*conditions)
            .order_by(*order)
            .limit(limit)
            .subquery("found")
        )
        same = sa.and_(*(table.c[key.name] == found.c[key.name] for key in keys))
        return self._selected(table, table.join(found, same)).order_by(*order)

    def _order(self, table: sa.TableClause) -> list[Expression]:
        time, id_, *rest = self.marked
        return [
            self.dialect.sort_key(table.c[time.name], time),
            self.dialect.documents.sorted_text(table.c[id_.name]),
            *(self.dialect.sort_key(table.c[each.name], each) for each in rest),
        ]

    def _segments(
        self, table: sa.TableClause, after: Sequence[Part] | None
    ) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the conditions of the rows with a time, then of those without one, from a position on."""
        time, *rest = self._order(table)
        has_time, has_none = time.is_not(None), time.is_(None)
        if after is None:
            yield has_time
            yield has_none
            return
        first, *others = after
        bounds = [self._order_bound(part, shape) for part, shape in zip(others, self.marked[1:], strict=True)]
        if first is None:
            yield sa.and_(has_none, sa.tuple_(*rest) < sa.tuple_(*bounds))
            return
        bound = self.dialect.bound(first, self.marked[0])
        yield sa.and_(has_time, sa.tuple_(time, *rest) < sa.tuple_(bound, *bounds))
        yield has_none

    def _order_bound(self, part: Part, shape: ColumnShape) -> Expression:
        found: Expression = sa.null() if part is None else self.dialect.bound(part, shape)  # type: ignore[assignment]
        return self.dialect.documents.sorted_text(found) if shape is self.marked[1] else found

    def _bound(self, after: Cursor) -> Expression:
        part = cursors.decode(after, self.name, length=1).parts[0]
        if part is None:
            raise UsageError("That is not a cursor of this listing.", help="Leave it out to begin again.")
        return self.dialect.bound(part, self.marked[0])

    def _parts(self, row: Row) -> tuple[Part, ...]:
        raw, width = row[len(self.query.fields) :], self.dialect.mark_width
        return tuple(self.dialect.part(raw[start : start + width]) for start in range(0, len(raw), width))


def _asked(condition: Condition) -> str:
    """Write a condition for a cursor's fingerprint: without bounds, since those that count back from now move between two pages."""
    match condition:
        case Between(field):
            return f"Between({field!r})"
        case AnyOf(conditions):
            return f"AnyOf({[_asked(each) for each in conditions]})"
        case Not(inner):
            return f"Not({_asked(inner)})"
        case _:
            return repr(condition)
