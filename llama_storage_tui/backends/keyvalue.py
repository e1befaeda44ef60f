"""The keys and values of a kv_* backend that lives in a SQL table: what SQLite and PostgreSQL share.

The table is the server's: `key` (its primary key), `value`, `expiration`. How a page is found stands in keyscan.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.batches import LARGEST_BATCH, parted
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.engine import Engine, Statement
from llama_storage_tui.backends.keyscan import ODD, TEXT, FoundKeys, KeyQuery, find, matching
from llama_storage_tui.backends.keytable import KeyRow, KeyTable, as_cell, entry_of
from llama_storage_tui.backends.ranges import ranges_of, selects_the_rest
from llama_storage_tui.backends.rereading import rereading
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import (
    Count,
    Cursor,
    KeyPage,
    KeySelection,
    StoredValue,
)
from llama_storage_tui.model.limits import Timeouts

FAST_COUNT: Final = 1_000_000
"""A fast count stops here and says so: on an index that many keys take about 0.1 s."""

KEYS_AT_ONCE: Final = 400


@dataclass(slots=True)
class SqlKeyValueReader:
    """Satisfies `protocols.KeyValueReader` for every engine with a dialect."""

    engine: Engine
    table: str
    timeouts: Timeouts
    _keys: KeyTable | None = None

    async def count(self, selection: KeySelection, *, fast: bool = False) -> Count:
        """Count keys, expired ones included; `fast` stops at a million. Exact counts have no time limit."""

        async def counted(connection: AsyncConnection) -> Count:
            keys = await self._opened(connection, self.engine, refresh=True)
            found = await connection.execute(_count_statement(keys, selection, FAST_COUNT if fast else None))
            counts = [int(number) for number in found.one()]
            return Count(sum(counts), is_exact=not fast or max(counts, default=0) < FAST_COUNT)

        return await self.engine.run(counted, seconds=self.timeouts.query if fast else None)

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
        name = cursors.fingerprint(
            self.engine.where, self.table, selection.include, selection.exclude, prefix
        )
        query = KeyQuery(selection, prefix, limit, _position(after, name), datetime.now(UTC))

        found = await self._find(query, seconds=None if exact else self.timeouts.query)
        while exact and found.resume is not None and len(found.rows) <= limit:
            query = replace(query, after=found.resume, limit=limit - len(found.rows))
            found = found.followed_by(await self._find(query, seconds=None))
        has_more = len(found.rows) > limit
        position = found.cursor_parts(limit - 1) if has_more else found.resume
        return KeyPage(
            keys=tuple(row.entry for row in found.rows[:limit]),
            next=None if position is None else cursors.encode(name, position),
            is_complete=found.resume is None,
            scanned=found.scanned,
        )

    async def value(self, key: str | bytes | None, *, limit: int | None = None) -> StoredValue | None:
        """Return one value, cut to `limit` characters (None: whole); None where there is no such key."""
        return await rereading(self.engine, lambda engine: self._value(engine, key, limit))

    async def _find(self, query: KeyQuery, *, seconds: float | None) -> FoundKeys:
        async def look(engine: Engine) -> FoundKeys:
            async def found(connection: AsyncConnection) -> FoundKeys:
                keys = await self._opened(connection, engine, refresh=query.after is None)
                is_possible = not query.prefix or keys.dialect.can_hold(query.prefix)
                return await find(connection, keys, query) if is_possible else FoundKeys((), (), 0)

            return await engine.run(found, seconds=seconds)

        return await rereading(self.engine, look)

    async def _value(self, engine: Engine, key: str | bytes | None, limit: int | None) -> StoredValue | None:
        async def read(connection: AsyncConnection) -> StoredValue | None:
            keys = await self._opened(connection, engine, refresh=False)
            table = keys.table
            is_key = keys.dialect.key_equals(table.c["key"], key)
            found = (await connection.execute(keys.values(table, limit=limit).where(is_key).limit(1))).first()
            return None if found is None else _stored(found, limit)

        return await engine.run(read, seconds=self.timeouts.query)

    async def values_of(self, keys: Sequence[str], *, limit: int | None = None) -> tuple[StoredValue, ...]:
        """Return the values of those of the keys that are there, in their order."""
        return (
            await rereading(self.engine, lambda engine: self._values_of(engine, keys, limit)) if keys else ()
        )

    async def _values_of(
        self, engine: Engine, keys: Sequence[str], limit: int | None
    ) -> tuple[StoredValue, ...]:
        async def read(connection: AsyncConnection) -> tuple[StoredValue, ...]:
            opened = await self._opened(connection, engine, refresh=False)
            wanted = [key for key in dict.fromkeys(keys) if opened.dialect.can_hold(key)]
            table = opened.table
            found: dict[str, StoredValue] = {}
            for start in range(0, len(wanted), KEYS_AT_ONCE):
                is_one = table.c["key"].in_(wanted[start : start + KEYS_AT_ONCE])
                for raw in (await connection.execute(opened.values(table, limit=limit).where(is_one))).all():
                    found[str(raw[0])] = _stored(raw, limit)
            return tuple(found[key] for key in wanted if key in found)

        return await engine.run(read, seconds=self.timeouts.query)

    async def stream(self, selection: KeySelection) -> AsyncGenerator[Sequence[StoredValue], None]:
        """Yield batches of whole values in key order, without a time limit.

        Keys come first, with their sizes, then the values of as many as weigh a batch: memory follows the largest
        value, not their number, and no statement stays open while the caller works.
        """
        name = cursors.fingerprint(self.engine.where, self.table, selection.include, selection.exclude, "")
        after: Cursor | None = None
        while True:
            query = KeyQuery(selection, "", LARGEST_BATCH, _position(after, name), datetime.now(UTC))
            found = await self._find(query, seconds=None)
            for rows in parted(found.rows[:LARGEST_BATCH], lambda row: row.entry.bytes or 0):
                values = await self._values(rows)
                if values:
                    yield values
            if len(found.rows) > LARGEST_BATCH:
                after = cursors.encode(name, found.cursor_parts(LARGEST_BATCH - 1))
            elif found.resume is not None:
                after = cursors.encode(name, found.resume)
            else:
                return

    async def _values(self, rows: Sequence[KeyRow]) -> Sequence[StoredValue]:
        return await rereading(self.engine, lambda engine: self._values_at(engine, rows))

    async def _values_at(self, engine: Engine, rows: Sequence[KeyRow]) -> Sequence[StoredValue]:
        async def read(connection: AsyncConnection) -> list[StoredValue]:
            keys = await self._opened(connection, engine, refresh=False)
            table = keys.table
            values = keys.values(table, limit=None)
            texts = [row.entry.key for row in rows if isinstance(row.entry.key, str)]
            by_key = values.where(table.c["key"].in_(texts))
            found = {str(raw[0]): raw for raw in (await connection.execute(by_key)).all()} if texts else {}
            stored: list[StoredValue] = []
            for row in rows:
                raw = found.get(row.entry.key) if isinstance(row.entry.key, str) else None
                if raw is None and not isinstance(row.entry.key, str):
                    raw = (await connection.execute(values.where(keys.is_row(table, row)))).first()
                if raw is not None:
                    stored.append(_stored(raw, None))
            return stored

        return await engine.run(read, seconds=None)

    async def _opened(self, connection: AsyncConnection, engine: Engine, *, refresh: bool) -> KeyTable:
        if self._keys is None or refresh:
            self._keys = await KeyTable.open(connection, engine.dialect, self.table, where=engine.where)
        return replace(self._keys, dialect=engine.dialect)


def _position(after: Cursor | None, name: str) -> tuple[Part, Part] | None:
    if after is None:
        return None
    stage, part = cursors.decode(after, name, length=2).parts
    if stage not in {TEXT, ODD} or part is None:
        raise cursors.refused()
    return stage, part


def _count_statement(keys: KeyTable, selection: KeySelection, most: int | None) -> Statement:
    table = keys.table
    key = table.c["key"]
    wanted: list[sa.ColumnElement[bool]] = []
    if keys.is_binary:
        wanted += [sa.and_(*keys.within(key, chosen)) for chosen in ranges_of(selection)]
    else:
        is_text = keys.dialect.is_text(key)
        condition = matching(keys, key, selection, "")
        wanted.append(condition if is_text is None else sa.and_(condition, is_text))
    if selects_the_rest(selection):
        wanted += keys.dialect.odd(key)
    counts = [
        sa.select(sa.func.count())
        .select_from(sa.select(sa.literal_column("1")).select_from(table).where(each).limit(most).subquery())
        .scalar_subquery()
        .label(f"c{index}")
        for index, each in enumerate(wanted)
    ]
    return sa.select(*counts) if counts else sa.select(sa.literal(0))


def _stored(raw: Sequence[object], limit: int | None) -> StoredValue:
    value = as_cell(raw[3])
    is_cut = limit is not None and isinstance(value, str | bytes) and len(value) > limit
    if is_cut and isinstance(value, str | bytes):
        value = value[:limit]
    return StoredValue(entry_of(raw, datetime.now(UTC)), value, is_cut=is_cut)
