"""Rows under the default name of other releases are told where the configured place holds none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.services.inspection import inspect_data
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of, config_of
from tests.servers import DATABASE, Server
from tests.stores import KEY_VALUE_TABLE, PostgresStore, SqliteStore

ROWS = "CREATE TABLE inference_store (id INTEGER PRIMARY KEY); INSERT INTO inference_store VALUES (1)"
RULE = "rows-under-other-default"


@pytest.fixture
def old_database(postgres_server: Server) -> Iterator[PostgresStore]:
    """Give the test server's own database, which has the name."""
    store = PostgresStore(postgres_server, DATABASE)
    yield store
    store.execute("DROP TABLE IF EXISTS inference_store, kvstore")


def on_postgres(server: Server, version: str = "1.5.0") -> Deployment:
    new = PostgresStore(server, "ogx")
    backends = {"kv_default": backend_of(new, "kv"), "sql_default": backend_of(new, "sql")}
    return Deployment(catalog_of(config_of(backends, STORES), version))


STORES = {
    "metadata": {"backend": "kv_default", "namespace": "registry"},
    "inference": {"backend": "sql_default", "table_name": "inference_store"},
}


async def told(found: Deployment) -> list[Finding]:
    async with found.session() as session:
        return [finding for finding in await inspect_data(session) if finding.rule == RULE]


async def test_rows_in_the_old_default_database_are_told_where_the_new_one_is_missing(
    old_database: PostgresStore,
) -> None:
    old_database.execute(
        f"{ROWS}; {KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('registry:m', '{{}}', NULL)"
    )
    keys, rows = await told(on_postgres(old_database.server))
    assert "Database llamastack holds rows (kvstore)" in keys.message
    assert "Database llamastack holds rows (inference_store)" in rows.message
    assert rows.help is not None
    assert help_words(rows.help).startswith("db: llamastack")


async def test_a_new_database_with_rows_of_its_own_is_no_finding(
    old_database: PostgresStore, postgres_server: Server
) -> None:
    old_database.execute(ROWS)
    new = PostgresStore(postgres_server, "ogx")
    new.create()
    try:
        assert len(await told(on_postgres(postgres_server))) == 1
        new.execute(ROWS)
        assert await told(on_postgres(postgres_server)) == []
    finally:
        new.drop()


async def test_a_database_of_another_name_is_not_compared(postgres_store: PostgresStore) -> None:
    backends = {"sql_default": backend_of(postgres_store, "sql")}
    stores = {"inference": STORES["inference"]}
    assert await told(Deployment(catalog_of(config_of(backends, stores), "1.5.0"))) == []


async def test_files_in_the_old_folder_are_told_and_nothing_is_made(tmp_path: Path) -> None:
    old = tmp_path / ".llama" / "sql.db"
    old.parent.mkdir()
    SqliteStore(old).execute(ROWS)
    new = SqliteStore(tmp_path / ".ogx" / "sql.db")
    backends = {"sql_default": backend_of(new, "sql")}
    deployment = Deployment(catalog_of(config_of(backends, {"inference": STORES["inference"]}), "1.5.0"))
    (finding,) = await told(deployment)
    assert finding.message.startswith(f"{old} holds rows (inference_store)")
    assert not new.path.parent.exists()
