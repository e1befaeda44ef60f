"""What each read of a list costs with a million rows beside what it costs with a thousand: bounded reads cost the same.

    python tests/benchmarks/bench_bounded.py [MANY] [FEW] [RUNS]

Prints for SQLite and PostgreSQL the least and the median milliseconds of processor time of each read at both sizes, which take turns,
and the ratio of the least. The time is that of this process and, where the system tells it, of the server's: what else the machine does
is not in it. A ratio above 1.2 is marked; the reads that go through all rows by their nature (a filter that nothing meets, newest first
without an index) are below the line. A level of the key tree seeks from branch to branch only where keys are in code point order: in
PostgreSQL under another collation, as here, it reads keys up to a budget, and costs more until that is reached.
"""

from __future__ import annotations

import asyncio
import json
import statistics as numbers
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.model.data import KeySelection, Namespace, RowQuery
from llama_storage_tui.model.families import Query
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.services import browse
from llama_storage_tui.services.goto import find_id
from llama_storage_tui.services.key_tree import key_level
from llama_storage_tui.services.overview.activity import activity
from llama_storage_tui.services.responses.listing import follow_responses, list_responses
from llama_storage_tui.services.responses.statistics import statistics
from llama_storage_tui.services.session import Session
from tests.queries import asking
from tests.response_rows import row
from tests.response_stores import COLUMNS, create_tables, keeping
from tests.servers import Server, postgres
from tests.stores import PostgresStore, SqliteStore

NAMES = COLUMNS.split(", ")
LIMIT = 1.2
NOW = 1_764_000_000
"""Rows are a second apart, up to here."""
Read = Callable[[Session], Awaitable[object]]


def made(count: int) -> Iterator[tuple[object, ...]]:
    """Yield responses of half a kilobyte, the newest last."""
    pattern = row("resp_PLACE", created_at=0)
    for number in range(count):
        one = pattern | {"id": f"resp_{number:09d}", "created_at": NOW - count + number}
        yield tuple(one[name] for name in NAMES)


def fill(store: SqliteStore | PostgresStore, count: int) -> None:
    """Store so many responses, and as many keys in a namespace of three levels."""
    create_tables(store, "1.5.0")
    marks = ", ".join("?" * len(NAMES))
    if isinstance(store, SqliteStore):
        store.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
        store.insert(f"INSERT INTO responses ({COLUMNS}) VALUES ({marks})", made(count))
        keys = ((f"registry:{n % 10}:{n:09d}", "{}", None) for n in range(count))
        store.insert("INSERT INTO kvstore VALUES (?, ?, ?)", keys)
        return
    one = dict(zip(NAMES, next(made(1)), strict=True))
    values = {"id": "'resp_' || lpad(n::text, 9, '0')", "created_at": f"{NOW - count} + n"}
    chosen = ", ".join(values.get(name, _literal(one[name])) for name in NAMES)
    store.execute(
        f"INSERT INTO responses ({COLUMNS}) SELECT {chosen} FROM generate_series(0, {count - 1}) n;"
        "CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP);"
        "INSERT INTO kvstore SELECT 'registry:' || n % 10 || ':' || lpad(n::text, 9, '0'), '{}', NULL "
        f"FROM generate_series(0, {count - 1}) n;"
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO operator"
    )
    store.ask("VACUUM ANALYZE")


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    text = value if isinstance(value, str) else json.dumps(value)
    return str(value) if isinstance(value, int) else "'" + text.replace("'", "''") + "'"


async def _last(steps: AsyncGenerator[object, None]) -> None:
    async for _ in steps:
        pass


def _listed(query: Query) -> Read:
    return lambda session: list_responses(session, query)


def _followed() -> Read:
    followers: dict[Session, Callable[[], Awaitable[object]]] = {}

    async def look(session: Session) -> None:
        if session not in followers:
            followers[session] = follow_responses(session, asking()).look
        await followers[session]()

    return look


REGISTRY = Namespace("registry", None, KeySelection(("registry:",)), ("storage.stores.metadata",))
STORED = RecordOrder.STORED
READS: dict[str, Read] = {
    "newest page, as stored": _listed(asking(order=STORED)),
    "latest responses": _listed(asking(order=STORED, limit=6)),
    "first page of a filter, as stored": _listed(asking(order=STORED, status="completed")),
    "first page since an hour ago, as stored": _listed(asking(order=STORED, since=float(NOW - 900))),
    "stats sample, attention": lambda session: _last(statistics(session, recent=500, now=NOW)),
    "main screen's lower part": lambda session: _last(
        activity(session, ["sql_default", "kv_default"], now=NOW)
    ),
    "look of a followed list": _followed(),
    "goto, a whole id": lambda session: find_id(session, "resp_000000500"),
    "goto, the beginning of an id": lambda session: find_id(session, "resp_00000050"),
    "key tree, first level": lambda session: key_level(session, "kv_default", REGISTRY),
    "keys, first page": lambda session: browse.keys(session, "kv_default", REGISTRY, limit=200),
    "rows, first page": lambda session: browse.rows(session, "sql_default", RowQuery("responses", limit=100)),
}
WHOLE: dict[str, Read] = {
    "newest page, sorted (reads the times of all)": _listed(asking()),
    "a filter that nothing meets": _listed(asking(order=STORED, status="failed")),
}


def processor_seconds(pids: Iterable[str]) -> float:
    """Return the processor time of this process and of some others, those that are gone left out."""
    spent = time.process_time()
    for pid in pids:
        try:
            spent += int(Path("/proc", pid, "schedstat").read_text().split()[0]) / 1e9
        except (OSError, ValueError, IndexError):
            continue
    return spent


def processes_of(server: Server) -> list[str]:
    """Return the ids of a server's processes, of which each connection has one; none where the system does not tell."""
    head = (server.pgdata / "postmaster.pid").read_text().split()[0]
    parents = (path.read_text().rpartition(")")[2].split()[1:2] for path in Path("/proc").glob("[0-9]*/stat"))
    pids = (path.name for path in Path("/proc").glob("[0-9]*"))
    return [pid for pid, parent in zip(pids, parents, strict=False) if parent == [head]]


async def measure(
    name: str,
    few: SqliteStore | PostgresStore,
    many: SqliteStore | PostgresStore,
    runs: int,
    server: Server | None = None,
) -> None:
    """Print what each read costs at both sizes; `server` is the one that both are on."""
    async with AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(keeping(store).session(query=60.0)) for store in (few, many)
        ]
        for group in (READS, WHOLE):
            for title, read in group.items():
                spent: list[list[float]] = [[], []]
                for session in sessions:
                    await read(session)  # opens what the others find open
                pids = [] if server is None else processes_of(server)
                for _ in range(runs):
                    for session, times in zip(sessions, spent, strict=True):
                        start = processor_seconds(pids)
                        await read(session)
                        times.append((processor_seconds(pids) - start) * 1000)
                ratio = min(spent[1]) / min(spent[0])
                mark = " *" if group is READS and ratio > LIMIT else ""
                sides = "  ".join(f"{min(each):8.2f} {numbers.median(each):8.2f}" for each in spent)
                print(f"{name:10} {title:46} {sides}   {ratio:6.2f}{mark}", flush=True)
            print()


def main(many: int, few: int, runs: int) -> None:
    """Fill both sizes on both engines and print the table."""
    print(f"{'':57} {few:>9,} rows        {many:>9,} rows        ratio")
    print(f"{'':57} {'least':>8} {'median':>8}  {'least':>8} {'median':>8}")
    with tempfile.TemporaryDirectory() as name, postgres() as server:
        files = [SqliteStore(Path(name) / f"{size}.db") for size in (few, many)]
        bases = [PostgresStore(server, f"rows_{index}") for index in range(2)]
        for base in bases:
            base.create()
        engines: list[tuple[str, Sequence[SqliteStore | PostgresStore]]] = [
            ("SQLite", files),
            ("PostgreSQL", bases),
        ]
        for title, stores in engines:
            for store, size in zip(stores, (few, many), strict=True):
                fill(store, size)
            asyncio.run(measure(title, stores[0], stores[1], runs, server if stores is bases else None))


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*[*given, *(1_000_000, 1_000, 9)[len(given) :]])
