"""Redis and MongoDB with a million keys, beside what an operator would type instead.

    python tests/benchmarks/bench_engines.py [KEYS]

Prints seconds of service time, ratios and limits; compare ratios, not times. Beside Redis stand redis-cli and redis-benchmark of the
same machine (Debian: redis-tools), which also share its processors: on a machine without spare ones the last row measures those.
$REDIS_SERVER names the server, else the tests' own is taken. MongoDB is SecantusDB, with a hundredth of the keys.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.services import browse
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from tests.mongo_daemon import ADMINISTRATOR, PASSWORD
from tests.redis_servers import RedisServer, redis_process

PAGE: Final = 100
SPARSE: Final = 1_000
"""One key in so many is of the sparse namespace."""
MEGABYTE: Final = 1024 * 1024
BYTE_ORDER: Final = {"locale": "simple"}
MOST_REQUESTS: Final = 100_000
"""Of the second client, for each measure of its latency; a tenth of the keys where that is less."""

CONFIG = """
version: 2
distro_name: bench
apis: []
providers:
  tool_runtime:
  - provider_id: external
    provider_type: remote::external
    config: {a: {backend: kv, namespace: sparse}, b: {backend: kv, namespace: empty}}
storage:
  backends:
    kv: {BACKEND}
  stores:
    metadata: {backend: kv, namespace: registry}
"""


@contextmanager
def session(backend: str) -> Iterator[Session]:
    """Open a config with one key-value backend."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(CONFIG.replace("{BACKEND}", "{" + backend + "}"))
        yield Session(load(LoadRequest(str(path), environ={"HOME": folder}, version="1.5.0")))


def name_of(number: int) -> str:
    """Return a key: of the sparse namespace, or of the large one."""
    return f"{'registry' if number % SPARSE else 'sparse'}:distributions:registry:v10::model:{number:08d}"


def row(work: str, ours: float | None, theirs: float | None, limit: str, *, unit: str = "s") -> None:
    """Print a line of the table; None for what was not measured."""
    shown = ["-" if value is None else f"{value:.3f} {unit}" for value in (ours, theirs)]
    ratio = "-" if ours is None or not theirs else f"{ours / theirs:.2f}"
    sys.stdout.write(f"{work:<58} {shown[0]:>12} {shown[1]:>12} {ratio:>7}  {limit}\n")


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Return the seconds that something takes."""
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def best(
    ours: Callable[[], Awaitable[object]], *theirs: str, lines: int | None = None
) -> tuple[float, float | None]:
    """Return the best of three seconds each, taken in turns: what else the machine does should meet both."""
    pairs = [(await timed(ours), command(*theirs, lines=lines)) for _ in range(3)]
    beside = [other for _, other in pairs if other is not None]
    return min(own for own, _ in pairs), min(beside, default=None)


def memory() -> float:
    """Return this process's memory in MiB."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / MEGABYTE


def command(*words: str, lines: int | None = None) -> float | None:
    """Return the seconds until a program has written so many lines, or ended; None where it is not installed."""
    if shutil.which(words[0]) is None:
        return None
    started = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for number, _ in enumerate(process.stdout, 1):
            if number == lines:
                break
        took = time.perf_counter() - started
        process.kill()
    return took


async def latency(port: int, requests: int) -> float | None:
    """Return the 99th percentile of a second client's GETs, in milliseconds."""
    if shutil.which("redis-benchmark") is None:
        return None
    words = ("-p", str(port), "-t", "get", "-n", str(requests), "-c", "1", "--csv")
    process = await asyncio.create_subprocess_exec("redis-benchmark", *words, stdout=subprocess.PIPE)
    written, _ = await process.communicate()
    return float(written.decode().splitlines()[-1].replace('"', "").split(",")[6])


def fill_redis(server: RedisServer, keys: int) -> None:
    """Write the keys."""
    with server.client.pipeline(transaction=False) as pipeline:
        for start in range(0, keys, 10_000):
            for number in range(start, min(start + 10_000, keys)):
                pipeline.set(name_of(number), "{}")
            pipeline.execute()


async def measure_redis(server: RedisServer, keys: int) -> None:
    """Print the rows of Redis."""
    port = str(server.port)
    with session(f"type: kv_redis, host: 127.0.0.1, port: {port}") as opened:
        sparse = await browse.namespace(opened, "kv", "sparse")
        everything = await browse.namespace(opened, "kv", "registry")
        most = min(PAGE, keys // SPARSE)
        scan = ("redis-cli", "-p", port, "--scan")
        first, beside = await best(
            lambda: browse.keys(opened, "kv", sparse, limit=most), *scan, "--pattern", "sparse:*", lines=most
        )
        row("first page of a sparse namespace, Redis / redis-cli", first, beside, "<= 1.3")
        await browse.keys(opened, "kv", everything, limit=PAGE)
        before = memory()
        counting, beside = await best(lambda: browse.namespaces(opened, "kv"), *scan)
        row("namespaces counted, Redis / redis-cli --scan | wc -l", counting, beside, "<= 1.5")
        after, read = None, 0
        started = time.perf_counter()
        while True:
            page = await browse.keys(opened, "kv", everything, limit=1_000, after=after)
            read += len(page.keys)
            after = page.next
            if after is None:
                break
        assert read == keys - len(range(0, keys, SPARSE))
        row("all keys read page by page, Redis", time.perf_counter() - started, None, "")
        row("memory after that, beyond the first page", memory() - before, None, "<= 64", unit="MiB")
        await measure_load(opened, server, keys)
        await opened.close()


async def measure_load(opened: Session, server: RedisServer, keys: int) -> None:
    """Print what a second client feels of a scan, and of redis-cli's."""

    async def ours() -> None:
        while True:
            await browse.namespaces(opened, "kv")

    async def theirs() -> None:
        while True:
            words = ("redis-cli", "-p", str(server.port), "--scan")
            process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL)
            try:
                await process.wait()
            finally:
                with suppress(ProcessLookupError):
                    process.kill()

    if shutil.which("redis-cli") is None:
        row("p99 of a second client during a scan / without", None, None, "<= 1.2", unit="ms")
        return
    requests = min(MOST_REQUESTS, keys // 10)
    quiet: list[float] = []
    during: list[float] = []
    beside: list[float] = []
    for _ in range(3):
        quiet.append(await latency(server.port, requests) or 0.0)
        for work, found in ((ours, during), (theirs, beside)):
            task = asyncio.create_task(work())
            found.append(await latency(server.port, requests) or 0.0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    row("p99 of a second client during a scan / without", min(during), min(quiet), "<= 1.2", unit="ms")
    row("p99 during a scan / during one of redis-cli", min(during), min(beside), "", unit="ms")


async def measure_mongodb(keys: int) -> None:
    """Print the row of MongoDB, beside one find of the bare driver in the same order, with a login of its own."""
    try:
        from pymongo import AsyncMongoClient

        from tests.mongo_servers import mongodb
    except ImportError:
        row("first page of a namespace, MongoDB / pymongo", None, None, "<= 2")
        return
    with mongodb() as server:
        with server.client(ADMINISTRATOR, PASSWORD) as client:
            collection = client["stack"]["bench"]
            collection.create_index("key", unique=True)
            for start in range(0, keys, 10_000):
                numbers = range(start, min(start + 10_000, keys))
                collection.insert_many([{"key": name_of(number), "value": "{}"} for number in numbers])

        async def bare() -> None:
            driver: AsyncMongoClient[dict[str, Any]]
            async with AsyncMongoClient(
                "127.0.0.1",
                server.port,
                username=ADMINISTRATOR,
                password=PASSWORD,
                serverMonitoringMode="poll",
            ) as driver:
                wanted = {"key": {"$gte": "registry:", "$lt": "registry;"}}
                # In byte order, as this program asks: the stand-in compares such keys more slowly.
                asked: Any = driver["stack"]["bench"].find(
                    wanted, {"key": 1, "expiration": 1}, collation=BYTE_ORDER
                )
                found: Any = asked.sort("key").limit(PAGE)
                await found.to_list()

        login = f"user: {ADMINISTRATOR}, password: {PASSWORD}"
        place = f"type: kv_mongodb, host: 127.0.0.1, port: {server.port}, db: stack, collection_name: bench"
        with session(f"{place}, {login}") as opened:
            wanted = await browse.namespace(opened, "kv", "registry")
            ours = sorted(
                [await timed(lambda: browse.keys(opened, "kv", wanted, limit=PAGE)) for _ in range(5)]
            )
            theirs = sorted([await timed(bare) for _ in range(5)])
            row("first page of a namespace, MongoDB / pymongo", ours[2], theirs[2], "<= 2")
            await opened.close()


def main() -> None:
    """Measure everything once."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with redis_process() as server:
        fill_redis(server, keys)
        version = server.client.info()["redis_version"]
        sys.stdout.write(f"{keys:,} keys, Redis {version}, {os.cpu_count()} processors\n\n")
        sys.stdout.write(f"{'':<58} {'this':>12} {'other':>12} {'ratio':>7}  limit\n")
        asyncio.run(measure_redis(server, keys))
    asyncio.run(measure_mongodb(max(keys // 100, 1_000)))


if __name__ == "__main__":
    main()
