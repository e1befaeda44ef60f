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

_TEXTS: Final = frozenset({str, bytes})
_NO_TEXTS: Final = frozenset({int, float, bool, type(None)})


def weight(rows: Sequence[Sequence[object]]) -> int:
    """Return about how many bytes the cells of some rows hold; numbers count nothing."""
    return sum(map(_column_weight, zip(*rows, strict=False)))


def _column_weight(column: tuple[object, ...]) -> int:
    # Most columns are of one kind: their cells are not looked at one by one.
    kinds = set(map(type, column))
    if kinds <= _TEXTS:
        return sum(map(len, column))  # type: ignore[arg-type]
    if kinds <= _NO_TEXTS:
        return 0
    return sum(len(cell) for cell in column if isinstance(cell, (str, bytes)))


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
    enough: int = BATCH_BYTES // 4
    """What a batch should weigh: less than it may, since the next one may be heavier."""

    def after(self, batch: Sequence[Sequence[object]]) -> int:
        """Set the pace by what was fetched; return what that weighs."""
        held = weight(batch)
        if held < self.enough:
            self.size = min(self.size * 2, self.most)
        else:
            self.size = max(1, min(self.size, self.size * self.enough // held))
        return held


def raw_pace() -> Pace:
    """Return the pace of rows that are copied: larger batches than of those that are shown, a tenth less of a processor's time."""
    return Pace(most=LARGEST_RAW_BATCH, enough=BATCH_BYTES // 2)
