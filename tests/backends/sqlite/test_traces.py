"""Looking at a SQLite file leaves no trace, in whatever state its server left it, and finds the newest rows."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing, closing, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pytest

from llama_storage_tui.backends.reader import sql_reader
from llama_storage_tui.backends.sqlite.engine import SqliteEngine
from llama_storage_tui.backends.sqlite.probe import SqliteProber
from llama_storage_tui.backends.sqlite.reader import keys_of, watch_of
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import KeySelection, RowQuery
from llama_storage_tui.model.limits import Timeouts
from tests.stores import KEY_VALUE_TABLE, reading

WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=" + sys.argv[2])
connection.execute("PRAGMA wal_autocheckpoint=0")
connection.executescript(sys.argv[3])
print("ready", flush=True)
sys.stdin.read()
"""

FILL = (
    KEY_VALUE_TABLE
    + "; INSERT INTO kvstore VALUES "
    + ", ".join(f"('k{n:03}', 'v', NULL)" for n in range(100))
)


@contextmanager
def writer(path: Path, journal_mode: str, script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server process that has written and holds the file open."""
    command = [sys.executable, "-c", WRITER, str(path), journal_mode, script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def killed_writer(path: Path, journal_mode: str, script: str) -> None:
    with writer(path, journal_mode, script) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()


def traces(folder: Path) -> dict[str, tuple[str, int, int, int]]:
    """Return what is in a folder: digest, size, mtime and inode of every file, and the folder's own mtime."""
    found = {
        file.name: (
            hashlib.sha256(file.read_bytes()).hexdigest(),
            (s := file.stat()).st_size,
            s.st_mtime_ns,
            s.st_ino,
        )
        for file in folder.iterdir()
    }
    return {**found, ".": ("", 0, folder.stat().st_mtime_ns, 0)}


async def looked_at_all_over(path: Path) -> int:
    """Do everything that a reader can do; return how many keys it saw."""
    async with reading(SqliteTarget(path, table="kvstore")) as reader:
        await reader.probe(thorough=True)
        await reader.tables.tables(fast=False)
        page = await reader.tables.page(RowQuery("kvstore", limit=10))
        await reader.tables.row("kvstore", page.row_cursors[0] or "")
        await reader.key_values.page(KeySelection(), limit=10)
        await reader.key_values.value("k000")
        async with aclosing(reader.tables.stream(RowQuery("kvstore"))) as batches:
            assert sum([len(batch) async for batch in batches]) == 100
        return (await reader.key_values.count(KeySelection())).value


@pytest.mark.parametrize("journal_mode", ["delete", "truncate", "persist", "wal"])
async def test_a_file_at_rest(tmp_path: Path, journal_mode: str) -> None:
    with writer(tmp_path / "x.db", journal_mode, FILL) as process:
        process.communicate("")
    if journal_mode == "wal":
        with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
            connection.execute("SELECT * FROM kvstore")
    before = traces(tmp_path)
    assert await looked_at_all_over(tmp_path / "x.db") == 100
    assert traces(tmp_path) == before


@pytest.mark.parametrize("journal_mode", ["delete", "truncate", "persist", "wal"])
async def test_a_file_with_a_living_server(tmp_path: Path, journal_mode: str) -> None:
    with writer(tmp_path / "x.db", journal_mode, FILL):
        before = traces(tmp_path)
        assert await looked_at_all_over(tmp_path / "x.db") == 100
        assert traces(tmp_path) == before


async def test_a_hot_wal_of_a_killed_server(tmp_path: Path) -> None:
    killed_writer(tmp_path / "x.db", "wal", FILL)
    before = traces(tmp_path)
    assert set(before) == {".", "x.db", "x.db-wal", "x.db-shm"}
    assert before["x.db-wal"][1] > 0
    assert await looked_at_all_over(tmp_path / "x.db") == 100
    assert traces(tmp_path) == before


async def test_a_hot_wal_without_shm_is_read_from_a_private_copy_that_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    store = tmp_path / "store"
    store.mkdir()
    killed_writer(store / "x.db", "wal", FILL)
    (store / "x.db-shm").unlink()
    before = traces(store)
    assert await looked_at_all_over(store / "x.db") == 100
    assert traces(store) == before
    assert list(temporary.iterdir()) == []


async def test_a_hot_wal_too_large_to_copy_is_explained(tmp_path: Path) -> None:
    killed_writer(tmp_path / "x.db", "wal", FILL)
    (tmp_path / "x.db-shm").unlink()
    engine = SqliteEngine(tmp_path / "x.db", timeouts=Timeouts(), copy_limit=1000)
    reader = sql_reader(
        lambda: engine,
        where=engine.where,
        watch=partial(watch_of, engine),
        keys=keys_of(engine, "kvstore"),
        timeouts=Timeouts(),
        prober=SqliteProber(engine, SqliteTarget(tmp_path / "x.db"), Timeouts()),
        closing=engine.close,
    )
    before = traces(tmp_path)
    with pytest.raises(BackendError, match="only a copy can show") as caught:
        await reader.key_values.page(KeySelection())
    await reader.close()
    assert caught.value.failure is FailureKind.UNSUPPORTED
    assert traces(tmp_path) == before


async def test_a_copy_that_finds_no_room_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_writer(tmp_path / "x.db", "wal", FILL)
    (tmp_path / "x.db-shm").unlink()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    async with reading(SqliteTarget(tmp_path / "x.db", table="kvstore")) as reader:
        with pytest.raises(BackendError, match="it cannot be made: No such file") as caught:
            await reader.key_values.page(KeySelection())
    assert caught.value.help is not None
    assert "TMPDIR" in help_words(caught.value.help)


async def test_a_hot_journal_is_an_error_of_its_own_and_stays(tmp_path: Path) -> None:
    killed_writer(
        tmp_path / "x.db",
        "delete",
        f"{FILL}; PRAGMA cache_size=1; BEGIN; UPDATE kvstore SET value = hex(zeroblob(20000));",
    )
    before = traces(tmp_path)
    assert "x.db-journal" in before
    async with reading(SqliteTarget(tmp_path / "x.db", table="kvstore")) as reader:
        with pytest.raises(BackendError, match="interrupted write left a -journal") as caught:
            await reader.probe()
    assert caught.value.failure is FailureKind.LOCKED
    assert traces(tmp_path) == before


async def test_an_empty_file_is_an_empty_database_and_keeps_what_lies_beside_it(tmp_path: Path) -> None:
    for name in ("x.db", "x.db-wal", "x.db-shm"):
        (tmp_path / name).write_bytes(b"" if name == "x.db" else b"something of another file")
    before = traces(tmp_path)
    async with reading(SqliteTarget(tmp_path / "x.db", table="kvstore")) as reader:
        assert await reader.tables.tables() == ()
        assert "empty" in (await reader.probe()).warnings[0]
    assert traces(tmp_path) == before


async def test_rows_that_a_server_adds_between_two_questions_are_found(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with writer(path, "wal", FILL) as process:
        process.communicate("")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT * FROM kvstore")
    async with reading(SqliteTarget(path, table="kvstore")) as reader:
        assert (await reader.key_values.count(KeySelection())).value == 100
        with writer(path, "wal", "INSERT INTO kvstore VALUES ('new', 'v', NULL)"):
            assert (await reader.key_values.count(KeySelection())).value == 101
        assert (await reader.key_values.count(KeySelection())).value == 101


async def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
    path, other = tmp_path / "x.db", tmp_path / "y.db"
    for file, rows in ((path, 1), (other, 2)):
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(
                f"CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES {', '.join(f'({n})' for n in range(rows))}"
            )
    async with reading(SqliteTarget(path)) as reader:
        assert (await reader.tables.count("t")).value == 1
        other.rename(path)
        assert (await reader.tables.count("t")).value == 2


@pytest.mark.parametrize(
    "name",
    ["a?b.db", "a#b.db", "a%20b.db", "a b.db", "a&mode=rw.db", ":memory:", "file:x.db", "ü日本.db", "-x.db"],
)
@pytest.mark.parametrize("journal_mode", ["delete", "wal"])
async def test_any_path_is_the_file_of_that_name(tmp_path: Path, name: str, journal_mode: str) -> None:
    killed_writer(tmp_path / "plain.db", journal_mode, FILL)
    for file in list(tmp_path.iterdir()):
        file.rename(tmp_path / file.name.replace("plain.db", name))
    before = traces(tmp_path)
    assert unquote(name) == name or not (tmp_path / unquote(name)).exists()
    assert await looked_at_all_over(tmp_path / name) == 100
    assert traces(tmp_path) == before


async def test_a_name_that_is_no_utf_8_is_a_name(tmp_path: Path) -> None:
    killed_writer(tmp_path / "plain.db", "wal", FILL)
    name = os.fsdecode(b"na\xffme.db")
    for file in list(tmp_path.iterdir()):
        file.rename(tmp_path / file.name.replace("plain.db", name))
    assert await looked_at_all_over(tmp_path / name) == 100


async def test_a_symbolic_link_is_followed_to_the_files_own_wal(tmp_path: Path) -> None:
    real, links = tmp_path / "real", tmp_path / "links"
    real.mkdir()
    links.mkdir()
    killed_writer(real / "x.db", "wal", FILL)
    (links / "link.db").symlink_to(real / "x.db")
    before = traces(real), traces(links) | {"link.db": ("", 0, 0, 0)}
    assert await looked_at_all_over(links / "link.db") == 100
    assert (traces(real), traces(links) | {"link.db": ("", 0, 0, 0)}) == before


async def test_a_copy_on_another_folder_keeps_working_while_the_original_is_gone(tmp_path: Path) -> None:
    killed_writer(tmp_path / "x.db", "delete", FILL)
    async with reading(SqliteTarget(tmp_path / "x.db", table="kvstore")) as reader:
        assert await reader.key_values.value("k000") is not None
        shutil.move(tmp_path / "x.db", tmp_path / "gone.db")
        with pytest.raises(BackendError) as caught:
            await reader.key_values.value("k000")
    assert caught.value.failure is FailureKind.MISSING_FILE
    assert not (tmp_path / "x.db").exists()
