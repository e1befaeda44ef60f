"""Following a list of responses while 50 a second are stored: what it costs, and whether it holds a writer up.

    python tests/benchmarks/bench_follow.py [SECONDS] [ROWS] [PER_SECOND]

Prints for SQLite and PostgreSQL the share of a core that `list --follow` and the app take (processor time of the whole process
tree by the wall clock, after the start), and how long a writer's commits took with and without them: median, p99 and worst. The two
ways take turns, so that a busy machine is busy for both. ROWS are stored before.
"""

from __future__ import annotations

import fcntl
import os
import pty
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import asyncpg
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

import asyncio

from tests.deployments import backend_of, config_of
from tests.response_rows import message, row
from tests.response_stores import COLUMNS, PROVIDERS, STORES, create
from tests.servers import DATABASE, PASSWORD, postgres
from tests.stores import PostgresStore, SqliteStore, Store

NAMES = COLUMNS.split(", ")


def made(number: int) -> tuple[object, ...]:
    """Make a row of about 3 KB."""
    answer = message("word " * 500, role="assistant", id_=f"msg_{number}")
    found = row(f"resp_{number:09d}", created_at=int(time.time()), output=[answer])
    return tuple(found[name] for name in NAMES)


class Writer(Protocol):
    """Stores rows, each in a transaction of its own."""

    def fill(self, count: int) -> None: ...

    def one(self, values: tuple[object, ...]) -> None: ...


class SqliteWriter:
    def __init__(self, store: SqliteStore) -> None:
        self._connection = sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._sql = f"INSERT INTO responses ({COLUMNS}) VALUES ({', '.join('?' * len(NAMES))})"

    def fill(self, count: int) -> None:
        self._connection.execute("BEGIN")
        self._connection.executemany(self._sql, map(made, range(count)))
        self._connection.execute("COMMIT")

    def one(self, values: tuple[object, ...]) -> None:
        self._connection.execute(self._sql, values)


class PostgresWriter:
    def __init__(self, store: PostgresStore) -> None:
        self._loop = asyncio.new_event_loop()
        self._connection = self._loop.run_until_complete(
            asyncpg.connect(
                host="127.0.0.1",
                port=store.server.port,
                database=DATABASE,
                user="operator",
                password=PASSWORD,
            )
        )
        marks = ", ".join(f"${index + 1}" for index in range(len(NAMES)))
        self._sql = f"INSERT INTO responses ({COLUMNS}) VALUES ({marks})"

    def fill(self, count: int) -> None:
        copied = self._connection.copy_records_to_table(
            "responses", records=map(made, range(count)), columns=NAMES
        )
        self._loop.run_until_complete(copied)

    def one(self, values: tuple[object, ...]) -> None:
        self._loop.run_until_complete(self._connection.execute(self._sql, *values))


@dataclass
class Load:
    """Rows stored at a steady pace, and how long each commit took."""

    writer: Writer
    per_second: float
    number: int = 1_000_000
    times: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        due = time.monotonic()
        while due < end:
            values = made(self.number)
            self.number += 1
            start = time.perf_counter()
            self.writer.one(values)
            self.times.append((time.perf_counter() - start) * 1000)
            due += 1 / self.per_second
            time.sleep(max(0.0, due - time.monotonic()))

    def take(self) -> list[float]:
        found, self.times = self.times, []
        return found


def _program(config: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "llama_storage_tui", *words[:1], str(config), *words[1:]]


@contextmanager
def streaming(config: Path) -> Iterator[psutil.Process]:
    """Run `responses list --follow` with its lines read."""
    process = subprocess.Popen(
        _program(config, "responses", "list", "--follow"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


@contextmanager
def app(config: Path) -> Iterator[psutil.Process]:
    """Run the app in a terminal of 140×42, in the list of responses, following."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 42, 140, 0, 0))
    command = [word for word in _program(config, "") if word]
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
        env=os.environ | {"TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(follower)
    written = [0]

    def drain() -> None:
        while True:
            try:
                chunk = os.read(leader, 1 << 16)
            except OSError:
                return
            written[0] += len(chunk)

    threading.Thread(target=drain, daemon=True).start()
    try:
        time.sleep(4)
        os.write(leader, b"w")
        time.sleep(3)
        os.write(leader, b"F")
        yield psutil.Process(process.pid)
        print(f"    {written[0] / 1000:,.0f} kB written to the terminal in all")
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def _said(times: Sequence[float]) -> str:
    ordered = sorted(times)
    p99 = ordered[int(len(ordered) * 0.99)]
    return f"median {statistics.median(ordered):6.2f}  p99 {p99:6.2f}  worst {ordered[-1]:6.2f} ms"


Way = Callable[[Path], AbstractContextManager[psutil.Process]]


def measure(name: str, config: Path, load: Load, seconds: float) -> None:
    """Print what each way of following costs, turn by turn."""
    print(name)
    for words, way in (("list --follow", streaming), ("the app", app)):
        alone: list[float] = []
        beside: list[float] = []
        shares: list[float] = []
        with way(config) as process:
            load.run(4)
            load.take()
            for _ in range(3):
                process.suspend()
                load.run(seconds / 6)
                alone += load.take()
                process.resume()
                load.run(2)  # what came up meanwhile is caught up with
                load.take()
                before, start = _used(process), time.monotonic()
                load.run(seconds / 6)
                shares.append((_used(process) - before) / (time.monotonic() - start) * 100)
                beside += load.take()
        print(
            f"  {words:14} {min(shares):.1f} % of a core at least, {statistics.median(shares):.1f} % median"
        )
        print(f"    writer without {_said(alone)}")
        print(f"    writer beside  {_said(beside)}")


def _used(process: psutil.Process) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))


def _config(store: Store, folder: Path) -> Path:
    providers = PROVIDERS["1.5.0"] | {
        "responses": [
            {
                "provider_id": "builtin",
                "provider_type": "inline::builtin",
                "config": {
                    "persistence": {"responses": {"backend": "sql_default", "table_name": "responses"}}
                },
            }
        ]
    }
    backends: dict[str, dict[str, object]] = {
        "sql_default": backend_of(store, "sql"),
        "kv_default": {"type": "kv_sqlite", "db_path": str(folder / "kv.db")},
    }
    path = folder / f"{store.engine}.json"
    path.write_text(config_of(backends, STORES, providers))
    return path


def main(seconds: float, rows: int, per_second: float) -> None:
    """Measure both engines."""
    print(f"{per_second:g} rows a second beside {rows:,} that are there; ms for each commit of one row")
    with tempfile.TemporaryDirectory() as name, postgres() as server:
        folder = Path(name)
        stores: list[tuple[str, SqliteStore | PostgresStore]] = [
            ("SQLite", SqliteStore(folder / "sql.db")),
            ("PostgreSQL", PostgresStore(server, DATABASE)),
        ]
        for title, store in stores:
            create(store)
            writer = SqliteWriter(store) if isinstance(store, SqliteStore) else PostgresWriter(store)
            writer.fill(rows)
            measure(title, _config(store, folder), Load(writer, per_second), seconds)


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(
        given[0] if given else 60,
        int(given[1]) if len(given) > 1 else 20_000,
        given[2] if len(given) > 2 else 50,
    )
