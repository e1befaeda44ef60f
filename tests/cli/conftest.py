"""A deployment on disk, and the program called as a script would call it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.__main__ import main
from tests.stores import SqliteStore

CONFIG = """\
version: 2
distro_name: demo
apis: [inference]
providers:
  inference: []
storage:
  backends:
    kv_default:
      type: kv_sqlite
      db_path: ${env.STORE}/kv.db
    sql_default:
      type: sql_sqlite
      db_path: ${env.STORE}/sql.db
  stores:
    metadata: {backend: kv_default, namespace: registry}
    inference: {backend: sql_default, table_name: inference_store}
    conversations: {backend: sql_default, table_name: openai_conversations}
    prompts: {backend: sql_default, table_name: prompts}
    connectors: {backend: sql_default, table_name: connectors}
"""


RESPONSES_CONFIG = """\
version: 2
distro_name: demo
apis: [responses]
providers:
  responses:
  - provider_id: builtin
    provider_type: inline::builtin
    config:
      persistence:
        responses: {backend: sql_default, table_name: responses}
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: "${env.STORE}/kv.db"}
    sql_default: {type: sql_sqlite, db_path: "${env.STORE}/sql.db"}
  stores:
    metadata: {backend: kv_default, namespace: registry}
    inference: {backend: sql_default, table_name: inference_store}
    conversations: {backend: sql_default, table_name: openai_conversations}
    prompts: {backend: sql_default, table_name: prompts}
    connectors: {backend: sql_default, table_name: connectors}
"""
"""Of a server that keeps responses."""


@dataclass(frozen=True)
class Answer:
    """What a call gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - a parsed document
        """The one document on stdout."""
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Call the program in this process."""

    def called(*words: str) -> Answer:
        code = main(words)
        captured = capsysbinary.readouterr()
        return Answer(code, captured.out.decode(), captured.err.decode())

    return called


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a deployment of ogx 1.5: keys, rows, and a config that finds them through $STORE."""
    monkeypatch.setenv("STORE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("OGX_CONFIG", "LLAMA_STACK_CONFIG", "RUN_CONFIG_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect(tmp_path / "kv.db")) as keys, keys:
        keys.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
        keys.executemany(
            "INSERT INTO kvstore VALUES (?, ?, ?)",
            [(f"registry:model:{number}", json.dumps({"n": number}), None) for number in range(5)]
            + [
                ("lost", "\u202eevil \x1b[31m é", None),
                ("registry:text", "plain", "2001-01-01T00:00:00+00:00"),
            ],
        )
    with closing(sqlite3.connect(tmp_path / "sql.db")) as tables, tables:
        tables.execute(
            "CREATE TABLE inference_store (id VARCHAR PRIMARY KEY, created INTEGER, model VARCHAR, choices JSON)"
        )
        tables.executemany(
            "INSERT INTO inference_store VALUES (?, ?, ?, ?)",
            [
                (f"c{number}", 1700000000 + number, None if number == 3 else "m é", '{"a": 1}')
                for number in range(5)
            ],
        )
        tables.execute("CREATE TABLE prompts (id VARCHAR PRIMARY KEY)")
    path = tmp_path / "run.yaml"
    path.write_text(CONFIG)
    return str(path)


@pytest.fixture
def response_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteStore:
    """Name the store, without a table, of a server that keeps responses; its config lies beside it."""
    monkeypatch.setenv("STORE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    store = SqliteStore(tmp_path / "sql.db")
    Path(config_beside(store)).write_text(RESPONSES_CONFIG)
    return store


def config_beside(store: SqliteStore) -> str:
    """Return the path of the config whose tables are in this store."""
    return str(store.path.with_name("run.yaml"))


def start(*words: str, **options: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - Popen's own
    """Start the program as a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "llama_storage_tui", *words], **options)
