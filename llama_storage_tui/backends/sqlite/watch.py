"""New rows of a SQLite table: those beyond the largest rowid, which a look finds at the edge of the table's tree."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.engine import Expression, Look, Values
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.backends.sqlite.rowid import rowid_of
from llama_storage_tui.model.following import Mark


class SqliteWatch:
    """Satisfies `engine.TableWatch`.

    A row that takes the rowid of the last one, deleted since the last look, is not told from it; nor is a row seen that was
    written with a smaller rowid than the largest.
    """

    way = "Each look reads the rows beyond the last rowid, and no others. A row that is changed in place keeps its rowid."

    def obstacle(self, shape: TableShape) -> str:
        """Return nothing: every table with rowids can be followed."""
        del shape
        return ""

    async def look(
        self, connection: AsyncConnection, shape: TableShape, mark: Mark | None, limit: int
    ) -> Look:
        """Return the rowids beyond a mark."""
        position = rowid_of(shape)[0]
        name = sa.sql.quoted_name(position.name, quote=True)
        table = sa.table(sa.sql.quoted_name(shape.name, quote=True), sa.column(name, sa.Integer()))
        rowid = table.c[position.name]
        largest = (await connection.execute(sa.select(sa.func.max(rowid)))).scalar_one()
        end = 0 if largest is None else int(largest) + 1
        if mark is None or end <= mark.end:
            return Look((), Mark(end))
        statement = sa.select(rowid).where(rowid >= mark.end).order_by(rowid).limit(limit)
        found = [int(row[0]) for row in (await connection.execute(statement)).all()]
        return Look(tuple(map(str, found)), Mark(found[-1] + 1), is_cut=found[-1] + 1 < end)

    def at(self, element: Expression) -> sa.ColumnElement[bool]:
        """Return the condition: between the first and the last of them there are no others."""
        first, last = sa.bindparam("first", type_=sa.Integer()), sa.bindparam("last", type_=sa.Integer())
        return sa.and_(element >= first, element <= last)

    def values(self, positions: Sequence[str]) -> Values:
        """Return the first and the last of them."""
        return {"first": int(positions[0]), "last": int(positions[-1])}
