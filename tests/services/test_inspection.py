"""What only the data shows, each finding where it belongs and nowhere else."""

from datetime import UTC, datetime

import asyncpg
import pytest

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.model.finding import Finding, Severity
from llama_storage_tui.services.inspection import inspect_data
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of, config_of, deployment
from tests.servers import PASSWORD, ROLE
from tests.stores import KEY_VALUE_TABLE, PostgresStore, SqliteStore, Store

OWNED = "CREATE TABLE inference_store (id INTEGER PRIMARY KEY, owner_principal TEXT)"


async def inspected(found: Deployment) -> dict[str, Finding]:
    async with found.session() as session:
        return {finding.rule: finding for finding in await inspect_data(session)}


async def test_a_clean_store_has_no_finding(store: Store) -> None:
    table = KEY_VALUE_TABLE
    if store.engine == "postgres":
        table = table.replace("TIMESTAMP", "TIMESTAMPTZ")
    store.execute(f"{table}; INSERT INTO kvstore VALUES ('registry:models:v1::m', '{{}}', NULL)")
    store.execute(f"{OWNED}; INSERT INTO inference_store VALUES (1, ''), (2, 'somebody')")
    assert await inspected(deployment(store)) == {}


async def test_keys_of_an_older_server_are_told(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('vector_stores:v3::a', '{{}}', NULL), ('batch:1', '{{}}', NULL),"
        " ('registry:x', '{}', NULL), ('somebody:elses', '{}', NULL)"
    )
    found = (await inspected(deployment(sqlite_store)))["raw-keys"]
    assert (found.severity, found.where) == (Severity.WARNING, "storage.backends.kv_default")
    assert "kv_default has 2 keys without a namespace" in found.message
    assert "raw-keys" not in await inspected(deployment(sqlite_store, "0.7.1"))
    sqlite_store.execute("DELETE FROM kvstore WHERE key = 'batch:1'")
    found = (await inspected(deployment(sqlite_store)))["raw-keys"]
    assert found.message.startswith(
        "kv_default has 1 key without a namespace, as servers before 1.0 wrote them"
    )


@pytest.mark.parametrize(
    ("table", "version", "is_told"),
    [
        ("chat_completions", "0.3.5", True),
        ("chat_completions", "0.3.4", False),
        ("openai_responses", "0.5.0", True),
        ("openai_responses", "0.4.0", False),
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
    assert "inference_store on sql_default has 2 rows without an owner" in found.message
    assert "rows-without-owner" not in await inspected(deployment(store, "0.3.5"))
    store.execute("DELETE FROM inference_store WHERE id = 1")
    found = (await inspected(deployment(store)))["rows-without-owner"]
    assert "inference_store on sql_default has 1 row without an owner" in found.message


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


async def test_keys_that_postgresql_keeps_for_nobody_are_told(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('registry:m', '{{}}', NULL), ('agents:a', '{{}}', NULL), ('raw', '{{}}', NULL)"
    )
    found = (await inspected(deployment(postgres_store)))["unnamed-keys"]
    assert (found.severity, found.where) == (Severity.INFO, "storage.backends.kv_default")
    assert "kv_default has 2 keys outside of every namespace" in found.message


@pytest.mark.parametrize(("version", "is_told"), [("1.5.0", True), ("0.8.0", False)])
async def test_a_column_that_takes_no_time_with_a_zone_is_told_from_1_0_on(
    version: str, postgres_store: PostgresStore, *, is_told: bool
) -> None:
    postgres_store.execute(KEY_VALUE_TABLE)
    assert ("zoneless-expiry" in await inspected(deployment(postgres_store, version))) is is_told


async def test_the_advised_statement_keeps_the_moment_that_older_servers_meant(
    postgres_store: PostgresStore,
) -> None:
    postgres_store.server.execute(
        f"ALTER DATABASE {postgres_store.database} SET timezone = 'America/New_York'"
    )
    postgres_store.execute(KEY_VALUE_TABLE)
    # As psycopg2 sends a time with a zone.
    postgres_store.execute("INSERT INTO kvstore VALUES ('k', '1', '2026-01-01T12:00:00+00:00'::timestamptz)")
    found = (await inspected(deployment(postgres_store)))["zoneless-expiry"]
    assert found.help is not None
    statement = help_words(found.help)[help_words(found.help).index("ALTER TABLE") :].partition(". ")[0]
    assert statement.startswith('ALTER TABLE "kvstore"')
    postgres_store.execute(statement)
    assert postgres_store.ask("SELECT expiration AT TIME ZONE 'UTC' FROM kvstore") == "2026-01-01 12:00:00"
    assert "zoneless-expiry" not in await inspected(deployment(postgres_store))


async def test_the_driver_of_ogx_refuses_a_time_with_a_zone_for_such_a_column(
    postgres_store: PostgresStore,
) -> None:
    postgres_store.execute(KEY_VALUE_TABLE)
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=postgres_store.server.port,
        user=ROLE,
        password=PASSWORD,
        database=postgres_store.database,
    )
    try:
        with pytest.raises(asyncpg.DataError):
            await connection.execute("INSERT INTO kvstore VALUES ('k', 'v', $1)", datetime.now(UTC))
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("left", "version", "is_told"),
    [
        ("llamastack_kvstore", "1.5.0", True),
        ("ogx_kvstore", "1.5.0", False),
        ("ogx_kvstore", "0.7.3", True),
    ],
)
async def test_keys_under_the_default_name_of_other_versions_are_told(
    left: str, version: str, postgres_store: PostgresStore, *, is_told: bool
) -> None:
    postgres_store.execute(
        f"{KEY_VALUE_TABLE.replace('kvstore', left)}; INSERT INTO {left} VALUES ('registry:m', '{{}}', NULL)"
    )
    settings = backend_of(postgres_store, "kv")
    del settings["table_name"]
    stores = {"metadata": {"backend": "kv_default", "namespace": "registry"}}
    found = await inspected(Deployment(catalog_of(config_of({"kv_default": settings}, stores), version)))
    assert ("rows-left-behind" in found) is is_told
    if is_told:
        assert f"{left} on kv_default has 1 key that" in found["rows-left-behind"].message
