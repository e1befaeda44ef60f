"""New rows of a PostgreSQL table: those of transactions that were not over at the last look, near the table's end.

Upstream makes no index on a time, so the rows are found by where they are. A server puts a row at the end of the table, or into
space that removed rows have left anywhere in it. A look reads the blocks that are new and WINDOW blocks before them; which rows
there are new, their transaction (xmin) tells, so that one that was committed late is not missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.engine import Expression, NewPositions, TableWatch, Values
from llama_storage_tui.backends.postgres.engine import PostgresEngine
from llama_storage_tui.backends.postgres.values import tid, tids, xid
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.following import Mark

WINDOW: Final = 256
"""Blocks before the end of a table that are looked at for rows in space that was used again: 2 MB, a few milliseconds."""

MOST_BLOCKS: Final = 2_048
"""Blocks of one look; where a table has grown by more, the next look goes on."""

GAPS: Final = 4
"""Looks that must agree that rows are missing: the server counts a second behind, and sees ours before it counts them."""

_RANGES_SINCE: Final = 140_000
"""The first version that reads a range of positions and no other block."""

_XIDS: Final = 2**32

_STATE: Final = sa.text(
    """
    SELECT pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int,
           pg_catalog.pg_stat_get_tuples_inserted(c.oid),
           pg_catalog.pg_stat_get_tuples_deleted(c.oid) + pg_catalog.pg_stat_get_tuples_updated(c.oid),
           pg_catalog.txid_snapshot_xmin(now.snapshot), pg_catalog.txid_snapshot_xmax(now.snapshot),
           pg_catalog.current_setting('server_version_num')::int
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           CROSS JOIN (SELECT pg_catalog.txid_current_snapshot() AS snapshot) AS now
     WHERE n.nspname = CAST(:schema AS text) AND c.relname = CAST(:name AS text)
    """
)


@dataclass(frozen=True, slots=True)
class PostgresWatch(TableWatch):
    """How new rows of a PostgreSQL table are told."""

    engine: PostgresEngine
    way: str = (
        "Each look reads the last 2 MB of the table and what was added after them. It does not see rows that the server stores "
        "earlier in the table, where deleted rows have left room."
    )

    def obstacle(self, shape: TableShape) -> str:
        """Return why a table cannot be followed."""
        if shape.is_tree:
            return f"{shape.name!r} cannot be followed: its rows are in several tables (partitions)"
        return ""

    async def look(
        self, shape: TableShape, mark: Mark | None, limit: int, *, seconds: float | None
    ) -> NewPositions:
        """Return the positions of the rows of transactions that were not over at a mark."""
        return await self.engine.run(
            lambda connection: self._looked(connection, shape, mark, limit), seconds=seconds
        )

    async def _looked(
        self, connection: AsyncConnection, shape: TableShape, mark: Mark | None, limit: int
    ) -> NewPositions:
        found = (await connection.execute(_STATE, {"schema": shape.schema, "name": shape.name})).one_or_none()
        if found is None:
            return NewPositions((), Mark(0))
        blocks, inserted, removed, since, next_one, version = (int(each) for each in found)
        if version < _RANGES_SINCE:
            raise BackendError(
                "Rows cannot be followed on PostgreSQL before 14: each look would read the whole table",
                failure=FailureKind.UNSUPPORTED,
                help="Read the list again instead.",
            )
        if mark is None or since < mark.since:
            # Fewer transactions than before: the database was restored, and nothing of the mark is true of it.
            return NewPositions((), Mark(blocks, since, inserted=inserted))
        low = max(0, min(blocks, mark.end) - WINDOW)
        high = min(blocks, low + MOST_BLOCKS)
        candidates: list[tuple[str, str]] = []
        if not mark.since == since == next_one:
            # Else no transaction has begun to write since the mark, in any table: none of its rows can be new.
            candidates = await self._rows(connection, shape, (low, high), mark, limit + len(mark.seen) + 1)
        new = [row for row in candidates if row not in mark.seen]
        positions = tuple(row[0] for row in new[:limit])
        if len(new) > limit or high < blocks:
            # Where some of these blocks were left over, they are read again, without what was given.
            end = mark.end if len(new) > limit else high
            seen = mark.seen.union(new[:limit])
            inserted_by_now = None if mark.inserted is None else mark.inserted + len(positions)
            return NewPositions(
                positions, replace(mark, end=end, seen=seen, inserted=inserted_by_now), is_cut=True
            )
        expected = inserted if mark.inserted is None else mark.inserted + len(new)
        gaps = (*mark.gaps, max(0, inserted - expected))[-GAPS:]
        # The server also counts late what a connection stored before the mark. Only removed rows leave room earlier in a table.
        unseen = min(*gaps, removed) if len(gaps) == GAPS else 0
        return NewPositions(
            positions, Mark(blocks, since, frozenset(candidates), expected, gaps), unseen=unseen
        )

    async def _rows(
        self,
        connection: AsyncConnection,
        shape: TableShape,
        blocks: tuple[int, int],
        mark: Mark,
        limit: int,
    ) -> list[tuple[str, str]]:
        """Return position and transaction of the rows of those blocks whose transaction was not over at a mark."""
        table = sa.table(
            sa.sql.quoted_name(shape.name, quote=True),
            sa.column("ctid"),
            sa.column("xmin"),
            schema=None if shape.schema is None else sa.sql.quoted_name(shape.schema, quote=True),
        )
        ctid, xmin = table.c["ctid"], table.c["xmin"]
        age = sa.func.pg_catalog.age(xmin)
        # Ages, since transaction numbers begin anew after four thousand million.
        oldest = sa.func.pg_catalog.age(xid(mark.since % _XIDS))
        statement = (
            sa.select(sa.cast(ctid, sa.Text()), sa.cast(xmin, sa.Text()))
            .where(ctid >= tid(f"({blocks[0]},0)"), ctid < tid(f"({blocks[1]},0)"), age <= oldest)
            .order_by(age.desc(), ctid)
            .limit(limit)
        )
        return [(str(row[0]), str(row[1])) for row in (await connection.execute(statement)).all()]

    def at(self, element: Expression) -> sa.ColumnElement[bool]:
        """Return the condition: the server goes to each of them and reads nothing else."""
        return element == sa.any_(tids("positions"))

    def values(self, positions: Sequence[str]) -> Values:
        """Return them as one array."""
        return {"positions": "{" + ",".join(f'"{text}"' for text in positions) + "}"}
