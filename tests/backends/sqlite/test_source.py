"""Whole SQLite tables as they are stored, in every state that a server leaves a file in: nothing of the file changes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from llama_storage_tui.backends.registry import open_source
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.raw_rows import RawExtent, UndecodableText

ROWS = [("a", "1", None), ("b:x", "2", "2027-11-23 01:00:00+00:00"), ("b:y", None, None), ("ü", "\x00", None)]


@pytest.fixture(params=["rollback journal", "WAL", "WAL, a server is open", "WAL, a server was killed"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "served" / "kv.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as server:
        if request.param != "rollback journal":
            server.execute("PRAGMA journal_mode=WAL")
        server.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
        server.executemany("INSERT INTO kvstore VALUES (?, ?, ?)", ROWS)
        if request.param.endswith("open"):
            yield path
            return
        if request.param.endswith("killed"):
            left = tmp_path / "left"
            left.mkdir()
            for name in ("kv.db", "kv.db-wal"):
                shutil.copy(path.parent / name, left / name)
            path = left / "kv.db"
    yield path


async def rows_of(
    path: Path, keys: KeySelection | None = None, table: str = "kvstore"
) -> list[tuple[object, ...]]:
    source = open_source(SqliteTarget(path))
    try:
        return [row async for batch in source.read(table, keys) for row in batch.rows]
    finally:
        await source.close()


def state(path: Path) -> dict[str, bytes]:
    # What a server that is open keeps in its -shm is its own: readers of it leave marks there.
    return {each.name: each.read_bytes() for each in path.parent.iterdir() if not each.name.endswith("-shm")}


async def test_every_row_is_read_and_the_file_is_left_as_it_was(path: Path) -> None:
    before = state(path)
    assert await rows_of(path) == ROWS
    assert await rows_of(path, KeySelection(("b:",))) == ROWS[1:3]
    assert await rows_of(path, KeySelection((), ("b:",))) == [ROWS[0], ROWS[3]]
    assert state(path) == before


async def test_rows_are_counted_with_their_bytes(path: Path) -> None:
    source = open_source(SqliteTarget(path))
    assert await source.extent("kvstore", KeySelection(("b:",))) == RawExtent(2, 3 + 1 + 25 + 3)
    assert await source.extent("nothing", None) == RawExtent(0, 0)
    assert not await source.is_empty("kvstore")
    await source.close()


async def test_a_stamp_changes_with_a_row_and_not_with_a_reader(path: Path) -> None:
    source = open_source(SqliteTarget(path))
    before = await source.stamp("kvstore")
    await rows_of(path)
    assert await source.stamp("kvstore") == before
    with closing(sqlite3.connect(path)) as server, server:
        server.execute("UPDATE kvstore SET value = 'x' WHERE key = 'a'")
    assert await source.stamp("kvstore") != before
    await source.close()


async def test_a_file_that_is_not_there_has_no_rows_and_is_not_made(tmp_path: Path) -> None:
    assert await rows_of(tmp_path / "nowhere.db") == []
    assert list(tmp_path.iterdir()) == []


async def test_text_that_is_not_utf8_is_told_from_a_blob(tmp_path: Path) -> None:
    path = tmp_path / "odd.db"
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE t (a, rowid TEXT)")
        store.execute("INSERT INTO t VALUES (x'ff', 'its own'), (CAST(x'ff' AS TEXT), NULL)")
    first, second = [row[0] for row in await rows_of(path, table="t")]
    assert (type(first), type(second)) == (bytes, UndecodableText)


@pytest.mark.parametrize(
    "made", ["CREATE VIEW t AS SELECT 1 AS a", "CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID"]
)
async def test_what_no_server_makes_is_refused(tmp_path: Path, made: str) -> None:
    path = tmp_path / "odd.db"
    with closing(sqlite3.connect(path)) as store, store:
        store.execute(made)
    with pytest.raises(BackendError, match="no server makes"):
        await rows_of(path, table="t")
