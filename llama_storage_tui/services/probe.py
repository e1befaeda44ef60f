"""Connection tests: all backends at once, each with its own time limit, none delaying another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llama_storage_tui.errors import BackendError

if TYPE_CHECKING:
    # Names of annotations only: the first screen offers tests, and must not wait for what they bring.
    from llama_storage_tui.model.data import Probe
    from llama_storage_tui.services.session import Session


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one backend answered: a probe, or the error that stood in its way."""

    backend: str
    probe: Probe | None
    error: BackendError | None = None

    @property
    def is_ok(self) -> bool:
        """Tell whether the backend answered."""
        return self.probe is not None


async def probe_one(session: Session, name: str, *, thorough: bool = False) -> ProbeResult:
    """Test one backend; raises UsageError for an unknown name, everything else is part of the result."""
    session.backend(name)
    try:
        return ProbeResult(name, await (await session.reader(name)).probe(thorough=thorough))
    except BackendError as error:
        return ProbeResult(name, None, error)


async def probe_all(
    session: Session, names: Sequence[str] = (), *, thorough: bool = False
) -> AsyncIterator[ProbeResult]:
    """Test several backends (none named: all) and yield each result as it comes."""
    wanted = list(names) or [backend.name for backend in session.catalog.backends]
    for name in wanted:
        session.backend(name)
    for name in wanted:
        # Drivers first: an import while a connection is timed would count as its latency. What fails here fails below too.
        with contextlib.suppress(BackendError):
            await session.reader(name)
    tasks = [asyncio.create_task(probe_one(session, name, thorough=thorough)) for name in wanted]
    try:
        for next_ in asyncio.as_completed(tasks):
            yield await next_
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
