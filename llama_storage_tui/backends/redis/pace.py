"""How fast a scan goes on: a server answers one client at a time, and others wait for what it looks through meanwhile.

A client feels the number of the steps rather than their length, as long as they are short: with steps of 3,000 keys at this rate
99 of 100 questions of another client are answered as fast as without a scan.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

RATE: Final = 220_000
"""Keys looked at in a second, for long: a server needs about a microsecond for each."""
AT_ONCE: Final = 20_000
"""Keys that may be looked at without a rest."""
SLOW: Final = 0.1
"""Seconds of an answer after which the next question waits in any case: a step takes some milliseconds."""
LONGEST: Final = 1.0
"""Seconds of a rest for an answer's sake, however long that took: one hiccup of a server stops no scan."""


class ScanPace:
    """How many keys the scans of a connection may still look at before they rest, those of all of them together."""

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._credit = float(AT_ONCE)
        self._counted_at = clock()
        self._took = 0.0
        self._answered_at = self._counted_at

    async def before(self, keys: int) -> None:
        """Wait until so many keys may be asked for; they count from now on, unless this is cancelled.

        Counted at once, so that of two scans the second waits for what the first is about to ask, too.
        """
        now = self._clock()
        self._credit = min(AT_ONCE, self._credit + (now - self._counted_at) * RATE)
        self._counted_at = now
        debt = max(0.0, -self._credit)
        self._credit -= keys
        rest = debt / RATE
        if debt or self._took > SLOW:
            rest = max(rest, self._answered_at + min(self._took, LONGEST) - now)
        if rest > 0:
            try:
                await self._sleep(rest)
            except BaseException:
                self._credit += keys
                raise

    def after(self, seconds: float) -> None:
        """Note how long an answer was waited for: the server is left alone for as long, once a scan rests."""
        self._took, self._answered_at = seconds, self._clock()
