"""How the rows of a sorted list come, and which of them come after a cursor: by a column, then by what tells its ties apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.engine import Dialect, Expression
from llama_storage_tui.backends.shape import ColumnShape, TableShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Order
from llama_storage_tui.model.records import RecordQuery

_ID: Final = 1
"""Where among the columns the id stands."""
LOOKED_AT: Final = 5_000
"""Positions at the end of the table that are looked at: filters that let fewer through than a page has get no floor."""


@dataclass(frozen=True, slots=True)
class RecordSort:
    """By the first of its columns, ties by the others, all in one direction; rows without a value in the first come last.

    With `has_id` the second one is an id, which may be NULL or no text at all. `is_merged`: all texts come by code point.
    """

    dialect: Dialect
    columns: tuple[ColumnShape, ...]
    is_descending: bool = True
    has_id: bool = True
    is_merged: bool = False

    @classmethod
    def of(cls, query: RecordQuery, shape: TableShape, dialect: Dialect) -> RecordSort:
        """Resolve the newest first, or a sort by a column; raises UsageError for one that the table lacks, or that holds JSON."""
        if isinstance(query.order, Order):
            first, id_ = shape.sortable(query.order.column), shape.column(query.id)
            rest = tuple(dict.fromkeys(each for each in (id_, *shape.key) if each != first))
            return cls(dialect, (first, *rest), query.order.is_descending, first != id_, is_merged=True)
        leading = (shape.column(query.time), shape.column(query.id))
        return cls(dialect, (*leading, *(key for key in shape.key if key not in leading)))

    def elements(self, table: sa.FromClause) -> list[Expression]:
        """Return what rows are ordered and compared by."""
        return [self._compared(table.c[each.name], place) for place, each in enumerate(self.columns)]

    def ordering(self, table: sa.FromClause) -> list[sa.ColumnElement[object]]:
        """Return what statements are ordered by."""
        return [each.desc() if self.is_descending else each.asc() for each in self.elements(table)]

    def segments(
        self, table: sa.FromClause, after: Sequence[Part] | None
    ) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the conditions of the rows with a value, then of those without one, from a position on."""
        value, *rest = self.elements(table)
        has_value, has_none = value.is_not(None), value.is_(None)
        can_be_null = self.columns[0].column.is_nullable
        if after is None:
            yield has_value
            if can_be_null:
                yield has_none
            return
        first, *others = after
        bounds = [self._bound(part, place) for place, part in enumerate(others, start=1)]
        if first is None:
            if not rest:
                raise cursors.refused()
            yield sa.and_(has_none, self._beyond(rest, bounds))
            return
        yield sa.and_(has_value, self._beyond([value, *rest], [self._bound(first, 0), *bounds]))
        if can_be_null:
            yield has_none

    def _beyond(self, left: Sequence[Expression], right: Sequence[Expression]) -> sa.ColumnElement[bool]:
        row, bound = sa.tuple_(*left), sa.tuple_(*right)
        return row < bound if self.is_descending else row > bound

    def _compared(self, element: Expression, place: int) -> Expression:
        """Return an element as it is compared: ids by code point, so that lists of several engines can be merged."""
        if place == _ID and self.has_id:
            return self.dialect.documents.sorted_text(element)
        compared = self.dialect.merge_key if self.is_merged else self.dialect.sort_key
        return compared(element, self.columns[place])

    def _bound(self, part: Part, place: int) -> Expression:
        shape = self.columns[place]
        found: Expression = sa.null() if part is None else self.dialect.bound(part, shape)  # type: ignore[assignment]
        if place == _ID and self.has_id:
            return self.dialect.documents.sorted_text(found)
        return self.dialect.merge_key(found, shape) if self.is_merged else found


@dataclass(frozen=True, slots=True)
class TimeFloor:
    """A time below which no row can be of a newest page: rows are stored nearly in the order of their time.

    Among the rows stored last there are nearly always as many as the page has. The smallest of their times is then a floor: a row
    that is older has all of those before it. It is part of the statement that finds the page, so that both see the same rows; what
    it leaves out is read no further than its time, and is not sorted.

    It comes from the end of a table, its positions and times, and the conditions of the page there.
    """

    table: sa.FromClause
    position: sa.ColumnElement[Any]
    time: Expression
    conditions: tuple[sa.ColumnElement[bool], ...]

    def above(self, time: Expression, limit: int) -> sa.ColumnElement[bool]:
        """Return the condition of a time in the page's own table, true for all where the end of the table has too few rows."""
        ends = self.position.table.alias("ends")
        last = sa.select(sa.func.max(ends.c[self.position.name])).scalar_subquery()
        found = (
            sa.select(self.time.label("time"))
            .select_from(self.table)
            .where(self.position > last - LOOKED_AT, *self.conditions)
            .order_by(self.position.desc())
            .limit(limit)
            .subquery("latest")
        )
        enough = sa.case((sa.func.count() == limit, sa.func.min(found.c.time)))
        # Every time is more than that: SQLite compares by kind first, and numbers come before text and binary.
        lowest: Expression = sa.literal_column("-9e999")
        return time >= sa.select(sa.func.coalesce(enough, lowest)).select_from(found).scalar_subquery()


def as_condition(
    floor: TimeFloor | None, time: Expression, limit: int | None
) -> Sequence[sa.ColumnElement[bool]]:
    """Return the condition of a floor, none where there is none."""
    return () if floor is None or limit is None else (floor.above(time, limit),)
