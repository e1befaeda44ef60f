"""How many rows a stream fetches at a time: many small ones, few large ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from llama_storage_tui.deferred import dataclass

Item = TypeVar("Item")

FIRST_BATCH: Final = 1
"""Nobody knows what a row weighs before one was read."""

LARGEST_BATCH: Final = 1000
"""Measured: larger batches gain nothing."""

LARGEST_RAW_BATCH: Final = 8000
"""Of rows that are copied and not shown: each batch changes threads some times, which small rows would wait for."""

BATCH_BYTES: Final = 8 * 1024 * 1024
"""About what a batch of large values may weigh, so that memory does not follow the number of rows."""


def weight(rows: Sequence[Sequence[object]]) -> int:
    """Return about how many bytes the cells of some rows hold; numbers count nothing."""
    return sum(len(cell) for row in rows for cell in row if isinstance(cell, str | bytes))


def parted(
    items: Sequence[Item], size_of: Callable[[Item], int], *, most: int = LARGEST_BATCH
) -> list[list[Item]]:
    """Part items so that what belongs to those of each part weighs about BATCH_BYTES at most; `most` limits their number."""
    parts: list[list[Item]] = []
    held = 0
    for item in items:
        size = size_of(item)
        if not parts or held + size > BATCH_BYTES or len(parts[-1]) >= most:
            parts.append([])
            held = 0
        parts[-1].append(item)
        held += size
    return parts


@dataclass(slots=True)
class Pace:
    """How many rows to fetch next: twice as many while they are light, fewer where they are heavy."""

    size: int = FIRST_BATCH
    most: int = LARGEST_BATCH

    def after(self, batch: Sequence[Sequence[object]]) -> int:
        """Set the pace by what was fetched; return what that weighs."""
        held = weight(batch)
        if held < BATCH_BYTES // 4:
            self.size = min(self.size * 2, self.most)
        else:
            self.size = max(1, min(self.size, self.size * (BATCH_BYTES // 4) // held))
        return held
