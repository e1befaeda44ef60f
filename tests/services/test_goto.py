"""Going to an id: every store that could hold it is asked, each with a bounded read, and none is waited for by the others."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.goto import MOST, IdReport, find_id, search_id
from llama_storage_tui.services.session import Session
from tests import objects
from tests.configs import catalog_of
from tests.deployments import backend_of, config_of
from tests.objects import KEYS, fill_keys, keeping_objects
from tests.response_rows import NEW, OLD, item_row, row
from tests.response_stores import create_tables, insert, keeping
from tests.stores import SqliteStore, Store


def found(report: IdReport) -> list[tuple[str, str, bool]]:
    return [(match.kind, match.id, match.is_exact) for match in report.matches]


def fill(store: Store, version: str = NEW) -> None:
    create_tables(store, version)
    columns = "id, created_at, response_object, model"
    insert(store, [row("resp_a1"), row("resp_a2"), row("resp_b1")], columns=columns)
    insert(
        store, [{"id": "conv_1", "created_at": 1}, {"id": "conv_2", "created_at": 2}], "openai_conversations"
    )
    items = [item_row(version, "conv_1", "msg_1"), item_row(version, "conv_1", "msg_2")]
    insert(store, items, "conversation_items")
    insert(store, [{"id": "chatcmpl-1", "created": 1}], "inference_store")


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_an_id_of_any_record_is_found_whole_and_by_its_beginning(store: Store, version: str) -> None:
    fill(store, version)
    async with keeping(store, version).session() as session:
        assert found(await find_id(session, "resp_a1")) == [("response", "resp_a1", True)]
        assert found(await find_id(session, "resp_a")) == [
            ("response", "resp_a1", False),
            ("response", "resp_a2", False),
        ]
        assert found(await find_id(session, "conv_1")) == [("conversation", "conv_1", True)]
        assert found(await find_id(session, "chatcmpl-")) == [("completion", "chatcmpl-1", False)]
        item = await find_id(session, "msg_1")
        assert found(item) == [("item", "msg_1", True)]
        assert item.matches[0].conversation == "conv_1"
        assert found(await find_id(session, "msg_")) == [("item", "msg_1", False), ("item", "msg_2", False)]
        assert found(await find_id(session, "conversation_it")) == [("table", "conversation_items", False)]


async def test_an_item_of_two_conversations_leads_to_each(store: Store) -> None:
    fill(store)
    insert(store, [item_row(NEW, "conv_2", "msg_1")], "conversation_items")
    async with keeping(store).session() as session:
        report = await find_id(session, "msg_1")
    assert {match.conversation for match in report.matches} == {"conv_1", "conv_2"}


async def test_objects_are_found_under_keys_and_a_key_by_its_own_text(sqlite_store: SqliteStore) -> None:
    fill_keys(sqlite_store, KEYS)
    async with keeping_objects(sqlite_store, objects.OLD).session() as session:
        assert ("registry", "vector_store:vs_1", False) in found(await find_id(session, "vector_store:"))
        keys = await find_id(session, "openai_vector_stores_files:")
        assert {match.kind for match in keys.matches} == {"key"}
        key = await find_id(session, keys.matches[0].id)
        assert found(key) == [("key", keys.matches[0].id, True)]
        assert key.matches[0].entry is not None


async def test_objects_are_found_in_rows(store: Store) -> None:
    objects.create_tables(store)
    objects.insert(store, "openai_files", id="file-in", created_at=1)
    async with keeping_objects(store, objects.NEW).session() as session:
        assert found(await find_id(session, "file-")) == [("file", "file-in", False)]


async def test_names_of_the_config_and_of_rules_are_found_without_asking_a_store(
    sqlite_store: SqliteStore,
) -> None:
    fill(sqlite_store)
    async with keeping(sqlite_store).session() as session:
        assert ("backend", "sql_default", True) in found(await find_id(session, "sql_default"))
        assert found(await find_id(session, "shared-table"))[0][0] in ("rule", "finding")


async def test_what_is_pasted_around_an_id_does_no_harm_and_nothing_is_no_id(
    sqlite_store: SqliteStore,
) -> None:
    fill(sqlite_store)
    async with keeping(sqlite_store).session() as session:
        assert found(await find_id(session, ' "resp_a1",\n')) == [("response", "resp_a1", True)]
        for nothing in ("", "  ", '""', "\ud83d", "\x00"):
            with pytest.raises(UsageError):
                await find_id(session, nothing)
        for hostile in ("%", "_%", "'--", "\x1b[31m", "a" * 10_000):
            assert found(await find_id(session, hostile)) == []


async def test_more_than_a_screenful_is_cut_and_that_is_said(store: Store) -> None:
    create_tables(store, NEW)
    insert(store, [row(f"resp_{number:04}") for number in range(MOST + 30)])
    async with keeping(store).session() as session:
        report = await find_id(session, "resp_")
        assert len(report.matches) == MOST
        assert "type more" in notice_words(report.notices)[0]


async def test_an_id_of_a_known_shape_is_looked_for_where_such_records_are_alone(
    sqlite_store: SqliteStore,
) -> None:
    fill(sqlite_store)
    async with keeping(sqlite_store).session() as session:
        report = await find_id(session, "resp_none")
        assert report.matches == ()
        assert report.asked == ("backend sql_default (responses)",)
        everything = await find_id(session, "none_of_all")
        assert any("kv_default" in asked for asked in everything.asked)


async def test_a_server_that_never_answers_is_named_and_holds_no_other_up(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sql.db")) as file, file:
        file.execute("CREATE TABLE inference_store (id VARCHAR PRIMARY KEY, created INTEGER, model VARCHAR)")
        file.execute("INSERT INTO inference_store VALUES ('other-1', 1, 'm')")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        config = config_of(
            {
                "sql_default": backend_of(SqliteStore(tmp_path / "sql.db"), "sql"),
                "sql_silent": {
                    "type": "sql_postgres",
                    "host": "127.0.0.1",
                    "port": port,
                    "db": "d",
                    "user": "u",
                    "password": "p",
                },
            },
            {"inference": {"backend": "sql_default", "table_name": "inference_store"}},
        )
        async with Session(catalog_of(config, "1.5.0"), Timeouts(connect=60.0)) as session:
            async with aclosing(search_id(session, "other-1")) as reports:
                async for report in reports:
                    if report.matches:
                        break
            assert found(report) == [("completion", "other-1", True)]
            waiting = [each for each in asyncio.all_tasks() if not each.done() and "_in_tables" in repr(each)]
            assert waiting == []
        async with Session(catalog_of(config, "1.5.0"), Timeouts(connect=0.2)) as session:
            whole = await find_id(session, "nothing-like-it")
        assert [name for name, _ in whole.failures] == ["sql_silent"]
        assert whole.matches == ()
