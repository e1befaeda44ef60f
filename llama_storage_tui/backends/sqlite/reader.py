"""The reader of a SQLite file."""

from __future__ import annotations

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.reader import sql_reader
from llama_storage_tui.backends.sqlite.engine import SqliteEngine
from llama_storage_tui.backends.sqlite.probe import probe
from llama_storage_tui.model.data import Probe
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import SqliteTarget


def sqlite_reader(target: SqliteTarget, *, timeouts: Timeouts) -> Reader:
    """Return the reader; nothing is opened yet."""
    engine = SqliteEngine(target.path, timeouts=timeouts, makes_folders=target.makes_folders)

    async def probing(thorough: bool) -> Probe:  # noqa: FBT001 - the shape of a callback
        return await probe(engine, target, timeouts=timeouts, thorough=thorough)

    return sql_reader(engine, table=target.table, timeouts=timeouts, probing=probing)
