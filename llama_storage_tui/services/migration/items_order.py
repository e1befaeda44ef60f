"""The order of conversation items stored before ogx 1.1: servers up to 1.0 wrote no position, and later ones go by it alone."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from typing import Final

from llama_storage_tui.backends.protocols import RecordReader
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import Field, RecordOrder, RecordQuery
from llama_storage_tui.services.migration.conversions import Step

POSITION: Final = "sort_order"


class ItemPositions:
    """Where each item of a table comes: negative numbers, so that items which have a position come after them.

    A row of memory is a hash and two numbers, whatever its ids are: a table of a million items takes some 80 MB.
    """

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._times = array("q")
        self._positions = array("q")

    def add(self, conversation: Cell, item: Cell, created_at: Cell) -> None:
        """Take the next item in, in the order of the table, the last stored first."""
        self._hashes.append(_hash(conversation, item))
        self._times.append(created_at if isinstance(created_at, int) else 0)

    def sort(self) -> None:
        """Give each item that was added its number: by time, then as it was stored."""
        total = len(self._hashes)
        positions = array("q", range(-1, -total - 1, -1))
        if any(later < earlier for later, earlier in pairwise(self._times)):
            by_time = sorted(range(total - 1, -1, -1), key=self._times.__getitem__)
            for rank, index in enumerate(by_time):
                positions[index] = rank - total
            del by_time
        self._times = array("q")
        # Hash and place in one number: a list of pairs would take twice the memory.
        by_hash = [hash_ << 32 | index for index, hash_ in enumerate(self._hashes)]
        by_hash.sort()
        self._hashes = array("Q", (each >> 32 for each in by_hash))
        self._positions = array("q", (positions[each & 0xFFFFFFFF] for each in by_hash))

    def keep(self, conversation: Cell, item: Cell, position: Cell) -> None:
        """Let an item have the position that it has where it goes: a plan that is made again then says the same."""
        index = self._index(conversation, item)
        if index is not None and isinstance(position, int):
            self._positions[index] = position

    def position(self, conversation: Cell, item: Cell) -> int | None:
        """Return an item's position; None for one that was not there."""
        index = self._index(conversation, item)
        return None if index is None else self._positions[index]

    def _index(self, conversation: Cell, item: Cell) -> int | None:
        wanted = _hash(conversation, item)
        index = bisect_left(self._hashes, wanted)
        return index if index < len(self._hashes) and self._hashes[index] == wanted else None


def _hash(conversation: Cell, item: Cell) -> int:
    text = f"{conversation!r} {item!r}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


async def item_positions(records: RecordReader, table: str) -> ItemPositions:
    """Read the order of a table's items."""
    found = ItemPositions()
    async for conversation, item, created_at in _rows(records, table, "created_at"):
        found.add(conversation, item, created_at)
    found.sort()
    return found


async def keep_positions(positions: ItemPositions, records: RecordReader, table: str) -> None:
    """Keep the positions that items have in a table which has them."""
    async for conversation, item, position in _rows(records, table, POSITION):
        positions.keep(conversation, item, position)


async def _rows(records: RecordReader, table: str, column: str) -> AsyncIterator[tuple[Cell, Cell, Cell]]:
    names = ("conversation_id", "id", column)
    fields = tuple(Field(name, name) for name in names)
    query = RecordQuery(table, fields, order=RecordOrder.STORED, with_cursors=False)
    async with aclosing(records.search(query)) as batches:
        async for batch in batches:
            for record in batch.records:
                yield record[names[0]], record[names[1]], record[names[2]]


def in_order(positions: ItemPositions) -> Step:
    """Return the step that gives an item its position where it has none."""

    def step(cells: dict[str, Cell]) -> None:
        if cells.get(POSITION) is None:
            cells[POSITION] = positions.position(cells.get("conversation_id"), cells.get("id"))

    return step
