"""A row query resolved against its table: which columns, in which order, from where on, as statements.

Keyset paging: a page begins after the values of the last row seen, so page 9,000 costs what page 1 costs, and rows that are
added meanwhile move nothing. NULLs would fall out of such a comparison; a nullable sort column is therefore read in two
segments, its NULLs and its values, in the engine's own order of the two. All columns of an order run in one direction, which
keeps the comparison one row value that an index can seek.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.cursors import Part, Position
from llama_storage_tui.backends.engine import Dialect, Expression, Statement
from llama_storage_tui.backends.row_filters import filter_conditions
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TableShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Filter, RowQuery

Condition = sa.ColumnElement[bool]

_NUMBERS: Final = frozenset({ColumnKind.INTEGER, ColumnKind.FLOAT, ColumnKind.BOOLEAN})


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of a listing: rows under `conditions`, ordered by `order`, which starts after `position` where that is set."""

    conditions: tuple[Condition, ...]
    order: tuple[ColumnShape, ...]


@dataclass(frozen=True, slots=True)
class ResolvedQuery:
    """A resolved query. `order` ends with the table's key, or has no key where the table has none."""

    dialect: Dialect
    shape: TableShape
    columns: tuple[ColumnShape, ...]
    filters: tuple[Filter, ...]
    order: tuple[ColumnShape, ...]
    is_descending: bool
    is_sorted: bool
    """Asked for an order of its own: a scan unless an index happens to serve it."""
    name: str
    """The fingerprint that its cursors carry."""

    @classmethod
    def of(cls, query: RowQuery, shape: TableShape, dialect: Dialect) -> ResolvedQuery:
        """Resolve a query; raises UsageError for a column, a sort or a filter that cannot be."""
        columns = tuple(shape.column(name) for name in query.columns) or shape.columns
        order, is_descending, is_sorted = shape.order, False, False
        if query.order is not None:
            first = shape.sortable(query.order.column)
            is_descending = query.order.is_descending
            is_sorted = (first,) != shape.order[:1]
            order = (first, *(each for each in shape.key if each != first)) if is_sorted else shape.order
        name = cursors.fingerprint(
            shape.place,
            shape.schema,
            shape.name,
            [each.name for each in order],
            is_descending,
            [(each.column, each.text, each.operator) for each in query.filters],
        )
        return cls(dialect, shape, columns, query.filters, order, is_descending, is_sorted, name)

    @property
    def has_cursors(self) -> bool:
        """Whether the table has a key to page by."""
        return bool(self.shape.key)

    def filtered(self, table: sa.TableClause) -> tuple[Condition, ...]:
        """Return the conditions of the filters."""
        return filter_conditions(self.dialect, self.shape, self.filters, table)

    def position(self, cursor: str | None) -> Position | None:
        """Return where a cursor stands; raises UsageError for one of another listing."""
        if cursor is None:
            return None
        if not self.has_cursors:
            raise UsageError(
                f"{self.shape.name!r} has no key to page by: only its first page can be read.",
                help="Export it whole, or filter it.",
            )
        return cursors.decode(cursor, self.name, length=len(self.order))

    def segments(self, table: sa.TableClause, after: Position | None) -> Iterator[Segment]:
        """Yield the segments from a position on, in order; none for a table without any order."""
        if not self.order or (self.order and not self.order[0].column.is_nullable):
            yield Segment(
                () if after is None else (self._beyond(table, self.order, after.parts),), self.order
            )
            return
        first, *rest = self.order
        element = self.element(table, first)
        nulls = Segment((element.is_(None),), tuple(rest))
        values = Segment((element.is_not(None),), self.order)
        is_nulls_first = self.dialect.nulls_first != self.is_descending
        segments = [nulls, values] if is_nulls_first else [values, nulls]
        if after is None:
            yield from segments
            return
        standing = nulls if after.parts[0] is None else values
        parts = after.parts[1:] if standing is nulls else after.parts
        beyond = self._beyond(table, standing.order, parts)
        yield Segment((*standing.conditions, beyond), standing.order)
        if standing is segments[0]:
            yield segments[1]

    def element(self, table: sa.TableClause, shape: ColumnShape) -> Expression:
        """Return what a column is ordered and compared by."""
        return self.dialect.sort_key(table.c[shape.name], shape)

    def ordering(
        self, table: sa.TableClause, order: Sequence[ColumnShape]
    ) -> tuple[sa.ColumnElement[object], ...]:
        """Return the ORDER BY of some columns, in the listing's direction."""
        elements = (self.element(table, shape) for shape in order)
        return tuple(element.desc() if self.is_descending else element.asc() for element in elements)

    def marks(self, table: sa.TableClause) -> tuple[Expression, ...]:
        """Return what to select for the cursors of a row: its order's columns, then its key's."""
        if not self.has_cursors:
            return ()
        return tuple(
            part
            for shape in (*self.order, *self.shape.key)
            for part in self.dialect.mark(table.c[shape.name], shape)
        )

    def parts(self, raw: Sequence[object]) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """Return the cursor values of the order and of the key from what `marks` selected."""
        width = self.dialect.mark_width
        parts = tuple(self.dialect.part(raw[start : start + width]) for start in range(0, len(raw), width))
        return parts[: len(self.order)], parts[len(self.order) :]

    def statement(
        self, table: sa.TableClause, segment: Segment, *, limit: int | None, cell_limit: int | None
    ) -> Statement:
        """Return the statement of a segment: the cells, then the marks.

        A sort that may have no index first finds the rows and then reads their cells: else cutting a cell of every
        row of the table would be part of the sort.
        """
        return self._selected(table, segment, self._cells(table, cell_limit), limit=limit)

    def weights(self, table: sa.TableClause, segment: Segment, *, limit: int) -> Statement:
        """Return the statement of how many bytes the cells of each row of a segment hold, numbers left out."""
        sizes = [
            sa.func.coalesce(self.dialect.size(table.c[shape.name], shape), 0)
            for shape in self.columns
            if shape.kind not in _NUMBERS
        ]
        total: sa.ColumnElement[int] = sa.literal_column("0", sa.Integer())
        for size in sizes:
            total = total + size
        return self._selected(
            table, segment, sa.select(total.label("weight")).select_from(table), limit=limit
        )

    def _selected(
        self, table: sa.TableClause, segment: Segment, chosen: Statement, *, limit: int | None
    ) -> Statement:
        conditions = (*segment.conditions, *self.filtered(table))
        order = self.ordering(table, segment.order)
        if limit is not None and self.is_sorted and self.has_cursors:
            found = (
                sa.select(*(table.c[each.name] for each in self.shape.key))
                .where(*conditions)
                .order_by(*order)
                .limit(limit)
                .subquery("found")
            )
            joined = table.join(found, sa.and_(*(table.c[k.name] == found.c[k.name] for k in self.shape.key)))
            return chosen.select_from(joined).order_by(*order)
        return chosen.where(*conditions).order_by(*order).limit(limit)

    def _cells(self, table: sa.TableClause, cell_limit: int | None) -> Statement:
        cells = [self.dialect.cell(table.c[shape.name], shape, cell_limit) for shape in self.columns]
        chosen = [each.label(f"c{index}") for index, each in enumerate((*cells, *self.marks(table)))]
        return sa.select(*chosen).select_from(table)

    def _beyond(
        self, table: sa.TableClause, order: Sequence[ColumnShape], parts: Sequence[Part]
    ) -> Condition:
        """Return the condition of rows after a position; a NULL in it matches nothing, since no key holds one."""
        left = [self.element(table, shape) for shape in order]
        right = [
            sa.null() if part is None else self.dialect.bound(part, shape)
            for part, shape in zip(parts, order, strict=True)
        ]
        if len(left) == 1:
            return left[0] < right[0] if self.is_descending else left[0] > right[0]
        row, bound = sa.tuple_(*left), sa.tuple_(*right)
        return row < bound if self.is_descending else row > bound


def row_fingerprint(shape: TableShape) -> str:
    """Return the fingerprint of cursors that name one row of a table."""
    return cursors.fingerprint(
        "row", shape.place, shape.schema, shape.name, [each.name for each in shape.key]
    )
