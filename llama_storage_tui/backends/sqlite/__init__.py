"""SQLite: reading a file without leaving a trace. The only room that imports aiosqlite."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.backends.spec import BulkCopy, EngineSpec, later
from llama_storage_tui.backends.sqlite.target import SqliteTarget, container, location, sqlite_target

ENGINE: Final = EngineSpec(
    name="SQLite",
    types=("kv_sqlite", "sql_sqlite"),
    target=SqliteTarget,
    read_target=sqlite_target,
    location=location,
    container=container,
    reader=later(f"{__name__}.reader", "sqlite_reader"),
    bulk_copy=BulkCopy(
        later(f"{__name__}.source", "SqliteSource"),
        later(f"{__name__}.writer", "SqliteWriter"),
        later(f"{__name__}.writer", "statements"),
    ),
    is_local=True,
    size_details=("file bytes", "wal bytes"),
    why_no_roles="SQLite has no credential: the owner and the mode of the file decide who may open it",
)
