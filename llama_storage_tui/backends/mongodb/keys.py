"""The keys and values of a kv_mongodb backend: documents `{key, value, expiration}` of one collection.

Keys are compared byte by byte (the simple collation), which is the order of code points, so that a namespace is a range of them as
on every other engine. Before ogx 1.0.3 servers made no index on `key`: there each question looks at the whole collection, within
its time limit, and a page of a large one at a part of it (`unindexed`). A document whose key is not text was written by something
else, and is neither listed nor counted.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pymongo.asynchronous.collection import AsyncCollection

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.batches import LARGEST_BATCH, parted
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.keylevel import LARGEST_PROBE, ordered_level, partial_level
from llama_storage_tui.backends.keyscan import cut
from llama_storage_tui.backends.mongodb.connecting import Document
from llama_storage_tui.backends.mongodb.pipelines import (
    ENTRY,
    MongoCollection,
    answered,
    cell_of,
    entry_of,
    in_order,
    one_of,
    within,
)
from llama_storage_tui.backends.mongodb.unindexed import LEVEL, WHOLE, place_of, stored_page
from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.backends.ranges import KeyRange, is_storable, ranges_of
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Count, Cursor, KeyEntry, KeyLevel, KeyPage, KeySelection, StoredValue

FAST_COUNT: Final = 1_000_000
"""A fast count stops here and says so."""
KEYS_AT_ONCE: Final = 400


@dataclass(frozen=True, slots=True)
class MongoKeyValueReader(MongoCollection, KeyValueReader):
    """The keys of one collection, in the order of code points."""

    whole: int = WHOLE
    """Documents that a page looks at where there is no index on `key`."""

    async def count(self, selection: KeySelection, *, fast: bool = False) -> Count:
        """Count keys, expired ones included; `fast` stops at a million. Exact counts have no time limit."""
        wanted = ranges_of(selection)
        if not wanted:
            return Count(0, is_exact=True)
        stages: list[Document] = [{"$match": within(wanted)}]
        if fast:
            stages.append({"$limit": FAST_COUNT})
        seconds = self.timeouts.query if fast else None
        found = await self.rows([*stages, {"$count": "keys"}], seconds=seconds)
        number = int(found[0]["keys"]) if found else 0
        return Count(number, is_exact=not fast or number < FAST_COUNT)

    async def counts(self, selections: Sequence[KeySelection], *, fast: bool = False) -> tuple[Count, ...]:
        """Count the keys of several selections, one after the other."""
        return tuple([await self.count(selection, fast=fast) for selection in selections])

    async def page(
        self,
        selection: KeySelection,
        *,
        prefix: str = "",
        limit: int = 100,
        after: Cursor | None = None,
        exact: bool = False,
    ) -> KeyPage:
        """Return a page in key order of the selected keys whose physical text also starts with `prefix`.

        Without an index on `key` a page of a large collection looks at a part of it, see `unindexed`. `exact`: at all of it,
        without a time limit.
        """
        if limit < 1:
            raise UsageError("A page has at least one key.")
        name = cursors.fingerprint(self.target.location, selection.include, selection.exclude, prefix)
        wanted = ranges_of(selection, prefix=prefix)
        if not wanted:
            return KeyPage((), None)
        place = None if exact else place_of(after, name)
        last = _last(after, name) if after is not None and place is None else None
        seconds = None if exact else self.timeouts.query

        async def question(collection: AsyncCollection[Document]) -> KeyPage:
            if place is not None:
                part = await stored_page(
                    collection, wanted, place, name=name, whole=self.whole, limit=limit, seconds=seconds
                )
                if part is not None:
                    return part
            found = _entries_of(await answered(collection, in_order(wanted, last, limit + 1, ENTRY), seconds))
            following = _part(found[limit - 1]) if len(found) > limit else None
            return KeyPage(
                tuple(found[:limit]),
                None if following is None else cursors.encode(name, (following,)),
                scanned=len(found),
            )

        return await self.asked(question, seconds=seconds)

    async def level(self, selection: KeySelection, prefix: str = "", *, separator: str) -> KeyLevel:
        """Return what comes next after a prefix, branches with as many keys as were seen.

        Without an index on `key` it is what a part of a large collection shows, see `unindexed`.
        """
        wanted = ranges_of(selection, prefix=prefix)
        if not wanted:
            return KeyLevel(())
        most, seconds = min(LEVEL, self.whole), self.timeouts.query

        async def question(collection: AsyncCollection[Document]) -> KeyLevel:
            part = await stored_page(
                collection, wanted, {}, name="", whole=self.whole, limit=most, seconds=seconds, most=most
            )
            if part is not None:
                return partial_level(part, prefix, separator)

            async def fetch(chosen: KeyRange, after: Part, limit: int) -> Sequence[tuple[KeyEntry, Part]]:
                last = None if after is None else after[1]
                found = await answered(collection, in_order([chosen], last, limit, ENTRY), seconds)
                return [(entry, _part(entry)) for entry in _entries_of(found)]

            return await ordered_level(selection, prefix, separator, fetch, probe=LARGEST_PROBE)

        return await self.asked(question, seconds=seconds)

    async def value(self, key: str | bytes | None, *, limit: int | None = None) -> StoredValue | None:
        """Return one value, cut to `limit` characters (None: whole); None where there is no such key."""
        found = await self.values_of([key], limit=limit) if isinstance(key, str) else ()
        return next(iter(found), None)

    async def values_of(self, keys: Sequence[str], *, limit: int | None = None) -> tuple[StoredValue, ...]:
        """Return the values of those of the keys that are there, in their order."""
        return await self._values(keys, limit, seconds=self.timeouts.query)

    async def stream(self, selection: KeySelection) -> AsyncGenerator[Sequence[StoredValue], None]:
        """Yield batches of whole values in key order, without a time limit."""
        wanted = ranges_of(selection)
        last: str | None = None
        while wanted:
            found = _entries_of(await self.rows(in_order(wanted, last, LARGEST_BATCH, ENTRY), seconds=None))
            for batch in parted(found, lambda entry: entry.bytes or 0, most=KEYS_AT_ONCE):
                values = await self._values([str(entry.key) for entry in batch], None, seconds=None)
                if values:
                    yield values
            if len(found) < LARGEST_BATCH:
                return
            last = str(found[-1].key)

    async def _values(
        self, keys: Sequence[str], limit: int | None, *, seconds: float | None
    ) -> tuple[StoredValue, ...]:
        wanted = [key for key in dict.fromkeys(keys) if is_storable(key)]
        is_text = {"$eq": [{"$type": "$value"}, "string"]}
        value: object = "$value"
        if limit is not None:
            value = {"$cond": [is_text, {"$substrCP": ["$value", 0, limit + 1]}, "$value"]}
        found: dict[str, StoredValue] = {}
        now = datetime.now(UTC)
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            match = one_of(wanted[start : start + KEYS_AT_ONCE])
            stages: list[Document] = [{"$match": match}, {"$project": {**ENTRY, "value": value}}]
            for row in await self.rows(stages, seconds=seconds):
                found.setdefault(row["key"], _stored(row, limit, now))
        return tuple(found[key] for key in wanted if key in found)


def _entries_of(rows_: Sequence[Document]) -> list[KeyEntry]:
    now = datetime.now(UTC)
    return [entry_of(row, now) for row in rows_]


def _stored(row: Mapping[str, Any], limit: int | None, now: datetime) -> StoredValue:
    return cut(entry_of(row, now), cell_of(row.get("value")), limit)


def _part(entry: KeyEntry) -> Part:
    return "s", str(entry.key)


def _last(after: Cursor, name: str) -> str:
    (part,) = cursors.decode(after, name, length=1).parts
    if part is None or not is_storable(part[1]):
        raise cursors.refused()
    return part[1]
