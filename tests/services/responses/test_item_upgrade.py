"""Conversation items while the upgrade to ogx 1.5 is unfinished: nothing is lost, hidden without a word, or advised away."""

from __future__ import annotations

import pytest

from llama_storage_tui.model.finding import Severity, Stage
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.inspection import inspect_data
from llama_storage_tui.services.listing import list_family
from llama_storage_tui.services.responses.attention import attention
from llama_storage_tui.services.responses.conversations import read_conversation
from llama_storage_tui.services.responses.membership import conversations_of, items_of
from llama_storage_tui.services.responses.orphans import find_orphans
from tests.queries import asking
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
        page = await list_family(session, "conversations", asking())
        shown = await read_conversation(session, "conv_a")
        orphans = await find_orphans(session)
        seen = [each async for each in attention(session)]
        member = await conversations_of(session, ["msg_2"])
        ids = await items_of(session, "conv_a")
        findings = {each.rule: each for each in await inspect_data(session)}
    assert [each.cells["items"] for each in page.records] == [None]
    assert sorted(str(each.id) for each in shown.items) == ["msg_1", "msg_2"] == sorted(ids)
    assert member.conversations == {"msg_2": "conv_a"}
    assert not orphans.orphans
    assert not orphans.is_complete
    for notices in (page.notices, shown.notices, orphans.notices, seen[0].notices, member.notices):
        assert "conversation_items_v1" in " ".join(notice_words(notices))
    assert "rows-left-behind" not in findings
    told = findings["items-upgrade-unfinished"]
    assert "eep" in str(told.help)
    assert "drop" not in f"{told.message} {told.help}".lower()


async def test_a_finished_upgrade_says_nothing_in_lists_and_that_the_tables_were_compared(
    store: Store,
) -> None:
    fill(store, f"{RENAME}; {KEYED_BY_BOTH}; {COPY}; {MARK}")
    async with keeping(store, NEW).session() as session:
        page = await list_family(session, "conversations", asking())
        orphans = await find_orphans(session)
        findings = {each.rule: each for each in await inspect_data(session)}
    assert ([each.cells["items"] for each in page.records], page.notices) == ([2], ())
    assert orphans.is_complete
    assert "All were compared" in str(findings["rows-left-behind"].help)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (MARK, "copy nothing"),
        (
            f"DROP TABLE conversation_items; {KEYED_BY_BOTH}; CREATE TABLE conversation_items_v1 (it INTEGER)",
            "no columns",
        ),
        (f"{RENAME}; {KEYED_BY_BOTH}; {ONE}; {MARK}", "1 of the 2 rows"),
    ],
)
async def test_what_awaits_the_items_is_said_wherever_they_are_shown(
    store: Store, state: str, words: str
) -> None:
    fill(store, state)
    async with keeping(store, OLD).session() as session:
        page = await list_family(session, "conversations", asking())
        shown = await read_conversation(session, "conv_a")
        orphans = await find_orphans(session)
        seen = [each async for each in attention(session)]
        findings = " ".join(each.message for each in await inspect_data(session))
    for notices in (page.notices, shown.notices, orphans.notices, seen[0].notices):
        said = notice_words(notices)
        assert "conversation_items_v1" in " ".join(said)
        assert words in " ".join(said)
    assert "conversation_items_v1" in findings


@pytest.mark.parametrize(("version", "stops"), [(NEW, True), (OLD, False)])
async def test_two_tables_of_older_servers_stop_a_start_of_1_5(
    store: Store, version: str, *, stops: bool
) -> None:
    fill(store, SPLIT["an older server made its own table"])
    async with keeping(store, version).session() as session:
        findings = {each.rule: each for each in await inspect_data(session)}
    found = findings["items-upgrade-unfinished"]
    assert (found.stage is Stage.START and found.severity is Severity.ERROR) is stops


async def test_items_of_a_conversation_that_is_gone_are_not_missing(store: Store) -> None:
    fill(store, f"{RENAME}; {KEYED_BY_BOTH}; {COPY}; {MARK}")
    store.execute(
        "INSERT INTO conversation_items_v1 (id, conversation_id, created_at) VALUES ('msg_9', 'conv_gone', 1)"
    )
    async with keeping(store, NEW).session() as session:
        assert (await list_family(session, "conversations", asking())).notices == ()


async def test_a_list_compares_the_end_of_a_large_table_and_says_so(store: Store) -> None:
    fill(store, f"{RENAME}; {KEYED_BY_BOTH}; {COPY}; {MARK}")
    insert(
        store,
        [{"id": f"m{number}", "conversation_id": "conv_a", "created_at": number} for number in range(3_000)],
        "conversation_items_v1",
    )
    async with keeping(store, NEW).session() as session:
        (notice,) = notice_words((await list_family(session, "conversations", asking())).notices)
        findings = {each.rule: each for each in await inspect_data(session)}
    assert "lacks at least 1,000 of the last 1,000 rows" in notice
    assert findings["items-missing"].message.startswith(
        "conversation_items on sql_default lacks 3,000 of the 3,002 rows"
    )
    assert "deleted conversations included" in str(findings["items-missing"].help)


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_a_store_that_was_never_upgraded_has_no_word_about_it(store: Store, version: str) -> None:
    create_tables(store, version)
    insert(store, [conversation_row("conv_a")], "openai_conversations")
    async with keeping(store, version).session() as session:
        page = await list_family(session, "conversations", asking())
        assert (page.notices, [each.cells["items"] for each in page.records]) == ((), [0])
        assert "items-upgrade-unfinished" not in {each.rule for each in await inspect_data(session)}
