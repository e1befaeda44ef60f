"""What accumulates in stores: expired keys, tables that nothing refers to, orphaned items, sizes and growth."""

from __future__ import annotations

from llama_storage_tui.services.accumulation import StoredSpace, stored_spaces
from llama_storage_tui.services.inspection import inspect_data
from llama_storage_tui.services.left_behind import left_behind
from tests.deployments import Deployment, deployment
from tests.stores import KEY_VALUE_TABLE, PostgresStore, SqliteStore, Store

DAY = 86_400


async def rules(found: Deployment) -> dict[str, str]:
    async with found.session() as session:
        return {finding.rule: finding.message for finding in await inspect_data(session)}


async def spaces(found: Deployment, backend: str) -> dict[str, StoredSpace]:
    async with found.session() as session:
        return {space.name: space for space in await stored_spaces(session, session.backend(backend))}


async def test_expired_keys_are_told(store: Store) -> None:
    store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('registry:a', '{{}}', '2020-01-01T00:00:00+00:00'),"
        " ('registry:b', '{}', '2999-01-01T00:00:00+00:00'), ('registry:c', '{}', NULL)"
    )
    assert (await rules(deployment(store)))[
        "expired-keys"
    ] == "1 key on kv_default has expired and is still there"
    store.execute("DELETE FROM kvstore WHERE key = 'registry:a'")
    assert "expired-keys" not in await rules(deployment(store))


async def test_a_table_that_nothing_refers_to_is_told_and_an_empty_one_is_not(store: Store) -> None:
    store.execute(f"{KEY_VALUE_TABLE}; CREATE TABLE somebody_elses (id INTEGER PRIMARY KEY)")
    assert "unreferenced-tables" not in await rules(deployment(store))
    store.execute("INSERT INTO somebody_elses VALUES (1)")
    if isinstance(store, PostgresStore):
        store.execute("ANALYZE somebody_elses")
    assert "somebody_elses" in (await rules(deployment(store)))["unreferenced-tables"]


async def test_items_of_a_conversation_that_is_gone_are_told(store: Store) -> None:
    store.execute(
        f"{KEY_VALUE_TABLE}; CREATE TABLE openai_conversations (id TEXT PRIMARY KEY, created_at INTEGER);"
        " CREATE TABLE conversation_items (id TEXT, conversation_id TEXT, created_at INTEGER, item_data TEXT,"
        " PRIMARY KEY (conversation_id, id)); INSERT INTO openai_conversations VALUES ('conv_1', 1);"
        " INSERT INTO conversation_items VALUES ('a', 'conv_1', 1, '{}'), ('b', 'conv_2', 1, '{}'), ('c', 'conv_2', 2, '{}')"
    )
    assert (
        "2 items on sql_default belong to 1 conversation"
        in (await rules(deployment(store)))["orphaned-items"]
    )


async def test_a_table_has_its_size_and_its_growth(store: Store) -> None:
    rows = ", ".join(
        f"('c{number}', {1_700_000_000 + number * DAY // 2}, '{'x' * 100}')" for number in range(20)
    )
    rows = rows.replace("'" + "x" * 100, "'\"" + "x" * 98 + '"')
    store.execute(
        f"{KEY_VALUE_TABLE}; CREATE TABLE inference_store (id TEXT PRIMARY KEY, created INTEGER, choices JSON);"
        f" INSERT INTO inference_store VALUES {rows}"
    )
    found = (await spaces(deployment(store), "sql_default"))["inference_store"]
    assert found.bytes == 20 * 100
    assert found.per_day is not None
    assert round(found.per_day, 3) == 2
    assert found.newest == 1_700_000_000 + 19 * DAY // 2
    assert found.referenced_by == ("storage.stores.inference",)


async def test_rows_of_one_hour_say_nothing_of_a_day(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        f"{KEY_VALUE_TABLE}; CREATE TABLE inference_store (id TEXT PRIMARY KEY, created INTEGER, choices JSON);"
        " INSERT INTO inference_store VALUES ('a', 1700000000, '{}'), ('b', 1700000100, '{}')"
    )
    assert (await spaces(deployment(sqlite_store), "sql_default"))["inference_store"].per_day is None


async def test_namespaces_and_what_is_outside_of_them_have_their_sizes(store: Store) -> None:
    store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('registry:a', '123456', NULL), ('other:b', '1234', NULL)"
    )
    found = await spaces(deployment(store), "kv_default")
    assert {name: space.bytes for name, space in found.items()} == {"registry": 6, "": 4}
    assert found[""].referenced_by == ()


async def test_what_is_left_behind_is_what_a_check_of_the_data_finds(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('prompts:v1:a', '{{}}', NULL);"
        " CREATE TABLE openai_responses (id TEXT PRIMARY KEY); INSERT INTO openai_responses VALUES ('a')"
    )
    found = deployment(sqlite_store)
    async with found.session() as session:
        answers = [each async for each in left_behind(session)]
    assert answers[0].findings == ()
    assert answers[0].spaces == answers[-1].spaces != ()
    assert {finding.rule for finding in answers[-1].findings} == set(await rules(found)) - {"not-created"}
    assert {"raw-keys", "rows-left-behind"} <= set(await rules(found))


async def test_tables_of_another_shape_under_these_names_are_left_alone(store: Store) -> None:
    store.execute(
        "CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT); INSERT INTO kvstore VALUES ('registry:a', '1');"
        " CREATE TABLE conversation_items (id TEXT PRIMARY KEY); INSERT INTO conversation_items VALUES ('a');"
        " CREATE TABLE openai_conversations (name TEXT); INSERT INTO openai_conversations VALUES ('a');"
        " CREATE TABLE inference_store (choices TEXT); INSERT INTO inference_store VALUES ('{}')"
    )
    assert "orphaned-items" not in await rules(deployment(store))
    found = await spaces(deployment(store), "sql_default")
    assert found["inference_store"].items is not None


async def test_the_table_of_the_keys_is_not_one_that_nothing_refers_to(store: Store) -> None:
    store.execute(f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('registry:a', '{{}}', NULL)")
    if isinstance(store, PostgresStore):
        store.execute("ANALYZE kvstore")
    found = deployment(store)
    assert "registry" in await spaces(found, "kv_default")
    assert await spaces(found, "sql_default") == {}
