"""How fast keys move from SQLite to Redis, beside `redis-cli --pipe` of the same keys: both sides take turns.

    python tests/benchmarks/bench_move_keys.py [KEYS [TURNS]]

$REDIS_SERVER and redis-cli are needed. Besides the seconds it prints the processor time: of the server and of the client.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.move import MoveChange
from llama_storage_tui.services.move.service import BackendMove
from llama_storage_tui.services.requests import LoadRequest
from tests.redis_servers import RedisServer, redis_process
from tests.stores import KEY_VALUE_TABLE

CONFIG = """
version: 2
distro_name: x
apis: []
providers: {}
storage:
  backends: {kv: {type: kv_sqlite, db_path: keys.db}}
  stores: {metadata: {backend: kv, namespace: registry}}
"""


def row(number: int) -> tuple[str, str]:
    name = f"model-{number:07}"
    value = f'{{"identifier": "{name}", "type": "model", "provider_id": "openai", "owner": null}}'
    return f"registry:distributions:registry:v10::model:{name}", value


def fill(folder: Path, keys: int) -> None:
    """Write the keys to a SQLite file, and as redis-cli takes them."""
    with closing(sqlite3.connect(folder / "keys.db")) as connection, connection:
        connection.execute(KEY_VALUE_TABLE)
        connection.executemany("INSERT INTO kvstore VALUES (?, ?, NULL)", map(row, range(keys)))
    with (folder / "keys.resp").open("wb") as file:
        for number in range(keys):
            key, value = (each.encode() for each in row(number))
            file.write(b"*3\r\n$3\r\nSET\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(key), key, len(value), value))


def piped(server: RedisServer, folder: Path) -> float:
    began = time.perf_counter()
    with (folder / "keys.resp").open("rb") as file:
        command = ("redis-cli", "-p", str(server.port), "--pipe")
        subprocess.run(command, stdin=file, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def moved(server: RedisServer, folder: Path, turn: int) -> float:
    config = folder / f"config-{turn}.yaml"
    config.write_text(CONFIG.replace("keys.db", str(folder / "keys.db")))
    environ = {"HOME": str(folder), "LLAMA_STORAGE_TUI_STATE_DIR": str(folder / "state")}
    moving = BackendMove(LoadRequest(str(config), version="1.5.0", environ=environ), Timeouts())
    change = MoveChange("kv", "redis", {"host": "127.0.0.1", "port": str(server.port)})

    async def work() -> float:
        plan = await moving.plan(change)
        began = time.perf_counter()
        await moving.apply(plan, change, lambda _: None, lambda _: None, accepts_open=True)
        return time.perf_counter() - began

    return asyncio.run(work())


def _used(server: RedisServer) -> float:
    about: Any = server.said("INFO", "cpu")
    return float(about["used_cpu_user"]) + float(about["used_cpu_sys"])


def main(keys: int, turns: int) -> None:
    with tempfile.TemporaryDirectory() as name, redis_process() as server:
        folder = Path(name)
        fill(folder, keys)
        times: dict[str, list[float]] = {"redis-cli --pipe": [], "move": []}
        for turn in range(turns):
            for side in times:
                before = _used(server)
                mine = time.process_time()
                seconds = moved(server, folder, turn) if side == "move" else piped(server, folder)
                assert server.client.dbsize() == keys
                of_server = _used(server) - before
                print(
                    f"{side}: {seconds:.2f} s, processor {time.process_time() - mine:.2f} s, the server's {of_server:.2f} s"
                )
                times[side].append(seconds)
                server.client.flushall()
        for side, found in times.items():
            print(f"{side}: least {min(found):.2f} s, median {median(found):.2f} s of {keys:,} keys")
        print(f"move / pipe: {min(times['move']) / min(times['redis-cli --pipe']):.2f}")
        print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")


if __name__ == "__main__":
    gc.set_threshold(100_000)  # as the program does
    os.environ.setdefault("REDIS_SERVER", "/usr/bin/redis-server")
    given = [int(each) for each in sys.argv[1:]]
    main(*(*given, *(1_000_000, 3)[len(given) :]))
