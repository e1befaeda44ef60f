"""The reader of a SQL engine: its parts are the same for every engine with a dialect."""

from __future__ import annotations

from llama_storage_tui.backends.engine import Engine
from llama_storage_tui.backends.keyvalue import SqlKeyValueReader
from llama_storage_tui.backends.protocols import Prober
from llama_storage_tui.backends.reader import OpenReader
from llama_storage_tui.backends.records import SqlRecordReader
from llama_storage_tui.backends.tables import SqlTableReader
from llama_storage_tui.model.limits import Timeouts


def sql_reader(engine: Engine, *, table: str | None, timeouts: Timeouts, prober: Prober) -> OpenReader:
    """Return the reader of an engine; `table` is the key-value table, None for a SQL backend, which has no keys."""
    return OpenReader(
        where=engine.where,
        prober=prober,
        table_reader=SqlTableReader(engine, timeouts),
        record_reader=SqlRecordReader(engine, timeouts),
        key_value_reader=None if table is None else SqlKeyValueReader(engine, table, timeouts),
        closing=engine.close,
    )
