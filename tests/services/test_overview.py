"""What the main screen says of stores: how much each reference holds and how new it is, and what has happened lately."""

from __future__ import annotations

from pathlib import Path

from llama_storage_tui.services.overview.activity import Activity, activity
from llama_storage_tui.services.overview.holdings import holdings, local_backends
from llama_storage_tui.services.session import Session
from tests.deployments import deployment
from tests.response_rows import NEW, row
from tests.response_stores import create_tables, insert, keeping
from tests.stores import SqliteStore, Store

NOW = 1_700_000_500.0
ITEM = "INSERT INTO conversation_items (conversation_id, id, created_at) VALUES"


async def last(session: Session, looked_at: tuple[str, ...]) -> Activity:
    return [seen async for seen in activity(session, looked_at, now=NOW)][-1]


async def test_each_reference_has_its_rows_and_the_age_of_the_last_one(store: Store) -> None:
    create_tables(store, NEW)
    insert(store, [row("resp_1", created_at=100), row("resp_2", created_at=300)])
    async with keeping(store).session() as session:
        found = await holdings(session, "sql_default")
    held = {path: each for path, each in found.holdings.items() if path.endswith("persistence.responses")}
    (responses,) = held.values()
    assert responses.count is not None
    assert (responses.count.value, responses.count.is_exact, responses.newest) == (2, True, 300.0)
    assert found.newest == 300.0
    conversations = found.holdings["storage.stores.conversations"]
    assert conversations.count is not None
    assert (conversations.count.value, conversations.newest) == (0, None)


async def test_lately_is_told_by_the_rows_stored_last_with_orphans_and_counts(store: Store) -> None:
    create_tables(store, NEW)
    insert(
        store,
        [
            row(f"resp_{n}", created_at=1_700_000_000 + n, status="failed" if n == 5 else "completed")
            for n in range(6)
        ],
    )
    store.execute("INSERT INTO openai_conversations (id, created_at) VALUES ('conv_1', 1)")
    store.execute(f"{ITEM} ('conv_1', 'msg_1', 1), ('conv_gone', 'msg_2', 1), ('conv_gone', 'msg_3', 1)")
    async with keeping(store).session() as session:
        seen = await last(session, ("sql_default", "kv_default"))
    assert seen.statistics is not None
    assert seen.statistics.whole.count("failed") == 1
    assert [str(each.id) for each in seen.latest] == ["resp_5", "resp_4", "resp_3", "resp_2"]
    assert seen.conversations.count is not None
    assert seen.conversations.count.value == 1
    assert seen.orphans is not None
    assert [(each.conversation, each.items) for each in seen.orphans.orphans] == [("conv_gone", 2)]


async def test_a_backend_that_was_not_looked_at_is_not_contacted(tmp_path: Path) -> None:
    async with keeping(SqliteStore(tmp_path / "nowhere.db")).session() as session:
        seen = await last(session, ())
        assert seen.elsewhere == ("sql_default",)
        assert seen.statistics is None
        assert seen.problem is None
        seen = await last(session, ("sql_default",))
        assert seen.problem is not None


async def test_a_backend_that_was_asked_in_vain_is_not_one_that_nobody_asked(tmp_path: Path) -> None:
    async with keeping(SqliteStore(tmp_path / "nowhere.db")).session() as session:
        failed = {"sql_default": "It is gone."}
        seen = [each async for each in activity(session, (), now=NOW, failed=failed)][-1]
        assert (seen.elsewhere, seen.problem, seen.statistics) == ((), "It is gone.", None)


async def test_only_files_of_this_machine_are_local(store: Store) -> None:
    async with deployment(store, NEW).session() as session:
        names = local_backends(session.catalog)
        assert ("sql_default" in names) == isinstance(store, SqliteStore)
