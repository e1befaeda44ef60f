"""Stores that the packages' own key-value classes wrote (see README.md) are read as what was written: loaded again, and browsed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.services import browse
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from tests.servers import PASSWORD, ROLE
from tests.stores import ADMINISTRATOR, MONGO_PASSWORD, MongoStore, PostgresStore, RedisStore

RECORDED = sorted((Path(__file__).parent / "stores").glob("*.json"))
CONFIG = """
version: 2
%(name)s: made-up
apis: []
providers:
  tool_runtime:
  - provider_id: external
    provider_type: remote::external
    config:
%(references)s
storage:
  backends:
    kv: {%(backend)s}
  stores:
    metadata: {backend: kv, namespace: registry}
"""


def load_redis(store: RedisStore, recorded: list[dict[str, Any]]) -> str:
    for each in recorded:
        assert each["type"] == "string"
        key = bytes.fromhex(each["key"])
        store.server.said("SET", key, bytes.fromhex(each["value"]))
        if each["expires_ms"] is not None:
            store.server.said("PEXPIREAT", key, each["expires_ms"])
    return f"type: kv_redis, host: 127.0.0.1, port: {store.server.port}"


def load_mongodb(store: MongoStore, recorded: dict[str, Any]) -> str:
    from bson import json_util

    with store.documents() as collection:
        for name, index in recorded["indexes"].items():
            if name != "_id_":
                collection.create_index(index.pop("key"), **index)
        collection.insert_many(json_util.loads(json.dumps(recorded["documents"])))
    return (
        f"type: kv_mongodb, host: 127.0.0.1, port: {store.server.port}, db: stack, user: {ADMINISTRATOR},"
        f" password: {MONGO_PASSWORD}, collection_name: {store.collection}"
    )


def load_postgres(store: PostgresStore, recorded: dict[str, Any]) -> str:
    columns = ", ".join(
        f"{name} {type_}{'' if may_be_null == 'YES' else ' NOT NULL'}"
        for name, type_, may_be_null in recorded["columns"]
    )
    store.execute(f"CREATE TABLE recorded ({columns})")
    for index in recorded["indexes"]:
        store.execute(index)
    for row in recorded["rows"]:
        cells = ", ".join("NULL" if cell is None else f"$text${cell}$text$" for cell in row)
        store.execute(f"INSERT INTO recorded VALUES ({cells})")
    return (
        f"type: kv_postgres, host: 127.0.0.1, port: {store.server.port}, db: {store.database}, user: {ROLE},"
        f" password: '{PASSWORD}', table_name: recorded"
    )


LOADERS: dict[str, Callable[..., str]] = {
    "redis": load_redis,
    "mongodb": load_mongodb,
    "postgres": load_postgres,
}
FIXTURES = {"redis": "redis_store", "mongodb": "mongo_store", "postgres": "postgres_store"}


@pytest.mark.parametrize("engine", list(LOADERS))
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_what_a_package_wrote_is_read_as_it_was_written(
    path: Path, engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    recorded = json.loads(path.read_text())
    version = recorded["header"]["version"]
    written: dict[str, dict[str, tuple[str, str | None]]] = {}
    for namespace, key, value, expiration in recorded["written"]:
        stored = f"{namespace}:{key}" if namespace else key
        written.setdefault(namespace, {})[stored] = value, expiration
    backend = LOADERS[engine](request.getfixturevalue(FIXTURES[engine]), recorded[engine])
    config = tmp_path / "config.yaml"
    named = "\n".join(
        f"      r{number}: {{backend: kv, namespace: '{namespace}'}}"
        for number, namespace in enumerate(each for each in written if each)
    )
    name = "distro_name" if version.startswith("1.") else "image_name"
    config.write_text(CONFIG % {"references": named, "backend": backend, "name": name})
    session = Session(load(LoadRequest(str(config), environ={"HOME": str(tmp_path)}, version=version)))
    try:
        listing = await browse.namespaces(session, "kv")
        counts = {each.name: each.keys for each in (*listing.namespaces, listing.unassigned)}
        assert {name: count.value for name, count in counts.items() if count is not None} == {
            name: len(keys) for name, keys in written.items()
        }
        for namespace, keys in written.items():
            found = await browse.namespace(session, "kv", namespace or None)
            page = await browse.keys(session, "kv", found)
            assert [entry.key for entry in page.keys] == sorted(keys)
            for key, (value, expiration) in keys.items():
                stored_value = await browse.value(session, "kv", found, key)
                assert stored_value.value == value
                expires = stored_value.entry.expires_at
                assert expires == (None if expiration is None else datetime.fromisoformat(expiration))
    finally:
        await session.close()
