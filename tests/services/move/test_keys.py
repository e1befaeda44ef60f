"""Keys that move to Redis and from it: TTLs, keys that change meanwhile, a full or foreign target, and every interrupted end."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.model.move import MoveChange, MovePlan
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer_result import TransferResult
from llama_storage_tui.services.move.service import BackendMove
from llama_storage_tui.services.requests import LoadRequest
from tests.patience import PATIENT
from tests.redis_servers import RedisServer, needed, redis_process
from tests.stores import KEY_VALUE_TABLE, RedisStore
from tests.transfers import Killed, ignore

REGISTRY = "registry:distributions:registry:v10::model:"
CONFIG = """
version: 2
{name}: made-up
apis: []
providers:
  tool_runtime:
  - {{provider_id: external, provider_type: remote::external, config: {{r: {{backend: kv, namespace: other}}}}}}
storage:
  backends:
    kv: {{{backend}}}
  stores:
    metadata: {{backend: kv, namespace: registry}}
"""


class Deployment:
    """A config whose one backend holds keys."""

    def __init__(self, folder: Path, backend: str, version: str = "1.5.0") -> None:
        name = "distro_name" if version.startswith("1") else "image_name"
        self.folder, self.config = folder, folder / "config.yaml"
        self.config.write_text(CONFIG.format(name=name, backend=backend))
        environ = {"HOME": str(folder), "LLAMA_STORAGE_TUI_STATE_DIR": str(folder / "state"), "PW": "p"}
        request = LoadRequest(str(self.config), version=version, environ=environ)
        self.moving = BackendMove(request, PATIENT)

    async def plan(self, type_: str, fields: dict[str, str]) -> tuple[MovePlan, MoveChange]:
        change = MoveChange("kv", type_, fields)
        return await self.moving.plan(change), change

    async def move(
        self, type_: str, fields: dict[str, str], at: Callable[[str], None] = lambda _: None
    ) -> TransferResult:
        """Move it; clients of the tests are still connected."""
        plan, change = await self.plan(type_, fields)
        assert plan.refusals == ()
        return await self.moving.apply(plan, change, ignore, at, accepts_open=True)


def ignore_step(_: str) -> None:
    """Hear of a step and do nothing."""


def on(server: RedisServer) -> dict[str, str]:
    return {"host": "127.0.0.1", "port": str(server.port)}


def in_file(path: Path) -> dict[str, tuple[str, str | None]]:
    with closing(sqlite3.connect(path)) as connection:
        return {key: (value, expires) for key, value, expires in connection.execute("SELECT * FROM kvstore")}


def write_file(path: Path, rows: list[tuple[str, object, object]]) -> str:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(KEY_VALUE_TABLE)
        connection.executemany("INSERT INTO kvstore VALUES (?, ?, ?)", rows)
    return f"type: kv_sqlite, db_path: {path}"


async def test_times_of_expiry_go_there_and_back_and_what_has_expired_stays(
    redis_store: RedisStore, tmp_path: Path
) -> None:
    client: Any = redis_store.server.client
    rows: list[tuple[str, object, object]] = [
        (f"{REGISTRY}never", "{}", None),
        (f"{REGISTRY}later", " [1,  2] ", "2999-01-02T03:04:05.250000+00:00"),
        (f"{REGISTRY}over", "{}", "2001-01-02T03:04:05+00:00"),
    ]
    deployment = Deployment(tmp_path, write_file(tmp_path / "kv.db", rows))
    plan, _ = await deployment.plan("redis", on(redis_store.server))
    assert any("Keys that have already expired are not moved" in each for each in plan.transfer.notices)
    await deployment.move("redis", on(redis_store.server))
    assert sorted(client.keys()) == [f"{REGISTRY}{name}".encode() for name in ("later", "never")]
    assert client.ttl(f"{REGISTRY}never") == -1
    left = 32472241445250 - time.time() * 1000
    assert abs(client.pttl(f"{REGISTRY}later") - left) < 5000
    await deployment.move("sqlite", {"db_path": str(tmp_path / "back.db")})
    found = in_file(tmp_path / "back.db")
    assert found[f"{REGISTRY}never"] == ("{}", None)
    assert found[f"{REGISTRY}later"][0] == " [1,  2] "
    assert str(found[f"{REGISTRY}later"][1]).startswith("2999-01-02T03:04:05.")


async def test_what_changes_in_redis_while_it_is_copied_is_found_by_a_later_pass(
    redis_store: RedisStore, tmp_path: Path
) -> None:
    client: Any = redis_store.server.client
    redis_store.fill({f"{REGISTRY}{number}": "old" for number in range(50)} | {"foreign": "1"})
    deployment = Deployment(tmp_path, f"type: kv_redis, host: 127.0.0.1, port: {redis_store.server.port}")
    passes = 0

    def change(step: str) -> None:
        nonlocal passes
        if step == "committed":
            passes += 1
            client.incr("foreign")  # of another program, which never rests
            if passes == 1:
                client.set(f"{REGISTRY}1", "new")
                client.delete(f"{REGISTRY}2")
                client.set(f"{REGISTRY}added", "x", px=10**12)

    result = await deployment.move("sqlite", {"db_path": str(tmp_path / "kv.db")}, change)
    assert result.outcome is Outcome.APPLIED
    assert passes == 3  # the last one finds nothing to follow
    found = in_file(tmp_path / "kv.db")
    assert found.keys() == {
        f"{REGISTRY}{name}" for name in (*(each for each in range(50) if each != 2), "added")
    }
    assert (found[f"{REGISTRY}1"], found[f"{REGISTRY}3"]) == (("new", None), ("old", None))
    assert found[f"{REGISTRY}added"][1] is not None
    assert client.get("foreign") == b"4"


async def test_a_key_that_expires_meanwhile_is_nothing_that_somebody_wrote(
    redis_store: RedisStore, tmp_path: Path
) -> None:
    client: Any = redis_store.server.client
    redis_store.fill({f"{REGISTRY}stays": "1"})
    client.set(f"{REGISTRY}ends", "x", px=2000)
    deployment = Deployment(tmp_path, f"type: kv_redis, host: 127.0.0.1, port: {redis_store.server.port}")
    passes = 0

    def expire(step: str) -> None:
        nonlocal passes
        if step == "committed":
            passes += 1
            client.incr("foreign")
            while client.exists(f"{REGISTRY}ends"):
                pass

    await deployment.move("sqlite", {"db_path": str(tmp_path / "kv.db")}, expire)
    assert passes == 2
    assert in_file(tmp_path / "kv.db") == {f"{REGISTRY}stays": ("1", None)}


async def test_a_key_whose_time_is_over_after_it_was_brought_is_not_left_in_redis(
    redis_store: RedisStore, tmp_path: Path
) -> None:
    client: Any = redis_store.server.client
    file = tmp_path / "kv.db"
    backend = write_file(file, [(f"{REGISTRY}stays", "1", None), (f"{REGISTRY}ends", "1", None)])
    deployment = Deployment(tmp_path, backend)
    passes = 0

    def expire(step: str) -> None:
        nonlocal passes
        if step == "committed":
            passes += 1
            if passes == 1:
                with closing(sqlite3.connect(file)) as connection, connection:
                    connection.execute(
                        "UPDATE kvstore SET value = '2', expiration = '2001-01-02T03:04:05+00:00' WHERE key LIKE '%ends'"
                    )

    await deployment.move("redis", on(redis_store.server), expire)
    assert passes == 2
    assert client.keys() == [f"{REGISTRY}stays".encode()]


@pytest.mark.parametrize("ends", ["resume", "undo"])
async def test_an_interrupted_move_to_redis_is_gone_on_with_or_taken_away(
    redis_store: RedisStore, tmp_path: Path, ends: str
) -> None:
    client: Any = redis_store.server.client
    redis_store.fill({"foreign": "1"})
    rows: list[tuple[str, object, object]] = [(f"{REGISTRY}{each}", f'"{each}"', None) for each in range(40)]
    deployment = Deployment(tmp_path, write_file(tmp_path / "kv.db", [*rows, ("other:a", "1", None)]))
    before = (tmp_path / "kv.db").read_bytes(), deployment.config.read_bytes()

    def stop(step: str) -> None:
        if step == "copied":
            raise Killed

    with pytest.raises(Killed):
        await deployment.move("redis", on(redis_store.server), stop)
    assert client.dbsize() > 1
    assert deployment.config.read_bytes() == before[1]
    if ends == "undo":
        assert (
            await deployment.moving.undo(ignore, ignore_step, accepts_open=True)
        ).outcome is Outcome.UNDONE
        assert client.keys() == [b"foreign"]
        assert ((tmp_path / "kv.db").read_bytes(), deployment.config.read_bytes()) == before
        return
    done = await deployment.moving.resume(ignore, ignore_step, accepts_open=True)
    assert done.outcome is Outcome.RECOVERED
    assert {key.decode(): client.get(key).decode() for key in client.scan_iter()} == {
        "foreign": "1",
        "other:a": "1",
        **{key: value for key, value, _ in rows},
    }
    assert (tmp_path / "kv.db").read_bytes() == before[0]


async def test_keys_that_are_there_are_not_written_over_and_come_up_in_the_plan(
    redis_store: RedisStore, tmp_path: Path
) -> None:
    redis_store.fill({f"{REGISTRY}1": "of somebody else"})
    deployment = Deployment(tmp_path, write_file(tmp_path / "kv.db", [(f"{REGISTRY}1", "mine", None)]))
    plan, change = await deployment.plan("redis", on(redis_store.server))
    assert any("holds rows already" in each for each in plan.refusals)
    redis_store.server.client.flushall()
    plan, change = await deployment.plan("redis", on(redis_store.server))
    redis_store.fill({f"{REGISTRY}1": "of somebody else"})
    with pytest.raises(RefusedError, match="holds rows already"):
        await deployment.moving.apply(plan, change, ignore, ignore_step, accepts_open=True)
    assert redis_store.server.client.get(f"{REGISTRY}1") == b"of somebody else"
    assert deployment.moving.pending() is None


async def test_what_redis_cannot_keep_stops_it_before_the_config(
    redis_store: RedisStore, tmp_path: Path
) -> None:
    rows: list[tuple[str, object, object]] = [(f"{REGISTRY}1", None, None), (f"{REGISTRY}2", b"\xff", None)]
    deployment = Deployment(tmp_path, write_file(tmp_path / "kv.db", rows))
    before = deployment.config.read_bytes()
    with pytest.raises(PendingError, match="is NULL, which Redis cannot store"):
        await deployment.move("redis", on(redis_store.server))
    assert deployment.config.read_bytes() == before
    await deployment.moving.undo(ignore, ignore_step, accepts_open=True)
    assert redis_store.server.client.dbsize() == 0


async def test_a_redis_that_is_full_or_removes_keys_by_itself_is_not_led_to(tmp_path: Path) -> None:
    needed()
    rows: list[tuple[str, object, object]] = [(f"{REGISTRY}{each}", "x" * 2000, None) for each in range(3000)]
    deployment = Deployment(tmp_path, write_file(tmp_path / "kv.db", rows))
    before = deployment.config.read_bytes()
    with redis_process("--maxmemory", "64mb", "--maxmemory-policy", "noeviction") as server:
        plan, change = await deployment.plan("redis", on(server))
        assert plan.refusals == ()
        server.said("CONFIG", "SET", "maxmemory", "3mb")
        with pytest.raises((RefusedError, PendingError), match="memory is full"):
            await deployment.moving.apply(plan, change, ignore, ignore_step, accepts_open=True)
        if deployment.moving.pending() is not None:
            await deployment.moving.undo(ignore, ignore_step, accepts_open=True)
        assert server.client.dbsize() == 0
        plan, change = await deployment.plan("redis", on(server))
        assert "bytes" in plan.refusals[0]
        server.said("CONFIG", "SET", "maxmemory", "64mb")
        server.said("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        plan, change = await deployment.plan("redis", on(server))
        assert any("removes keys on its own (allkeys-random)" in each for each in plan.transfer.notices)
        server.said("CONFIG", "SET", "maxmemory", "4mb")
        with pytest.raises(PendingError):
            await deployment.moving.apply(plan, change, ignore, ignore_step, accepts_open=True)
        await deployment.moving.undo(ignore, ignore_step, accepts_open=True)
        assert server.client.dbsize() == 0
    assert deployment.config.read_bytes() == before


async def test_a_replica_takes_no_keys(redis_store: RedisStore, tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, write_file(tmp_path / "kv.db", [(f"{REGISTRY}1", "1", None)]))
    with redis_process("--replicaof", "127.0.0.1", str(redis_store.server.port)) as replica:
        plan, _ = await deployment.plan("redis", on(replica))
    assert any("This is a replica" in each for each in plan.refusals)


async def test_two_namespaces_that_give_one_raw_key_are_a_conflict_of_the_plan(
    redis_store: RedisStore, tmp_path: Path
) -> None:
    key = REGISTRY.partition(":")[2] + "1"
    redis_store.fill({f"registry:{key}": "{}", f"other:{key}": "{}", "other:apart": "1"})
    backend = f"type: kv_redis, host: 127.0.0.1, port: {redis_store.server.port}"
    deployment = Deployment(tmp_path, backend, "0.7.3")
    plan, change = await deployment.plan("sqlite", {"db_path": str(tmp_path / "kv.db")})
    assert f"the key {key} comes from another namespace, too" in plan.refusals[0]
    redis_store.server.client.delete(f"other:{key}")
    plan, change = await deployment.plan("sqlite", {"db_path": str(tmp_path / "kv.db")})
    assert plan.refusals == ()

    def add(step: str) -> None:
        if step == "committed":
            redis_store.server.client.set(f"other:{key}", "of another namespace")

    with pytest.raises(PendingError, match="comes from another namespace, too"):
        await deployment.moving.apply(plan, change, ignore, add, accepts_open=True)
    assert in_file(tmp_path / "kv.db")[key] == ("{}", None)


async def test_a_key_that_is_no_string_is_said_in_the_plan(redis_store: RedisStore, tmp_path: Path) -> None:
    redis_store.server.said("HSET", f"{REGISTRY}1", "field", "x")
    deployment = Deployment(tmp_path, f"type: kv_redis, host: 127.0.0.1, port: {redis_store.server.port}")
    with pytest.raises(RefusedError, match="is a Redis hash"):
        await deployment.plan("sqlite", {"db_path": str(tmp_path / "kv.db")})


async def test_migrate_data_brings_nothing_to_redis(redis_store: RedisStore, tmp_path: Path) -> None:
    """Only a move knows that its place was empty."""
    from llama_storage_tui.model.transfer_result import TransferTerms
    from llama_storage_tui.services.transfer.service import DataMigration

    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    wrote = Deployment(
        old, write_file(old / "kv.db", [(REGISTRY.partition(":")[2] + "1", "{}", None)]), "0.7.3"
    )
    reads = Deployment(new, f"type: kv_redis, host: 127.0.0.1, port: {redis_store.server.port}")
    request = LoadRequest(str(reads.config), version="1.5.0", environ={"HOME": str(tmp_path)})
    with pytest.raises(RefusedError, match="copies no data from or to Redis"):
        await DataMigration(request, PATIENT, old=str(wrote.config)).plan(TransferTerms())
