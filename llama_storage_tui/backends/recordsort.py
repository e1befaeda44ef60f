"""How the rows of a sorted list come, and which of them come after a cursor: by a column, then by what tells its ties apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.engine import Dialect, Expression
from llama_storage_tui.backends.shape import ColumnShape
from llama_storage_tui.deferred import dataclass

_ID: Final = 1
"""Where among the columns the id stands."""


@dataclass(frozen=True, slots=True)
class RecordSort:
    """The newest first: by time, then id, then the rest of what a cursor holds, all falling; rows without a time come last."""

    dialect: Dialect
    columns: tuple[ColumnShape, ...]

    def elements(self, table: sa.FromClause) -> list[Expression]:
        """Return what rows are ordered and compared by."""
        return [self._compared(table.c[each.name], place) for place, each in enumerate(self.columns)]

    def ordering(self, table: sa.FromClause) -> list[sa.ColumnElement[object]]:
        """Return what statements are ordered by."""
        return [each.desc() for each in self.elements(table)]

    def segments(
        self, table: sa.FromClause, after: Sequence[Part] | None
    ) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the conditions of the rows with a value, then of those without one, from a position on."""
        value, *rest = self.elements(table)
        has_value, has_none = value.is_not(None), value.is_(None)
        if after is None:
            yield has_value
            yield has_none
            return
        first, *others = after
        bounds = [self._bound(part, place) for place, part in enumerate(others, start=1)]
        if first is None:
            yield sa.and_(has_none, sa.tuple_(*rest) < sa.tuple_(*bounds))
            return
        bound = self._bound(first, 0)
        yield sa.and_(has_value, sa.tuple_(value, *rest) < sa.tuple_(bound, *bounds))
        yield has_none

    def _compared(self, element: Expression, place: int) -> Expression:
        """Return an element as it is compared: ids by code point, so that lists of several engines can be merged."""
        if place == _ID:
            return self.dialect.documents.sorted_text(element)
        return self.dialect.sort_key(element, self.columns[place])

    def _bound(self, part: Part, place: int) -> Expression:
        found: Expression = sa.null() if part is None else self.dialect.bound(part, self.columns[place])  # type: ignore[assignment]
        return self.dialect.documents.sorted_text(found) if place == _ID else found
