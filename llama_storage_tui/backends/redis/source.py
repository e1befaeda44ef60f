"""Keys of a Redis database for a move. There is no snapshot: a later pass brings what changed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import final

from llama_storage_tui.backends.batches import weight
from llama_storage_tui.backends.protocols import ItemSource
from llama_storage_tui.backends.redis.commands import Command
from llama_storage_tui.backends.redis.raw_keys import RedisRows
from llama_storage_tui.backends.redis.scanning import KeyCounts, Scan, WantedKeys
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.raw_rows import Found, RawBatch, RawExtent, RawRow, Sheet
from llama_storage_tui.model.transfer import KEY_COLUMNS

_WRITES = ("run_id", "rdb_changes_since_last_save", "rdb_last_save_time", "rdb_saves", "evicted_keys")
"""What INFO says that changes with every write to the server, and not when a key expires."""


@final
class RedisSource(RedisRows, ItemSource):
    """The keys of one database."""

    stamps_others = True

    async def stamp(self, container: str) -> str:
        """Return what the server has counted of its writes, those to other keys and databases included."""
        del container
        about = await self._connection.one(Command.INFO, seconds=self._timeouts.query)
        return repr([about.get(name) for name in _WRITES])

    async def extent(self, container: str, keys: KeySelection | None, *, fast: bool = False) -> RawExtent:
        """Count keys, and the bytes of their texts."""
        del container
        rows = held = 0
        async with aclosing(self._keys.batches(keys)) as batches:
            async for batch in batches:
                rows += len(batch)
                held += weight([(each.key, each.value) for each in batch])
                if fast:
                    break
        if not fast or not rows:
            return RawExtent(rows, held)
        every = await self._count(keys)
        return RawExtent(every, held * every // rows)

    async def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield all keys as a scan gives them, each once."""
        del container
        async with aclosing(self._keys.batches(keys)) as batches:
            async for batch in batches:
                yield RawBatch(KEY_COLUMNS, [each.row() for each in batch])

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the database has in its place."""
        return await self._keys.look(sheet, rows)

    async def _count(self, keys: KeySelection | None) -> int:
        selection = keys or KeySelection()
        found, lead = KeyCounts((selection,)), WantedKeys(selection).lead
        async with aclosing(Scan().steps(self._connection, lead, seconds=None)) as steps:
            async for step in steps:
                found.add(step)
        return found.numbers()[0]
