"""SQLite: reading a file without leaving a trace. The only room that imports aiosqlite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llama_storage_tui.backends.spec import BulkCopy, EngineSpec
from llama_storage_tui.backends.sqlite.target import SqliteTarget, container, location, sqlite_target
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    # Names of annotations only.
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter, Reader
    from llama_storage_tui.model.raw_rows import Sheet


def _refuse_memory(target: SqliteTarget) -> None:
    if target.is_memory:
        raise BackendError(
            "A database in memory lives in the server's own process: there is no file to look into.",
            failure=FailureKind.UNSUPPORTED,
            help="Give the backend a db_path if its rows should outlive the server.",
        )


def _reader(target: SqliteTarget, timeouts: Timeouts) -> Reader:
    _refuse_memory(target)
    from llama_storage_tui.backends.sqlite.reader import sqlite_reader

    return sqlite_reader(target, timeouts=timeouts)


def _source(target: SqliteTarget, timeouts: Timeouts) -> ItemSource:
    _refuse_memory(target)
    from llama_storage_tui.backends.sqlite.source import SqliteSource

    return SqliteSource(target, timeouts=timeouts)


def _writer(target: SqliteTarget, timeouts: Timeouts) -> ItemWriter:
    _refuse_memory(target)
    from llama_storage_tui.backends.sqlite.writer import SqliteWriter

    return SqliteWriter(target, timeouts=timeouts)


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
    reader=_reader,
    bulk_copy=BulkCopy(_source, _writer, _statements),
    is_local=True,
    size_details=("file bytes", "wal bytes"),
    why_no_roles="SQLite has no credential: the owner and the mode of the file decide who may open it",
)
