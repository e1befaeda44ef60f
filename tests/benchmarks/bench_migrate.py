"""A transfer beside the fastest way to move the same rows by hand, in one run.

    python tests/benchmarks/bench_migrate.py [KEYS [RESPONSES]]

Raw keys and responses of 3 KB from SQLite to SQLite, beside `INSERT … SELECT` of the same rows, and responses to PostgreSQL, beside
a bare COPY of the same text. The transfer's time includes its journal, and that every row is read back. Prints seconds, seconds of
this process's processor, the ratio of both (at least 0.5 is wanted: the transfer may take twice as long; on a machine that others
use, the processor's says more), and what the process held in memory above its start.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.transfer import KeepRows, MoveKeys, TransferItem
from tests.servers import DATABASE, PASSWORD, ROLE, Server, postgres
from tests.stores import PostgresStore, SqliteStore
from tests.transfers import CONFIG, keys_item, plan_of, rows_item, terms_of, transfer

TABLE = (
    "(id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR, access_attributes JSON,"
    " owner_principal VARCHAR, PRIMARY KEY (id))"
)
TEXT = '{"id": "%s", "output": "' + "lorem ipsum dolor sit amet " * 110 + '", "n": %d}'


def fill_keys(store: SqliteStore, rows: int) -> None:
    """Write raw keys."""
    store.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
    store.insert(
        "INSERT INTO kvstore VALUES (?, ?, NULL)",
        ((f"distributions:registry:v10::model:m{at:09}", f'{{"n": {at}}}') for at in range(rows)),
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


@dataclass
class Took:
    """Seconds, by the clock and of this process's processor, from when it was made until `end`."""

    wall: float = field(default_factory=time.perf_counter)
    processor: float = field(default_factory=time.process_time)

    def end(self) -> Took:
        """Return what it took."""
        return Took(time.perf_counter() - self.wall, time.process_time() - self.processor)

    def __str__(self) -> str:
        return f"{self.wall:7.2f} s ({self.processor:6.2f} s)"


def by_hand(source: SqliteStore, target: SqliteStore, create: str, insert: str) -> Took:
    """Time what a person would type."""
    with closing(sqlite3.connect(target.path, isolation_level=None)) as connection:
        begun = Took()
        connection.execute(create)
        connection.execute(f"ATTACH '{source.path}' AS old")
        connection.execute(insert)
    return begun.end()


async def bring(state: Path, item: TransferItem, name: str, hand: Took) -> None:
    """Time a transfer, and print it beside the other."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = Took()
    plan = await plan_of([item], terms_of(), is_thorough=False)
    result = await transfer(state).apply(plan, terms_of(), CONFIG, {})
    took = begun.end()
    held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert result.items[0].written == plan.items[0].rows
    print(
        f"{name:32} {took}, by hand {hand}, ratio {hand.wall / took.wall:5.2f}"
        f" ({hand.processor / took.processor:5.2f}), memory +{held:4.0f} MiB"
    )


async def copy_by_hand(server: Server, rows: int) -> Took:
    """Time a bare COPY of the same text."""
    connection = await asyncpg.connect(
        host="127.0.0.1", port=server.port, user=ROLE, password=PASSWORD, database=DATABASE, ssl=False
    )
    try:
        await connection.execute(f"CREATE TABLE bare {TABLE}")
        begun = Took()
        await connection.copy_records_to_table("bare", records=responses(rows))
        return begun.end()
    finally:
        await connection.execute("DROP TABLE bare")
        await connection.close()


async def main(keys: int, rows: int) -> None:
    """Run all three."""
    with tempfile.TemporaryDirectory(prefix="lst-bench-", dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        old = SqliteStore(folder / "keys.db")
        fill_keys(old, keys)
        hand = by_hand(
            old,
            SqliteStore(folder / "keys-hand.db"),
            "CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)",
            "INSERT INTO kvstore SELECT 'new:' || key, value, expiration FROM old.kvstore",
        )
        new = SqliteStore(folder / "keys-new.db")
        await bring(
            folder / "state",
            keys_item(old, new, keys=KeySelection(("distributions:",)), convert=MoveKeys("", "new:")),
            f"{keys:,} keys, SQLite",
            hand,
        )
        sql = SqliteStore(folder / "sql.db")
        fill_responses(sql, rows)
        hand = by_hand(
            sql,
            SqliteStore(folder / "sql-hand.db"),
            f"CREATE TABLE responses {TABLE}",
            "INSERT INTO responses SELECT * FROM old.openai_responses",
        )
        (folder / "sql-hand.db").unlink()
        new = SqliteStore(folder / "sql-new.db")
        await bring(
            folder / "state", rows_item(sql, new, convert=KeepRows()), f"{rows:,} responses, SQLite", hand
        )
        new.path.unlink()
        with postgres() as server:
            hand = await copy_by_hand(server, rows)
            target = PostgresStore(server, DATABASE)
            await bring(
                folder / "state",
                rows_item(sql, target, convert=KeepRows()),
                f"{rows:,} responses, PostgreSQL",
                hand,
            )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    asyncio.run(main(*(given + [1_000_000, 1_000_000][len(given) :])))
