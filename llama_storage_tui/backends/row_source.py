"""Rows of a table with their documents made ready: each is taken apart once, however many of its fields are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field as dataclass_field
from typing import Final

import sqlalchemy as sa

from llama_storage_tui.backends.documents import is_inside, wanted
from llama_storage_tui.backends.engine import Dialect, Expression, PreparedDocument, Ready, Statement, Values
from llama_storage_tui.backends.ranges import is_storable
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TableShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import Field, Measure, RecordQuery

FIRST_RANGE: Final = 16
"""Positions of the first range of a page as stored: PostgreSQL reads no more blocks than these if they fill the page."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to select from: `table` has their columns, `prepared` their documents; `where` and `order` are still to be asked."""

    table: sa.FromClause
    source: sa.FromClause
    prepared: Mapping[str, PreparedDocument] = dataclass_field(default_factory=dict)
    sizes: Mapping[str, Expression] = dataclass_field(default_factory=dict)
    where: tuple[sa.ColumnElement[bool], ...] = ()
    order: tuple[sa.ColumnElement[object], ...] = ()

    def select(self, chosen: Sequence[Expression]) -> Statement:
        """Select expressions as the columns c0, c1 and so on."""
        named = [each.label(f"c{index}") for index, each in enumerate(chosen)]
        return sa.select(*named).select_from(self.source).where(*self.where).order_by(*self.order)


@dataclass(frozen=True, slots=True)
class ScanSlice:
    """Rows of one table: what they are selected from, and the conditions of their positions.

    Slices of the same `part` differ in their `ends` alone: what was composed for one of them reads them all. To compose takes
    tens of milliseconds, as long as it takes to read tens of megabytes.
    """

    table: sa.TableClause
    conditions: tuple[sa.ColumnElement[bool], ...]
    part: int = 0
    ends: Values = dataclass_field(default_factory=dict)


RowOrdering = Callable[[sa.FromClause], Sequence[sa.ColumnElement[object]]]
"""Returns what rows are ordered by, of the columns of a table."""


@dataclass(frozen=True, slots=True)
class RowSource:
    """A query against its table, and the SQL of an engine."""

    query: RecordQuery
    shape: TableShape
    dialect: Dialect

    def rows(
        self,
        table: sa.TableClause,
        fields: Sequence[Field],
        columns: Sequence[str],
        where: Sequence[sa.ColumnElement[bool]],
        *,
        order: RowOrdering | None = None,
        source: sa.FromClause | None = None,
        is_walk: bool = False,
    ) -> Rows:
        """Return rows whose documents are ready for fields, each taken apart once a row; `columns` are wanted beside the fields'.

        `where` and `order` are of the table. In a walk the rows come in their order as they are read, else they are sorted once
        everything was taken out of them.
        """
        ready = self.dialect.documents.ready
        if ready is None or not any(map(is_inside, fields)):
            prepared = self._prepared(table, fields)
            joined = table if source is None else source
            for document in prepared.values():
                for part in document.joined:
                    joined = joined.join(part, sa.true())
            return Rows(
                table, joined, prepared, {}, tuple(where), () if order is None else tuple(order(table))
            )
        fenced, made, sizes = self._fenced(table, fields, columns, ready)
        fenced = fenced.select_from(table if source is None else source).where(*where)
        if order is not None and is_walk:
            fenced = fenced.order_by(*order(table))
        # The offset keeps the engine from putting the expressions back where they are used, once for every use.
        found = fenced.offset(0).subquery("ready")
        return Rows(
            found,
            found,
            {name: PreparedDocument((), found.c[label], {}) for name, label in made.items()},
            {name: found.c[label] for name, label in sizes.items()},
            (),
            () if order is None or is_walk else tuple(order(found)),
        )

    def _fenced(
        self, table: sa.TableClause, fields: Sequence[Field], columns: Sequence[str], ready: Ready
    ) -> tuple[Statement, dict[str, str], dict[str, str]]:
        """Select columns, and documents and sizes under the names that are returned by their columns."""
        inside = [field for field in fields if is_inside(field)]
        names = dict.fromkeys(self.shape.column(field.column).name for field in inside)
        made = {name: f"document_{index}" for index, name in enumerate(names)}
        weighed = dict.fromkeys(field.column for field in fields if field.measure is Measure.BYTES)
        sizes = {name: f"size_{index}" for index, name in enumerate(weighed)}
        plain = (
            self.shape.column(field.column).name
            for field in fields
            if not is_inside(field) and field.measure is not Measure.BYTES
        )
        chosen: list[sa.ColumnElement[object]] = [table.c[name] for name in dict.fromkeys((*columns, *plain))]
        for name, label in made.items():
            asked = [field for field in inside if field.column == name]
            chosen.append(ready(table.c[name], asked).label(label))
        for name, label in sizes.items():
            chosen.append(self.dialect.size(table.c[name], self.shape.column(name)).label(label))
        return sa.select(*chosen), made, sizes

    def taken(self, rows: Rows, field: Field) -> Expression:
        """Return a field of rows that are ready for it."""
        if field.measure is Measure.BYTES and field.column in rows.sizes:
            return rows.sizes[field.column]
        limit = self.query.cell_limit
        return wanted(self.dialect, self.shape, rows.table, field, rows.prepared.get(field.column), limit)

    def _prepared(self, table: sa.TableClause, fields: Sequence[Field]) -> dict[str, PreparedDocument]:
        """Return each document that fields are taken out of, by its column."""
        found: dict[str, PreparedDocument] = {}
        inside = [field for field in fields if is_inside(field)]
        for index, name in enumerate(dict.fromkeys(field.column for field in inside)):
            element: Expression = table.c[self.shape.column(name).name]
            paths = (field.path for field in inside if field.column == name)
            keys = dict.fromkeys(path[0] for path in paths if path and isinstance(path[0], str))
            prepared = self.dialect.documents.prepared(element, tuple(map(str, keys)), f"document_{index}")
            if prepared is not None:
                found[name] = prepared
        return found


def shortened(cell: Cell, field: Field, limit: int) -> Cell:
    """Return a cell that is longer than what a list shows as its beginning with a mark."""
    limit = limit if field.most is None else min(limit, field.most)
    if field.measure is not Measure.VALUE or not isinstance(cell, str | bytes) or len(cell) <= limit:
        return cell
    return f"{cell[:limit]}…" if isinstance(cell, str) else cell[:limit]


def next_width(width: int, found: int, wanted: int) -> int:
    """Return how many positions to read next: what holds the rest, by what these held, and a quarter more; at most four times."""
    widest = width * 4
    return widest if found == 0 else max(1, min(widest, width * wanted * 5 // (found * 4) + 1))


def is_one_of(
    dialect: Dialect, element: Expression, column: ColumnShape, ids: Sequence[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of these texts."""
    if column.kind is ColumnKind.TEXT and all(_is_plain(dialect, id_) for id_ in ids):
        # One parameter for all of them: a condition for each takes longer to compose than the look-up itself.
        return dialect.sort_key(element, column).in_([*ids])
    return sa.or_(*(dialect.equals(element, column, id_) for id_ in ids))


def _is_plain(dialect: Dialect, text: str) -> bool:
    return is_storable(text) and "\x00" not in text and dialect.can_hold(text)
