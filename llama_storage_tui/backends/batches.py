"""How many rows a stream fetches at a time: many small ones, few large ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FIRST_BATCH: Final = 1
"""Nobody knows what a row weighs before one was read."""

LARGEST_BATCH: Final = 1000
"""Measured: larger batches gain nothing."""

BATCH_BYTES: Final = 8 * 1024 * 1024
"""About what a batch of large values may weigh, so that memory does not follow the number of rows."""


def weight(rows: Sequence[Sequence[object]]) -> int:
    """Return about how many bytes the cells of some rows hold; numbers count nothing."""
    return sum(len(cell) for row in rows for cell in row if isinstance(cell, str | bytes))


@dataclass(slots=True)
class Pace:
    """How many rows to fetch next: twice as many while they are light, fewer where they are heavy."""

    size: int = FIRST_BATCH

    def after(self, batch: Sequence[Sequence[object]]) -> int:
        """Set the pace by what was fetched; return what that weighs."""
        held = weight(batch)
        if held < BATCH_BYTES // 4:
            self.size = min(self.size * 2, LARGEST_BATCH)
        else:
            self.size = max(1, min(self.size, self.size * (BATCH_BYTES // 4) // held))
        return held
