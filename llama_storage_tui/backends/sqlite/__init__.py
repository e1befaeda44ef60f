"""SQLite: reading a file without leaving a trace. The only room that imports aiosqlite."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.spec import EngineSpec
from llama_storage_tui.backends.sqlite.target import SqliteTarget, container, location, sqlite_target
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.limits import Timeouts


def _reader(target: SqliteTarget, timeouts: Timeouts) -> Reader:
    if target.is_memory:
        raise BackendError(
            "A database in memory lives in the server's own process: there is no file to look into.",
            failure=FailureKind.UNSUPPORTED,
            help="Give the backend a db_path if its rows should outlive the server.",
        )
    from llama_storage_tui.backends.sqlite.reader import sqlite_reader

    return sqlite_reader(target, timeouts=timeouts)


ENGINE: Final = EngineSpec(
    name="SQLite",
    types=("kv_sqlite", "sql_sqlite"),
    target=SqliteTarget,
    read_target=sqlite_target,
    location=location,
    container=container,
    reader=_reader,
    why_no_roles="SQLite has no credential: the owner and the mode of the file decide who may open it",
)
