"""The keys and values of a kv_* backend that lives in a SQL table: what SQLite and PostgreSQL share.

The table is the server's: `key` (its primary key), `value`, `expiration`. How a page is found stands in keyscan.py, the statements
in keytable.py of each engine's package.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.batches import LARGEST_BATCH, parted
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.keylevel import ordered_level
from llama_storage_tui.backends.keyscan import (
    ODD,
    TEXT,
    FoundKeys,
    KeyLookup,
    KeyQuery,
    KeyRow,
    as_cell,
    cut,
    entry_of,
    find,
)
from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.backends.ranges import KeyRange, selects_the_rest
from llama_storage_tui.backends.rereading import rereading
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Count, Cursor, KeyEntry, KeyLevel, KeyPage, KeySelection, StoredValue
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    from llama_storage_tui.backends.engine import Engine

T = TypeVar("T")

FAST_COUNT: Final = 1_000_000
"""A fast count stops here and says so: on an index that many keys take about 0.1 s."""

KEYS_AT_ONCE: Final = 400
ODD_SHOWN: Final = 200
"""Keys that are no text, of which a level shows no more."""


class KeyTables(Protocol):
    """The key-value table of an engine, by whatever makes its statements; once described, it is known until a `refresh`."""

    name: str

    async def ask(
        self,
        engine: Engine,
        question: Callable[[KeyLookup], Awaitable[T]],
        *,
        seconds: float | None,
        refresh: bool,
    ) -> T:
        """Ask the table on a connection of its own, as `Engine.run` does; raises NotFoundError where there is none yet."""


@dataclass(slots=True)
class SqlKeyValueReader(KeyValueReader):
    """The keys of every SQL engine."""

    engine: Engine
    tables: KeyTables
    timeouts: Timeouts

    async def count(self, selection: KeySelection, *, fast: bool = False) -> Count:
        """Count keys, expired ones included; `fast` stops at a million. Exact counts have no time limit."""

        async def counted(keys: KeyLookup) -> Count:
            counts = await keys.count(selection, FAST_COUNT if fast else None)
            return Count(sum(counts), is_exact=not fast or max(counts, default=0) < FAST_COUNT)

        seconds = self.timeouts.query if fast else None
        return await self.tables.ask(self.engine, counted, seconds=seconds, refresh=True)

    async def counts(self, selections: Sequence[KeySelection], *, fast: bool = False) -> tuple[Count, ...]:
        """Count the keys of several selections at the same time."""
        return tuple(await asyncio.gather(*(self.count(selection, fast=fast) for selection in selections)))

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

        `exact`: without the budget that an index in another order has.
        """
        if limit < 1:
            raise UsageError("A page has at least one key.")
        where, table = self.engine.where, self.tables.name
        name = cursors.fingerprint(where, table, selection.include, selection.exclude, prefix)
        query = KeyQuery(selection, prefix, limit, _position(after, name), datetime.now(UTC))

        found = await self._find(query, seconds=None if exact else self.timeouts.query)
        while exact and found.resume is not None and len(found.rows) <= limit:
            query = replace(query, after=found.resume, limit=limit - len(found.rows))
            found = found.followed_by(await self._find(query, seconds=None))
        position = found.following(limit)
        return KeyPage(
            keys=tuple(row.entry for row in found.rows[:limit]),
            next=None if position is None else cursors.encode(name, position),
            is_complete=found.resume is None,
            scanned=found.scanned,
        )

    async def level(self, selection: KeySelection, prefix: str = "", *, separator: str) -> KeyLevel | None:
        """Return what comes next after a prefix; None where the index is in another order than that of code points."""
        now = datetime.now(UTC)

        async def read(keys: KeyLookup) -> KeyLevel | None:
            if not keys.is_binary:
                return None
            if not keys.can_hold(prefix):
                return KeyLevel(())

            async def fetch(chosen: KeyRange, after: Part, limit: int) -> Sequence[tuple[KeyEntry, Part]]:
                return [(row.entry, row.key) for row in await keys.ranged(chosen, after, limit, now)]

            found = await ordered_level(selection, prefix, separator, fetch, keys.counted)
            if prefix or not selects_the_rest(selection):
                return found
            odd = await keys.odd(None, ODD_SHOWN + 1, now)
            entries = (row.entry for row in odd[:ODD_SHOWN])
            return KeyLevel((*found.parts, *entries), found.is_complete and len(odd) <= ODD_SHOWN)

        return await self._ask(read, seconds=self.timeouts.query, refresh=True)

    async def value(self, key: str | bytes | None, *, limit: int | None = None) -> StoredValue | None:
        """Return one value, cut to `limit` characters (None: whole); None where there is no such key."""
        found = await self._ask(lambda keys: keys.one(key, limit), seconds=self.timeouts.query)
        return None if found is None else _stored(found, limit)

    async def _find(self, query: KeyQuery, *, seconds: float | None) -> FoundKeys:
        async def found(keys: KeyLookup) -> FoundKeys:
            is_possible = not query.prefix or keys.can_hold(query.prefix)
            return await find(keys, query) if is_possible else FoundKeys((), 0)

        return await self._ask(found, seconds=seconds, refresh=query.after is None)

    async def _ask(
        self, question: Callable[[KeyLookup], Awaitable[T]], *, seconds: float | None, refresh: bool = False
    ) -> T:
        return await rereading(
            self.engine,
            lambda engine: self.tables.ask(engine, question, seconds=seconds, refresh=refresh),
        )

    async def values_of(self, keys: Sequence[str], *, limit: int | None = None) -> tuple[StoredValue, ...]:
        """Return the values of those of the keys that are there, in their order."""
        if not keys:
            return ()

        async def read(lookup: KeyLookup) -> tuple[StoredValue, ...]:
            wanted = [key for key in dict.fromkeys(keys) if lookup.can_hold(key)]
            found: dict[str, StoredValue] = {}
            for start in range(0, len(wanted), KEYS_AT_ONCE):
                for raw in await lookup.several(wanted[start : start + KEYS_AT_ONCE], limit):
                    found[str(raw[0])] = _stored(raw, limit)
            return tuple(found[key] for key in wanted if key in found)

        return await self._ask(read, seconds=self.timeouts.query)

    async def stream(self, selection: KeySelection) -> AsyncGenerator[Sequence[StoredValue], None]:
        """Yield batches of whole values in key order, without a time limit.

        Keys come first, with their sizes, then the values of as many as weigh a batch: memory follows the largest
        value, not their number, and no statement stays open while the caller works.
        """
        after: tuple[Part, Part] | None = None
        while True:
            query = KeyQuery(selection, "", LARGEST_BATCH, after, datetime.now(UTC))
            found = await self._find(query, seconds=None)
            for rows in parted(found.rows[:LARGEST_BATCH], lambda row: row.entry.bytes or 0):
                values = await self._values(rows)
                if values:
                    yield values
            after = found.following(LARGEST_BATCH)
            if after is None:
                return

    async def _values(self, rows: Sequence[KeyRow]) -> Sequence[StoredValue]:
        async def read(keys: KeyLookup) -> list[StoredValue]:
            texts = [row.entry.key for row in rows if isinstance(row.entry.key, str)]
            found = {str(raw[0]): raw for raw in await keys.several(texts, None)} if texts else {}
            stored: list[StoredValue] = []
            for row in rows:
                is_text = isinstance(row.entry.key, str)
                raw = found.get(str(row.entry.key)) if is_text else await keys.at(row)
                if raw is not None:
                    stored.append(StoredValue(_current(row.entry, raw), as_cell(raw[3])))
            return stored

        return await self._ask(read, seconds=None)


def _position(after: Cursor | None, name: str) -> tuple[Part, Part] | None:
    if after is None:
        return None
    stage, part = cursors.decode(after, name, length=2).parts
    if stage not in {TEXT, ODD} or part is None:
        raise cursors.refused()
    return stage, part


def _current(entry: KeyEntry, raw: Sequence[object]) -> KeyEntry:
    """Return the entry of a stored row: the one that was found, where its key never expires and its value is as long as then."""
    never_expires = raw[2] is None and entry.expires_at is None and entry.expiration_text is None
    return entry if never_expires and raw[1] == entry.bytes else entry_of(raw, datetime.now(UTC))


def _stored(raw: Sequence[object], limit: int | None) -> StoredValue:
    return cut(entry_of(raw, datetime.now(UTC)), as_cell(raw[3]), limit)
