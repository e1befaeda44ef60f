"""What the packages' own key-value classes wrote (see README.md) moves to another engine as those classes write it there."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.model.move import MoveChange
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.services.move.service import BackendMove
from llama_storage_tui.services.requests import LoadRequest
from tests.moves import MOVED, content, on_postgres
from tests.oracle.migrating import config_of
from tests.oracle.migration_stores import restore, saved
from tests.oracle.test_migration_postgres import KEYS, expected, raw, stored
from tests.oracle.test_stores import CONFIG, LOADERS, RECORDED
from tests.patience import PATIENT
from tests.stores import MongoStore, PostgresStore, RedisStore
from tests.transfers import ignore

NOBODYS = "bare"
"""A key without a namespace, to which no reference leads: it stays."""
TABLE = "recorded"


class Moving:
    """A config whose one backend moves from engine to engine."""

    def __init__(self, folder: Path, version: str, text: str) -> None:
        self.version = version.rpartition("-")[2]
        self.folder = folder
        self.environ = {
            "HOME": str(folder),
            "MOVED": MOVED,
            "LLAMA_STORAGE_TUI_STATE_DIR": str(folder / "state"),
        }
        self.config = folder / "config.yaml"
        self.config.write_text(text)

    @classmethod
    def of_keys(cls, folder: Path, recorded: dict[str, Any], backend: str) -> Moving:
        """Lay out a config of the namespaces that were recorded."""
        version = str(recorded["header"]["version"])
        spaces = dict.fromkeys(namespace for namespace, *_ in recorded["written"] if namespace)
        named = "\n".join(
            f"      r{number}: {{backend: kv, namespace: '{each}'}}" for number, each in enumerate(spaces)
        )
        name = "distro_name" if version.startswith("1.") else "image_name"
        return cls(folder, version, CONFIG % {"references": named, "backend": backend, "name": name})

    async def to(self, type_: str, *, backend: str = "kv", **fields: str) -> None:
        """Move the backend; clients of the tests are still connected."""
        request = LoadRequest(str(self.config), version=self.version, environ=self.environ)
        moving = BackendMove(request, PATIENT)
        change = MoveChange(backend, type_, fields)
        plan = await moving.plan(change)
        assert plan.refusals == ()
        result = await moving.apply(plan, change, ignore, ignore_step, accepts_open=True)
        assert result.outcome is Outcome.APPLIED
        assert result.left == ()


def ignore_step(_: str) -> None:
    """Hear of a step and do nothing."""


def in_redis(store: RedisStore) -> list[dict[str, Any]]:
    client: Any = store.server.client
    return [
        {
            "key": key.hex(),
            "type": client.type(key).decode(),
            "value": client.get(key).hex(),
            "expires": None if client.pttl(key) < 0 else client.pttl(key),
        }
        for key in sorted(client.keys())
    ]


def as_in_redis(recorded: list[dict[str, Any]]) -> list[tuple[str, str, str, bool]]:
    wanted = [each for each in recorded if each["key"] != NOBODYS.encode().hex()]
    expires = "expires" if wanted and "expires" in wanted[0] else "expires_ms"
    return [(each["key"], each["type"], each["value"], each[expires] is not None) for each in wanted]


def table(store: PostgresStore, name: str) -> dict[str, Any]:
    """Return a table as `record_stores.py` records one."""
    columns = store.ask(
        "SELECT json_agg(json_build_array(column_name, data_type, is_nullable) ORDER BY ordinal_position)"
        f" FROM information_schema.columns WHERE table_name = '{name}'"
    )
    indexes = store.ask(
        f"SELECT json_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE tablename = '{name}'"
    )
    rows = store.ask(
        f"SET TimeZone TO 'UTC'; SELECT json_agg(json_build_array(key, value, expiration::text) ORDER BY key COLLATE \"C\") FROM {name}"
    )
    return {"columns": json.loads(columns), "indexes": json.loads(indexes), "rows": json.loads(rows)}


def in_sqlite(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT key, value, expiration FROM kvstore ORDER BY key").fetchall()


def fields_on(store: PostgresStore) -> dict[str, str]:
    _, *words = on_postgres(store, table_name=TABLE)
    return dict(word.split("=", 1) for word in words if word != "--set")


def of_their_own(recorded: dict[str, Any]) -> dict[str, Any]:
    rows = [row for row in recorded["postgres"]["rows"] if row[0] != NOBODYS]
    return {**recorded["postgres"], "rows": rows}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_keys_go_from_redis_to_each_engine_and_back_as_the_package_writes_them(
    path: Path, redis_store: RedisStore, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    recorded = json.loads(path.read_text())
    moving = Moving.of_keys(tmp_path, recorded, LOADERS["redis"](redis_store, recorded["redis"]))
    before = in_redis(redis_store)
    await moving.to("postgres", **fields_on(postgres_store))
    assert table(postgres_store, TABLE) == of_their_own(recorded)
    assert [each["key"] for each in in_redis(redis_store)] == [each["key"] for each in before]
    redis_store.server.client.flushall()
    await moving.to("redis", host="127.0.0.1", port=str(redis_store.server.port))
    assert as_in_redis(in_redis(redis_store)) == as_in_redis(recorded["redis"])
    await moving.to("sqlite", db_path=str(tmp_path / "kv.db"))
    keeps = moving.version.startswith("1.")
    assert in_sqlite(tmp_path / "kv.db") == sorted(
        (
            f"{namespace}:{key}" if keeps else key,
            value,
            expiration if keeps or expiration is None else expiration.replace("T", " "),
        )
        for namespace, key, value, expiration in recorded["written"]
        if namespace
    )


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_keys_go_from_mongodb_to_postgres_as_the_package_writes_them(
    path: Path, mongo_store: MongoStore, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    recorded = json.loads(path.read_text())
    moving = Moving.of_keys(tmp_path, recorded, LOADERS["mongodb"](mongo_store, recorded["mongodb"]))
    await moving.to("postgres", **fields_on(postgres_store))
    assert table(postgres_store, TABLE) == of_their_own(recorded)


@pytest.mark.parametrize(
    "pair", ["llama-stack-0.2.24-to-llama-stack-0.7.3", "llama-stack-0.7.3-to-ogx-1.5.0"]
)
async def test_stores_go_to_postgres_with_the_rows_that_the_package_was_seen_to_read_there_and_back(
    pair: str, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    """`reading-PAIR.json` is what the package's classes answered on SQLite, `reading-postgres-PAIR.json` on PostgreSQL."""
    version = pair.partition("-to-")[2]
    old = tmp_path / "old"
    old.mkdir()
    restore(saved(pair), old)
    keys = old / "kvstore.db"
    with closing(sqlite3.connect(keys)) as connection, connection:
        # No reference of the configs leads to those.
        connection.execute("DELETE FROM kvstore WHERE key LIKE '%localfs_datasets:%'")
    before = {name: content(old / name) for name in ("kvstore.db", "sql_store.db")}
    moving = Moving(tmp_path, version, config_of(version, str(old), "/srv/new/files"))
    fields = {name: value for name, value in fields_on(postgres_store).items() if name != "table_name"}
    for backend in ("kv", "sql"):
        await moving.to("postgres", backend=backend, **fields)
    found = stored(postgres_store)
    wanted = expected(saved(pair))
    kept = [row for row in wanted[KEYS] if "localfs_datasets:" not in str(row[1])]
    if not version.startswith("ogx"):
        found[KEYS] = sorted(((end, raw(key), value) for end, key, value in found[KEYS]), key=str)
    assert found == {**wanted, KEYS: kept}
    for backend, name in (("kv", "kvstore.db"), ("sql", "sql_store.db")):
        await moving.to("sqlite", backend=backend, db_path=str(tmp_path / name))
        assert content(tmp_path / name) == before[name]
