"""A transfer beside the fastest way to move the same rows by hand, in one run.

    python tests/benchmarks/bench_migrate.py [KEYS [RESPONSES [ROUNDS]]]

Raw keys, keys of vector stores and responses of 3 KB from SQLite to SQLite, beside `INSERT … SELECT` of the same rows, and responses to
PostgreSQL, beside a bare COPY of the same text; both take turns. The transfer's time includes its plan, its journal, and that every
row is read back, and not the start of the program. Prints seconds, seconds of all processors, the server's included, and the ratio of
both (at least 0.5 is wanted: the transfer may take twice as long; on a machine that others use, the processors' says more), and what
the process held in memory above its start.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.transfer import Convert, KeepRows, TransferItem
from llama_storage_tui.services.migration.conversions import registered_objects
from llama_storage_tui.services.migration.vector_conversions import vector_keys
from llama_storage_tui.upstream.data_kinds import STORE_HEADS
from tests.benchmarks.took import Took
from tests.servers import DATABASE, PASSWORD, ROLE, Server, postgres
from tests.stores import PostgresStore, SqliteStore
from tests.transfers import CONFIG, keys_item, plan_of, rows_item, terms_of, transfer

TABLE = (
    "(id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR, access_attributes JSON,"
    " owner_principal VARCHAR, PRIMARY KEY (id))"
)
KEYS = "CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)"
FILE = '{"id": "file-%d", "object": "vector_store.file", "status": "completed", "attributes": {}}'
TEXT = '{"id": "%s", "output": "' + "lorem ipsum dolor sit amet " * 110 + '", "n": %d}'


def fill_keys(store: SqliteStore, rows: int) -> None:
    """Write raw keys."""
    store.execute(KEYS)
    store.insert(
        "INSERT INTO kvstore VALUES (?, ?, NULL)",
        ((f"distributions:registry:v10::model:m{at:09}", f'{{"n": {at}}}') for at in range(rows)),
    )


def fill_files(store: SqliteStore, rows: int) -> None:
    """Write keys of the files of vector stores."""
    store.execute(KEYS)
    store.insert(
        "INSERT INTO kvstore VALUES (?, ?, NULL)",
        ((f"openai_vector_stores_files:v3::vs_{at % 7}:file-{at:09}", FILE % at) for at in range(rows)),
    )


def responses(rows: int) -> Iterator[Sequence[object]]:
    """Yield responses of 3 KB."""
    for at in range(rows):
        id_ = f"resp_{at * 7919 % rows:09}"
        yield id_, 1_700_000_000 + at, TEXT % (id_, at), "m", "null", ""


def fill_responses(store: SqliteStore, rows: int) -> None:
    """Write responses."""
    store.execute(f"CREATE TABLE openai_responses {TABLE}")
    store.insert("INSERT INTO openai_responses VALUES (?, ?, ?, ?, ?, ?)", responses(rows))


def by_hand(source: SqliteStore, target: SqliteStore, create: str, insert: str) -> Took:
    """Time what a person would type."""
    with closing(sqlite3.connect(target.path, isolation_level=None)) as connection:
        begun = Took()
        connection.execute(create)
        connection.execute(f"ATTACH '{source.path}' AS old")
        connection.execute(insert)
        took = begun.end()
    target.path.unlink()
    return took


async def copy_by_hand(server: Server, rows: int) -> Took:
    """Time a bare COPY of the same text."""
    connection = await asyncpg.connect(
        host="127.0.0.1", port=server.port, user=ROLE, password=PASSWORD, database=DATABASE, ssl=False
    )
    try:
        await connection.execute(f"CREATE TABLE bare {TABLE}")
        begun = Took(server)
        await connection.copy_records_to_table("bare", records=responses(rows))
        return begun.end()
    finally:
        await connection.execute("DROP TABLE bare")
        await connection.close()


async def bring(state: Path, item: TransferItem, server: Server | None = None) -> Took:
    """Time a transfer."""
    begun = Took(server)
    plan = await plan_of([item], terms_of(), is_thorough=False)
    result = await transfer(state).apply(plan, terms_of(), CONFIG, {})
    took = begun.end()
    assert result.items[0].written == plan.items[0].rows
    return took


@dataclass
class Work:
    """What is done by hand and by a transfer, in turns; `clear` removes what was brought."""

    name: str
    by_hand: Callable[[], Awaitable[Took]]
    bring: Callable[[], Awaitable[Took]]
    clear: Callable[[], object]

    async def run(self, rounds: int) -> None:
        """Print each round, and the ratios of all."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        walls, processors = [], []
        for _ in range(rounds):
            hand, took = await self.by_hand(), await self.bring()
            self.clear()
            walls.append(hand.wall / took.wall)
            processors.append(hand.processor / took.processor)
            print(f"{self.name:32} {took}, by hand {hand}, load {os.getloadavg()[0]:4.1f}", flush=True)
        held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(
            f"{self.name:32} ratio by clock: least {min(walls):.2f}, median {statistics.median(walls):.2f}; by processors: least"
            f" {min(processors):.2f}, median {statistics.median(processors):.2f}; memory +{held:.0f} MiB",
            flush=True,
        )


async def main(keys: int, rows: int, rounds: int) -> None:
    """Run all of it."""
    with (
        tempfile.TemporaryDirectory(prefix="lst-bench-", dir=os.environ.get("TMPDIR")) as name,
        postgres() as server,
    ):
        for work in _works(Path(name), 10, 10, server):
            await work.bring()  # once, so that the program has started
            work.clear()
        (Path(name) / "old").rename(Path(name) / "few")
        for work in _works(Path(name), keys, rows, server):
            await work.run(rounds)


def _works(folder: Path, keys: int, rows: int, server: Server) -> Iterator[Work]:
    (folder / "old").mkdir()
    state, new, hand = folder / "state", SqliteStore(folder / "new.db"), SqliteStore(folder / "hand.db")

    def move(old: SqliteStore, lead: str, heads: tuple[str, ...], convert: Convert, what: str) -> Work:
        async def by_insert() -> Took:
            return by_hand(
                old,
                hand,
                KEYS,
                f"INSERT INTO kvstore SELECT '{lead}' || key, value, expiration FROM old.kvstore",
            )

        item = keys_item(old, new, keys=KeySelection(heads), convert=convert)
        return Work(what, by_insert, lambda: bring(state, item), new.path.unlink)

    raw = SqliteStore(folder / "old" / "keys.db")
    fill_keys(raw, keys)
    convert = registered_objects("", "new:", frozenset())
    yield move(raw, "new:", ("distributions:",), convert, f"{keys:,} keys, SQLite")
    raw.path.unlink()
    files = SqliteStore(folder / "old" / "files.db")
    fill_files(files, keys)
    convert = vector_keys("", "faiss:", None, fixes_chunks=True)
    yield move(files, "faiss:", STORE_HEADS, convert, f"{keys:,} files of vector stores, SQLite")
    files.path.unlink()
    sql = SqliteStore(folder / "old" / "sql.db")
    fill_responses(sql, rows)

    async def by_insert() -> Took:
        insert = "INSERT INTO responses SELECT * FROM old.openai_responses"
        return by_hand(sql, hand, f"CREATE TABLE responses {TABLE}", insert)

    within = rows_item(sql, new, convert=KeepRows())
    yield Work(f"{rows:,} responses, SQLite", by_insert, lambda: bring(state, within), new.path.unlink)
    target = PostgresStore(server, DATABASE)
    across = rows_item(sql, target, convert=KeepRows())
    yield Work(
        f"{rows:,} responses, PostgreSQL",
        lambda: copy_by_hand(server, rows),
        lambda: bring(state, across, server),
        lambda: target.execute("DROP TABLE responses"),
    )


if __name__ == "__main__":
    gc.set_threshold(100_000)  # as the program does
    given = [int(word) for word in sys.argv[1:]]
    asyncio.run(main(*(given + [1_000_000, 1_000_000, 3][len(given) :])))
