"""A file is called damaged where a check of it says so, and not where SQLite's words alone do."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from llama_storage_tui.backends.registry import open_reader
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import RowQuery
from tests.patience import PATIENCE, PATIENT
from tests.stores import SqliteStore, reading

MANY = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
    " INSERT INTO t SELECT i, hex(randomblob({})) FROM n"
)
SPATIAL = "CREATE VIRTUAL TABLE r USING rtree(id, low, high); INSERT INTO r VALUES (1, 1, 2); UPDATE r_node SET data = x'0001'"
"""A virtual table that cannot be read in a file that is sound: SQLite answers with a code of its family of damage."""


def overwrite(store: SqliteStore, page: int) -> None:
    with store.path.open("r+b") as file:
        file.seek(4096 * page)
        file.write(b"\xff" * 4096)


async def refused(store: SqliteStore, table: str, *, query: float | None = PATIENCE) -> BackendError:
    async with reading(store.target(), query=query) as reader:
        with pytest.raises(BackendError) as caught:
            await reader.tables.page(RowQuery(table, limit=1_000))
    return caught.value


async def streamed(store: SqliteStore, table: str) -> BackendError:
    async with reading(store.target()) as reader:
        with pytest.raises(BackendError) as caught:
            async for _ in reader.tables.stream(RowQuery(table)):
                pass
    return caught.value


@pytest.mark.parametrize("wal", ["", "PRAGMA journal_mode=WAL;"])
@pytest.mark.parametrize("read", [refused, streamed])
async def test_a_file_with_overwritten_bytes_is_called_damaged_after_a_check(
    sqlite_store: SqliteStore, wal: str, read: object
) -> None:
    sqlite_store.execute(wal + MANY.format(2_000, 100))
    overwrite(sqlite_store, 5)
    assert callable(read)
    error = await read(sqlite_store, "t")
    assert error.failure is FailureKind.NOT_A_DATABASE
    assert "The file is damaged" in error.message
    assert "quick_check, run just now, confirms it" in error.message
    assert "on the copy" in str(error.help)


@pytest.mark.parametrize("read", [refused, streamed])
async def test_a_sound_file_is_not_called_damaged_whatever_sqlite_says(
    sqlite_store: SqliteStore, read: object
) -> None:
    sqlite_store.execute(SPATIAL)
    with closing(sqlite3.connect(sqlite_store.path)) as connection:
        if connection.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            pytest.skip("this SQLite's quick_check looks into virtual tables, too")
        with pytest.raises(sqlite3.DatabaseError) as caught:
            connection.execute("SELECT * FROM r").fetchall()
    assert caught.value.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT
    assert callable(read)
    error = await read(sqlite_store, "r")
    assert error.failure is FailureKind.QUERY
    assert "the file is sound" in error.message
    assert "says ok" in error.message
    assert ".recover" not in str(error.help)
    assert not [path for path in sqlite_store.path.parent.iterdir() if path != sqlite_store.path]


@pytest.fixture(scope="module")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    """Make a file whose check takes some tenths of a second."""
    store = SqliteStore(tmp_path_factory.mktemp("large") / "store.db")
    store.execute(f"PRAGMA synchronous=OFF; BEGIN; {SPATIAL}; {MANY.format(40_000, 1_000)}; COMMIT")
    return store


async def test_a_check_that_does_not_finish_says_so_and_judges_nothing(large_store: SqliteStore) -> None:
    seconds = 0.04
    while "is damaged is not known" not in (error := await refused(large_store, "r", query=seconds)).message:
        # A limit that lets the query end and not the check depends on the machine.
        seconds *= 2 if error.failure is FailureKind.TIMEOUT else 0.5
    assert "Whether the file is damaged is not known" in error.message
    assert f"did not finish within {seconds:g} s" in error.message
    assert "Only where that does not say ok" in str(error.help)


async def test_a_check_is_left_with_its_task(large_store: SqliteStore) -> None:
    reader = open_reader(large_store.target(), timeouts=PATIENT)
    try:
        task = asyncio.ensure_future(reader.tables.page(RowQuery("r")))
        await asyncio.wait({task}, timeout=0.03)
        task.cancel()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(asyncio.CancelledError):
                await task
    finally:
        await reader.close()
