"""Handshakes that fail for good. The driver tries each server again until its time is up, whatever it failed by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final, TypeVar

from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)

from llama_storage_tui.backends.mongodb.failures import is_final

Address = tuple[str, int | None]
Answer = TypeVar("Answer")
_CANCEL_SECONDS: Final = 0.1


class Handshakes(ServerHeartbeatListener):
    """What the driver hears of the servers of one client."""

    def __init__(self) -> None:
        self._failed: dict[Address, Exception] = {}
        self._changed = asyncio.Event()

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        """Hear that a server is asked."""

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        """Hear that a server answered."""
        self._failed.pop(event.connection_id, None)

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """Hear that a server did not."""
        self._failed[event.connection_id] = event.reply
        self._changed.set()

    async def unless_hopeless(
        self, asking: asyncio.Task[Answer], servers: Callable[[], Collection[Address]]
    ) -> Answer:
        """Return an answer; raises the driver's error as soon as each of the servers has refused for good."""
        changed = asyncio.create_task(self._changed.wait())
        try:
            while not asking.done():
                await asyncio.wait({asking, changed}, return_when=asyncio.FIRST_COMPLETED)
                known = servers()
                final = [error for place, error in self._failed.items() if place in known and is_final(error)]
                if known and len(final) == len(known) and not asking.done():
                    raise final[0]
                if changed.done():
                    self._changed.clear()
                    changed = asyncio.create_task(self._changed.wait())
            return asking.result()
        finally:
            changed.cancel()
            while not asking.done():
                # Once more: a wait that ends at this very moment takes a cancellation for its end (Python 3.11).
                asking.cancel()
                await asyncio.wait({asking}, timeout=_CANCEL_SECONDS)
            if not asking.cancelled():
                asking.exception()
