"""What a plan finds in PostgreSQL: keys without a namespace, and databases under the default names of earlier releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from llama_storage_tui.model.transfer import DataPlan, TransferItem
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.migration.planning import plan_data
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from tests.oracle.migrating import config_of
from tests.servers import DATABASE, PASSWORD, ROLE, Server
from tests.stores import PostgresStore

KEYS = "CREATE TABLE {table} (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP); INSERT INTO {table} (key, value) VALUES {rows};"
ROWS = """
CREATE TABLE {name} (id VARCHAR PRIMARY KEY, created_at INTEGER, response_object JSON, model VARCHAR, access_attributes JSON,
    owner_principal VARCHAR);
INSERT INTO {name} VALUES ('r', 1, '{{"id": "r"}}', 'm', 'null', NULL);
"""


@pytest.fixture
def databases(postgres_server: Server) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Yield the database of releases before 0.8 and that of later ones, by their default names."""
    earlier, later = PostgresStore(postgres_server, DATABASE), PostgresStore(postgres_server, "ogx")
    later.create()
    yield earlier, later
    later.drop()
    earlier.execute("DROP TABLE IF EXISTS llamastack_kvstore, responses")


async def plan(folder: Path, release: str, server: Server, database: str = "") -> DataPlan:
    """Plan for a config whose backends name no table, and no database unless one is given."""
    named = f", db: {database}" if database else ""
    login = f'{{host: 127.0.0.1, port: {server.port}, user: {ROLE}, password: "{PASSWORD}"{named}'
    text = config_of(release, "FOLDER", "/srv/files")
    text = text.replace('{type: kv_sqlite, db_path: "FOLDER/kvstore.db"}', f"{login}, type: kv_postgres}}")
    text = text.replace(
        '{type: sql_sqlite, db_path: "FOLDER/sql_store.db"}', f"{login}, type: sql_postgres}}"
    )
    path = folder / "config.yaml"
    path.write_text(text)
    catalog = load(LoadRequest(str(path), version=release.rpartition("-")[2], uses_environ=False, environ={}))
    async with Session(catalog) as session:
        return await plan_data(session, None)


def keys_of(item: TransferItem) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    assert item.source.keys is not None
    assert item.target.keys is not None
    return item.source.container, item.source.keys.include, item.target.keys.include


async def test_keys_without_a_namespace_are_those_of_0_2_and_get_one(
    tmp_path: Path, postgres_store: PostgresStore, postgres_server: Server
) -> None:
    rows = "('batch:b', '{}'), ('batches:batch:c', '{}'), ('distributions:registry:v9::model:m', '{}')"
    postgres_store.execute(KEYS.format(table="llamastack_kvstore", rows=rows))
    found = await plan(tmp_path, "llama-stack-0.7.3", postgres_server, postgres_store.database)
    registry, batches = found.items
    assert keys_of(batches) == ("llamastack_kvstore", ("batch:",), ("batches:batch:",))
    assert keys_of(registry) == (
        "llamastack_kvstore",
        ("distributions:registry:v9::", "distributions:registry:v10::"),
        ("registry:distributions:registry:v10::",),
    )


async def test_the_database_and_the_table_of_earlier_releases_are_looked_into(
    tmp_path: Path, databases: tuple[PostgresStore, PostgresStore], postgres_server: Server
) -> None:
    earlier, later = databases
    rows = "('registry:distributions:registry:v10::model:m', '{}'), ('prompts:prompts:v1:p:1', '{}')"
    earlier.execute(KEYS.format(table="llamastack_kvstore", rows=rows) + ROWS.format(name="responses"))
    found = await plan(tmp_path, "ogx-1.5.0", postgres_server)
    places = {
        item.what: (item.source.location.rpartition("/")[2], item.source.container, item.target.container)
        for item in found.items
    }
    assert places == {
        "registered objects": (DATABASE, "llamastack_kvstore", "ogx_kvstore"),
        "prompts": (DATABASE, "llamastack_kvstore", "prompts"),
        "responses": (DATABASE, "responses", "responses"),
    }
    assert {item.target.location.rpartition("/")[2] for item in found.items} == {"ogx"}
    assert later.ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == "0"
