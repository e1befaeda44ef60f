"""An open backend: what an engine's package hands out, made of the parts that it has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING

from llama_storage_tui.backends.protocols import KeyValueReader, Prober, RecordReader, TableReader
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.data import Probe
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    from llama_storage_tui.backends.engine import Engine, TableWatch
    from llama_storage_tui.backends.keyvalue import KeyTables


async def nothing_to_close() -> None:
    """Close nothing: every question opens a connection of its own."""


class OpenReader:
    """Satisfies `protocols.Reader`; a part that is None is one that the engine, or this backend of it, does not have.

    The others are made when they are first asked for, or by `load`: what a part imports may be much.
    """

    def __init__(
        self,
        *,
        where: str,
        prober: Prober,
        table_reader: Callable[[], TableReader] | None = None,
        record_reader: Callable[[], RecordReader] | None = None,
        key_value_reader: Callable[[], KeyValueReader] | None = None,
        closing: Callable[[], Awaitable[None]] = nothing_to_close,
    ) -> None:
        self.where = where
        self._prober = prober
        self._table_reader = table_reader
        self._record_reader = record_reader
        self._key_value_reader = key_value_reader
        self._closing = closing

    def load(self) -> None:
        """Make every part that there is: in a thread, where somebody waits for something else."""
        if self._table_reader is not None:
            _ = self.tables
        if self._record_reader is not None:
            _ = self.records
        if self._key_value_reader is not None:
            _ = self.key_values

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect and describe."""
        return await self._prober.probe(thorough=thorough)

    @cached_property
    def tables(self) -> TableReader:
        """The backend's tables; raises UsageError where it holds keys alone."""
        if self._table_reader is None:
            raise self._holds_keys()
        return self._table_reader()

    @cached_property
    def records(self) -> RecordReader:
        """The JSON documents in the backend's tables; raises UsageError where it holds keys alone."""
        if self._record_reader is None:
            raise self._holds_keys()
        return self._record_reader()

    @cached_property
    def key_values(self) -> KeyValueReader:
        """The backend's keys; raises UsageError where it holds tables alone."""
        if self._key_value_reader is not None:
            return self._key_value_reader()
        if self._table_reader is not None:
            raise UsageError(
                "This backend holds tables, not keys.", where=self.where, help="Use `tables` and `rows`."
            )
        raise self._unsupported(
            "Reading this engine's rows is not built in: its backends are shown, checked and tested.",
            None,
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._closing()

    def _holds_keys(self) -> UsageError:
        return UsageError(
            "This backend holds keys, not tables.", where=self.where, help="Use `namespaces` and `keys`."
        )

    def _unsupported(self, message: str, advice: str | None) -> BackendError:
        return BackendError(message, failure=FailureKind.UNSUPPORTED, where=self.where, help=advice)


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
    """Return the reader of a SQL engine, which `engine` returns: its parts are the same for every engine with a dialect.

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
