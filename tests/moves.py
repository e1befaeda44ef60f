"""Deployments whose backends move: stores that upstream wrote, and one with values that engines like to change."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Final

from tests.oracle.migrating import config_of
from tests.oracle.migration_stores import restore, saved
from tests.servers import ROLE
from tests.stores import PostgresStore

MOVER, MOVED = "mover", "made-up-password-of-the-mover"
VERSIONS: Final = ("llama-stack-0.3.5", "llama-stack-0.7.3")
HARD: Final = (
    ("hard_1", 1, json.dumps({"text": "ü\U0001f600"}), "m", "null", ""),
    ("hard_2", 2**31 - 1, '{"a": 1,  "a":2.50, "e": 1E5}', None, None, None),
    ("hard_3", None, "null", "", '{"roles": ["a"]}', "alice"),
    ("hard_4", -1, "[]", "line\nbreak\t'quote'", "null", "bob"),
    ("hard_5", 0, '"\\u0000 \\ud800"', "m", "null", "\u00a0"),
)
"""Responses: JSON null beside NULL, text as it was written, an owner of '' beside none, the largest integer of the column."""


def made(version: str, folder: Path) -> Path:
    """Lay out a deployment that upstream's packages of a version wrote; return its config."""
    folder.mkdir(parents=True, exist_ok=True)
    restore(saved(version), folder)
    path = folder / "config.yaml"
    path.write_text(config_of(version, str(folder), "/srv/llama/files"))
    return path


def add_hard_values(folder: Path) -> None:
    """Write responses and keys that an engine could change on the way."""
    with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
        names = "id, created_at, response_object, model, access_attributes, owner_principal"
        table = "responses" if _has(connection, "responses") else "openai_responses"
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES (?, ?, ?, ?, ?, ?)", HARD)
    with closing(sqlite3.connect(folder / "kvstore.db")) as connection, connection:
        # Nothing in the configs leads to those.
        connection.execute("DELETE FROM kvstore WHERE key LIKE 'localfs_datasets:%'")
        connection.executemany(
            "INSERT INTO kvstore VALUES (?, ?, ?)",
            [
                ("prompts:v1:pmpt_ü", '{"text":  "as it was written"}', None),
                ("prompts:v1:pmpt_2", "null", None),
                ("prompts:v1:pmpt_3", "", None),
                ("prompts:v1:pmpt_4", None, None),
            ],
        )


def _has(connection: sqlite3.Connection, table: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone())


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of a SQLite file with the types of its cells, by table; what has no row is left out."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = sorted(row[1] for row in connection.execute(f"PRAGMA table_info({name})"))
            cells = ", ".join(f"{column}, typeof({column})" for column in columns)
            rows = connection.execute(f"SELECT {cells} FROM {name}").fetchall()
            if rows:
                found[name] = sorted(rows, key=repr)
    return found


def on_postgres(store: PostgresStore, **more: str) -> tuple[str, ...]:
    """Return the options that name a database; $MOVED holds the password, which every version can use."""
    if store.ask(f"SELECT count(*) FROM pg_roles WHERE rolname = '{MOVER}'") == "0":
        store.ask(f"CREATE ROLE {MOVER} LOGIN PASSWORD '{MOVED}' IN ROLE {ROLE}")
    port = store.server.port
    fields: Mapping[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "db": store.database,
        "user": MOVER,
        "password": "${env.MOVED}",
        **more,
    }
    return "postgres", *(word for name, value in fields.items() for word in ("--set", f"{name}={value}"))


@contextmanager
def server_on(path: Path) -> Iterator[Callable[[str], None]]:
    """Have another process that keeps a SQLite file open; yields what runs a statement there."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, path], stdin=PIPE, stdout=PIPE, text=True
    ) as process:

        def execute(sql: str) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(sql + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        try:
            yield execute
        finally:
            assert process.stdin is not None
            process.stdin.close()


_SERVER: Final = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    connection.execute(line).fetchall()
    print("done", flush=True)
connection.close()
"""
ENVIRON: Final = {"MOVED": MOVED}
