"""Which keys a scan has given already, and how many, in a few bytes each: SCAN may give a key twice."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

_SMALLEST: Final = 1 << 10
_AT_ONCE: Final = 1 << 18
"""Hashes that are compared with each other at a time: some 15 MB of Python's numbers."""
PARTS: Final = 16
_STANDS_FOR_EMPTY: Final = 1


class SeenKeys:
    """A set of the keys' 64-bit hashes: a million keys would take 70 MB in one of Python's, and take 16 here."""

    __slots__ = ("_count", "_table")

    def __init__(self) -> None:
        self._table = array("q", bytes(8 * _SMALLEST))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def fresh(self, keys: Iterable[bytes]) -> list[bytes]:
        """Return those of the keys that were not seen before, each once, and remember them."""
        return [key for key in keys if self._add(hash(key))]

    def add(self, key: object) -> bool:
        """Remember a key; return whether it is new."""
        return self._add(hash(key))

    def update(self, hashes: Iterable[int]) -> None:
        """Remember keys by their hashes, as `hash` gives them."""
        for number in hashes:
            self._add(number)

    def copy(self) -> SeenKeys:
        """Return another set of the same keys."""
        made = SeenKeys()
        made._table, made._count = self._table[:], self._count
        return made

    def _add(self, number: int) -> bool:
        number = number or _STANDS_FOR_EMPTY
        table = self._table
        mask = len(table) - 1
        at = number & mask
        while there := table[at]:
            if there == number:
                return False
            at = (at + 1) & mask
        table[at] = number
        self._count += 1
        if self._count * 2 > len(table):
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._table
        self._table = table = array("q", bytes(16 * len(old)))
        mask = len(table) - 1
        for number in filter(None, old):
            at = number & mask
            while table[at]:
                at = (at + 1) & mask
            table[at] = number


class DistinctKeys:
    """A count of keys by their 64-bit hashes, 8 bytes each: what counts does not need to know of each key whether it is new."""

    __slots__ = ("_parts", "notes")

    def __init__(self) -> None:
        # Apart from the start: equal hashes are in one part, and each is looked at once more, and not once for every part.
        self._parts = tuple(array("q") for _ in range(PARTS))
        self.notes = tuple(part.append for part in self._parts)
        """What notes a key's hash, by the hash's remainder: for a loop over millions of keys, where a call for each costs most."""

    def __len__(self) -> int:
        """Return how many different ones there were."""
        return sum(map(_distinct, self._parts))


def _distinct(hashes: array[int]) -> int:
    passes = len(hashes) // _AT_ONCE + 1
    if passes == 1:
        return len(set(hashes))
    return sum(
        len({number for number in hashes if number // PARTS % passes == turn}) for turn in range(passes)
    )
