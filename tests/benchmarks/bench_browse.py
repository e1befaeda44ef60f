"""Pages of a table and of a namespace of a million rows, beside what an operator would type instead.

    python tests/benchmarks/bench_browse.py [ROWS]

Prints milliseconds of service time and ratios; compare ratios between machines, not times. "OFFSET" is the query that a
person writes in sqlite3 or psql to see a later page.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import KeySelection, Namespace, RowQuery
from llama_storage_tui.services import browse
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from tests.libpq import StatementError
from tests.servers import PASSWORD, postgres

PAGE = 100
PAGES = 9_000

CONFIG = """
version: 2
distro_name: bench
apis: []
providers: {}
storage:
  backends:
    kv_default: {type: KV, ...}
    sql_default: {type: SQL, ...}
"""


def config(folder: Path, *, port: int | None) -> Catalog:
    """Write and load a config on SQLite, or on PostgreSQL where a port is given."""
    if port is None:
        kv, sql = f"type: kv_sqlite, db_path: {folder}/kv.db", f"type: sql_sqlite, db_path: {folder}/sql.db"
    else:
        server = f"host: 127.0.0.1, port: {port}, db: llamastack, user: operator, password: '{PASSWORD}'"
        kv, sql = f"type: kv_postgres, {server}, table_name: bench_kv", f"type: sql_postgres, {server}"
    text = CONFIG.replace("type: KV, ...", kv).replace("type: SQL, ...", sql)
    path = folder / "config.yaml"
    path.write_text(text)
    return load(LoadRequest(str(path), environ={"HOME": str(folder)}))


def fill_sqlite(folder: Path, rows: int) -> None:
    """Write a table and a key-value store."""
    with sqlite3.connect(folder / "sql.db") as connection:
        connection.execute(
            "CREATE TABLE bench (id VARCHAR PRIMARY KEY, created_at INTEGER, response_object JSON, model VARCHAR)"
        )
        connection.executemany(
            "INSERT INTO bench VALUES (?, ?, ?, ?)",
            (
                (f"resp_{n * 7919 % rows:09d}", n // 3, f'{{"n": {n}, "pad": "{"x" * 400}"}}', "m")
                for n in range(rows)
            ),
        )
    with sqlite3.connect(folder / "kv.db") as connection:
        connection.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
        connection.executemany(
            "INSERT INTO kvstore VALUES (?, ?, NULL)",
            ((f"registry:k{n:09d}", "{}" * 40) for n in range(rows)),
        )


def fill_postgres(execute: Callable[[str], str], rows: int) -> None:
    """Write the same with one statement each."""
    execute(
        "CREATE TABLE bench (id VARCHAR PRIMARY KEY, created_at INTEGER, response_object JSON, model VARCHAR);"
        "INSERT INTO bench SELECT 'resp_' || lpad((n::bigint * 7919 % "
        f"{rows})::text, 9, '0'), n / 3, json_build_object('n', n, 'pad', repeat('x', 400)), 'm' "
        f"FROM generate_series(0, {rows - 1}) n;"
        "CREATE TABLE bench_kv (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP);"
        f"INSERT INTO bench_kv SELECT 'registry:k' || lpad(n::text, 9, '0'), repeat('{{}}', 40) "
        f"FROM generate_series(0, {rows - 1}) n;"
        "GRANT SELECT ON bench, bench_kv TO operator; ANALYZE"
    )


async def timed(question: Callable[[], Awaitable[object]], *, times: int = 9) -> float:
    """Return the median of some runs in milliseconds."""
    spent: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        await question()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)


async def measure(name: str, catalog: Catalog) -> None:
    """Print the pages of one engine."""
    whole = Namespace("registry", None, KeySelection(("registry:",)), ("storage.stores.metadata",))
    async with Session(catalog) as session:
        await browse.rows(session, "sql_default", RowQuery("bench", limit=1))
        await browse.keys(session, "kv_default", whole, limit=1)

        async def rows(after: str | None) -> str | None:
            return (
                await browse.rows(session, "sql_default", RowQuery("bench", limit=PAGE, after=after))
            ).next

        async def keys(after: str | None) -> str | None:
            return (await browse.keys(session, "kv_default", whole, limit=PAGE, after=after)).next

        for kind, page in (("rows", rows), ("keys", keys)):
            first = await timed(lambda page=page: page(None))  # type: ignore[misc] # a lambda in a loop binds by default
            process = psutil.Process()
            before, cursor = process.memory_info().rss, None
            for _ in range(PAGES):
                following = await page(cursor)
                if following is None:
                    break
                cursor = following
            grown = (process.memory_info().rss - before) / 1e6
            last = await timed(lambda page=page, cursor=cursor: page(cursor))  # type: ignore[misc]
            print(
                f"{name:10} {kind}: page 1 {first:6.2f} ms, page {PAGES} {last:6.2f} ms "
                f"(ratio {last / first:.2f}), memory {grown:+.1f} MB"
            )


def offset_sqlite(folder: Path) -> float:
    """Time what a person types: LIMIT … OFFSET in sqlite3."""
    with sqlite3.connect(folder / "sql.db") as connection:
        started = time.perf_counter()
        connection.execute(f"SELECT * FROM bench ORDER BY id LIMIT {PAGE} OFFSET {PAGE * PAGES}").fetchall()
        return (time.perf_counter() - started) * 1000


def main() -> None:
    """Fill both engines and print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name, postgres() as server:
        folder = Path(name)
        fill_sqlite(folder, rows)
        fill_postgres(server.execute, rows)
        asyncio.run(measure("SQLite", config(folder, port=None)))
        print(f"{'':10} OFFSET to the same page, sqlite3: {offset_sqlite(folder):.0f} ms")
        asyncio.run(measure("PostgreSQL", config(folder, port=server.port)))
        started = time.perf_counter()
        server.execute(f"SELECT * FROM bench ORDER BY id LIMIT {PAGE} OFFSET {PAGE * PAGES}")
        print(
            f"{'':10} OFFSET to the same page, psql (with its start): {(time.perf_counter() - started) * 1000:.0f} ms"
        )


if __name__ == "__main__":
    try:
        main()
    except StatementError as error:
        sys.exit(str(error))
