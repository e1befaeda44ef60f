"""Reading beside writers that open and close the file all the time: the last one to go removes -wal and -shm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import RowQuery
from tests.stores import SqliteStore, reading

_WRITER = """
import sqlite3, sys, time
while True:
    connection = sqlite3.connect(sys.argv[1], timeout=30)
    connection.execute("INSERT INTO notes VALUES (NULL)")
    connection.commit()
    connection.close()
    time.sleep(0.001)  # in which the file has no -wal
"""


@contextmanager
def writing(store: SqliteStore) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(store.path)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def test_a_file_whose_wal_has_just_gone_is_opened_anew_and_never_called_unreadable(
    sqlite_store: SqliteStore,
) -> None:
    sqlite_store.execute("PRAGMA journal_mode=WAL; CREATE TABLE notes (n INTEGER PRIMARY KEY);")
    failures: list[FailureKind] = []
    rows = 0
    with writing(sqlite_store):
        async with reading(sqlite_store.target()) as reader:
            for _ in range(80):
                try:
                    page = await reader.tables.page(RowQuery("notes", limit=5))
                except BackendError as error:
                    failures.append(error.failure)
                else:
                    rows += len(page.rows)
    assert rows
    assert FailureKind.PERMISSION not in failures
