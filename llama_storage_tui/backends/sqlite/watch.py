"""New rows of a SQLite table: those beyond the largest rowid, which a look finds at the edge of the table's tree."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.engine import Expression, NewPositions, Values
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
    ) -> NewPositions:
        """Return the rowids beyond a mark."""
        position = rowid_of(shape)[0]
        name = sa.sql.quoted_name(position.name, quote=True)
        table = sa.table(sa.sql.quoted_name(shape.name, quote=True), sa.column(name, sa.Integer()))
        rowid = table.c[position.name]
        largest = (await connection.execute(sa.select(sa.func.max(rowid)))).scalar_one()
        end = 0 if largest is None else int(largest) + 1
        if mark is None or end <= mark.end:
            return NewPositions((), Mark(end))
        statement = sa.select(rowid).where(rowid >= mark.end).order_by(rowid).limit(limit)
        found = [int(row[0]) for row in (await connection.execute(statement)).all()]
        return NewPositions(tuple(map(str, found)), Mark(found[-1] + 1), is_cut=found[-1] + 1 < end)

    def at(self, element: Expression) -> sa.ColumnElement[bool]:
        """Return the condition: each is found by itself, since a rowid is the key of the table's tree."""
        listed = sa.func.json_each(sa.bindparam("positions", type_=sa.Text())).table_valued("value")
        return element.in_(sa.select(listed.c.value))

    def values(self, positions: Sequence[str]) -> Values:
        """Return them as one list."""
        return {"positions": f"[{','.join(positions)}]"}
