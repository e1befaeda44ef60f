"""Rows that COPY puts behind all others of a table, and reading just those back: in one walk, and not each by its key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import asyncpg

from llama_storage_tui.backends.postgres.raw_rows import PostgresTable, quoted

_PAGES: Final = """
SELECT pg_relation_size(oid) / current_setting('block_size')::int FROM pg_class
WHERE oid = to_regclass($1)::oid AND relkind = 'r' AND current_setting('server_version_num')::int >= 140000
"""
"""Of a table whose rows have one order; before 14 a server walks through the whole of it for a part."""


class TableEnd:
    """The end of one table, within a transaction in which this alone writes to it.

    It is a guess that new rows come behind all others, and in their order: a server fills what is free in between, too. What is
    read back is compared byte for byte, so that a wrong guess is found; then the rows are to be looked for by their keys.
    """

    def __init__(self, connection: asyncpg.Connection, table: PostgresTable) -> None:
        self._connection, self._table = connection, table
        self._last: tuple[int, int] | None = None
        self._is_known = True
        self._find: asyncpg.prepared_stmt.PreparedStatement | None = None

    async def append(self, columns: Sequence[str], data: Sequence[bytes]) -> bool:
        """Add packed rows; return whether every byte of them was then read back from the table's end."""
        if self._is_known and self._last is None:
            await self._begin()
        await self._connection.copy_to_table(
            self._table.name, source=_each(data), columns=[*columns], format="binary"
        )
        if self._last is None:
            return False
        chosen = ", ".join(map(quoted, columns))
        query = f"SELECT {chosen} FROM {self._table.quoted} WHERE ctid > '({self._last[0]},{self._last[1]})'"  # noqa: S608 - names are quoted
        comparison = _Comparison(data)
        await self._connection.copy_from_query(query, output=comparison.take, format="binary")
        if comparison.is_same:
            await self._move()
        return comparison.is_same

    def give_up(self) -> None:
        """Look at the end no more: rows that are there were not found at it."""
        self._last, self._is_known = None, False

    async def _begin(self) -> None:
        pages = await self._connection.fetchval(_PAGES, self._table.quoted)
        if pages is None:
            self.give_up()
            return
        self._find = await self._connection.prepare(
            f"SELECT max(ctid) FROM {self._table.quoted} WHERE ctid > $1"  # noqa: S608 - the name is quoted
        )
        self._last = max(0, pages - 1), 0
        await self._move()

    async def _move(self) -> None:
        found = None if self._find is None else await self._find.fetchval(self._last)
        self._last = found or self._last


class _Comparison:
    """What is read back beside what was sent, each in pieces of its own."""

    def __init__(self, sent: Sequence[bytes]) -> None:
        self._sent = iter(sent)
        self._piece = memoryview(b"")
        self._is_same = True

    @property
    def is_same(self) -> bool:
        """Whether all that was sent came back, and nothing else."""
        return self._is_same and not self._piece and next(self._sent, None) is None

    async def take(self, found: bytes) -> None:
        """Compare the next piece."""
        at = 0
        while self._is_same and at < len(found):
            self._piece = self._piece or memoryview(next(self._sent, b""))
            size = min(len(self._piece), len(found) - at)
            self._is_same = bool(size) and found.startswith(self._piece[:size], at)
            self._piece, at = self._piece[size:], at + size


async def _each(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
