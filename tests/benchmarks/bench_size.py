"""Lists of responses of 12 MB beside lists of small ones, and the JSON of one beside what is stored.

    python tests/benchmarks/bench_size.py [ROWS] [MEGABYTES]

Prints what a command holds of memory at most, above what small rows take, beside one row and beside all of them, and its
seconds; compare ratios between machines, not times. Each command is a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.deployments import backend_of, config_of
from tests.response_rows import document, message
from tests.response_stores import PROVIDERS, STORES, create_tables
from tests.servers import DATABASE, postgres
from tests.stores import PostgresStore, SqliteStore, Store

VERSION = "1.5.0"
QUESTION = "what came of the %d. order, and when is it here?"


@dataclass(frozen=True)
class Spent:
    """What one call of the program took."""

    seconds: float
    megabytes: float
    written: int


def call(*words: str) -> Spent:
    """Run the program and read all that it writes."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "llama_storage_tui", *words, "--json", "--for", VERSION]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    written = 0
    while chunk := process.stdout.read(1 << 20):
        written += len(chunk)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Spent(time.perf_counter() - started, usage.ru_maxrss / 1024, written)


def bodies(size: int) -> Iterator[tuple[str, str]]:
    """Yield a response of each make, about as large as is asked, with how it is made."""
    text = message("lorem ipsum " * (size // 12), role="assistant")
    yield "one text", json.dumps(document("resp_1", output=[text]))
    items = [message(QUESTION % number, id_=f"msg_{number}") for number in range(size // 170)]
    yield "many items", json.dumps(document("resp_1", input=items))


def fill(store: Store, body: str, rows: int) -> None:
    """Write the same response several times; the engine copies it, a command line could not hold it."""
    insert = "INSERT INTO responses (id, created_at, response_object, owner_principal)"
    store.execute("DELETE FROM responses")
    if isinstance(store, SqliteStore):
        store.insert(f"{insert} VALUES (?, ?, ?, '')", ((f"resp_{n}", n, body) for n in range(rows)))
        return
    assert isinstance(store, PostgresStore)
    path = store.server.folder / "body.json"
    path.write_text(body)
    path.chmod(0o644)
    store.ask(
        f"{insert} SELECT 'resp_' || n, n, pg_read_file('{path}')::json, '' FROM generate_series(0, {rows - 1}) n"
    )


def config_on(store: Store, folder: Path) -> str:
    """Write the config of a server that keeps everything in the store."""
    providers = json.loads(json.dumps(PROVIDERS[VERSION]))
    providers["responses"][0]["config"]["persistence"] = {
        "responses": {"backend": "sql_default", "table_name": "responses"},
        "agent_state": {"backend": "kv_default", "namespace": "agents"},
    }
    path = folder / "config.yaml"
    backends = {"kv_default": backend_of(store, "kv"), "sql_default": backend_of(store, "sql")}
    path.write_text(config_of(backends, STORES, providers))
    return str(path)


def measure(name: str, store: Store, folder: Path, *, rows: int, size: int) -> None:
    """Print the lines of one engine."""
    config = config_on(store, folder)
    create_tables(store, VERSION)
    fill(store, json.dumps(document("resp_1")), rows)
    small = {command: call("responses", config, command) for command in ("list", "attention")}
    for made_of, body in bodies(size):
        fill(store, body, rows)
        weight = len(body) / (1 << 20)
        for command, before in small.items():
            spent = call("responses", config, command)
            more = spent.megabytes - before.megabytes
            print(
                f"{name:10} {command:9} {rows} of {made_of:10} {spent.seconds:5.1f} s, memory {more:+5.0f} MiB: "
                f"{more / weight:4.1f} of a row, {more / weight / rows:4.2f} of all"
            )
        shown = call("responses", config, "show", "resp_0")
        print(
            f"{name:10} {'show':9} one of {made_of:8} {shown.seconds:5.1f} s, writes {shown.written / len(body):.2f} of what is stored"
        )


def main() -> None:
    """Fill both engines and print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    size = int(float(sys.argv[2] if len(sys.argv) > 2 else 12) * 1_000_000)
    with tempfile.TemporaryDirectory() as name:
        measure("SQLite", SqliteStore(Path(name) / "size.db"), Path(name), rows=rows, size=size)
    with postgres() as server, tempfile.TemporaryDirectory() as name:
        measure("PostgreSQL", PostgresStore(server, DATABASE), Path(name), rows=rows, size=size)


if __name__ == "__main__":
    main()
