"""SQLite: reading a file without leaving a trace. The only room that imports aiosqlite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llama_storage_tui.backends.spec import BulkCopy, EngineSpec, opener
from llama_storage_tui.backends.sqlite.target import SqliteTarget, container, location, sqlite_target

if TYPE_CHECKING:
    # Names of annotations only.
    from llama_storage_tui.model.raw_rows import Sheet


def _statements(sheet: Sheet) -> tuple[str, ...]:
    from llama_storage_tui.backends.sqlite.writer import statements

    return statements(sheet)


ENGINE: Final = EngineSpec(
    name="SQLite",
    types=("kv_sqlite", "sql_sqlite"),
    target=SqliteTarget,
    read_target=sqlite_target,
    location=location,
    container=container,
    reader=opener(f"{__name__}.reader", "sqlite_reader"),
    bulk_copy=BulkCopy(
        opener(f"{__name__}.source", "SqliteSource"),
        opener(f"{__name__}.writer", "SqliteWriter"),
        _statements,
    ),
    is_local=True,
    size_details=("file bytes", "wal bytes"),
    why_no_roles="SQLite has no credential: the owner and the mode of the file decide who may open it",
)
