"""Finding among a million stored responses of 3 KB, beside the engine's own scan.

    python tests/benchmarks/bench_responses.py [ROWS] [FOLDER]

Prints milliseconds of service time and ratios; compare ratios between machines, not times. "Own scan" is the same predicate
as one statement on a bare driver. FOLDER keeps the SQLite file of an earlier run.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import asyncpg
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.records.rows import fields_of
from llama_storage_tui.services.responses.listing import is_large, list_responses, search_responses
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families.responses import RESPONSES
from tests.deployments import Deployment
from tests.libpq import StatementError
from tests.queries import asking
from tests.response_rows import document, message
from tests.response_stores import COLUMNS, keeping
from tests.servers import DATABASE, PASSWORD, postgres
from tests.stores import PostgresStore, SqliteStore, Store

T = TypeVar("T")

WORDS = [
    "registry",
    "quota",
    "stream",
    "namespace",
    "policy",
    "index",
    "cache",
    "prompt",
    "vector",
    "owner",
    "batch",
    "replica",
    "admin",
    "storage",
]
NEEDLE = "Königsberg needle"
ESCAPED = json.dumps(NEEDLE)[1:-1]


def rows(count: int) -> Iterator[tuple[object, ...]]:
    """Make rows of about 3 KB; one in a hundred thousand holds the needle."""
    chance = random.Random(1)  # noqa: S311 - made-up prose
    for number in range(count):
        text = " ".join(chance.choices(WORDS, k=170))
        answer = f"{text} {NEEDLE}" if number % 100_000 == 77 else text
        made = document(
            f"resp_{number:09d}",
            created_at=1_700_000_000 + number // 3,
            status="failed" if number % 1000 == 0 else "completed",
            output=[message(answer, role="assistant", id_=f"msg_{number}")],
            messages=[
                {"role": "user", "content": f"question {number}"},
                {"role": "assistant", "content": answer},
            ],
        )
        yield (made["id"], made["created_at"], json.dumps(made), "m", None, None, "null", f"user{number % 7}")


def fill_sqlite(store: SqliteStore, count: int) -> None:
    """Write the rows, as WAL like a server does, folded in at the end."""
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executemany(
            f"INSERT INTO responses ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows(count)
        )
    connection.close()


async def fill_postgres(store: PostgresStore, count: int) -> None:
    """Copy the same rows."""
    connection = await _connect(store)
    await connection.copy_records_to_table("responses", records=rows(count), columns=COLUMNS.split(", "))
    await connection.execute("ANALYZE")
    await connection.close()


async def _connect(store: PostgresStore) -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1", port=store.server.port, database=DATABASE, user="operator", password=PASSWORD
    )


async def timed(question: Callable[[], Awaitable[T]], *, times: int = 9) -> tuple[float, T]:
    """Return the best of some runs in milliseconds, and the last answer."""
    best, answer = float("inf"), await question()
    for _ in range(times):
        started = time.perf_counter()
        answer = await question()
        best = min(best, (time.perf_counter() - started) * 1000)
    return best, answer


class Lag:
    """The longest time that the event loop was kept from turning."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            self.worst = max(self.worst, (time.perf_counter() - before - 0.005) * 1000)


async def measure(
    name: str, deployment: Deployment, scan: Callable[[], Awaitable[tuple[float, int]]]
) -> None:
    """Print what one engine takes."""
    async with deployment.session() as session:
        large = await is_large(session)
        stored = asking(order=RecordOrder.STORED, limit=100)
        first, page = await timed(lambda: list_responses(session, stored))
        again, _ = await timed(lambda: list_responses(session, replace(stored, after=page.next)))
        one, _ = await timed(lambda: show(session, str(page.records[50].id)))
        exact, _ = await timed(lambda: list_responses(session, asking(limit=100)), times=1)
        print(
            f"{name:10} newest page as stored {first:6.1f} ms, the next {again:6.1f} ms, one by id {one:6.1f} ms, "
            f"newest exactly {exact:6.0f} ms (large: {large})"
        )
        lag, process = Lag(), psutil.Process()
        watcher = asyncio.ensure_future(lag.watch())
        before, most, found = process.memory_info().rss, 0, 0
        started = time.perf_counter()
        async for batch in search_responses(session, asking(contains=NEEDLE)):
            found += len(batch.responses)
            most = max(most, process.memory_info().rss)
        spent = time.perf_counter() - started
        watcher.cancel()
        own, hits = await scan()
        print(
            f"{'':10} search {spent:6.2f} s, found {found}; own scan {own:6.2f} s, found {hits}; "
            f"speed {own / spent:.2f} of it; memory {(most - before) / 1e6:+.0f} MB; loop held {lag.worst:.0f} ms at most"
        )


async def show(session: Session, id_: str) -> object:
    """Read one response by its id."""
    (place,) = needed_tables(session.catalog, RESPONSES)
    reader = await session.reader(place.backend)
    table = await reader.tables.table(place.table)
    assert table is not None
    from llama_storage_tui.model.records import RecordQuery

    return await reader.records.find(
        RecordQuery(
            place.table, fields_of(RESPONSES, place.layout, frozenset(c.name for c in table.columns))
        ),
        [id_],
    )


def sqlite_scan(store: SqliteStore) -> Callable[[], Awaitable[tuple[float, int]]]:
    """Return the bare driver's scan of a file."""

    def scanned() -> tuple[float, int]:
        with sqlite3.connect(f"file:{store.path}?mode=ro", uri=True) as connection:
            started = time.perf_counter()
            sql = "SELECT count(*) FROM responses WHERE instr(response_object, ?) > 0"
            (hits,) = connection.execute(sql, (ESCAPED,)).fetchone()
            return time.perf_counter() - started, hits

    return lambda: asyncio.to_thread(scanned)


def postgres_scan(store: PostgresStore) -> Callable[[], Awaitable[tuple[float, int]]]:
    """Return the bare driver's scan of a database."""

    async def scanned() -> tuple[float, int]:
        connection = await _connect(store)
        started = time.perf_counter()
        sql = "SELECT count(*) FROM responses WHERE strpos(response_object::text, $1) > 0"
        hits = await connection.fetchval(sql, ESCAPED, timeout=600)
        spent = time.perf_counter() - started
        await connection.close()
        return spent, hits

    return scanned


def create(store: Store) -> None:
    """Make the table as servers do."""
    from tests.response_stores import create as create_table

    create_table(store)


def main() -> None:
    """Fill both engines and print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        file = SqliteStore(Path(sys.argv[2] if len(sys.argv) > 2 else name) / f"responses-{count}.db")
        if not file.path.exists():
            create(file)
            fill_sqlite(file, count)
        asyncio.run(measure("SQLite", keeping(file), sqlite_scan(file)))
    with postgres() as server:
        database = PostgresStore(server, DATABASE)
        create(database)
        asyncio.run(fill_postgres(database, count))
        asyncio.run(measure("PostgreSQL", keeping(database), postgres_scan(database)))


if __name__ == "__main__":
    try:
        main()
    except StatementError as error:
        sys.exit(str(error))
