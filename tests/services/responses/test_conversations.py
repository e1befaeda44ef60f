"""Conversations with what belongs to them, on every engine and for both shapes of the items' table."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.listing import list_family
from llama_storage_tui.services.responses import membership
from llama_storage_tui.services.responses.conversations import read_conversation
from llama_storage_tui.services.responses.orphans import find_orphans
from tests.queries import asking
from tests.response_rows import NEW, OLD, item_row, row
from tests.response_rows import message as item
from tests.response_stores import create_tables, insert, keeping
from tests.stores import SqliteStore, Store

HOSTILE = "conv_'; DROP TABLE x; --\u202e[bold]\x1b[2J"


def conversation_row(id_: str, *, created_at: int | None = 1000, owner: str | None = "") -> dict[str, Cell]:
    return {"id": id_, "created_at": created_at, "items": None, "metadata": json.dumps({"topic": "zh-中"}), "access_attributes": "null", "owner_principal": owner}  # fmt: skip


def response_row(version: str, id_: str, *outputs: str, **changes: object) -> dict[str, Cell]:
    answers = [item("answer", role="assistant", id_=each) for each in outputs]
    made: Mapping[str, Cell] = row(id_, output=answers, **{"created_at": 1000, **changes})  # type: ignore[arg-type]
    later = ("previous_response_id", "input_storage_mode")
    return {name: cell for name, cell in made.items() if version == NEW or name not in later}


def fill(store: Store, version: str) -> None:
    create_tables(store, version)
    insert(store, [conversation_row("conv_a"), conversation_row("conv_b", created_at=2000, owner="ann"), conversation_row(HOSTILE, created_at=500)], "openai_conversations")  # fmt: skip
    rows = [
        item_row(version, "conv_a", "msg_q", created_at=1000, sort_order=0),
        item_row(
            version,
            "conv_a",
            "msg_z",
            created_at=1001,
            sort_order=1,
            data=item("a", role="assistant", id_="msg_z"),
        ),
        item_row(
            version,
            "conv_a",
            "msg_x",
            created_at=1001,
            sort_order=2,
            data={"type": "function_call", "name": "f"},
        ),
        item_row(version, HOSTILE, "msg_h"),
        item_row(version, "conv_gone", "msg_1", created_at=70),
        item_row(version, "conv_gone", "msg_2", created_at=90),
    ]
    insert(store, rows, "conversation_items")
    insert(store, [{"conversation_id": "conv_a", "messages": '[{"role": "user"}]'}], "conversation_messages")
    responses = [
        response_row(version, "resp_2", "msg_x", created_at=1003),
        response_row(version, "resp_1", "msg_other", "msg_z", created_at=1001),
        response_row(version, "resp_other", "msg_1"),
        response_row(version, "resp_empty"),
        response_row(version, "resp_long_after", "msg_z", created_at=10_000_000),
    ]
    insert(store, responses, "responses")


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_a_conversation_comes_with_all_that_belongs_to_it(store: Store, version: str) -> None:
    fill(store, version)
    async with keeping(store, version).session() as session:
        found = await read_conversation(session, "conv_a")
    assert [each.id for each in found.items] == ["msg_q", "msg_z", "msg_x"]
    assert {(each.type, each.role) for each in found.items} == {
        ("message", "user"),
        ("message", "assistant"),
        ("function_call", None),
    }
    assert found.responses == ("resp_1", "resp_2")
    assert json.loads(str(found.messages)) == [{"role": "user"}]
    assert found.conversation is not None
    assert json.loads(str(found.conversation.cells["metadata"])) == {"topic": "zh-中"}
    assert found.notices == ()


async def test_a_response_that_stores_its_conversation_belongs_to_it(store: Store) -> None:
    fill(store, NEW)
    insert(store, [response_row(NEW, "resp_3", conversation={"id": "conv_b"}), response_row(NEW, "resp_4", conversation="conv_b")], "responses")  # fmt: skip
    async with keeping(store, NEW).session() as session:
        assert (await read_conversation(session, "conv_b")).responses == ("resp_3", "resp_4")


async def test_what_is_left_of_a_gone_conversation_is_shown_and_said(store: Store) -> None:
    fill(store, NEW)
    async with keeping(store, NEW).session() as session:
        found = await read_conversation(session, "conv_gone")
        assert found.conversation is None
        assert [each.id for each in found.items] == ["msg_1", "msg_2"]
        assert "gone" in notice_words(found.notices)[0]
        hostile = await read_conversation(session, HOSTILE)
        assert [each.id for each in hostile.items] == ["msg_h"]
        for absent in ("conv_none", "", "\x00", "\ud83d"):
            with pytest.raises(NotFoundError):
                await read_conversation(session, absent)


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_conversations_are_listed_with_their_items_counted(store: Store, version: str) -> None:
    fill(store, version)
    async with keeping(store, version).session() as session:
        page = await list_family(session, "conversations", asking())
        assert [(each.id, each.cells["items"]) for each in page.records] == [
            ("conv_b", 0),
            ("conv_a", 3),
            (HOSTILE, 1),
        ]
        stored = await list_family(session, "conversations", asking(order=RecordOrder.STORED))
        assert [each.id for each in stored.records] == [HOSTILE, "conv_b", "conv_a"]
        own = await list_family(session, "conversations", asking(owner="ann"))
        assert [each.id for each in own.records] == ["conv_b"]
        between = await list_family(session, "conversations", asking(since=900, until=1000))
        assert [each.id for each in between.records] == ["conv_a"]


@pytest.mark.parametrize("order", RecordOrder)
async def test_pages_of_conversations_miss_nothing(store: Store, order: RecordOrder) -> None:
    create_tables(store, NEW)
    insert(
        store, (conversation_row(f"conv_{n}", created_at=n // 2) for n in range(9)), "openai_conversations"
    )
    found: list[Cell] = []
    async with keeping(store, NEW).session() as session:
        after = None
        while True:
            page = await list_family(session, "conversations", asking(order=order, limit=2, after=after))
            found += [each.id for each in page.records]
            after = page.next
            if after is None:
                break
    assert found == [f"conv_{n}" for n in reversed(range(9))]


async def test_items_of_a_large_table_without_a_key_on_conversations_are_not_counted(
    sqlite_store: SqliteStore,
) -> None:
    fill(sqlite_store, OLD)
    many = membership.SMALL_TABLE + 10
    sqlite_store.execute(f"INSERT INTO conversation_items (rowid, id) VALUES ({many}, 'msg_last')")
    async with keeping(sqlite_store, OLD).session() as session:
        page = await list_family(session, "conversations", asking())
    assert {each.cells["items"] for each in page.records} == {None}
    assert "not counted" in notice_words(page.notices)[0]


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_items_whose_conversation_is_gone_are_found(store: Store, version: str) -> None:
    fill(store, version)
    heard: list[tuple[int, int]] = []
    async with keeping(store, version).session() as session:
        report = await find_orphans(session, progress=lambda done, total: heard.append((done, total)))
    assert [(each.conversation, each.items, each.first, each.last) for each in report.orphans] == [
        ("conv_gone", 2, 70, 90)
    ]
    assert (report.scanned, report.is_complete) == (6, True)
    assert heard[-1][0] == heard[-1][1] > 0


async def test_without_conversations_every_item_is_an_orphan_even_one_that_names_none(store: Store) -> None:
    fill(store, OLD)
    insert(store, [item_row(OLD, "", "msg_n") | {"conversation_id": None}], "conversation_items")
    store.execute("DROP TABLE openai_conversations")
    async with keeping(store, OLD).session() as session:
        report = await find_orphans(session)
        assert {each.conversation: each.items for each in report.orphans} == {
            "conv_a": 3, "conv_gone": 2, HOSTILE: 1, None: 1
        }  # fmt: skip
        page = await list_family(session, "conversations", asking())
        assert page.records == ()
        assert "no table" in notice_words(page.notices)[0]


async def test_broken_items_keep_their_place(sqlite_store: SqliteStore) -> None:
    fill(sqlite_store, NEW)
    sqlite_store.execute(
        "UPDATE conversation_items SET item_data = '{broken', created_at = 'x' WHERE id = 'msg_z'"
    )
    async with keeping(sqlite_store, NEW).session() as session:
        found = await read_conversation(session, "conv_a")
    assert [each.id for each in found.items] == ["msg_q", "msg_x", "msg_z"]
    assert (found.items[2].type, found.items[2].item) == (None, "{broken")
    assert "resp_1" in found.responses


async def test_a_store_that_cannot_be_read_is_said(sqlite_store: SqliteStore) -> None:
    sqlite_store.path.write_text("not a database, and long enough to be read as one" * 30)
    async with keeping(sqlite_store, NEW).session() as session:
        with pytest.raises(BackendError):
            await list_family(session, "conversations", asking())
