"""Conversations of items, items of conversations: the same words for every engine and both shapes of the table."""

from __future__ import annotations

import pytest

from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses import membership
from llama_storage_tui.services.responses.membership import RecentTables, conversations_of, items_of
from tests.patience import PATIENCE
from tests.response_rows import NEW, OLD, item_row
from tests.response_stores import create_tables, insert, keeping
from tests.stores import SqliteStore, Store

HOSTILE = "msg_'; DROP TABLE x; --\u202e[bold]"


def fill(store: Store, version: str) -> None:
    create_tables(store, version)
    rows = [
        item_row(version, "conv_a", "msg_3", created_at=1001, sort_order=0),
        item_row(version, "conv_a", "msg_2", created_at=1000, sort_order=0),
        item_row(version, "conv_a", "msg_1", created_at=1000, sort_order=1),
        item_row(version, "conv_b", HOSTILE),
    ]
    insert(store, rows, "conversation_items")


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_each_item_has_its_conversation_and_unknown_ones_have_none(store: Store, version: str) -> None:
    fill(store, version)
    async with keeping(store, version).session() as session:
        found = await conversations_of(session, ["msg_1", HOSTILE, "msg_none", "msg_1", "\ud83d", "\x00"])
        assert found.conversations == {"msg_1": "conv_a", HOSTILE: "conv_b"}
        assert found.notices == ()
        assert (await conversations_of(session, [])).conversations == {}


async def test_items_come_by_time_then_sort_order_where_the_version_has_it(store: Store) -> None:
    fill(store, NEW)
    async with keeping(store, NEW).session() as session:
        assert await items_of(session, "conv_a") == ("msg_2", "msg_1", "msg_3")
        assert await items_of(session, "conv_none") == ()


async def test_items_of_one_second_come_as_written_where_the_version_has_no_sort_order(store: Store) -> None:
    fill(store, OLD)
    async with keeping(store, OLD).session() as session:
        assert await items_of(session, "conv_a") == ("msg_2", "msg_1", "msg_3")
        assert await items_of(session, "conv_b") == (HOSTILE,)


async def test_an_item_of_several_conversations_belongs_to_none_and_that_is_said(store: Store) -> None:
    fill(store, NEW)
    insert(store, [item_row(NEW, "conv_b", "msg_1")], "conversation_items")
    async with keeping(store, NEW).session() as session:
        found = await conversations_of(session, ["msg_1", "msg_2"])
    assert found.conversations == {"msg_2": "conv_a"}
    assert "several conversations" in notice_words(found.notices)[0]


async def test_a_large_table_without_a_key_on_items_is_left_alone_and_that_is_said(
    sqlite_store: SqliteStore,
) -> None:
    create_tables(sqlite_store, NEW)
    insert(sqlite_store, [item_row(NEW, "conv_a", "msg_1")], "conversation_items")
    many = membership.SMALL_TABLE + 1
    sqlite_store.execute(
        f"INSERT INTO conversation_items (rowid, conversation_id, id) VALUES ({many + 1}, 'conv_z', 'msg_z')"
    )
    async with keeping(sqlite_store, NEW).session() as session:
        found = await conversations_of(session, ["msg_1"])
    assert found.conversations == {}
    assert "conversation_items" in notice_words(found.notices)[0]


async def test_a_store_without_the_table_has_no_conversations_and_nothing_to_say(store: Store) -> None:
    store.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    async with keeping(store, NEW).session() as session:
        assert await conversations_of(session, ["msg_1"]) == membership.Membership({})
        assert await items_of(session, "conv_a") == ()


async def test_a_table_of_items_that_is_made_meanwhile_is_met_when_the_tables_are_looked_for_again(
    store: Store,
) -> None:
    store.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    async with keeping(store, NEW).session() as session:
        again, kept = RecentTables(session, seconds=0), RecentTables(session, seconds=PATIENCE)
        for recent in (again, kept):
            assert (await conversations_of(session, ["msg_1"], recent)).conversations == {}
        fill(store, NEW)
        assert (await conversations_of(session, ["msg_1"], again)).conversations == {"msg_1": "conv_a"}
        assert (await conversations_of(session, ["msg_1"], kept)).conversations == {}


async def test_a_table_of_items_that_fails_is_looked_for_again(store: Store) -> None:
    fill(store, NEW)
    async with keeping(store, NEW).session() as session:
        recent = RecentTables(session, seconds=PATIENCE)
        assert (await conversations_of(session, ["msg_1"], recent)).conversations == {"msg_1": "conv_a"}
        store.execute("ALTER TABLE conversation_items RENAME TO away")
        await conversations_of(session, ["msg_1"], recent)
        store.execute("ALTER TABLE away RENAME TO conversation_items")
        assert (await conversations_of(session, ["msg_1"], recent)).conversations == {"msg_1": "conv_a"}


async def test_a_place_that_does_not_answer_is_said(sqlite_store: SqliteStore) -> None:
    sqlite_store.path.write_text("not a database, and long enough to be read as one" * 30)
    async with keeping(sqlite_store, NEW).session() as session:
        found = await conversations_of(session, ["msg_1"])
    assert found.conversations == {}
    assert notice_words(found.notices)[0].startswith("Conversations were not looked up")
