"""What is promised of speed and memory, in one table: each figure with its ratio, its processor time and its limit.

    python -m tests.benchmarks [--small] [WORDS]

WORDS choose the lines whose name contains them; --small takes little of everything, to see that it runs. Two sides of a ratio take
turns in one run and their medians are compared. Ratios are of processor time where nothing waits, since other work on the machine
changes that least; "clock" stands beside those that are by the clock.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from llama_storage_tui.demo.deployment import make_deployment
from llama_storage_tui.services.responses.listing import list_responses, search_responses
from llama_storage_tui.services.values import LARGEST_PARSED, decode
from tests.benchmarks import bench_responses, bench_size
from tests.benchmarks.bench_start import EMPTY_APP
from tests.benchmarks.measuring import Drawn, Spent, best, in_turn, processor_time, run
from tests.queries import asking
from tests.response_rows import document
from tests.response_stores import create_tables, keeping
from tests.stores import SqliteStore

_RESPONSE: Final = "resp_f8c93630-4a00-4334-9b83-28990b04941a"
"""One of the demo's."""
IMPORTS: Final = "import yaml, pydantic, click"


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    runs: int = 7
    rows: int = 300_000
    searched: int = 1_000_000
    megabytes: int = 10
    large: int = 20
    value: int = 50
    files: int = 95
    silent: int = 5
    timeout: int = 5
    providers: int = 500
    backends: int = 100


SMALL: Final = Sizes(1, 2_000, 2_000, 1, 3, 1, 3, 1, 1, 20, 5)


class Bench:
    """The folder, the environment and the programs of all measurements."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder = folder
        self.sizes = sizes
        (folder / "demo").mkdir()
        self.request = make_deployment(folder / "demo")
        left_out = ("PYTHONDONTWRITEBYTECODE", "COLUMNS", "LINES")
        self.environment = {name: value for name, value in os.environ.items() if name not in left_out} | {
            "TERM": "xterm-256color",
            # Compiled once, for ours and for others alike, as pip leaves it.
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            "XDG_STATE_HOME": str(folder / "state"),
            # Nothing that somebody chose in the app before.
            "LLAMA_STORAGE_TUI_CONFIG": str(folder / "config.toml"),
        }
        self.ours = [sys.executable, "-m", "llama_storage_tui"]
        paths = [f"--map-path={before}={after}" for before, after in self.request.path_map]
        self.config = [self.request.config, "--env-file", self.request.env_files[0], "--no-environ", *paths]

    def command(self, *words: str) -> Spent:
        """Run one of our commands."""
        return run([*self.ours, *words], self.environment)

    def imports(self) -> Spent:
        """Run what the commands are compared with."""
        return run([sys.executable, "-c", IMPORTS], self.environment)

    def paint(self, command: list[str], mark: bytes, processors: set[int] | None = None) -> Spent:
        """Return what a program takes until something is drawn."""
        with Drawn(command, self.environment, processors=processors) as drawn:
            drawn.until(mark)
            return drawn.spent

    def empty(self, processors: set[int] | None = None) -> Spent:
        """Return what an empty Textual app takes until its only text is drawn."""
        return self.paint([sys.executable, "-c", EMPTY_APP], b"first paint", processors)

    def app(self, processors: set[int] | None = None) -> Spent:
        """Return what the app takes until its catalog is drawn."""
        return self.paint([*self.ours, *self.config], b"kv_default", processors)


@dataclass(frozen=True)
class Figure:
    """One line of the table: a value with its limit, and what it was made of."""

    name: str
    value: float | None
    limit: float
    unit: str = "x"
    made_of: str = ""

    def __str__(self) -> str:
        shown = "-" if self.value is None else f"{self.value:.2f} {self.unit}"
        mark = "" if self.value is None or self.value <= self.limit else " *"
        return f"{self.name:<62} {shown:>12} {f'<= {self.limit:g}':>9}{mark:2}  {self.made_of}"


def _ratio(name: str, ours: Spent, theirs: Spent, limit: float, *, by: str = "cpu") -> Figure:
    ours_, theirs_ = getattr(ours, by), getattr(theirs, by)
    kind = "clock" if by == "wall" else by
    made_of = f"{kind} {ours_:.3f} s / {theirs_:.3f} s"
    if by == "cpu":
        made_of += f", clock {ours.wall:.2f} / {theirs.wall:.2f}"
    return Figure(name, ours_ / theirs_ if theirs_ else None, limit, made_of=made_of)


def first_paint(bench: Bench) -> Iterator[Figure]:
    """Yield what the first frame takes beside an empty Textual app, and beside harlequin where that is installed."""
    ours, empty = in_turn(bench.sizes.runs, bench.app, bench.empty)
    yield _ratio("first paint / empty Textual app, all processors", ours, empty, 1.25, by="wall")
    one = {min(os.sched_getaffinity(0))}
    alone, empty = in_turn(bench.sizes.runs, lambda: bench.app(one), lambda: bench.empty(one))
    yield _ratio("first paint / empty Textual app, one processor", alone, empty, 1.4)
    harlequin = shutil.which("harlequin")
    if harlequin is None:
        yield Figure(
            "first paint / harlequin on the same file", None, 0.35, made_of="harlequin is not installed"
        )
        return
    file = str(next(Path(bench.request.config).parent.rglob("*.db")))
    ours, theirs = in_turn(
        bench.sizes.runs, bench.app, lambda: bench.paint([harlequin, "-a", "sqlite", file], b"Run Query")
    )
    yield _ratio("first paint / harlequin on the same file", ours, theirs, 0.35, by="wall")


def commands(bench: Bench) -> Iterator[Figure]:
    """Yield what short commands take beside the imports that they cannot do without."""
    for words, limit in (
        (("check", *bench.config, "--json"), 2.0),
        (("show", *bench.config, "--json"), 3.0),
        (("test", bench.config[0], "kv_default", *bench.config[1:], "--json"), 3.0),
        (("keys", bench.config[0], "kv_default", "registry", *bench.config[1:], "--json"), 3.0),
        (("responses", bench.config[0], "show", _RESPONSE, *bench.config[1:], "--json"), 3.0),
    ):
        ours, theirs = in_turn(bench.sizes.runs, lambda words=words: bench.command(*words), bench.imports)  # type: ignore[misc]
        yield _ratio(f"{words[0]} --json / {IMPORTS}", ours, theirs, limit)


def _filled(bench: Bench, rows: int) -> SqliteStore:
    store = SqliteStore(bench.folder / f"{rows}.db")
    if not store.path.exists():
        bench_responses.create(store)
        bench_responses.fill_sqlite(store, rows)
    return store


def _timed(work: Callable[[], Any]) -> Spent:
    started, before = time.perf_counter(), processor_time()
    work()
    return Spent(time.perf_counter() - started, processor_time() - before)


def newest_page(bench: Bench) -> Iterator[Figure]:
    """Yield what the newest page of many responses takes, in exact order and without an index."""
    store = _filled(bench, bench.sizes.rows)

    async def ours() -> Spent:
        async with keeping(store).session() as session:
            await list_responses(session, asking(limit=1))
            started, before = time.perf_counter(), processor_time()
            await list_responses(session, asking(limit=100))
            return Spent(time.perf_counter() - started, processor_time() - before)

    def theirs() -> None:
        with closing(sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT * FROM responses ORDER BY created_at DESC LIMIT 100").fetchall()

    found = [(asyncio.run(ours()), _timed(theirs)) for _ in range(3)]
    name = f"newest page of {store.path.stem} SQLite responses / ORDER BY created_at"
    yield _ratio(name, best([own for own, _ in found]), best([other for _, other in found]), 0.25)


def text_search(bench: Bench) -> Iterator[Figure]:
    """Yield what a search for a text takes beside the engine's own scan."""
    store = _filled(bench, bench.sizes.searched)

    async def ours() -> Spent:
        async with keeping(store).session() as session:
            started, before = time.perf_counter(), processor_time()
            async for _ in search_responses(session, asking(contains=bench_responses.NEEDLE)):
                pass
            return Spent(time.perf_counter() - started, processor_time() - before)

    scan = bench_responses.sqlite_scan(store)
    every = os.sched_getaffinity(0)
    name = f"text search of {store.path.stem} SQLite responses / the engine's scan"
    for title, processors, limit in ((name, every, 0.8), (f"{name}, one processor", {min(every)}, 1.1)):
        os.sched_setaffinity(0, processors)
        try:
            found = [(asyncio.run(ours()), _timed(lambda: asyncio.run(_awaited(scan)))) for _ in range(2)]
        finally:
            os.sched_setaffinity(0, every)
        own, other = best([each for each, _ in found]), best([each for _, each in found])
        yield _ratio(title, own, other, limit, by="wall" if processors == every else "cpu")


async def _awaited(work: Callable[[], Any]) -> None:
    await work()


def large_rows(bench: Bench) -> Iterator[Figure]:
    """Yield the memory of a page of large rows over that of small ones."""
    folder = bench.folder / "large"
    folder.mkdir()
    store = SqliteStore(folder / "sql.db")
    config = bench_size.config_on(store, folder)
    create_tables(store, bench_size.VERSION)
    words = ("responses", config, "list", "--json", "--for", bench_size.VERSION)
    bench_size.fill(store, json.dumps(document("resp_1")), bench.sizes.large)
    bench.command(*words)  # compiles
    small = bench.command(*words)
    for name, body in bench_size.bodies(bench.sizes.megabytes * 1_000_000):
        bench_size.fill(store, body, bench.sizes.large)
        spent = bench.command(*words)
        yield Figure(
            f"list of {bench.sizes.large} rows of {bench.sizes.megabytes} MB ({name}), over small rows",
            spent.memory - small.memory,
            64,
            "MiB",
            f"{spent.memory:.0f} MiB / {small.memory:.0f} MiB, cpu {spent.cpu:.2f} s",
        )


def large_value(bench: Bench) -> Iterator[Figure]:
    """Yield how long the event loop is held while a large value is read in a thread, as a screen does it."""
    gc.set_threshold(100_000)  # as the program does

    async def held(value: str) -> float:
        lag = bench_responses.Lag()
        watching = asyncio.ensure_future(lag.watch())
        await asyncio.sleep(0.05)
        await asyncio.to_thread(decode, value)
        await asyncio.sleep(0.01)
        watching.cancel()
        return lag.worst

    for size in (bench.sizes.value, bench.sizes.value * 0.3):
        items = [{"id": number, "text": "lorem ipsum"} for number in range(int(size * 25_000))]
        value = json.dumps(items)
        worst = min(asyncio.run(held(value)) for _ in range(5))
        shown = "as a tree" if len(value) <= LARGEST_PARSED else "as text"
        yield Figure(
            f"longest hold of the event loop, {len(value) / 1e6:.0f} MB of JSON shown {shown}",
            worst,
            50,
            "ms",
            "clock",
        )


def cursor_down(bench: Bench) -> Iterator[Figure]:
    """Yield what one step through the list of responses sends to the terminal."""
    with Drawn([*bench.ours, *bench.config], bench.environment) as drawn:
        drawn.until(b"kv_default")
        drawn.press_until(b"w", b"resp_")
        steps = [len(drawn.press(b"\x1b[B")) for _ in range(5)]
    yield Figure("cursor down in the list of responses", sorted(steps)[2] / 1000, 2, "kB")


def many_backends(bench: Bench) -> Iterator[Figure]:
    """Yield the seconds of a test of many files and of servers that never answer."""
    sizes = bench.sizes
    folder = bench.folder / "many"
    folder.mkdir()
    with ExitStack() as stack:
        backends = {}
        for number in range(sizes.files):
            store = SqliteStore(folder / f"{number}.db")
            store.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
            backends[f"kv{number}"] = {"type": "kv_sqlite", "db_path": str(store.path)}
        for number in range(sizes.silent):
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = listening.getsockname()[1]
            login = {"host": "127.0.0.1", "port": port, "db": "x", "user": "u", "password": "p"}
            backends[f"sql{number}"] = {"type": "sql_postgres", **login}
        path = folder / "config.yaml"
        path.write_text(json.dumps(_config(backends, {})))
        spent = bench.command("test", str(path), "--json", "--timeout", str(sizes.timeout))
    name = f"test of {sizes.files} SQLite files, {sizes.silent} silent servers, timeout {sizes.timeout} s"
    yield Figure(name, spent.wall, 1.1 * sizes.timeout, "s", f"cpu {spent.cpu:.2f} s")


def _config(backends: dict[str, Any], providers: dict[str, Any]) -> dict[str, Any]:
    stores = {"metadata": {"backend": next(iter(backends)), "namespace": "registry"}}
    return {
        "version": 2,
        "distro_name": "bench",
        "apis": [*providers],
        "providers": providers,
        "storage": {"backends": backends, "stores": stores},
    }


def large_config(bench: Bench) -> Iterator[Figure]:
    """Yield what a config of many providers and backends costs over a small one."""
    configs = []
    for name, providers, backends in (
        ("small", 1, 1),
        ("large", bench.sizes.providers, bench.sizes.backends),
    ):
        files = {
            f"kv_{number}": {"type": "kv_sqlite", "db_path": f"/srv/{number}.db"}
            for number in range(backends)
        }
        inference = [
            {
                "provider_id": f"vllm{number}",
                "provider_type": "remote::vllm",
                "config": {"base_url": "http://inference.internal/v1"},
            }
            for number in range(providers)
        ]
        # The backends that a server falls back on: without them no release loads the file, and each is tried.
        files |= {
            "kv_default": {"type": "kv_sqlite", "db_path": "/srv/kv.db"},
            "sql_default": {"type": "sql_sqlite", "db_path": "/srv/sql.db"},
        }
        path = bench.folder / f"{name}.yaml"
        path.write_text(json.dumps(_config(files, {"inference": inference}), indent=1))
        configs.append(str(path))
    small, large = (
        lambda config=config: bench.paint([*bench.ours, config, "--no-environ"], b"kv_0")
        for config in configs
    )
    few, many = in_turn(bench.sizes.runs, small, large)
    title = f"{bench.sizes.providers} providers, {bench.sizes.backends} backends"
    yield _ratio(f"first paint of {title} / of a small config", many, few, 1.25, by="wall")
    few, many = in_turn(
        bench.sizes.runs,
        *(lambda config=config: bench.command("check", config, "--json") for config in configs),
    )
    yield Figure(
        f"check of {title}, over a small one",
        many.cpu - few.cpu,
        0.15,
        "s",
        f"cpu {many.cpu:.2f} s / {few.cpu:.2f} s",
    )


def memory(bench: Bench) -> Iterator[Figure]:
    """Yield the memory of the app beside that of an empty Textual app."""
    empty = bench.empty().memory
    with Drawn([*bench.ours, *bench.config], bench.environment) as drawn:
        drawn.until(b"kv_default")
        drawn.press(b"", quiet=2.0)
        catalog = drawn.spent.memory
        drawn.press_until(b"w", b"resp_")
        responses = drawn.spent.memory
    for name, held, limit in (("catalog", catalog, 1.5), ("after the list of responses", responses, 2.0)):
        yield Figure(
            f"memory of the app / empty Textual app, {name}",
            held / empty,
            limit,
            made_of=f"{held:.0f} / {empty:.0f} MiB",
        )


ALL: Final = (
    first_paint,
    commands,
    newest_page,
    text_search,
    large_rows,
    large_value,
    cursor_down,
    many_backends,
    large_config,
    memory,
)


def main(words: list[str]) -> None:
    """Print the table."""
    sizes = SMALL if "--small" in words else replace(Sizes())
    chosen = [word for word in words if not word.startswith("-")]
    print(
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}, {time.strftime('%Y-%m-%d')}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), sizes)
        for measure in ALL:
            if not chosen or any(word in measure.__name__ for word in chosen):
                for figure in measure(bench):
                    print(figure, flush=True)
    print("\n* above its limit")


if __name__ == "__main__":
    main(sys.argv[1:])
