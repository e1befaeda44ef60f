"""A move of a SQL backend from SQLite to PostgreSQL beside psql's COPY … FROM STDIN of the same rows, in one run.

    python tests/benchmarks/bench_move.py [RESPONSES [ROUNDS]]

Responses of 3 KB in the table that servers make, JSON columns and indexes included: the base is COPY into a table of that same form
from a text file that is there already. The move's time includes its journal, the look for writers, that every value is verified,
and the edit of the config; what the plan before it takes is printed beside. Both take turns. Prints seconds, the ratio (at most 2.0
is wanted), what the process held in memory above its start, and how long its event loop was held at most.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.move import MoveChange
from llama_storage_tui.services.move.service import BackendMove
from llama_storage_tui.services.requests import LoadRequest
from tests.benchmarks.bench_migrate import responses
from tests.servers import DATABASE, PASSWORD, ROLE, Server, postgres
from tests.stores import SqliteStore
from tests.transfers import ignore

CONFIG = """
version: 2
image_name: starter
apis: [inference, responses]
providers:
  responses:
  - provider_id: builtin
    provider_type: inline::builtin
    config:
      persistence:
        agent_state: {{namespace: agents, backend: kv_default}}
        responses: {{table_name: responses, backend: sql_default}}
storage:
  backends:
    kv_default: {{type: kv_sqlite, db_path: {folder}/kvstore.db}}
    sql_default: {{type: sql_sqlite, db_path: {folder}/sql_store.db}}
  stores:
    metadata: {{backend: kv_default, namespace: registry}}
    inference: {{backend: sql_default, table_name: inference_store}}
    conversations: {{backend: sql_default, table_name: openai_conversations}}
"""
COLUMNS = "id, created_at, response_object, model, access_attributes, owner_principal"
LONGEST_TICK = 0.005


@dataclass
class Ticks:
    """How long the event loop was held: a task that wants to run every few milliseconds."""

    most: float = 0.0

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(LONGEST_TICK)
            self.most = max(self.most, time.perf_counter() - begun - LONGEST_TICK)


@dataclass
class Took:
    """Seconds by the clock, and of all processors: this process, those that it waited for, and the server."""

    server: Server
    wall: float = 0.0
    processor: float = 0.0

    def __post_init__(self) -> None:
        self.wall, self.processor = -time.perf_counter(), -self._processor()

    def end(self) -> None:
        """Stop both clocks."""
        self.wall += time.perf_counter()
        self.processor += self._processor()

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s ({self.processor:6.2f} s)"

    def _processor(self) -> float:
        """Return the seconds of all processes, those that have ended included."""
        mine = os.times()
        return sum(mine[:4]) + server_seconds(self.server)


def server_seconds(server: Server) -> float:
    """Return the processors' seconds of a server: the postmaster, its children that have ended, and those that run."""
    postmaster = (server.pgdata / "postmaster.pid").read_text().split()[0]
    found = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if path.parent.name == postmaster:
                found += sum(map(int, fields[11:15]))
            elif fields[1] == postmaster:
                found += sum(map(int, fields[11:13]))
    return found / os.sysconf("SC_CLK_TCK")


def fill(store: SqliteStore, rows: int) -> None:
    """Write the table of responses as a server of 0.7.3 makes it."""
    store.execute(
        "CREATE TABLE responses (id VARCHAR NOT NULL, created_at INTEGER, response_object JSON, model VARCHAR,"
        " access_attributes JSON, owner_principal VARCHAR, PRIMARY KEY (id))"
    )
    store.insert(f"INSERT INTO responses ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", responses(rows))


def write_text(path: Path, rows: int) -> None:
    """Write the same rows as COPY reads them."""
    with path.open("w") as file:
        for row in responses(rows):
            file.write("\t".join(str(cell).replace("\\", "\\\\") for cell in row) + "\n")


def by_psql(server: Server, text: Path) -> Took:
    """Time COPY into a table of the form of the one that was moved; the table goes again."""
    server.execute("CREATE TABLE bare (LIKE responses INCLUDING ALL)")
    program = Path(server._postgres.bin_path) / "psql"
    address = ("-h", "127.0.0.1", "-p", str(server.port), "-U", ROLE, "-d", DATABASE)
    server.execute(f"ALTER TABLE bare OWNER TO {ROLE}")
    begun = Took(server)
    with text.open("rb") as file:
        subprocess.run(
            [program, *address, "-X", "-q", "-c", f"COPY bare ({COLUMNS}) FROM STDIN"],
            stdin=file,
            check=True,
            env={**os.environ, "PGPASSWORD": PASSWORD},
        )
    begun.end()
    server.execute("DROP TABLE bare")
    return begun


async def move(folder: Path, server: Server, rows: int) -> tuple[Took, Took]:
    """Move the backend; return what the plan and the move took."""
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(folder=folder))
    environ = {"LLAMA_STORAGE_TUI_STATE_DIR": str(folder / "state"), "MOVED": PASSWORD}
    moving = BackendMove(LoadRequest(str(config), version="0.7.3", environ=environ), Timeouts(connect=3))
    fields = {
        "host": "127.0.0.1",
        "port": str(server.port),
        "db": DATABASE,
        "user": ROLE,
        "password": "${env.MOVED}",
    }
    change = MoveChange("sql_default", "postgres", fields)
    planned = Took(server)
    plan = await moving.plan(change)
    planned.end()
    assert not plan.refusals, plan.refusals
    moved = Took(server)
    result = await moving.apply(plan, change, ignore, lambda _: None)
    moved.end()
    assert sum(each.verified for each in result.items) == rows
    return planned, moved


async def main(rows: int, rounds: int) -> None:
    """Run all rounds."""
    with tempfile.TemporaryDirectory(prefix="lst-bench-", dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        Path(folder, "kvstore.db").touch()
        fill(SqliteStore(folder / "sql_store.db"), rows)
        write_text(folder / "rows.txt", rows)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found: list[tuple[Took, Took, Took]] = []
        ticks = Ticks()
        with postgres() as server:
            for _ in range(rounds):
                ticking = asyncio.create_task(ticks.run())
                planned, moved = await move(folder, server, rows)
                ticking.cancel()
                found.append((by_psql(server, folder / "rows.txt"), planned, moved))
                server.execute("DROP TABLE responses")
        held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        for copied, planned, moved in found:
            print(
                f"{rows:,} responses: psql {copied}, plan {planned}, move {moved}, load {os.getloadavg()[0]:.1f}"
            )
        for by, clock in (("clock", "wall"), ("processors", "processor")):
            alone = [getattr(moved, clock) / getattr(copied, clock) for copied, _, moved in found]
            whole = [
                getattr(planned, clock) / getattr(copied, clock) + one
                for (copied, planned, _), one in zip(found, alone, strict=True)
            ]
            print(
                f"ratio by {by}: least {min(alone):.2f}, median {statistics.median(alone):.2f};"
                f" with the plan: least {min(whole):.2f}, median {statistics.median(whole):.2f}"
            )
        print(f"memory +{held:.0f} MiB; the event loop was held for {ticks.most * 1000:.0f} ms at most")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    asyncio.run(main(*(given + [1_000_000, 3][len(given) :])))
