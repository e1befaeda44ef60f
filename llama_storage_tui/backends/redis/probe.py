"""What an operator wants to know of a Redis server: INFO, which changes nothing, and when it saves."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from llama_storage_tui.backends.protocols import Prober
from llama_storage_tui.backends.redis.commands import Command
from llama_storage_tui.backends.redis.connecting import RedisConnection
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import FailureKind
from llama_storage_tui.model.data import Cell, Obstacle, Probe
from llama_storage_tui.model.limits import Timeouts

_NEARLY_FULL: Final = 0.9
_NAMES: Final = (("valkey_version", "Valkey"), ("dragonfly_version", "Dragonfly"), ("redis_version", "Redis"))
"""What speaks the protocol, by the field of INFO that it alone has."""


@dataclass(frozen=True, slots=True)
class RedisProber(Prober):
    """The test of a Redis server."""

    connection: RedisConnection
    target: RedisTarget
    timeouts: Timeouts

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect and describe; there is nothing more thorough than that."""
        del thorough
        started = time.perf_counter()
        await self.connection.one(Command.TIME, seconds=self.timeouts.connect)
        latency_ms = (time.perf_counter() - started) * 1000
        questions = [(Command.INFO,), (Command.SIZE,), (Command.SAVE_POINTS, "save")]
        info, size, saving = await self.connection.ask(questions, seconds=self.timeouts.query)
        answer = RedisAnswer(self.connection.accepted(info), self.connection.accepted(size), _points(saving))
        return Probe(
            server=answer.server,
            user=(self.target.user or "default") if self.target.password is not None else None,
            tls=None,
            is_writable=answer.is_writable,
            latency_ms=latency_ms,
            details=dict(answer.details(self.target.database)),
            warnings=tuple(answer.warnings()),
            obstacles=tuple(answer.obstacles()),
        )


def _points(answer: object) -> str | None:
    """Return when snapshots are made, '' for never; None where the server does not tell (CONFIG is often not allowed)."""
    if not isinstance(answer, Mapping):
        return None
    found = answer.get("save", answer.get(b"save"))
    return found.decode() if isinstance(found, bytes) else found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True)
class RedisAnswer:
    """What the server says: the fields of INFO, the keys of the database, and its save points (None: not told)."""

    info: Mapping[str, Any]
    keys: int
    save_points: str | None

    @property
    def server(self) -> str:
        """Its name and version."""
        return next((f"{name} {self.info[field]}" for field, name in _NAMES if self.info.get(field)), "Redis")

    @property
    def is_replica(self) -> bool:
        """Whether it follows another server."""
        return self.info.get("role") == "slave"

    @property
    def is_cluster(self) -> bool:
        """Whether it holds a part of the keys of a cluster."""
        return bool(self.info.get("cluster_enabled"))

    @property
    def is_writable(self) -> bool:
        """Whether servers could write there."""
        return not self.is_cluster and not (self.is_replica and self.info.get("slave_read_only", 1))

    @property
    def policy(self) -> str:
        """What it does when its memory is full."""
        return str(self.info.get("maxmemory_policy", "unknown"))

    @property
    def limit(self) -> int:
        """The bytes that it may use; 0 for all there are."""
        return int(self.info.get("maxmemory", 0))

    def details(self, database: int) -> Iterator[tuple[str, Cell]]:
        """Yield the facts, in the order to show them."""
        info = self.info
        role = (
            "replica" if self.is_replica else "primary" if info.get("role") == "master" else info.get("role")
        )
        yield "role", role
        if self.is_replica:
            yield (
                "primary",
                f"{info.get('master_host')}:{info.get('master_port')} ({info.get('master_link_status')})",
            )
        else:
            yield "replicas", info.get("connected_slaves")
        yield "mode", "cluster" if self.is_cluster else str(info.get("redis_mode", "standalone"))
        yield f"keys in db {database}", self.keys
        yield "memory bytes", info.get("used_memory")
        yield "maxmemory bytes", self.limit or "none"
        yield "eviction policy", self.policy
        yield "persistence", self._persistence()
        yield "connected clients", info.get("connected_clients")

    def _persistence(self) -> str:
        rdb = {None: "RDB: unknown", "": "RDB: off"}.get(self.save_points, f"RDB: {self.save_points}")
        return f"{rdb}; AOF: {'on' if self.info.get('aof_enabled') else 'off'}"

    def warnings(self) -> Iterator[str]:
        """Yield what may lose rows, or refuse them."""
        if self.limit and self.policy.startswith("allkeys"):
            yield (
                f"When its memory is full the server removes keys on its own ({self.policy}): registrations, prompts and files are"
                " lost without a word. With maxmemory-policy noeviction it refuses writes instead."
            )
        elif self.limit and self.policy.startswith("volatile"):
            yield f"When its memory is full the server removes keys that have an expiry before that comes ({self.policy})."
        used = int(self.info.get("used_memory", 0))
        if self.limit and used >= self.limit * _NEARLY_FULL:
            share = round(100 * used / self.limit)
            yield f"{share} % of maxmemory is used: when it is full, writes are refused or keys are removed."
        if not self.info.get("aof_enabled"):
            if self.save_points == "":
                yield "Nothing is written to disk (no RDB snapshots, no AOF): all keys are lost when the server restarts."
            elif self.save_points is None:
                yield "AOF is off, and whether the server makes RDB snapshots is not known: without them a restart loses all keys."
        if self.info.get("rdb_last_bgsave_status") == "err":
            yield "The last RDB snapshot failed, for which the server may refuse every write (stop-writes-on-bgsave-error)."
        if self.info.get("aof_last_write_status") == "err":
            yield "The last write to the AOF failed: the server refuses every write until it succeeds."

    def obstacles(self) -> Iterator[Obstacle]:
        """Yield why a server could not work with it."""
        if self.is_cluster:
            yield Obstacle(
                FailureKind.UNSUPPORTED,
                "This is a node of a Redis Cluster: it refuses the keys of other nodes (MOVED), and servers do not follow.",
                "Use a Redis that is not a cluster, or a proxy that speaks for all of it.",
            )
        elif not self.is_writable:
            place = f"{self.info.get('master_host')}:{self.info.get('master_port')}"
            yield Obstacle(
                FailureKind.READ_ONLY,
                f"This is a replica, which refuses every write; its primary is {place}.",
                "Give the host and port of the primary.",
            )
