"""A time below which no row can be of a newest page: rows are stored nearly in the order of their time.

Among the rows stored last there are nearly always as many as the page has. The smallest of their times is then a floor: a row
that is older has all of those before it. It is part of the statement that finds the page, so that both see the same rows; what
it leaves out is read no further than its time, and is not sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Expression
from llama_storage_tui.deferred import dataclass

LOOKED_AT: Final = 5_000
"""Positions at the end of the table that are looked at: filters that let fewer through than a page has get no floor."""


@dataclass(frozen=True, slots=True)
class TimeFloor:
    """Where a floor comes from: the end of a table, its positions and times, and the conditions of the page there."""

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
