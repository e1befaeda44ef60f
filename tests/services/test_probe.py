"""All backends at once, each with its own limit; what fails is part of the answer."""

import asyncio

import pytest

from llama_storage_tui.errors import FailureKind, UsageError
from llama_storage_tui.services.probe import probe_all, probe_one
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of, config_of, deployment
from tests.fronts import front
from tests.stores import PostgresStore, SqliteStore, Store

STORES = {"metadata": {"backend": "kv_default", "namespace": "registry"}}


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer nothing, ever."""
    del writer
    await reader.read()


async def test_both_sides_of_a_store_answer(store: Store) -> None:
    store.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
    async with deployment(store).session() as session:
        results = {result.backend: result async for result in probe_all(session)}
    assert set(results) == {"kv_default", "sql_default"}
    for result in results.values():
        assert result.is_ok
        assert result.probe is not None
        assert result.probe.latency_ms > 0
        assert result.probe.is_writable


async def test_one_that_hangs_delays_nobody(postgres_store: PostgresStore, sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    have_answered = asyncio.Event()

    async def hanging(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await have_answered.wait()
        writer.close()

    async with front(hanging) as port:
        backends = {
            "kv_default": backend_of(sqlite_store, "kv"),
            "good": backend_of(postgres_store, "sql"),
            "hole": backend_of(postgres_store, "sql", port=port),
            "wrong": backend_of(postgres_store, "sql", password="hunter22"),
            "gone": backend_of(postgres_store, "sql", db="no_such_database"),
        }
        found = Deployment(catalog_of(config_of(backends, STORES), "1.5.0"))
        arrived = []
        async with found.session() as session:
            async for result in probe_all(session):
                arrived.append(result)
                if len(arrived) == len(backends) - 1:
                    have_answered.set()
    assert arrived[-1].backend == "hole"
    failures = {result.backend: result.error.failure for result in arrived if result.error is not None}
    assert failures == {
        "hole": FailureKind.UNREACHABLE,
        "wrong": FailureKind.AUTHENTICATION,
        "gone": FailureKind.UNKNOWN_DATABASE,
    }
    assert not any("hunter22" in f"{result.error} {result.error.help}" for result in arrived if result.error)


async def test_leaving_early_stops_the_tests_that_still_run(postgres_store: PostgresStore) -> None:
    async with front(silent) as port:
        backends = {
            "good": backend_of(postgres_store, "sql"),
            "hole": backend_of(postgres_store, "sql", port=port),
        }
        found = Deployment(catalog_of(config_of(backends, {}), "1.5.0"))
        async with found.session(connect=60.0) as session:
            results = probe_all(session)
            assert (await anext(results)).backend == "good"
            await results.aclose()  # type: ignore[attr-defined]
            assert not any("probe_one" in str(task.get_coro()) for task in asyncio.all_tasks())


async def test_an_unknown_name_is_refused_before_anything_is_contacted(store: Store) -> None:
    async with deployment(store).session() as session:
        with pytest.raises(UsageError):
            await anext(probe_all(session, ["kv_default", "nope"]))
        with pytest.raises(UsageError):
            await probe_one(session, "nope")


async def test_a_missing_file_stays_missing(sqlite_store: SqliteStore) -> None:
    async with deployment(sqlite_store).session() as session:
        result = await probe_one(session, "kv_default")
    assert result.error is not None
    assert result.error.failure is FailureKind.MISSING_FILE
    assert not list(sqlite_store.path.parent.iterdir())


async def test_a_thorough_test_finds_damage(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
    sqlite_store.insert("INSERT INTO t VALUES (?, ?)", [(number, "x" * 500) for number in range(200)])
    with sqlite_store.path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)
    async with deployment(sqlite_store).session() as session:
        quick = await probe_one(session, "sql_default")
        thorough = await probe_one(session, "sql_default", thorough=True)
    assert quick.is_ok
    assert thorough.error is not None
    assert "damaged" in thorough.error.message
