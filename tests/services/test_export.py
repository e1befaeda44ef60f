"""Exports appear whole or not at all, in every format, whatever the cells hold."""

import asyncio
import csv
import io
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.errors import NotFoundError, RefusedError, UsageError
from llama_storage_tui.model.data import Cell, Filter, Order, RowQuery
from llama_storage_tui.services import browse, export
from llama_storage_tui.services.export import ExportFormat
from tests.deployments import deployment
from tests.stores import KeyStore, PostgresStore, SqliteStore, Store

FORMATS = list(ExportFormat)


def parsed(path: Path, format_: ExportFormat) -> list[dict[str, Any]]:
    text = path.read_text()
    match format_:
        case ExportFormat.JSON:
            found: list[dict[str, Any]] = json.loads(text)
            return found
        case ExportFormat.JSONL:
            return [json.loads(line) for line in text.splitlines()]
        case ExportFormat.CSV:
            return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_table_is_written_whole_in_its_order(
    format_: ExportFormat, store: Store, tmp_path: Path
) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
    values = ", ".join(f"({number}, 'x{number}')" for number in range(2500))
    store.execute(f"INSERT INTO t VALUES {values}")
    path = tmp_path / "out"
    told: list[int] = []
    async with deployment(store).session() as session:
        done = await export.export_rows(
            session, "sql_default", RowQuery("t"), format_, path, on_progress=told.append
        )
    assert done == 2500
    assert [int(row["id"]) for row in parsed(path, format_)] == list(range(2500))
    assert told == sorted(told)
    assert told[-1] == 2500
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("format_", FORMATS)
async def test_an_empty_table_is_a_valid_file(format_: ExportFormat, store: Store, tmp_path: Path) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    async with deployment(store).session() as session:
        assert await export.export_rows(session, "sql_default", RowQuery("t"), format_, tmp_path / "out") == 0
    assert parsed(tmp_path / "out", format_) == []


async def test_columns_filters_and_order_are_kept(store: Store, tmp_path: Path) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT, n INTEGER);"
        "INSERT INTO t VALUES (1, 'a', 5), (2, 'b', 6), (3, 'a', 7), (4, 'a', NULL)"
    )
    query = RowQuery("t", ("n", "id"), (Filter("x", "a"),), Order("id", is_descending=True))
    async with deployment(store).session() as session:
        await export.export_rows(session, "sql_default", query, ExportFormat.CSV, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "n,id\n,4\n7,3\n5,1\n"


ODD = (b"\x00\xff", '{"a": [1', '{"a": "\u202e"}', 2**60, math.inf, '=cmd\n"x"', None)


async def test_odd_cells_survive_as_json_lines(sqlite_store: SqliteStore, tmp_path: Path) -> None:
    sqlite_store.execute(
        "CREATE TABLE t (bytes BLOB, bad JSON, good JSON, large INTEGER, inf REAL, text TEXT, none TEXT)"
    )
    sqlite_store.insert("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", [ODD])
    async with deployment(sqlite_store).session() as session:
        await export.export_rows(session, "sql_default", RowQuery("t"), ExportFormat.JSONL, tmp_path / "out")
    assert (tmp_path / "out").read_text().isascii()
    [row] = parsed(tmp_path / "out", ExportFormat.JSONL)
    assert row == {
        "bytes": {"$bytes": "AP8="},
        "bad": {"$text": '{"a": [1', "$invalid_json": True},
        "good": {"a": "\u202e"},
        "large": {"$number": str(2**60)},
        "inf": {"$number": "inf"},
        "text": '=cmd\n"x"',
        "none": None,
    }


async def test_odd_cells_survive_as_csv(sqlite_store: SqliteStore, tmp_path: Path) -> None:
    sqlite_store.execute("CREATE TABLE t (bytes BLOB, text TEXT, none TEXT)")
    sqlite_store.insert("INSERT INTO t VALUES (?, ?, ?)", [(b"\x00\xff", 'a\n"b", é', None)])
    async with deployment(sqlite_store).session() as session:
        await export.export_rows(session, "sql_default", RowQuery("t"), ExportFormat.CSV, tmp_path / "out")
    assert parsed(tmp_path / "out", ExportFormat.CSV) == [
        {"bytes": "base64:AP8=", "text": 'a\n"b", é', "none": ""}
    ]


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_namespace_is_written_with_its_values(
    format_: ExportFormat, key_store: KeyStore, tmp_path: Path
) -> None:
    rows = {"registry:a": '{"n": 1}', "registry:b": "plain", "other": "x"}
    key_store.fill(rows)
    async with deployment(key_store).session() as session:
        wanted = await browse.namespace(session, "kv_default", "registry")
        assert await export.export_keys(session, "kv_default", wanted, format_, tmp_path / "out") == 2
        page = await browse.keys(session, "kv_default", wanted)
        key_store.fill({key: value for key, value in rows.items() if key != "registry:b"})
        told: list[int] = []
        done = await export.export_key_page(
            session, "kv_default", page.keys, format_, tmp_path / "page", on_progress=told.append
        )
    assert (done, told) == (1, [1, 2])
    assert [row["key"] for row in parsed(tmp_path / "out", format_)] == ["registry:a", "registry:b"]
    [row] = parsed(tmp_path / "page", format_)
    value = json.loads(row["value"]) if format_ is ExportFormat.CSV else row["value"]
    assert value == {"n": 1}


async def test_a_cancelled_export_leaves_no_file(store: Store, tmp_path: Path) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    store.execute(
        "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n"
    )
    folder = tmp_path / "exports"
    folder.mkdir()
    async with deployment(store).session() as session:
        told = asyncio.Event()
        task = asyncio.create_task(
            export.export_rows(
                session,
                "sql_default",
                RowQuery("t"),
                ExportFormat.JSON,
                folder / "out",
                on_progress=lambda _done: told.set(),
            )
        )
        await told.wait()
        assert not (folder / "out").exists()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert list(folder.iterdir()) == []
        # The backend answers at once: nothing of the export runs on.
        assert (await browse.count_rows(session, "sql_default", RowQuery("t"))).value == 20_000


async def test_an_export_whose_server_goes_away_leaves_no_file(
    postgres_store: PostgresStore, tmp_path: Path
) -> None:
    postgres_store.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 50000)"
    )
    folder = tmp_path / "exports"
    folder.mkdir()

    def cut_off(done: int) -> None:
        del done
        postgres_store.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            f" WHERE application_name LIKE 'llama-storage-tui%' AND datname = '{postgres_store.database}'"
        )

    async with deployment(postgres_store).session() as session:
        with pytest.raises(Exception, match=r"closed|reached"):
            await export.export_rows(
                session, "sql_default", RowQuery("t"), ExportFormat.CSV, folder / "out", on_progress=cut_off
            )
    assert list(folder.iterdir()) == []


async def test_an_existing_file_is_refused_and_untouched_unless_replaced(
    store: Store, tmp_path: Path
) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = tmp_path / "out"
    path.write_text("mine")
    async with deployment(store).session() as session:
        with pytest.raises(RefusedError, match="exists"):
            await export.export_rows(session, "sql_default", RowQuery("t"), ExportFormat.CSV, path)
        assert path.read_text() == "mine"
        await export.export_rows(session, "sql_default", RowQuery("t"), ExportFormat.CSV, path, replaces=True)
    assert path.read_text() == "id\n1\n"


async def test_what_is_not_there_is_said_and_nothing_is_made(store: Store, tmp_path: Path) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    folder = tmp_path / "exports"
    folder.mkdir()
    async with deployment(store).session() as session:
        with pytest.raises(NotFoundError, match="no table 'nope'"):
            await export.export_rows(
                session, "sql_default", RowQuery("nope"), ExportFormat.CSV, folder / "out"
            )
        with pytest.raises(UsageError, match="no column 'y'"):
            await export.export_rows(
                session, "sql_default", RowQuery("t", ("y",)), ExportFormat.CSV, folder / "out"
            )
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be written: No such file or directory") as caught:
        export.save_value("x", tmp_path / "none" / "out")
    assert caught.value.help == "Choose another folder or name."
    with pytest.raises(RefusedError, match="is a directory"):
        export.save_value("x", tmp_path, replaces=True)
    with pytest.raises(RefusedError, match="this is not a file name"):
        export.save_value("x", tmp_path / "a\0b")


def test_a_disk_that_fills_up_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RefusedError, match="cannot be written: No space left on device") as caught:
        export.save_value(b"\x00" * 1000, tmp_path / "out")
    assert caught.value.help == "Nothing was left behind."
    assert list(tmp_path.iterdir()) == []


def test_a_value_is_saved_as_it_is(tmp_path: Path) -> None:
    cases: list[tuple[Cell, bytes]] = [
        (b"\x00\xff", b"\x00\xff"),
        ("é\ud800", b"\xc3\xa9\xed\xa0\x80"),
        (None, b""),
        (5, b"5"),
    ]
    for number, (value, data) in enumerate(cases):
        assert export.save_value(value, tmp_path / str(number)) == len(data)
        assert (tmp_path / str(number)).read_bytes() == data
