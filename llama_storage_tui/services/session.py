"""An open catalog: one reader per backend, opened on first use, closed by who opened the session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.catalog import Backend, Catalog
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.secrets import Redactor

if TYPE_CHECKING:
    # Names of annotations only: a session is opened for the first screen, and reads nothing there.
    from llama_storage_tui.backends.protocols import KeyValueReader, Prober, Reader
    from llama_storage_tui.model.target import Target

log = logging.getLogger(__name__)

__all__ = ["Session", "Timeouts"]


class Session:
    """Readers of one catalog's backends, shared by everything that reads them."""

    def __init__(self, catalog: Catalog, timeouts: Timeouts | None = None) -> None:
        self.catalog = catalog
        self.timeouts = timeouts or Timeouts()
        self.redact = Redactor(catalog.secrets)
        self._readers: dict[str, Reader] = {}
        self._loaded: set[str] = set()
        self._outdated: list[Reader] = []
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def learn(self, catalog: Catalog) -> None:
        """Take the same catalog with its findings in place of the one that was opened at once.

        It may be another version's: one that loads the file. A backend that this version opens elsewhere is then opened anew.
        """
        targets = {backend.name: backend.target for backend in catalog.backends}
        for backend in self.catalog.backends:
            if targets.get(backend.name) != backend.target and backend.name in self._readers:
                # What still reads from it may go on; it is closed with the session.
                self._outdated.append(self._readers.pop(backend.name))
                self._loaded.discard(backend.name)
        self.catalog = catalog
        self.redact = Redactor(catalog.secrets)

    def backend(self, name: str) -> Backend:
        """Return the backend of that name; raises UsageError where the config has none."""
        backend = self.catalog.backend(name)
        if backend is None:
            names = ", ".join(backend.name for backend in self.catalog.backends) or "none"
            raise UsageError(f"{self.catalog.config} has no backend {name!r}", help=f"It has: {names}.")
        return backend

    async def reader(self, name: str) -> Reader:
        """Return the reader of a backend, without contacting it yet.

        The first one of an engine imports its driver and all that reads tables, which takes some tenths of a second: in a thread,
        so that a screen answers. Raises UsageError for an unknown name and BackendError where the config does not say what to
        connect to.
        """
        reader = await self._opened(name)
        if name not in self._loaded:
            await asyncio.to_thread(reader.load)
            self._loaded.add(name)
        return reader

    async def prober(self, name: str) -> Prober:
        """Return what tests a backend: its reader, of which no more is imported than a test needs. Raises as `reader` does."""
        return await self._opened(name)

    async def key_values(self, name: str) -> KeyValueReader:
        """Return a backend's keys; raises as `reader` does, and where the backend has none."""
        reader = await self._opened(name)
        return await asyncio.to_thread(lambda: reader.key_values)

    async def _opened(self, name: str) -> Reader:
        backend = self.backend(name)
        async with self._opening:
            if name in self._readers:
                return self._readers[name]
            if backend.target is None:
                raise BackendError(
                    f"Backend {name} cannot be opened: {backend.problem or 'its settings are incomplete'}",
                    failure=FailureKind.UNRESOLVED,
                    where=backend.path,
                    help=Advice("Fix the config, or set the variables that it reads.", Step.GIVE_ENV_FILE),
                )
            log.info("opening %s (%s) at %s", name, backend.type, backend.location)
            self._readers[name] = await asyncio.to_thread(_open, backend.target, self.timeouts)
            return self._readers[name]

    async def other_reader(self, target: Target) -> Reader:
        """Return a reader of a target that no backend of the catalog names; whoever asks for it closes it."""
        reader = await asyncio.to_thread(_open, target, self.timeouts)
        await asyncio.to_thread(reader.load)
        return reader

    async def close(self) -> None:
        """Close every reader that was opened."""
        readers = [*self._readers.values(), *self._outdated]
        self._readers, self._loaded, self._outdated = {}, set(), []
        await asyncio.gather(*(reader.close() for reader in readers))


class _Closes(Protocol):
    async def close(self) -> None: ...


_Open = TypeVar("_Open", bound=_Closes)


@asynccontextmanager
async def closing(opening: Awaitable[_Open]) -> AsyncIterator[_Open]:
    """Await what opens something, and close that at the end."""
    found = await opening
    try:
        yield found
    finally:
        await found.close()


def _open(target: Target, timeouts: Timeouts) -> Reader:
    # Imported here: a command that contacts nothing must not pay for SQLAlchemy.
    from llama_storage_tui.backends.registry import open_reader

    return open_reader(target, timeouts=timeouts)
