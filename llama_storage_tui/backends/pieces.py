"""A table that is gone through in pieces: how wide each is, and which are read ahead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, Generic, TypeVar

PIECE_SECONDS: Final = 0.5
"""How long a piece of a search should take: short enough to show how far it is, long enough to weigh more than its start.

A start takes some 15 ms, nearly all of which an engine needs to prepare the statement. With two at once, one ends twice as often.
"""

START_SHARE: Final = 4
"""How many times as long as the quickest piece one should take at least: nobody knows what of that was its start."""

GROWTH: Final = 8
"""How many times as wide the next piece may be: what it takes beside its rows makes a piece look slower than it is."""

FOUND_AT_ONCE: Final = 5000
"""Records of a piece at most: the driver hands a piece over as one, and more of them would hold up everything else that runs."""

_FIRST_PIECE: Final = 64

T = TypeVar("T")

Reads = Callable[[tuple[int, int] | None], Awaitable[T]]
"""Reads the rows at some positions; None: all rows of a table that has no positions."""


class TablePieces(Generic[T]):
    """A table cut into pieces from its end to its beginning, some read ahead, handed over in order."""

    def __init__(
        self, read: Reads[T], low: int, high: int, *, at_once: int, first: int = _FIRST_PIECE
    ) -> None:
        self.done = 0
        self._at_once = at_once
        self._read = read
        self._low, self._high = low, high
        self._first = self._width = self._last = first
        self._quickest = float("inf")
        self._ahead: deque[tuple[asyncio.Task[T], int, float]] = deque()
        # A table without positions (a view) is one piece.
        self._is_whole = low >= high

    @property
    def is_more(self) -> bool:
        """Whether anything of the table was not handed over yet."""
        return self._is_whole or bool(self._ahead) or self._high > self._low

    async def next(self) -> T:
        """Return what the next piece gave."""
        while len(self._ahead) < self._at_once and (self._is_whole or self._high > self._low):
            self._begin()
        task, width, start = self._ahead[0]
        found = await task
        self._ahead.popleft()
        self.done += width
        self._last = width
        self._pace(monotonic() - start, width)
        return found

    def hold_to(self, found: int) -> None:
        """Keep the pieces to come from giving more records than should come at once, if they hold as many as the last one."""
        if found:
            self._width = max(self._first, min(self._width, self._last * FOUND_AT_ONCE // found))

    async def stop(self) -> None:
        """Cancel what is read ahead, at the engine too."""
        for task, _, _ in self._ahead:
            task.cancel()
        await asyncio.gather(*(task for task, _, _ in self._ahead), return_exceptions=True)

    def _begin(self) -> None:
        if self._is_whole:
            self._is_whole = False
            positions, width = None, 0
        else:
            positions = max(self._low, self._high - self._width), self._high
            width = positions[1] - positions[0]
            self._high = positions[0]
        self._ahead.append((asyncio.ensure_future(self._read(positions)), width, monotonic()))

    def _pace(self, seconds: float, width: int) -> None:
        if not width:
            return
        self._quickest = min(self._quickest, seconds)
        # On a busy machine a narrow piece takes nearly as long as a wide one: to halve it would only make more of them.
        should_take = max(PIECE_SECONDS, START_SHARE * self._quickest)
        if seconds < should_take / 2:
            wider = min(GROWTH, should_take / max(seconds, 0.001))
            self._width = max(self._width, int(width * wider))
        elif seconds > should_take * 2:
            self._width = max(self._first, width // 2)
