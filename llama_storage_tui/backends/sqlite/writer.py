"""Writing rows to a SQLite file in one transaction. Every row is read back before it counts as written."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar, final
from urllib.parse import quote

from sqlalchemy.dialects import sqlite as sqlalchemy_sqlite

from llama_storage_tui.backends.creating import create_statements, missing_columns
from llama_storage_tui.backends.program_name import is_this_program
from llama_storage_tui.backends.protocols import ItemWriter
from llama_storage_tui.backends.sqlite import attaching, failures, holders, places, raw_rows
from llama_storage_tui.backends.sqlite.access import HeldFile, OpenMode, look, uri
from llama_storage_tui.backends.sqlite.comparing import are_same, is_empty, look_for, why_not
from llama_storage_tui.backends.sqlite.raw_rows import (
    RawTable,
    ThreadedConnection,
    as_text,
    describe,
    fetched,
    last_row,
    quoted,
)
from llama_storage_tui.backends.sqlite.source import changed_while_read
from llama_storage_tui.backends.sqlite.target import SqliteTarget, file_of
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
    Standing,
    TakenError,
)
from llama_storage_tui.model.store_user import StoreUser
from llama_storage_tui.model.transfer import TransferItem

T = TypeVar("T")

WAIT_SECONDS: Final = 5.0
"""How long another writer may hold the file."""

_CACHE: Final = "PRAGMA cache_size=-16384"
"""Pages in memory: more than SQLite's two megabytes, so that a large index is not read again for each key."""

_KEY_VALUE: Final = "CREATE TABLE {} (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)"
"""As kv_sqlite of 0.2.24 to 1.5.0 makes it."""

_OTHER_FORM: Final = "SQLite keeps one of its values in another form than it came in"


@final
class SqliteWriter(ItemWriter):
    """A writer of one file."""

    def __init__(self, target: SqliteTarget, timeouts: Timeouts) -> None:
        del timeouts
        self._path = Path(os.path.realpath(file_of(target)))
        self._where = str(target.path)
        self._is_new = False
        self._is_discarded = False
        self._connection = ThreadedConnection(self._open)
        self._tables: dict[str, RawTable] = {}
        self._schemas: dict[str, str] = {}
        self._brought: dict[str, int] = {}
        """Behind which row id a table has nothing but rows of this transaction, once SQLite has brought some to it."""
        self._held = HeldFile()

    async def obstacles(self, sheets: Sequence[Sheet]) -> tuple[str, ...]:
        """Return why the file cannot be written."""
        del sheets
        return tuple(await asyncio.to_thread(places.obstacles, self._path))

    async def users(self) -> tuple[StoreUser, ...] | None:
        """Return the processes that have the file open; None where none is seen, and not all can be."""
        if not await asyncio.to_thread(self._path.exists):
            return ()
        found = await holders.of_path(self._path)
        users = tuple(StoreUser(name, f"({pid})", is_this_program(name)) for pid, name in found.processes)
        return users if users or (found.is_known and found.is_complete) else None

    async def free_bytes(self) -> int | None:
        """Return the room on the file's disk."""
        return await asyncio.to_thread(places.free_bytes, self._path)

    async def begin(self) -> bool:
        """Open the file, make it where it is missing, and take SQLite's write lock."""
        await self._run(lambda connection: connection.execute("BEGIN IMMEDIATE"))
        return self._is_new

    async def prepare(self, sheet: Sheet) -> bool:
        """Create the table or missing columns of it."""
        return await self._run(lambda connection: self._prepare(connection, sheet))

    async def is_empty(self, container: str) -> bool:
        """Tell whether a table has no row."""
        return await self._run(lambda connection: is_empty(connection, self._table(connection, container)))

    async def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield the rows that were there when reading began."""
        table = await self._run(lambda connection: self._table(connection, container))
        if table is None:
            return
        pages = raw_rows.Pages(table, keys, has_locators=True)
        while batch := await self._run(pages.next):
            yield batch

    async def bring(self, item: TransferItem) -> int | None:
        """Have SQLite bring rows, of this file or another, where they need no more than another beginning of their key."""
        target = item.source.target
        if not isinstance(target, SqliteTarget) or not attaching.can_bring(item):
            return None
        if await asyncio.to_thread(os.path.realpath, target.path) == str(self._path):
            return await self._run(lambda connection: self._bring(connection, "main", item))
        try:
            before = await asyncio.to_thread(look, target.path, self._held)
            if before.way is OpenMode.COPY:
                return None
            address = uri(before.path, before.way)
            written = await self._run(lambda connection: self._bring_from(connection, address, item))
            is_torn = before.way is OpenMode.IMMUTABLE and before != await asyncio.to_thread(
                look, target.path, self._held
            )
        except BackendError as error:
            if error.failure is FailureKind.MISSING_FILE:
                return 0
            raise
        if is_torn:
            raise changed_while_read(str(target.path))
        return written

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the table has in its place."""
        return await self._run(lambda connection: self._look(connection, sheet, rows))

    async def insert(
        self, sheet: Sheet, rows: Sequence[RawRow], packed: object = None
    ) -> Sequence[RefusedRow]:
        """Add rows that are not there."""
        del packed
        return await self._run(lambda connection: self._write(connection, sheet, rows, _insert_into(sheet)))

    async def update(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[RefusedRow]:
        """Put rows in place of those of the same identity."""
        return await self._run(
            lambda connection: self._one_by_one(connection, sheet, rows, _update_of(sheet))
        )

    async def delete(self, sheet: Sheet, identities: Sequence[RowIdentity]) -> int:
        """Remove rows by identity."""
        condition = " AND ".join(f"{quoted(name)} = ?" for name in sheet.identity)
        statement = f"DELETE FROM {quoted(sheet.container)} WHERE {condition}"  # noqa: S608 - names are quoted
        return await self._run(lambda connection: connection.executemany(statement, identities).rowcount)

    async def remove(self, container: str, locators: Sequence[RowLocator]) -> int:
        """Remove rows by row id."""

        def remove(connection: sqlite3.Connection) -> int:
            table = self._table(connection, container)
            if table is None:
                return 0
            statement = f"DELETE FROM {table.quoted} WHERE {table.row_id} = ?"  # noqa: S608 - names are quoted
            return connection.executemany(statement, [(each,) for each in locators]).rowcount

        return await self._run(remove)

    async def drop(self, container: str) -> None:
        """Drop a table."""
        await self._run(lambda connection: connection.execute(f"DROP TABLE IF EXISTS {quoted(container)}"))
        self._tables.pop(container, None)

    async def discard(self) -> None:
        """Have `close` remove the file if it has no table then."""
        self._is_discarded = True

    async def commit(self) -> bool:
        """Commit; what SQLite refuses here, it rolls back when the connection closes."""
        await self._run(lambda connection: connection.execute("COMMIT"))
        self._is_new = False
        return True

    async def close(self) -> None:
        """Roll back what is not committed, and remove a file that is empty because of that."""
        await self._connection.close()
        self._held.close()
        if self._is_new:
            await asyncio.to_thread(places.remove_empty, self._path)
        if self._is_discarded:
            await asyncio.to_thread(places.remove_without_tables, self._path)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with failures.translating(self._where):
                return await self._connection.run(work)
        except BackendError as error:
            found = await asyncio.to_thread(places.obstacles, self._path)
            raise _as_writer(error, found) from None

    def _open(self) -> sqlite3.Connection:
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._is_new = True
        connection = sqlite3.connect(
            f"file://{quote(os.fsencode(self._path), safe='/')}?mode=rwc",
            uri=True,  # for the sources that are attached to it, too
            timeout=WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.text_factory = as_text
        connection.execute(_CACHE)
        return connection

    def _table(self, connection: sqlite3.Connection, name: str) -> RawTable | None:
        found = self._tables.get(name) or describe(connection, name, where=self._where)
        if found is not None:
            self._tables[name] = found
        return found

    def _prepare(self, connection: sqlite3.Connection, sheet: Sheet) -> bool:
        table = self._table(connection, sheet.container)
        dialect = sqlalchemy_sqlite.dialect()
        if table is None:
            for statement in statements(sheet):
                connection.execute(statement)
            return True
        for statement in missing_columns(sheet, table.columns, dialect, self._where):
            connection.execute(statement)
            self._tables.pop(sheet.container, None)
        return False

    def _bring(self, connection: sqlite3.Connection, schema: str, item: TransferItem) -> int | None:
        source = describe(connection, item.source.container, where=self._where, schema=schema)
        if source is None:
            return 0
        self._prepare(
            connection, Sheet(item.target.container, source.columns, item.identity, item.target.schema)
        )
        target = self._table(connection, item.target.container)
        if target is None:
            return None
        before = last_row(connection, target)
        written = attaching.bring(connection, schema, source, target, item)
        if written is not None and not target.has_number_key:
            self._brought[item.target.container] = before
        return written

    def _bring_from(self, connection: sqlite3.Connection, address: str, item: TransferItem) -> int | None:
        """Bring rows of another file; None, too, where SQLite attaches no more files (it keeps each until the end)."""
        if address not in self._schemas:
            name = f"source{len(self._schemas)}"
            try:
                connection.execute(f"ATTACH ? AS {name}", (address,))
            except sqlite3.OperationalError:
                return None
            self._schemas[address] = name
        return self._bring(connection, self._schemas[address], item)

    def _look(self, connection: sqlite3.Connection, sheet: Sheet, rows: Sequence[RawRow]) -> list[Found]:
        brought = self._brought.get(sheet.container)
        return look_for(connection, self._table(connection, sheet.container), sheet, rows, brought=brought)

    def _write(
        self, connection: sqlite3.Connection, sheet: Sheet, rows: Sequence[RawRow], statement: str
    ) -> Sequence[RefusedRow]:
        """Write all rows at once, and one by one where that fails or gives other values."""
        table = self._table(connection, sheet.container)
        if table is None or table.has_number_key:
            return self._one_by_one(connection, sheet, rows, statement)
        last = last_row(connection, table)
        columns = ", ".join(quoted(name) for name in sheet.columns)
        back = f"SELECT {columns} FROM {table.quoted} WHERE {table.row_id} > ? ORDER BY {table.row_id}"  # noqa: S608 - names are quoted
        is_same = is_taken = False
        connection.execute("SAVEPOINT batch")
        try:
            connection.executemany(statement, rows)
            is_same = are_same(rows, fetched(connection, back, (last,)))
        except sqlite3.IntegrityError as error:
            is_taken = _is_taken(error)
        except (UnicodeEncodeError, OverflowError, sqlite3.InterfaceError, sqlite3.DataError):
            pass
        if not is_same:
            connection.execute("ROLLBACK TO batch")
        connection.execute("RELEASE batch")
        if is_taken:
            raise TakenError
        return () if is_same else self._one_by_one(connection, sheet, rows, statement)

    def _one_by_one(
        self, connection: sqlite3.Connection, sheet: Sheet, rows: Sequence[RawRow], statement: str
    ) -> Sequence[RefusedRow]:
        refused = []
        connection.execute("SAVEPOINT batch")
        try:
            for index, row in enumerate(rows):
                connection.execute("SAVEPOINT one")
                reason = self._one(connection, sheet, row, statement)
                if reason is not None:
                    connection.execute("ROLLBACK TO one")
                    refused.append(RefusedRow(index, reason))
                connection.execute("RELEASE one")
        except TakenError:
            # Rows of it that stayed would be taken for the target's own.
            connection.execute("ROLLBACK TO batch")
            connection.execute("RELEASE batch")
            raise
        connection.execute("RELEASE batch")
        return refused

    def _one(self, connection: sqlite3.Connection, sheet: Sheet, row: RawRow, statement: str) -> str | None:
        """Write a row and read it back; return why it is not taken, None where it was."""
        bad = next((reason for cell in row if (reason := why_not(cell)) is not None), None)
        if bad is not None:
            return bad
        if any(row[sheet.columns.index(name)] is None for name in sheet.identity):
            return f"its {' or '.join(sheet.identity)} is NULL"
        identity = [row[sheet.columns.index(name)] for name in sheet.identity]
        try:
            connection.execute(statement, (*row, *identity) if statement.startswith("UPDATE") else row)
        except sqlite3.IntegrityError as error:
            if _is_taken(error):
                raise TakenError from None
            return "a column that must have a value is NULL, or another rule of the table forbids it"
        except sqlite3.DataError:
            return "one of its values is larger than SQLite takes"
        (found,) = self._look(connection, sheet, [row])
        return None if found.standing is Standing.SAME else _OTHER_FORM


def statements(sheet: Sheet) -> tuple[str, ...]:
    """Return the statements that make a table as servers of the version make it."""
    if sheet.schema is None:
        return (_KEY_VALUE.format(quoted(sheet.container)),)
    return create_statements(sheet.schema, sqlalchemy_sqlite.dialect())


def _insert_into(sheet: Sheet) -> str:
    columns = ", ".join(quoted(name) for name in sheet.columns)
    marks = ", ".join("?" * len(sheet.columns))
    return f"INSERT INTO {quoted(sheet.container)} ({columns}) VALUES ({marks})"  # noqa: S608 - names are quoted


def _update_of(sheet: Sheet) -> str:
    columns = ", ".join(f"{quoted(name)} = ?" for name in sheet.columns)
    condition = " AND ".join(f"{quoted(name)} = ?" for name in sheet.identity)
    return f"UPDATE {quoted(sheet.container)} SET {columns} WHERE {condition}"  # noqa: S608 - names are quoted


def _is_taken(error: sqlite3.IntegrityError) -> bool:
    return error.sqlite_errorcode in {
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_ROWID,
    }


def _as_writer(error: BackendError, obstacles: Sequence[str]) -> BackendError:
    """Say what an error means for who writes; `obstacles` are why the file cannot be written now."""
    words = {
        "The disk has no room for a temporary sort.": "The disk is full, or the file has reached its own limit.",
        "Reading the file failed.": "The file cannot be read or written: the disk fails, or has no room.",
        "SQLite refuses the query: attempt to write a readonly database.": "The file, or its folder, may not be written.",
    }
    error.message = words.get(error.message, error.message)
    if obstacles and error.failure is not FailureKind.LOCKED:
        error.message, error.help = obstacles[0], None
        error.failure = FailureKind.READ_ONLY
    if error.message == "The file, or its folder, may not be written.":
        error.failure = FailureKind.READ_ONLY
    return error
