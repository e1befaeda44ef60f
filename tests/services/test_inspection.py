"""What only the data shows, each finding where it belongs and nowhere else."""

import pytest

from llama_storage_tui.model.finding import Finding, Severity
from llama_storage_tui.services.inspection import inspect_data
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of, config_of, deployment
from tests.stores import KEY_VALUE_TABLE, PostgresStore, SqliteStore, Store

OWNED = "CREATE TABLE inference_store (id INTEGER PRIMARY KEY, owner_principal TEXT)"


async def inspected(found: Deployment) -> dict[str, Finding]:
    async with found.session() as session:
        return {finding.rule: finding for finding in await inspect_data(session)}


async def test_a_clean_store_has_no_finding(store: Store) -> None:
    store.execute(f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('registry:models:v1::m', '{{}}', NULL)")
    store.execute(f"{OWNED}; INSERT INTO inference_store VALUES (1, ''), (2, 'somebody')")
    assert await inspected(deployment(store)) == {}


async def test_keys_of_an_older_server_are_told(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('vector_stores:v3::a', '{{}}', NULL), ('batch:1', '{{}}', NULL),"
        " ('registry:x', '{}', NULL), ('somebody:elses', '{}', NULL)"
    )
    found = (await inspected(deployment(sqlite_store)))["raw-keys"]
    assert (found.severity, found.where) == (Severity.WARNING, "storage.backends.kv_default")
    assert "2 keys of kv_default have no namespace" in found.message
    assert "raw-keys" not in await inspected(deployment(sqlite_store, "0.7.1"))


@pytest.mark.parametrize(
    ("table", "version", "is_told"),
    [
        ("chat_completions", "0.3.5", True),
        ("chat_completions", "0.3.4", False),
        ("openai_responses", "0.5.0", True),
        ("openai_responses", "0.4.0", False),
        ("conversation_items_v1", "1.5.0", True),
        ("conversation_items_v1", "1.1.0", False),
    ],
)
async def test_rows_that_a_newer_server_no_longer_reads_are_told(
    table: str, version: str, store: Store, *, is_told: bool
) -> None:
    store.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY); INSERT INTO {table} VALUES (1), (2)")
    found = await inspected(deployment(store, version))
    assert ("rows-left-behind" in found) is is_told
    if is_told:
        assert "has 2 rows" in found["rows-left-behind"].message


async def test_an_empty_table_of_an_older_server_is_no_finding(store: Store) -> None:
    store.execute("CREATE TABLE chat_completions (id INTEGER PRIMARY KEY)")
    assert "rows-left-behind" not in await inspected(deployment(store))


async def test_rows_without_an_owner_are_told_from_0_4_on(store: Store) -> None:
    store.execute(f"{OWNED}; INSERT INTO inference_store VALUES (1, NULL), (2, ''), (3, NULL)")
    found = (await inspected(deployment(store)))["rows-without-owner"]
    assert "2 rows of inference_store" in found.message
    assert "rows-without-owner" not in await inspected(deployment(store, "0.3.5"))


async def test_a_store_not_made_yet_is_a_note(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE inference_store (id INTEGER PRIMARY KEY)")
    found = await inspected(deployment(sqlite_store))
    assert found["not-created"].severity is Severity.INFO
    assert "no key-value table" in found["not-created"].message


async def test_one_backend_out_of_reach_hides_nothing_of_the_others(postgres_store: PostgresStore) -> None:
    postgres_store.execute(f"{OWNED}; INSERT INTO inference_store VALUES (1, NULL)")
    backends = {
        "wrong": backend_of(postgres_store, "sql", password="hunter22"),
        "sql_default": backend_of(postgres_store, "sql"),
    }
    stores = {
        "prompts": {"backend": "wrong", "table_name": "prompts"},
        "inference": {"backend": "sql_default", "table_name": "inference_store"},
    }
    found = await inspected(Deployment(catalog_of(config_of(backends, stores), "1.5.0")))
    assert set(found) == {"data-not-checked", "rows-without-owner"}
    assert "refuses the role or its password" in found["data-not-checked"].message
    assert "hunter22" not in str(found)
