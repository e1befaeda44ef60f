"""The reader of a SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.reader import sql_reader
from llama_storage_tui.backends.sqlite.engine import SqliteEngine
from llama_storage_tui.backends.sqlite.probe import SqliteProber
from llama_storage_tui.backends.sqlite.target import SqliteTarget, file_of
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    from llama_storage_tui.backends.engine import TableWatch
    from llama_storage_tui.backends.keyvalue import KeyTables


def sqlite_reader(target: SqliteTarget, timeouts: Timeouts) -> Reader:
    """Return the reader; nothing is opened yet."""
    engine = SqliteEngine(file_of(target), timeouts=timeouts, makes_folders=target.makes_folders)
    return sql_reader(
        lambda: engine,
        where=engine.where,
        watch=partial(watch_of, engine),
        keys=keys_of(engine, target.table),
        timeouts=timeouts,
        prober=SqliteProber(engine, target, timeouts),
        closing=engine.close,
    )


def watch_of(engine: SqliteEngine) -> TableWatch:
    """Return what tells which rows of a file are new."""
    from llama_storage_tui.backends.sqlite.watch import SqliteWatch

    return SqliteWatch(engine)


def keys_of(engine: SqliteEngine, table: str | None) -> Callable[[], KeyTables] | None:
    """Return what makes the key-value table of a file; None for a SQL backend."""
    if table is None:
        return None

    def made() -> KeyTables:
        from llama_storage_tui.backends.sqlite.keytable import SqliteKeyTables

        return SqliteKeyTables(engine, table)

    return made
