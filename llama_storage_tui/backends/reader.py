"""An open backend: what an engine's package hands out, made of the parts that it has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from llama_storage_tui.backends.protocols import KeyValueReader, Prober, RecordReader, TableReader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.data import Probe


async def nothing_to_close() -> None:
    """Close nothing: every question opens a connection of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReader:
    """Satisfies `protocols.Reader`; a part that is None is one that the engine, or this backend of it, does not have."""

    where: str
    prober: Prober
    table_reader: TableReader | None = None
    record_reader: RecordReader | None = None
    key_value_reader: KeyValueReader | None = None
    closing: Callable[[], Awaitable[None]] = nothing_to_close

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect and describe."""
        return await self.prober.probe(thorough=thorough)

    @property
    def tables(self) -> TableReader:
        """The backend's tables; raises BackendError where it holds keys alone."""
        if self.table_reader is None:
            raise self._unsupported("This backend holds keys, not tables.", "Use `namespaces` and `keys`.")
        return self.table_reader

    @property
    def records(self) -> RecordReader:
        """The JSON documents in the backend's tables; raises BackendError where it holds keys alone."""
        if self.record_reader is None:
            raise self._unsupported("This backend holds keys, not tables.", "Use `namespaces` and `keys`.")
        return self.record_reader

    @property
    def key_values(self) -> KeyValueReader:
        """The backend's keys; raises UsageError where it holds tables alone."""
        if self.key_value_reader is None and self.table_reader is not None:
            raise UsageError(
                "This backend holds tables, not keys.", where=self.where, help="Use `tables` and `rows`."
            )
        if self.key_value_reader is None:
            raise self._unsupported(
                "Reading this engine's rows is not built in: its backends are shown, checked and tested.",
                None,
            )
        return self.key_value_reader

    async def close(self) -> None:
        """Close what is open."""
        await self.closing()

    def _unsupported(self, message: str, advice: str | None) -> BackendError:
        return BackendError(message, failure=FailureKind.UNSUPPORTED, where=self.where, help=advice)
