"""An open backend: what a service is handed, whatever the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from llama_storage_tui.backends.engine import Engine
from llama_storage_tui.backends.keyvalue import SqlKeyValueReader
from llama_storage_tui.backends.protocols import KeyValueReader, RecordReader, TableReader
from llama_storage_tui.backends.records import SqlRecordReader
from llama_storage_tui.backends.tables import SqlTableReader
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Probe
from llama_storage_tui.model.limits import Timeouts


@dataclass(frozen=True, slots=True)
class SqlReader:
    """Satisfies `protocols.Reader` for a SQL engine; `probing` is the engine's own way to describe itself."""

    engine: Engine
    tables: TableReader
    records: RecordReader
    keys: SqlKeyValueReader | None
    probing: Callable[[bool], Awaitable[Probe]]

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect and describe."""
        return await self.probing(thorough)

    @property
    def key_values(self) -> KeyValueReader:
        """The backend's keys; raises UsageError on a SQL backend."""
        if self.keys is None:
            raise UsageError(
                "This backend holds tables, not keys.",
                where=self.engine.where,
                help="Use `tables` and `rows`.",
            )
        return self.keys

    async def close(self) -> None:
        """Close the engine."""
        await self.engine.close()


def sql_reader(
    engine: Engine, *, table: str | None, timeouts: Timeouts, probing: Callable[[bool], Awaitable[Probe]]
) -> SqlReader:
    """Return the reader of an engine; `table` is the key-value table, None for a SQL backend."""
    keys = None if table is None else SqlKeyValueReader(engine, table, timeouts)
    return SqlReader(
        engine, SqlTableReader(engine, timeouts), SqlRecordReader(engine, timeouts), keys, probing
    )
