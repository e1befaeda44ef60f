"""New rows of a SQLite table: those beyond the largest rowid, which a look finds at the edge of the table's tree."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Expression, NewPositions, RunBeside, TableWatch, Values
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.backends.sqlite.catalog import rowid_of
from llama_storage_tui.backends.sqlite.engine import SqliteEngine
from llama_storage_tui.backends.sqlite.raw_rows import quoted
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.following import Mark


@dataclass(frozen=True, slots=True)
class SqliteWatch(TableWatch):
    """How new rows of a SQLite table are told.

    A row that takes the rowid of the last one, deleted since the last look, is not told from it; nor is a row seen that was
    written with a smaller rowid than the largest.
    """

    engine: SqliteEngine
    way: str = "Each look reads the rows beyond the last rowid, and no others. A row that is changed in place keeps its rowid."

    @property
    def beside(self) -> RunBeside:
        """What reads the new rows."""
        return self.engine.run_beside

    async def look(
        self, shape: TableShape, mark: Mark | None, limit: int, *, seconds: float | None
    ) -> NewPositions:
        """Return the rowids beyond a mark."""
        rowid, table = quoted(rowid_of(shape)[0].name), quoted(shape.name)

        def looked(connection: sa.Connection) -> NewPositions:
            largest = connection.exec_driver_sql(f"SELECT max({rowid}) FROM {table}").scalar()  # noqa: S608 - quoted
            end = 0 if largest is None else int(largest) + 1
            if mark is None or end <= mark.end:
                return NewPositions((), Mark(end))
            statement = f"SELECT {rowid} FROM {table} WHERE {rowid} >= ? ORDER BY {rowid} LIMIT ?"  # noqa: S608 - quoted
            found = [int(each) for each in connection.exec_driver_sql(statement, (mark.end, limit)).scalars()]
            return NewPositions(tuple(map(str, found)), Mark(found[-1] + 1), is_cut=found[-1] + 1 < end)

        return await self.engine.run_beside(looked, seconds=seconds)

    def at(self, element: Expression) -> sa.ColumnElement[bool]:
        """Return the condition: between the first and the last of them there are no others."""
        first, last = sa.bindparam("first", type_=sa.Integer()), sa.bindparam("last", type_=sa.Integer())
        return sa.and_(element >= first, element <= last)

    def values(self, positions: Sequence[str]) -> Values:
        """Return the first and the last of them."""
        return {"first": int(positions[0]), "last": int(positions[-1])}
