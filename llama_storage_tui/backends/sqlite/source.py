"""Whole SQLite tables as they are stored: one read transaction, opened so that the file keeps no trace of it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TypeVar, final

from llama_storage_tui.backends.protocols import ItemSource
from llama_storage_tui.backends.sqlite import failures, raw_rows
from llama_storage_tui.backends.sqlite.access import HeldFile, Look, OpenMode, look, uri
from llama_storage_tui.backends.sqlite.comparing import is_empty, look_for
from llama_storage_tui.backends.sqlite.copying import COPY_LIMIT, PrivateCopy
from llama_storage_tui.backends.sqlite.engine import BUSY_SECONDS
from llama_storage_tui.backends.sqlite.raw_rows import ThreadedConnection, as_text, describe
from llama_storage_tui.backends.sqlite.target import SqliteTarget, file_of
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import Found, RawBatch, RawExtent, RawRow, Sheet, Standing

T = TypeVar("T")


@final
class SqliteSource(ItemSource):
    """The tables of one file."""

    def __init__(self, target: SqliteTarget, timeouts: Timeouts) -> None:
        del timeouts
        self._path = file_of(target)
        self._where = str(target.path)
        self._held = HeldFile()
        self._copy = PrivateCopy(limit=COPY_LIMIT)
        self._look: Look | None = None
        self._connection: ThreadedConnection | None = None
        self._stopped = threading.Event()

    async def stamp(self, container: str) -> str:
        """Return what changes when the file or its -wal does."""
        del container
        try:
            found = await asyncio.to_thread(look, self._path, self._held)
        except BackendError as error:
            if error.failure is FailureKind.MISSING_FILE:
                return "missing"
            raise
        # Not the -shm and not an empty -wal: a reader may make those.
        wal = found.wal if found.wal is not None and found.wal.size else None
        return repr((found.file, wal))

    async def blocks_writers(self) -> bool:
        """Tell whether the file is not in WAL mode: a commit then waits for every reader."""
        try:
            return not (await asyncio.to_thread(look, self._path, self._held)).is_wal
        except BackendError:
            return False

    async def extent(self, container: str, keys: KeySelection | None, *, fast: bool = False) -> RawExtent:
        """Count rows and bytes."""

        def count(connection: sqlite3.Connection) -> RawExtent | None:
            table = describe(connection, container, where=self._where)
            return None if table is None else raw_rows.extent(connection, table, keys, fast=fast)

        return await self._run(count) or RawExtent(0, 0)

    async def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield all rows in the order of their row ids."""
        table = await self._run(lambda connection: describe(connection, container, where=self._where))
        if table is None:
            return
        pages = raw_rows.Pages(table, keys, has_locators=False)
        while batch := await self._run(pages.next):
            await self._check_whole()
            yield batch

    async def is_empty(self, container: str) -> bool:
        """Tell whether a table has no row."""
        found = await self._run(
            lambda connection: is_empty(connection, describe(connection, container, where=self._where))
        )
        return found is None or found

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the table has in its place."""

        def ask(connection: sqlite3.Connection) -> list[Found]:
            return look_for(connection, describe(connection, sheet.container, where=self._where), sheet, rows)

        return await self._run(ask) or [Found(Standing.ABSENT) for _ in rows]

    async def close(self) -> None:
        """End the snapshot, remove a private copy, and let go of the file."""
        self._stopped.set()
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
        await asyncio.to_thread(self._copy.close)
        self._held.close()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Run work in the snapshot; None where there is no file."""
        with failures.translating(self._where):
            if self._connection is None:
                try:
                    self._look = await asyncio.to_thread(look, self._path, self._held)
                except BackendError as error:
                    if error.failure is FailureKind.MISSING_FILE:
                        return None
                    raise
                path = self._look.path
                if self._look.way is OpenMode.COPY:
                    path = await asyncio.to_thread(self._copy.path, self._look, self._stopped)
                address = uri(path, self._look.way)
                self._connection = ThreadedConnection(lambda: _open(address))
            return await self._connection.run(work)

    async def _check_whole(self) -> None:
        """Raise BackendError where rows of two states of the file may have been read: no lock keeps a writer out then."""
        before = self._look
        if before is None or before.way not in {OpenMode.IMMUTABLE, OpenMode.COPY}:
            return
        if before != await asyncio.to_thread(look, self._path, self._held):
            raise changed_while_read(self._where)


def changed_while_read(where: str) -> BackendError:
    """Return the error for a file that was written to while no lock kept writers out."""
    return BackendError(
        "The file changed while it was copied.",
        failure=FailureKind.LOCKED,
        where=where,
        help="Stop what writes to it, and try again.",
    )


def _open(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = as_text
    connection.execute("PRAGMA query_only=ON")
    connection.execute("BEGIN")
    with contextlib.suppress(sqlite3.OperationalError):
        # The snapshot begins with the first read.
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    return connection
