"""A move of a SQL backend from SQLite to PostgreSQL beside psql's COPY … FROM STDIN of the same rows, in one run.

    python tests/benchmarks/bench_move.py [RESPONSES [ROUNDS]]

Responses of 3 KB in the table that servers make, JSON columns and indexes included: the base is COPY into a table of that same form
from a text file that is there already. The move's time includes its journal, the look for writers, that every value is verified,
and the edit of the config; what the plan before it takes is printed beside. Both take turns. Prints seconds, the ratio (at most 2.0
is wanted) by the clock and by the processors' seconds, the server's included (on a machine that others use, those say more), what the
process held in memory above its start, and how long its event loop was held at most: beside how long it was where it only waited.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.move import MoveChange
from llama_storage_tui.services.move.service import BackendMove
from llama_storage_tui.services.requests import LoadRequest
from tests.benchmarks.bench_migrate import responses
from tests.benchmarks.took import Took
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
TICK = 0.005


class Ticks:
    """How long the event loop was held: a task that wants to run every few milliseconds, while this is open.

    Where others use the machine it comes late by their doing, too: for so long at most this process worked meanwhile.
    """

    def __init__(self) -> None:
        self.late: list[float] = []
        self.worked: list[float] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()

    def __str__(self) -> str:
        late = sorted(self.late)
        return (
            f"{late[-1] * 1000:.0f} ms at most and {late[len(late) * 99 // 100] * 1000:.0f} ms in 99 of 100, in which this process"
            f" worked {max(self.worked) * 1000:.0f} ms at most"
        )

    async def _run(self) -> None:
        while True:
            begun, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK)
            self.late.append(time.perf_counter() - begun - TICK)
            self.worked.append(min(self.late[-1], time.process_time() - worked))


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
    program = server.program("psql")
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
    planned = await asyncio.to_thread(Took, server)  # which looks at every process
    plan = await moving.plan(change, is_thorough=False)  # as `move --yes` has it
    await asyncio.to_thread(planned.end)
    assert not plan.refusals, plan.refusals
    moved = await asyncio.to_thread(Took, server)
    result = await moving.apply(plan, change, ignore, lambda _: None)
    await asyncio.to_thread(moved.end)
    assert sum(each.verified for each in result.items) == rows
    return planned, moved


async def main(rows: int, rounds: int) -> None:
    """Run all rounds."""
    with (
        tempfile.TemporaryDirectory(prefix="lst-bench-", dir=os.environ.get("TMPDIR")) as name,
        postgres() as server,
    ):
        folder = Path(name)
        (folder / "kvstore.db").touch()
        store = SqliteStore(folder / "sql_store.db")
        fill(store, 10)
        await move(folder, server, 10)  # once, so that the program has started
        store.path.unlink()
        fill(store, rows)
        write_text(folder / "rows.txt", rows)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found: list[tuple[Took, Took, Took]] = []
        ticks, idle = Ticks(), Ticks()
        for _ in range(rounds):
            server.execute("DROP TABLE responses")
            async with ticks:
                planned, moved = await move(folder, server, rows)
            async with idle:
                copied = await asyncio.to_thread(by_psql, server, folder / "rows.txt")
            found.append((copied, planned, moved))
        held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        for copied, planned, moved in found:
            print(
                f"{rows:,} responses: psql {copied}, plan {planned}, move {moved}, load {os.getloadavg()[0]:.1f}"
            )
        for clock, what in (("wall", "clock"), ("processor", "processors")):
            alone = [getattr(moved, clock) / getattr(copied, clock) for copied, _, moved in found]
            plans = [getattr(planned, clock) / getattr(copied, clock) for copied, planned, _ in found]
            whole = [one + plan for one, plan in zip(alone, plans, strict=True)]
            print(
                f"ratio by {what}: least {min(alone):.2f}, median {statistics.median(alone):.2f};"
                f" with the plan: least {min(whole):.2f}, median {statistics.median(whole):.2f}"
            )
        print(f"memory +{held:.0f} MiB; the event loop was held for {ticks}, while psql ran for {idle}")


if __name__ == "__main__":
    gc.set_threshold(100_000)  # as the program does
    given = [int(word) for word in sys.argv[1:]]
    asyncio.run(main(*(given + [1_000_000, 3][len(given) :])))
