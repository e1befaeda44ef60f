"""Writing rows to a PostgreSQL database in one transaction, by COPY. Every row is read back before it counts as written.

What is read back within the transaction, from the end of the table or by identity, is every value, and it is compared with what was
sent. Digests of both sides would be no faster: of responses of 3 KB a server spends more on md5 or sha256 than on sending the
values (measured with PostgreSQL 18: 10.6 and 22.7 µs a row against 3 to 7), and this process would have to compute the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, final

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import dialect as postgres_dialect

from llama_storage_tui.backends.creating import create_statements, missing_columns
from llama_storage_tui.backends.postgres.appending import TableEnd
from llama_storage_tui.backends.postgres.comparing import are_stored, is_empty, joined, look_for
from llama_storage_tui.backends.postgres.connecting import HeldConnection
from llama_storage_tui.backends.postgres.encoding import encoded, encoder, why_refused
from llama_storage_tui.backends.postgres.packing import ReadyRows, made_ready
from llama_storage_tui.backends.postgres.raw_rows import (
    SESSION,
    PostgresColumn,
    PostgresTable,
    describe,
    quoted,
    read_rows,
)
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.program_name import SESSION_NAME, is_this_program
from llama_storage_tui.backends.protocols import ItemWriter
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import (
    Found,
    RawBatch,
    RawRow,
    RefusedRow,
    RowIdentity,
    RowLocator,
    Sheet,
    TakenError,
)
from llama_storage_tui.model.store_user import StoreUser
from llama_storage_tui.model.transfer import NotConvertibleError

_DIALECT: Final[Dialect] = postgres_dialect()  # type: ignore[no-untyped-call] # as SQLAlchemy has it
_LOCK: Final = "SELECT set_config('lock_timeout', '5s', true)"
_SAVEPOINT: Final = "SAVEPOINT batch"
_AGAIN: Final = f"RELEASE batch; {_SAVEPOINT}"
_TAKEN: Final = "a row of its identity is there"
_OTHER_FORM: Final = "PostgreSQL keeps one of its values in another form than it came in"

_CREATES: Final = "SELECT has_schema_privilege(current_schema(), 'CREATE')"
_WRITES: Final = "SELECT has_table_privilege($1, 'SELECT'), has_table_privilege($1, 'INSERT'), has_table_privilege($1, 'UPDATE')"
_SESSIONS: Final = """
SELECT application_name, pid FROM pg_stat_activity
WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid() AND application_name <> $1
"""
_KEY_VALUE: Final = (  # as kv_postgres of 1.0.3 to 1.5.0 makes it; a plan for an earlier one says what that makes
    "CREATE TABLE {} (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMPTZ)",
    "CREATE INDEX {} ON {} (expiration) WHERE expiration IS NOT NULL",
)


@final
class PostgresWriter(HeldConnection, ItemWriter):
    """A writer of one database and role."""

    def __init__(self, target: PostgresTarget, timeouts: Timeouts) -> None:
        super().__init__(target, timeouts=timeouts)
        self._tables: dict[str, PostgresTable] = {}
        self._locked: set[str] = set()
        self._ends: dict[str, TableEnd] = {}
        self._has_savepoint = False

    async def obstacles(self, sheets: Sequence[Sheet]) -> tuple[str, ...]:
        """Return the rights that are missing, and whether the server is read-only."""
        found = []
        async with self._asking() as connection:
            if await connection.fetchval("SELECT pg_is_in_recovery()"):
                found.append(f"{self._where} is a standby: it takes no changes.")
            elif await connection.fetchval("SHOW default_transaction_read_only") == "on":
                found.append(f"Sessions of the role at {self._where} are read-only.")
            for sheet in sheets:
                if await describe(connection, sheet.container) is None:
                    if not await connection.fetchval(_CREATES):
                        found.append(
                            f"The role may not create table {sheet.container}: GRANT CREATE ON SCHEMA is missing."
                        )
                elif not all(await connection.fetchrow(_WRITES, quoted(sheet.container))):
                    found.append(
                        f"The role may not write to {sheet.container}: it needs SELECT, INSERT and UPDATE."
                    )
        return tuple(dict.fromkeys(found))

    async def users(self) -> tuple[StoreUser, ...] | None:
        """Return the other sessions of the role in the database: servers log in as the same role."""
        async with self._asking() as connection:
            found = await connection.fetch(_SESSIONS, SESSION_NAME)
        return tuple(
            StoreUser(row[0] or "a session", f"(pid {row[1]})", is_this_program(row[0] or ""))
            for row in found
        )

    async def begin(self) -> bool:
        """Open the transaction."""
        async with self._asking() as connection:
            await connection.execute("BEGIN READ WRITE")
            self._has_savepoint = False
            await connection.execute(SESSION)
            await connection.execute(_LOCK)
        return False

    async def prepare(self, sheet: Sheet) -> bool:
        """Create the table or missing columns of it, and keep others from writing to it until the transaction ends."""
        async with self._asking() as connection:
            table = await self._table(connection, sheet.container)
            if table is None:
                for statement in statements(sheet):
                    await connection.execute(statement)
                return True
            await self._lock(connection, table)
            for statement in missing_columns(sheet, table.names, _DIALECT, self._where):
                await connection.execute(statement)
                self._tables.pop(sheet.container, None)
        return False

    async def is_empty(self, container: str) -> bool:
        """Tell whether a table has no row."""
        async with self._asking() as connection:
            return await is_empty(connection, await self._table(connection, container))

    async def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield the rows that were there when reading began: a cursor does not see what is written after it was opened."""
        async with self._asking() as connection:
            table = await self._table(connection, container)
            if table is None:
                return
            async for batch in read_rows(connection, table, keys, has_locators=True):
                yield batch

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the table has in its place."""
        async with self._asking() as connection:
            table = await self._table(connection, sheet.container)
            return await look_for(connection, table, sheet, rows)

    def packed(self, sheet: Sheet, rows: Sequence[RawRow]) -> object:
        """Return rows as COPY sends them; None for a table that is not known yet, or has columns of other types."""
        table = self._tables.get(sheet.container)
        if table is None or not set(sheet.columns).issubset(table.names):
            return None
        with suppress(
            NotConvertibleError, ValueError, TypeError, OverflowError
        ):  # which `insert` says of a row
            return made_ready(table, sheet, rows)
        return None

    async def insert(
        self, sheet: Sheet, rows: Sequence[RawRow], packed: object = None
    ) -> Sequence[RefusedRow]:
        """Add rows that are not there."""
        async with self._asking() as connection:
            ready = packed if isinstance(packed, ReadyRows) else None
            return await self._write(connection, sheet, rows, 0, is_update=False, ready=ready)

    async def update(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[RefusedRow]:
        """Put rows in place of those of the same identity."""
        async with self._asking() as connection:
            return await self._write(connection, sheet, rows, 0, is_update=True)

    async def delete(self, sheet: Sheet, identities: Sequence[RowIdentity]) -> int:
        """Remove rows by identity."""
        async with self._asking() as connection:
            table = await self._table(connection, sheet.container)
            if table is None or not identities:
                return 0
            encoders = [encoder(table.column(name).kind) for name in sheet.identity]
            keys = zip(*encoded(identities, encoders), strict=True)
            statement = f"DELETE FROM {table.quoted} AS t {joined(table, sheet, 'USING')}"  # noqa: S608 - names are quoted
            return _number(await connection.execute(statement, *map(list, keys)))

    async def remove(self, container: str, locators: Sequence[RowLocator]) -> int:
        """Remove rows by their addresses."""
        async with self._asking() as connection:
            statement = f"DELETE FROM {quoted(container)} WHERE ctid = ANY($1::tid[])"  # noqa: S608 - names are quoted
            return _number(await connection.execute(statement, [*locators]))

    async def drop(self, container: str) -> None:
        """Drop a table."""
        async with self._asking() as connection:
            # A cursor that was read to its end is still open to the server, which then drops no table.
            await connection.execute("CLOSE ALL")
            await connection.execute(f"DROP TABLE IF EXISTS {quoted(container)}")
        self._tables.pop(container, None)

    async def discard(self) -> None:
        """Do nothing: a database is nothing that a transfer makes."""

    async def commit(self) -> bool:
        """Commit; a connection that ends meanwhile leaves it unknown."""
        try:
            async with self._asking() as connection:
                await connection.execute("COMMIT")
        except BackendError as error:
            if error.failure in {FailureKind.UNREACHABLE, FailureKind.TIMEOUT}:
                return False
            raise
        return True

    async def _table(self, connection: asyncpg.Connection, name: str) -> PostgresTable | None:
        found = self._tables.get(name) or await describe(connection, name)
        if found is not None:
            self._tables[name] = found
        return found

    async def _lock(self, connection: asyncpg.Connection, table: PostgresTable) -> None:
        """Keep other writers out, an earlier attempt's orphaned session included; not every role may."""
        if table.name in self._locked:
            return
        await connection.execute("SAVEPOINT lock")
        try:
            await connection.execute(f"LOCK TABLE {table.quoted} IN SHARE ROW EXCLUSIVE MODE")
        except asyncpg.InsufficientPrivilegeError:
            await connection.execute("ROLLBACK TO lock")
        await connection.execute("RELEASE lock")
        self._locked.add(table.name)

    async def _write(
        self,
        connection: asyncpg.Connection,
        sheet: Sheet,
        rows: Sequence[RawRow],
        first: int,
        *,
        is_update: bool,
        ready: ReadyRows | None = None,
    ) -> Sequence[RefusedRow]:
        """Write all rows at once; where that is refused, each half of them, until it is known which row is to blame."""
        table = await self._table(connection, sheet.container)
        if table is None or not rows:
            return ()
        columns = [table.column(name) for name in sheet.columns]
        is_same = False
        # The one of the batch before is let go in the same breath: on a busy machine each question waits for its turn.
        await connection.execute(_AGAIN if self._has_savepoint else _SAVEPOINT)
        self._has_savepoint = True
        with _refusals() as refusals:
            made = ready or made_ready(table, sheet, rows)
            if is_update:
                # A row that is changed stands behind all others, too.
                self._ends.pop(table.name, None)
                await _update(connection, sheet, columns, made.cells)
                is_same = await are_stored(connection, table, sheet, made.rows())
            else:
                is_same = await self._append(connection, table, sheet, made)
        if is_same:
            return ()
        await connection.execute("ROLLBACK TO batch")
        if _TAKEN in refusals:
            raise TakenError
        if len(rows) == 1:
            known = why_refused(rows[0], [column.kind for column in columns])
            return (RefusedRow(first, known or next(iter(refusals), _OTHER_FORM)),)
        return await self._write_halves(connection, sheet, rows, first, is_update=is_update)

    async def _append(
        self, connection: asyncpg.Connection, table: PostgresTable, sheet: Sheet, made: ReadyRows
    ) -> bool:
        """Add rows, and tell whether they are there with every value."""
        if made.pieces is None:
            rows = made.rows()
            await connection.copy_records_to_table(sheet.container, records=rows, columns=[*sheet.columns])
            return await are_stored(connection, table, sheet, rows)
        end = self._ends.setdefault(table.name, TableEnd(connection, table))
        if await end.append(sheet.columns, made.pieces):
            return True
        is_same = await are_stored(connection, table, sheet, made.rows())
        if is_same:
            end.give_up()
        return is_same

    async def _write_halves(
        self,
        connection: asyncpg.Connection,
        sheet: Sheet,
        rows: Sequence[RawRow],
        first: int,
        *,
        is_update: bool,
    ) -> Sequence[RefusedRow]:
        half = len(rows) // 2
        await connection.execute("RELEASE batch; SAVEPOINT halves")
        self._has_savepoint = False
        try:
            refused = (
                *await self._write(connection, sheet, rows[:half], first, is_update=is_update),
                *await self._write(connection, sheet, rows[half:], first + half, is_update=is_update),
            )
        except TakenError:
            # Rows of the first half that stayed would be taken for the target's own.
            await connection.execute("ROLLBACK TO halves; RELEASE halves")
            self._has_savepoint = False
            raise
        await connection.execute("RELEASE halves")
        self._has_savepoint = False
        return refused


def statements(sheet: Sheet) -> tuple[str, ...]:
    """Return the statements that make a table and its indexes as servers of the version make them."""
    if sheet.schema is not None:
        return create_statements(sheet.schema, _DIALECT)
    index, table = quoted(f"idx_{sheet.container}_expiration"), quoted(sheet.container)
    return _KEY_VALUE[0].format(table), _KEY_VALUE[1].format(index, table)


async def _update(
    connection: asyncpg.Connection,
    sheet: Sheet,
    columns: Sequence[PostgresColumn],
    cells: Sequence[Sequence[object]],
) -> None:
    arrays = ", ".join(f"${number}::{column.type}[]" for number, column in enumerate(columns, 1))
    names = ", ".join(f"c{number}" for number, _ in enumerate(columns))
    changes = ", ".join(f"{quoted(column.name)} = w.c{number}" for number, column in enumerate(columns))
    same = " AND ".join(f"t.{quoted(name)} = w.c{sheet.columns.index(name)}" for name in sheet.identity)
    await connection.execute(
        f"UPDATE {quoted(sheet.container)} AS t SET {changes} FROM unnest({arrays}) AS w({names}) WHERE {same}",  # noqa: S608 - quoted
        *(list(column) for column in cells),
    )


@contextmanager
def _refusals() -> Iterator[list[str]]:
    """Give a list that gets the reason where a row is to blame for what is raised inside; raises everything else."""
    reasons: list[str] = []
    try:
        yield reasons
    except asyncpg.UniqueViolationError:
        reasons.append(_TAKEN)
    except NotConvertibleError as error:
        reasons.append(str(error))
    except (UnicodeEncodeError, asyncpg.InterfaceError, OverflowError, TypeError, ValueError) as error:
        if isinstance(error, asyncpg.InterfaceError) and not isinstance(
            error, asyncpg.DataError | ValueError
        ):
            raise
        reasons.append("PostgreSQL's driver does not take one of its values")
    except asyncpg.NotNullViolationError:
        reasons.append("a column that must have a value is NULL")
    except asyncpg.PostgresError as error:
        if not (error.sqlstate or "").startswith(("22", "23", "54")):
            raise
        reasons.append(f"PostgreSQL does not take one of its values (SQLSTATE {error.sqlstate})")


def _number(status: str) -> int:
    """Return the number of rows in a command's status, `DELETE 3`."""
    return int(status.rpartition(" ")[2])
