"""SQLite's own failures, oddities and details."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from llama_storage_tui.backends.engine import BesideWork
from llama_storage_tui.backends.sqlite.engine import SqliteEngine
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import Count, Filter, KeySelection, Order, RowQuery
from llama_storage_tui.model.limits import Timeouts
from tests.patience import PATIENCE
from tests.stores import KEY_VALUE_TABLE, SqliteStore, all_keys, all_rows, reading

ENDLESS = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);"
    " CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
    " count(*) AS c FROM n"
)


async def failure_of(path: Path) -> BackendError:
    async with reading(SqliteTarget(path)) as reader:
        with pytest.raises(BackendError) as caught:
            await reader.probe()
        with pytest.raises(BackendError) as again:
            await reader.tables.tables()
    assert again.value.failure is caught.value.failure
    assert caught.value.help
    return caught.value


async def test_a_missing_file_is_missing_and_stays_so(tmp_path: Path) -> None:
    assert (await failure_of(tmp_path / "x.db")).failure is FailureKind.MISSING_FILE
    assert (await failure_of(tmp_path / "no" / "x.db")).failure is FailureKind.MISSING_FILE
    assert list(tmp_path.iterdir()) == []


async def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database at all\n" * 100)
    (tmp_path / "short").write_bytes(b"x")
    (tmp_path / "encrypted").write_bytes(os.urandom(8192))
    (tmp_path / "cut").write_bytes(b"SQLite format 3\x00" + b"\xff" * 2000)
    os.mkfifo(tmp_path / "fifo")
    for name in ("text", "short", "encrypted", "cut", "fifo"):
        assert (await failure_of(tmp_path / name)).failure is FailureKind.NOT_A_DATABASE, name
    assert (await failure_of(tmp_path)).failure is FailureKind.NOT_A_DATABASE
    assert (await failure_of(tmp_path / "text" / "x.db")).failure is FailureKind.MISSING_FILE


async def test_a_locked_file_names_who_holds_it(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN EXCLUSIVE'); print('ready', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(sqlite_store.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        async with reading(sqlite_store.target()) as reader:
            with pytest.raises(BackendError) as caught:
                await reader.probe()
        process.kill()
    assert caught.value.failure is FailureKind.LOCKED
    assert str(process.pid) in caught.value.message


async def test_a_damaged_file_is_found_by_a_thorough_probe(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); CREATE INDEX i ON t (s);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t"
        " SELECT i, hex(randomblob(20)) FROM n"
    )
    with sqlite_store.path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)
    async with reading(sqlite_store.target()) as reader:
        assert (await reader.probe()).warnings == ()
        probe = await reader.probe(thorough=True)
        assert probe.details["quick check"] != "ok"
        assert "damage" in probe.warnings[-1]


async def test_the_probe_tells_what_the_file_is(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(f"PRAGMA journal_mode=WAL; {KEY_VALUE_TABLE}")
    async with reading(sqlite_store.target(table="kvstore")) as reader:
        probe = await reader.probe(thorough=True)
    assert probe.server == f"SQLite {sqlite3.sqlite_version}"
    assert probe.is_writable
    assert probe.warnings == ()
    assert probe.details["journal mode"] == "wal"
    assert probe.details["file bytes"] == sqlite_store.path.stat().st_size
    assert probe.details["tables"] == 1
    assert probe.details["encoding"] == "UTF-8"
    assert probe.details["quick check"] == "ok"
    assert 0 < probe.latency_ms < 5000


async def test_keys_that_are_no_text_come_last_and_are_read(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(KEY_VALUE_TABLE)
    odd = [(None, "n1"), (b"\xff\x00", "b1"), (None, "n2"), (b"", "b2")]
    sqlite_store.insert("INSERT INTO kvstore (key, value) VALUES (?, ?)", odd)
    sqlite_store.insert(
        "INSERT INTO kvstore (key, value) VALUES (CAST(? AS TEXT), ?)", [(b"a\xff", "x1"), (b"b", "t1")]
    )
    sqlite_store.insert(
        "INSERT INTO kvstore (key, value) VALUES (?, ?)", [("\x1b[2J\x00", "esc"), ("z" * 10_000, "long")]
    )
    async with reading(sqlite_store.target(table="kvstore")) as reader:
        for limit in (1, 3, 100):
            keys = [entry.key for entry in await all_keys(reader, KeySelection(), limit=limit)]
            assert keys[:4] == ["\x1b[2J\x00", b"a\xff", "b", "z" * 10_000]
            assert sorted(keys[4:], key=repr) == [None, None, b"", b"\xff\x00"][::-1] or set(keys[4:]) == {
                None,
                b"",
                b"\xff\x00",
            }
            assert len(keys) == 8
        assert (await reader.key_values.count(KeySelection())).value == 8
        assert [entry.key for entry in await all_keys(reader, KeySelection(include=("a",)))] == [b"a\xff"]
        for key, value in ((b"a\xff", "x1"), (b"\xff\x00", "b1"), (b"", "b2"), ("\x1b[2J\x00", "esc")):
            found = await reader.key_values.value(key)
            assert found is not None
            assert found.value == value
        none = await reader.key_values.value(None)
        assert none is not None
        streamed = []
        async with aclosing(reader.key_values.stream(KeySelection())) as batches:
            async for batch in batches:
                streamed += [stored.value for stored in batch]
    assert sorted(map(str, streamed)) == sorted(["n1", "b1", "n2", "b2", "x1", "t1", "esc", "long"])


async def test_mixed_storage_classes_are_walked_in_sqlites_order(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE t (v, w TEXT COLLATE NOCASE)")
    values = [
        None,
        3,
        2.5,
        -1,
        float("inf"),
        "3",
        "a",
        "B",
        b"3",
        b"\xff",
        None,
        "",
        b"",
        2**62,
        -(2**63),
        1e300,
    ]
    sqlite_store.insert("INSERT INTO t VALUES (?, ?)", [(value, str(value)) for value in values] * 5)
    sqlite_store.insert("INSERT INTO t VALUES (CAST(? AS TEXT), ?)", [(b"a\xff", "a"), (b"\xfe", "A")] * 3)
    with closing(sqlite3.connect(sqlite_store.path)) as connection:
        connection.text_factory = bytes
        for column in ("v", "w"):
            for direction in ("ASC", "DESC"):
                ordered = connection.execute(
                    f"SELECT rowid FROM t ORDER BY {column} {direction}, rowid {direction}"
                )
                expected = [row[0] for row in ordered]
                order = Order(column, is_descending=direction == "DESC")
                async with reading(sqlite_store.target()) as reader:
                    walked: list[int] = []
                    after = None
                    while True:
                        page = await reader.tables.page(RowQuery("t", limit=4, order=order, after=after))
                        walked += [row_number(cursor) for cursor in page.row_cursors]
                        after = page.next
                        if after is None:
                            break
                assert walked == expected, (column, direction)


def row_number(cursor: str | None) -> int:
    from base64 import urlsafe_b64decode
    from json import loads

    assert cursor is not None
    return int(loads(urlsafe_b64decode(cursor + "=="))["p"][0][1])


async def test_text_that_is_no_utf_8_comes_as_bytes(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)")
    sqlite_store.insert("INSERT INTO t VALUES (?, CAST(? AS TEXT))", [(1, b"ok \xff\xfe"), (2, b"fine")])
    async with reading(sqlite_store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", cell_limit=100))
    assert page.rows == ((1, b"ok \xff\xfe"), (2, "fine"))


async def test_a_virtual_table_without_its_module_is_listed_and_hides_no_other(
    sqlite_store: SqliteStore,
) -> None:
    sqlite_store.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('x')"
    )
    with closing(sqlite3.connect(sqlite_store.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "INSERT INTO sqlite_master VALUES ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE"
            " vectors USING vec0(e float[3])')"
        )
    for fast in (True, False):
        async with reading(sqlite_store.target()) as reader:
            tables = {table.name: table for table in await reader.tables.tables(fast=fast)}
            assert tables["t"].rows == Count(0, is_exact=True)
            assert tables["words"].rows == Count(1, is_exact=True)
            assert tables["vectors"].rows is None
            assert tables["vectors"].columns == ()
            assert (await reader.tables.page(RowQuery("words"))).rows == (("x",),)


async def test_tables_of_every_build_are_walked_whole(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        "CREATE TABLE plain (a); CREATE TABLE keyed (a TEXT PRIMARY KEY); CREATE TABLE pair (a, b, PRIMARY KEY (b, a));"
        "CREATE TABLE bare (a TEXT PRIMARY KEY) WITHOUT ROWID; CREATE TABLE shadow (rowid TEXT, _rowid_ TEXT);"
        "CREATE TABLE dark (rowid TEXT, _rowid_ TEXT, oid TEXT NOT NULL PRIMARY KEY);"
        "CREATE TABLE backwards (id INTEGER PRIMARY KEY DESC); CREATE TABLE strict (a INT NOT NULL PRIMARY KEY) STRICT;"
        "CREATE TABLE computed (a INTEGER PRIMARY KEY, b AS (a * 2))"
    )
    rows = [(None,), (None,), ("a",), ("b",), (b"c",)]
    for table in ("plain", "keyed"):
        sqlite_store.insert(f"INSERT INTO {table} VALUES (?)", rows)
    sqlite_store.insert("INSERT INTO pair VALUES (?, ?)", [(a[0], b[0]) for a in rows for b in rows])
    sqlite_store.insert("INSERT INTO bare VALUES (?)", [("a",), ("b",), (b"c",)])
    sqlite_store.insert("INSERT INTO shadow VALUES (?, ?)", [("x", "y")] * 5)
    sqlite_store.insert("INSERT INTO dark VALUES ('x', 'y', ?)", [("a",), ("b",)])
    sqlite_store.insert("INSERT INTO backwards VALUES (?)", [(1,), (2,), (3,)])
    sqlite_store.insert("INSERT INTO strict VALUES (?)", [(1,), (2,), (3,)])
    sqlite_store.insert("INSERT INTO computed VALUES (?)", [(1,), (2,)])
    expected = {
        "plain": 5,
        "keyed": 5,
        "pair": 25,
        "bare": 3,
        "shadow": 5,
        "dark": 2,
        "backwards": 3,
        "strict": 3,
        "computed": 2,
    }
    async with reading(sqlite_store.target()) as reader:
        for table, count in expected.items():
            for limit in (1, 2, 100):
                assert len(await all_rows(reader, RowQuery(table, limit=limit))) == count, table
            page = await reader.tables.page(RowQuery(table, limit=100))
            for row, cursor in zip(page.rows, page.row_cursors, strict=True):
                found = await reader.tables.row(table, cursor or "")
                assert found is not None
                assert tuple(found.values()) == row


async def test_a_query_past_its_limit_is_interrupted_and_the_reader_stays_usable(
    sqlite_store: SqliteStore,
) -> None:
    sqlite_store.execute(ENDLESS)
    async with reading(sqlite_store.target(), query=2) as reader:
        started = time.monotonic()
        with pytest.raises(BackendError) as caught:
            await reader.tables.page(RowQuery("v"))
        assert caught.value.failure is FailureKind.TIMEOUT
        assert time.monotonic() - started < PATIENCE  # it would never end
        assert (await reader.tables.page(RowQuery("t"))).rows == ((1,),)


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_cancelled_query_stops_at_the_engine(sqlite_store: SqliteStore, is_stream: bool) -> None:  # noqa: FBT001
    sqlite_store.execute(ENDLESS)

    async def endless() -> None:
        if not is_stream:
            await reader.tables.count("v")
        async with aclosing(reader.tables.stream(RowQuery("v"))) as batches:
            await anext(batches)

    async with reading(sqlite_store.target(), query=None) as reader:
        task = asyncio.create_task(endless())
        await asyncio.wait({task}, timeout=0.2)
        assert not task.done()
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < PATIENCE  # it would never end
        assert (await reader.tables.page(RowQuery("t"))).rows == ((1,),)


async def test_a_unit_that_runs_in_a_thread_as_a_whole_is_interrupted_past_its_limit_and_when_cancelled(
    sqlite_store: SqliteStore,
) -> None:
    sqlite_store.execute(ENDLESS)
    engine = SqliteEngine(sqlite_store.path, timeouts=Timeouts())

    def asking(table: str) -> BesideWork[int | None]:
        return lambda connection: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()

    try:
        with pytest.raises(BackendError) as caught:
            await engine.run_beside(asking("v"), seconds=0.2)
        assert caught.value.failure is FailureKind.TIMEOUT
        task = asyncio.create_task(engine.run_beside(asking("v"), seconds=None))
        await asyncio.wait({task}, timeout=0.2)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await engine.run_beside(asking("t"), seconds=None) == 1
    finally:
        await engine.close()


async def test_closing_stops_what_still_runs(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(ENDLESS)
    async with reading(sqlite_store.target(), query=None) as reader:
        task = asyncio.create_task(reader.tables.count("v"))
        await asyncio.wait({task}, timeout=0.2)
    with pytest.raises(BackendError):
        await task


async def test_many_questions_at_once_are_answered(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('a', '1', NULL)")
    async with reading(sqlite_store.target(table="kvstore")) as reader:
        found = await asyncio.gather(*(reader.key_values.value("a") for _ in range(30)))
    assert all(stored is not None and stored.value == "1" for stored in found)


async def test_values_of_fifty_megabytes_are_previewed_and_read(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('a', replace(hex(zeroblob(25000000)), '00', 'xy'), NULL)"
    )
    async with reading(sqlite_store.target(table="kvstore")) as reader:
        page = await reader.tables.page(RowQuery("kvstore", cell_limit=80))
        assert page.rows[0][1] == "xy" * 40
        assert (0, 1) in page.cut_cells
        assert (await reader.key_values.page(KeySelection())).keys[0].bytes == 50_000_000
        cut = await reader.key_values.value("a", limit=10)
        whole = await reader.key_values.value("a")
    assert cut is not None
    assert (cut.value, cut.is_cut) == ("xy" * 5, True)
    assert whole is not None
    assert isinstance(whole.value, str)
    assert len(whole.value) == 50_000_000


async def test_no_trigger_function_or_attached_file_of_the_database_is_run(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT load_extension('/tmp/evil.so') AS x"
    )
    async with reading(sqlite_store.target()) as reader:
        with pytest.raises(BackendError) as caught:
            await reader.tables.page(RowQuery("v"))
    assert caught.value.failure is FailureKind.QUERY


async def test_a_file_in_utf_16_is_read_by_looking_at_its_keys(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        f"PRAGMA encoding='UTF-16le'; {KEY_VALUE_TABLE};"
        f" INSERT INTO kvstore VALUES ('a:1', 'é', NULL), ('a:2', 'y', NULL), ('b', 'z', NULL)"
    )
    async with reading(sqlite_store.target(table="kvstore")) as reader:
        keys = [entry.key for entry in await all_keys(reader, KeySelection(include=("a:",)), limit=1)]
        assert keys == ["a:1", "a:2"]
        assert (await reader.key_values.count(KeySelection(exclude=("a:",)))).value == 1
        found = await reader.key_values.value("a:1")
        assert found is not None
        assert found.value == "é"


async def test_filters_on_columns_of_no_type_and_of_bytes_match_either_reading(
    sqlite_store: SqliteStore,
) -> None:
    sqlite_store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, any, b BLOB, d DECIMAL, w TIMESTAMP)")
    sqlite_store.insert(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?)",
        [(1, 5, b"\xff", 1.5, "2020-01-01"), (2, "5", "text", 2, None)],
    )
    async with reading(sqlite_store.target()) as reader:
        for each, expected in {
            Filter("any", "5"): [1, 2],
            Filter("b", "\\xff"): [1],
            Filter("b", "text"): [2],
            Filter("d", "1.50"): [1],
            Filter("w", "2020-01-01"): [1],
        }.items():
            page = await reader.tables.page(RowQuery("t", filters=(each,)))
            assert [row[0] for row in page.rows] == expected, each


async def test_a_view_of_a_table_that_is_gone_is_listed_and_says_what_is_missing(
    sqlite_store: SqliteStore,
) -> None:
    sqlite_store.execute(
        "CREATE TABLE t (id TEXT); CREATE TABLE gone (a); CREATE VIEW v AS SELECT * FROM gone; DROP TABLE gone"
    )
    async with reading(sqlite_store.target()) as reader:
        assert {table.name for table in await reader.tables.tables()} == {"t", "v"}
        with pytest.raises(BackendError, match=r"no such table: main\.gone"):
            await reader.tables.page(RowQuery("v"))
        with pytest.raises(BackendError, match=r"no such table: main\.gone"):
            async with aclosing(reader.tables.stream(RowQuery("v"))) as batches:
                await anext(batches)


async def test_a_text_goes_on_after_a_nul_in_a_cut_cell_too(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)")
    texts = ["a\x00b", "é\x00" * 100, "日" * 100, "x" * 100 + "\x00", "\x00", ""]
    sqlite_store.insert("INSERT INTO t (s) VALUES (?)", [(text,) for text in texts])
    async with reading(sqlite_store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", columns=("s",), cell_limit=10))
    assert [row[0] for row in page.rows] == [
        "a\x00b", "é\x00" * 5, "日" * 10, "x" * 10, "\x00", "",
    ]  # fmt: skip
    assert page.cut_cells == {(1, 0), (2, 0), (3, 0)}
