"""A session opens each backend once, on first use, and closes what it opened."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from tests.configs import POSTGRES, catalog_of
from tests.deployments import Deployment, deployment
from tests.stores import PostgresStore, Store

CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'llama-storage-tui%' AND datname = '{}'"


async def test_one_reader_serves_everybody_who_asks_at_once(store: Store) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    async with deployment(store).session() as session:
        readers = await asyncio.gather(*(session.reader("sql_default") for _ in range(5)))
        assert len({id(reader) for reader in readers}) == 1
        assert await session.reader("kv_default") is not readers[0]


async def test_closing_gives_every_connection_back(postgres_store: PostgresStore) -> None:
    postgres_store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    asked = CONNECTIONS.format(postgres_store.database)
    async with deployment(postgres_store).session() as session:
        await (await session.reader("sql_default")).tables.tables()
        assert int(postgres_store.ask(asked)) > 0
    for _ in range(100):
        if postgres_store.ask(asked) == "0":
            break
        await asyncio.sleep(0.02)
    assert postgres_store.ask(asked) == "0"


async def test_an_unknown_backend_is_a_usage_error_with_the_list(store: Store) -> None:
    async with deployment(store).session() as session:
        with pytest.raises(UsageError, match="has no backend 'nope'") as caught:
            await session.reader("nope")
    assert caught.value.help == "It has: kv_default, sql_default."


async def test_a_backend_whose_variable_is_missing_cannot_be_opened() -> None:
    async with Deployment(catalog_of(POSTGRES, "1.5.0")).session() as session:
        with pytest.raises(BackendError, match="sql_default cannot be opened") as caught:
            await session.reader("sql_default")
    assert caught.value.failure is FailureKind.UNRESOLVED
    assert caught.value.where == "storage.backends.sql_default"


async def test_a_session_masks_the_passwords_of_its_catalog(postgres_store: PostgresStore) -> None:
    async with deployment(postgres_store, password="hunter22").session() as session:
        assert session.redact("tried hunter22") == "tried ********"


async def test_what_another_version_opens_elsewhere_is_opened_anew(store: Store) -> None:
    found = deployment(store)
    earlier = deployment(store, "0.8.0").catalog
    moved = replace(found.catalog.backends[1], target=SqliteTarget(Path("/gone.db")))
    async with Deployment(replace(earlier, backends=(found.catalog.backends[0], moved))).session() as session:
        kv, sql = await session.reader("kv_default"), await session.reader("sql_default")
        session.learn(found.catalog)
        assert await session.reader("kv_default") is kv
        assert await session.reader("sql_default") is not sql
        assert session.catalog is found.catalog
