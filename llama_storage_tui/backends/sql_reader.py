"""The reader of a SQL engine: its parts are the same for every engine with a dialect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from llama_storage_tui.backends.protocols import KeyValueReader, Prober, RecordReader, TableReader
from llama_storage_tui.backends.reader import OpenReader
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    from llama_storage_tui.backends.engine import Engine, TableWatch
    from llama_storage_tui.backends.keyvalue import KeyTables


def sql_reader(
    engine: Callable[[], Engine],
    *,
    where: str,
    watch: Callable[[], TableWatch],
    keys: Callable[[], KeyTables] | None,
    timeouts: Timeouts,
    prober: Prober,
    closing: Callable[[], Awaitable[None]],
) -> OpenReader:
    """Return the reader of what `engine` returns.

    `watch` makes what tells which rows are new, `keys` the key-value table, None for a SQL backend, which has no keys.

    Each part is imported when it is made: SQLAlchemy takes a quarter of a second, and a test needs none of it.
    """

    def tables() -> TableReader:
        from llama_storage_tui.backends.tables import SqlTableReader

        return SqlTableReader(engine(), timeouts, watch())

    def records() -> RecordReader:
        from llama_storage_tui.backends.records import SqlRecordReader

        return SqlRecordReader(engine(), timeouts, watch())

    def key_values(made: Callable[[], KeyTables]) -> KeyValueReader:
        from llama_storage_tui.backends.keyvalue import SqlKeyValueReader

        return SqlKeyValueReader(engine(), made(), timeouts)

    return OpenReader(
        where=where,
        prober=prober,
        table_reader=tables,
        record_reader=records,
        key_value_reader=None if keys is None else lambda: key_values(keys),
        closing=closing,
    )
