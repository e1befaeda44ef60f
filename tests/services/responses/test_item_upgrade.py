"""Conversation items while the upgrade to ogx 1.5 is unfinished: nothing is lost, hidden without a word, or advised away."""

from __future__ import annotations

import pytest

from llama_storage_tui.model.conversations import ConversationQuery
from llama_storage_tui.services.inspection import inspect_data
from llama_storage_tui.services.responses.attention import attention
from llama_storage_tui.services.responses.conversations import list_conversations, read_conversation
from llama_storage_tui.services.responses.membership import conversations_of, items_of
from llama_storage_tui.services.responses.orphans import find_orphans
from tests.response_rows import NEW, OLD, item_row
from tests.response_stores import create_tables, insert, keeping
from tests.services.responses.test_conversations import conversation_row
from tests.stores import Store

MARKS = "CREATE TABLE conversation_migrations (name VARCHAR PRIMARY KEY, completed_at INTEGER)"
MARK = f"{MARKS}; INSERT INTO conversation_migrations VALUES ('conversation_items_backfill:v2', 1)"
RENAME = "ALTER TABLE conversation_items RENAME TO conversation_items_v1"
ID_KEYED = "CREATE TABLE conversation_items (id VARCHAR PRIMARY KEY, conversation_id VARCHAR, created_at INTEGER, item_data JSON)"
KEYED_BY_BOTH = (
    "CREATE TABLE conversation_items (conversation_id VARCHAR, id VARCHAR, created_at INTEGER, sort_order INTEGER,"
    " item_data JSON, PRIMARY KEY (conversation_id, id))"
)
COPY = "INSERT INTO conversation_items (conversation_id, id, created_at, item_data) SELECT conversation_id, id, created_at, item_data FROM conversation_items_v1"
ONE = f"{COPY} WHERE id = 'msg_1'"

SPLIT = {
    "ended after the rename": RENAME,
    "ended after the new table": f"{RENAME}; {KEYED_BY_BOTH}",
    "ended before the copy": f"{RENAME}; {KEYED_BY_BOTH}; {MARKS}",
    "another server wrote meanwhile": f"{RENAME}; {KEYED_BY_BOTH}; {ONE}",
    "ended before the mark": f"{RENAME}; {KEYED_BY_BOTH}; {MARKS}; {COPY}",
    "an older server made its own table": f"{RENAME}; {ID_KEYED}",
    "the mark is of an earlier upgrade": f"{RENAME}; {KEYED_BY_BOTH}; {MARK}",
}


def fill(store: Store, then: str) -> None:
    create_tables(store, OLD)
    insert(store, [conversation_row("conv_a")], "openai_conversations")
    insert(store, [item_row(OLD, "conv_a", "msg_1"), item_row(OLD, "conv_a", "msg_2")], "conversation_items")
    store.execute(then)


@pytest.mark.parametrize("state", SPLIT)
@pytest.mark.parametrize("version", ["1.5.0", "0.7.3"])
async def test_items_of_an_unfinished_upgrade_are_found_and_its_state_is_said(
    store: Store, state: str, version: str
) -> None:
    fill(store, SPLIT[state])
    async with keeping(store, version).session() as session:
        page = await list_conversations(session, ConversationQuery())
        shown = await read_conversation(session, "conv_a")
        orphans = await find_orphans(session)
        seen = [each async for each in attention(session)]
        member = await conversations_of(session, ["msg_2"])
        ids = await items_of(session, "conv_a")
        findings = {each.rule: each for each in await inspect_data(session)}
    assert [each.items for each in page.conversations] == [None]
    assert sorted(str(each.id) for each in shown.items) == ["msg_1", "msg_2"] == sorted(ids)
    assert member.conversations == {"msg_2": "conv_a"}
    assert not orphans.orphans
    assert not orphans.is_complete
    for notices in (page.notices, shown.notices, orphans.notices, seen[0].notices, member.notices):
        assert "conversation_items_v1" in " ".join(notices)
    assert "rows-left-behind" not in findings
    told = findings["items-upgrade-unfinished"]
    assert "eep" in str(told.help)
    assert "drop" not in f"{told.message} {told.help}".lower()


async def test_a_finished_upgrade_says_nothing_in_lists_and_advises_to_compare(store: Store) -> None:
    fill(store, f"{RENAME}; {KEYED_BY_BOTH}; {COPY}; {MARK}")
    async with keeping(store, NEW).session() as session:
        page = await list_conversations(session, ConversationQuery())
        orphans = await find_orphans(session)
        findings = {each.rule: each for each in await inspect_data(session)}
    assert ([each.items for each in page.conversations], page.notices) == ([2], ())
    assert orphans.is_complete
    assert "compare the two tables first" in str(findings["rows-left-behind"].help)


async def test_a_mark_that_would_keep_the_next_upgrade_from_copying_is_told(store: Store) -> None:
    fill(store, MARK)
    async with keeping(store, OLD).session() as session:
        findings = {each.rule: each for each in await inspect_data(session)}
    assert "copy nothing" in findings["items-upgrade-unfinished"].message


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_a_store_that_was_never_upgraded_has_no_word_about_it(store: Store, version: str) -> None:
    create_tables(store, version)
    insert(store, [conversation_row("conv_a")], "openai_conversations")
    async with keeping(store, version).session() as session:
        page = await list_conversations(session, ConversationQuery())
        assert (page.notices, [each.items for each in page.conversations]) == ((), [0])
        assert "items-upgrade-unfinished" not in {each.rule for each in await inspect_data(session)}
