"""A backend that cannot be contacted: every question gets the same sentence, and nothing crashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from llama_storage_tui.backends.protocols import KeyValueReader, RecordReader, TableReader
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import Probe
from llama_storage_tui.next_steps import Help


@dataclass(frozen=True, slots=True)
class UnsupportedReader:
    """Satisfies `protocols.Reader`; whatever is asked raises BackendError with the reason."""

    reason: str
    failure: FailureKind = FailureKind.UNSUPPORTED
    help: Help | None = None

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Raise BackendError."""
        del thorough
        self._refuse()

    @property
    def tables(self) -> TableReader:
        """Raise BackendError."""
        self._refuse()

    @property
    def records(self) -> RecordReader:
        """Raise BackendError."""
        self._refuse()

    @property
    def key_values(self) -> KeyValueReader:
        """Raise BackendError."""
        self._refuse()

    async def close(self) -> None:
        """Do nothing: nothing was opened."""

    def _refuse(self) -> NoReturn:
        raise BackendError(self.reason, failure=self.failure, help=self.help)
