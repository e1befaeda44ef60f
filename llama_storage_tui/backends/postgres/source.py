"""Whole PostgreSQL tables as they are stored: one read-only transaction that sees one state of the database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import final

import asyncpg

from llama_storage_tui.backends.postgres import failures
from llama_storage_tui.backends.postgres.comparing import is_empty, look_for
from llama_storage_tui.backends.postgres.connecting import HeldConnection, close_quietly, connect
from llama_storage_tui.backends.postgres.raw_rows import (
    SAMPLE,
    SESSION,
    describe,
    key_condition,
    quoted,
    read_rows,
)
from llama_storage_tui.backends.protocols import ItemSource
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.raw_rows import Found, RawBatch, RawExtent, RawRow, Sheet


@final
class PostgresSource(HeldConnection, ItemSource):
    """The tables of one database, as one role sees them."""

    async def stamp(self, container: str) -> str:
        """Return a text of where each row of the table is and which transaction wrote it."""
        connection = await connect(self._target, seconds=self._timeouts.connect)
        try:
            with failures.translating(self._where):
                if await describe(connection, container) is None:
                    return "missing"
                found = await connection.fetchrow(
                    "SELECT count(*), coalesce(sum(hashtext(ctid::text || ' ' || xmin::text)::bigint), 0)"  # noqa: S608 - quoted
                    f" FROM {quoted(container)}"
                )
                return f"{found[0]} {found[1]}"
        finally:
            await close_quietly(connection)

    async def extent(self, container: str, keys: KeySelection | None, *, fast: bool = False) -> RawExtent:
        """Count rows and bytes."""
        async with self._asking() as connection:
            table = await describe(connection, container)
            if table is None:
                return RawExtent(0, 0)
            condition, parameters = key_condition(keys)
            sizes = " + ".join(
                f"coalesce(octet_length({quoted(column.name)}{'' if column.kind == 'bytea' else '::text'}), 0)"
                for column in table.columns
            )
            meant = f"FROM {table.quoted} WHERE {condition}"
            some = f"SELECT * {meant}{f' LIMIT {SAMPLE}' if fast else ''}"
            rows, held = await connection.fetchrow(
                f"SELECT count(*), coalesce(sum({sizes}), 0)::bigint FROM ({some}) AS t",  # noqa: S608 - names are quoted
                *parameters,
            )
            if not fast or rows < SAMPLE:
                return RawExtent(int(rows), int(held))
            every = await connection.fetchval(f"SELECT count(*) {meant}", *parameters)
            return RawExtent(int(every), held * every // rows)

    async def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield all rows in the order of the heap."""
        async with self._asking() as connection:
            table = await describe(connection, container)
            if table is None:
                return
            async for batch in read_rows(connection, table, keys, has_locators=False):
                yield batch

    async def is_empty(self, container: str) -> bool:
        """Tell whether a table has no row."""
        async with self._asking() as connection:
            return await is_empty(connection, await describe(connection, container))

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the table has in its place."""
        async with self._asking() as connection:
            return await look_for(connection, await describe(connection, sheet.container), sheet, rows)

    async def _opened(self, connection: asyncpg.Connection) -> None:
        """Begin the snapshot."""
        if connection.get_settings().server_encoding == "SQL_ASCII":
            raise BackendError(
                "The database has the encoding SQL_ASCII, in which text may be anything: it cannot be copied.",
                failure=FailureKind.UNSUPPORTED,
                where=self._where,
            )
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await connection.execute(SESSION)
