"""The key-value table of a SQLite file, in plain SQL: to import SQLAlchemy would take longer than all else that lists keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from llama_storage_tui.backends import keyscan
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.keyscan import (
    TEXT,
    FoundKeys,
    KeyLookup,
    KeyQuery,
    KeyRow,
    decisions,
    entry_of,
)
from llama_storage_tui.backends.ranges import KeyRange, is_storable, ranges_of, selects_the_rest
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.backends.sqlite import catalog
from llama_storage_tui.backends.sqlite.in_thread import PlainConnection
from llama_storage_tui.backends.sqlite.marks import bound_of, part_of
from llama_storage_tui.backends.sqlite.raw_rows import quoted, size_of
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import KeySelection

if TYPE_CHECKING:
    from llama_storage_tui.backends.engine import Engine
    from llama_storage_tui.backends.sqlite.engine import SqliteEngine

T = TypeVar("T")
Sql = tuple[str, tuple[object, ...]]
"""A piece of SQL and what is bound to its question marks."""

_IS_TEXT: Final = "key >= '' AND key < x''"
_ODD: Final = ("key IS NULL", "key < ''", "key >= x''")
"""NULL, numbers (before all text) and binary (after all text): one seek of an index for each."""


@dataclass(slots=True)
class SqliteKeyTables:
    """Satisfies `keyvalue.KeyTables`."""

    engine: SqliteEngine
    name: str
    _known: tuple[TableShape, bool] | None = None

    async def ask(
        self,
        engine: Engine,
        question: Callable[[KeyLookup], Awaitable[T]],
        *,
        seconds: float | None,
        refresh: bool,
    ) -> T:
        """Describe the table if need be, and ask it."""
        del engine  # its own: there is no other way to read a file

        async def asked(connection: PlainConnection) -> T:
            if self._known is None or refresh:
                described = await catalog.tables(connection, self.name)
                shape = keyscan.checked(
                    described[0] if described else None, self.name, where=self.engine.where
                )
                self._known = shape, await catalog.is_binary_ordered(connection, shape.name, "key")
            return await question(SqliteKeyTable(connection, *self._known))

        return await self.engine.run_plain(asked, seconds=seconds)


@dataclass(frozen=True, slots=True)
class SqliteKeyTable(KeyLookup):
    """The key-value table on an open connection."""

    connection: PlainConnection
    shape: TableShape
    is_binary: bool

    def can_hold(self, text: str) -> bool:
        """Tell whether a text has a form in UTF-8."""
        return is_storable(text)

    async def ranged(self, chosen: KeyRange, after: Part, limit: int, now: datetime) -> Sequence[KeyRow]:
        """Return keys of a range in their order."""
        low, *high = _within(chosen)
        conditions = [low if after is None else _compared("key >", after), *high]
        return await self._rows(_where(conditions, f"ORDER BY key LIMIT {limit}"), now)

    async def scanned(self, query: KeyQuery) -> FoundKeys:
        """Return the keys that are selected among those that a budget allows to look at."""
        bounds: list[Sql] = [(_IS_TEXT, ())]
        lowest = query.lowest
        if query.after is not None and query.after[1] is not None:
            bounds.append(_compared("key >", query.after[1]))
        elif lowest is not None and is_storable(lowest):
            bounds.append(("key >= ?", (lowest,)))
        text, bound = _where(bounds, f"ORDER BY key LIMIT {keyscan.SCAN_BUDGET}")
        window = f"(SELECT key FROM {self._table}{text}) AS looked_at"  # noqa: S608 - quoted
        chosen, given = _where([_matching(query.selection, query.prefix)], "ORDER BY key")
        hits = f"SELECT key FROM {window}{chosen} LIMIT {query.limit + 1}"  # noqa: S608 - see above
        rows = await self._rows((f" WHERE key IN ({hits}) ORDER BY key", (*bound, *given)), query.now)
        if len(rows) > query.limit:
            return FoundKeys(tuple(rows), len(rows))
        last = f"SELECT count(*), max(key), typeof(max(key)) FROM {window}"  # noqa: S608 - see above
        ((scanned, *mark),) = await self.connection.execute_fetchall(last, bound)
        part = part_of(*mark)
        is_stopped = int(scanned) >= keyscan.SCAN_BUDGET and part is not None
        resume: tuple[Part, Part] | None = (TEXT, part) if is_stopped else None
        return FoundKeys(tuple(rows), int(scanned), resume)

    async def odd(self, after: Part, limit: int, now: datetime) -> Sequence[KeyRow]:
        """Return keys that are no text, in the order of their rows."""
        if not self.shape.key:
            return ()
        place = quoted(self.shape.key[0].name)
        # One seek of the key's index for each condition: together with ORDER BY they would be a scan of the table.
        found = " UNION ALL ".join(f"SELECT {place} FROM {self._table} WHERE {each}" for each in _ODD)  # noqa: S608 - quoted
        conditions: list[Sql] = [(f"{place} IN ({found})", ())]
        if after is not None:
            conditions.append(_compared(f"{place} >", after))
        return await self._rows(_where(conditions, f"ORDER BY {place} LIMIT {limit}"), now)

    async def count(self, selection: KeySelection, most: int | None) -> Sequence[int]:
        """Count by one look at the index for each range of the selection."""
        wanted: list[Sequence[Sql]] = []
        if self.is_binary:
            wanted += [_within(chosen) for chosen in ranges_of(selection)]
        else:
            wanted.append([_matching(selection, ""), (_IS_TEXT, ())])
        if selects_the_rest(selection):
            wanted += [[(each, ())] for each in _ODD]
        return await self._counts(wanted, most)

    async def counted(self, ranges: Sequence[KeyRange], most: int) -> Sequence[int]:
        """Count the keys of ranges, each up to `most`."""
        return await self._counts([_within(chosen) for chosen in ranges], most)

    async def _counts(self, wanted: Sequence[Sequence[Sql]], most: int | None) -> Sequence[int]:
        counts: list[int] = []
        for conditions in wanted:
            where, bound = _where(conditions, "" if most is None else f"LIMIT {most}")
            statement = f"SELECT count(*) FROM (SELECT 1 FROM {self._table}{where})"  # noqa: S608 - quoted
            ((number,),) = await self.connection.execute_fetchall(statement, bound)
            counts.append(int(number))
        return counts

    async def one(self, key: str | bytes | None, limit: int | None) -> Sequence[object] | None:
        """Return the stored row of a key; bytes may be stored as binary or as text that is no valid UTF-8."""
        match key:
            case None:
                is_key: Sql = ("key IS NULL", ())
            case bytes():
                is_key = ("(key = ? OR key = coalesce(CAST(? AS TEXT), NULL))", (key, key))
            case str() if is_storable(key):
                is_key = ("key = ?", (key,))
            case _:
                return None
        return next(iter(await self._values(is_key, limit)), None)

    async def several(self, keys: Sequence[str], limit: int | None) -> Sequence[Sequence[object]]:
        """Return the stored rows of some keys."""
        return await self._values((f"key IN ({', '.join('?' for _ in keys)})", tuple(keys)), limit)

    async def at(self, row: KeyRow) -> Sequence[object] | None:
        """Return the stored row of a key that was found."""
        if row.row is None or len(self.shape.key) != 1:
            return await self.one(row.entry.key, None)
        is_row = _compared(f"{quoted(self.shape.key[0].name)} =", row.row)
        return next(iter(await self._values(is_row, None)), None)

    @property
    def _table(self) -> str:
        return quoted(self.shape.name)

    @property
    def _head(self) -> str:
        """What every row begins with: its key, the size of its value, its expiration."""
        has_expiration = any(column.name == "expiration" for column in self.shape.columns)
        return f"key, {size_of('value')}, {'expiration' if has_expiration else 'NULL'}"

    async def _rows(self, rest: Sql, now: datetime) -> list[KeyRow]:
        text, bound = rest
        # Numbers: every text that is read is decoded by itself, and no key needs more than its own.
        row = [quoted(each.name) for each in self.shape.key[:1]]
        marks = ["typeof(key) = 'text'", *row, *(f"typeof({each}) = 'text'" for each in row)]
        chosen = ", ".join([self._head, *marks])
        found = await self.connection.execute_fetchall(f"SELECT {chosen} FROM {self._table}{text}", bound)  # noqa: S608 - quoted
        return [
            KeyRow(entry_of(raw, now), _part(raw[0], raw[3]), _part(*raw[4:6]) if row else None)
            for raw in found
        ]

    async def _values(self, condition: Sql, limit: int | None) -> Sequence[Sequence[object]]:
        text, bound = condition
        value = "value" if limit is None else _cut("value", limit + 1)
        statement = f"SELECT {self._head}, {value} FROM {self._table} WHERE {text}"  # noqa: S608 - quoted
        return [tuple(row) for row in await self.connection.execute_fetchall(statement, bound)]


def _part(value: object, is_text: object) -> Part:
    return part_of(value, "text" if is_text else "")


def _where(conditions: Sequence[Sql], rest: str) -> Sql:
    text = " AND ".join(f"({text})" for text, _ in conditions)
    return f" WHERE {text} {rest}", tuple(value for _, bound in conditions for value in bound)


def _within(chosen: KeyRange) -> tuple[Sql, Sql]:
    """Return the conditions of a range, its lower end first; without an upper end still only text."""
    high: Sql = ("key < ?", (chosen.high,)) if chosen.high is not None else (_IS_TEXT, ())
    return ("key >= ?", (chosen.low,)), high


def _compared(begun: str, part: tuple[str, str]) -> Sql:
    """Return a comparison with a cursor's value.

    The function around the cast drops its affinity, which would turn numbers into text.
    """
    found = bound_of(part)
    return f"{begun} {'coalesce(CAST(? AS TEXT), NULL)' if found.is_text else '?'}", (found.value,)


def _matching(selection: KeySelection, prefix: str) -> Sql:
    """Return the condition that a key is selected, for an index in any order; no LIKE wildcard can widen it."""
    *longer, (_, default) = decisions(selection).items()
    storable = [(text, is_chosen) for text, is_chosen in longer if is_storable(text)]
    whens = " ".join(f"WHEN substr(key, 1, {len(text)}) = ? THEN {int(chosen)}" for text, chosen in storable)
    chosen = f"CASE {whens} ELSE {int(default)} END" if whens else str(int(default))
    begins = f" AND substr(key, 1, {len(prefix)}) = ?" if prefix else ""
    return f"{chosen}{begins}", (*(text for text, _ in storable), *((prefix,) if prefix else ()))


def _cut(column: str, letters: int) -> str:
    """Return the first letters of a text, or the first bytes of a binary value; numbers are left as they are.

    `substr` ends a text at its first NUL: such a text is given whole, to be cut by who reads it.
    """
    begun = f"substr({column}, 1, {letters})"
    ends_at_nul = (
        f"typeof({column}) = 'text' AND length({begun}) < {letters}"
        f" AND length(CAST({begun} AS BLOB)) < length(CAST({column} AS BLOB))"
    )
    return f"CASE WHEN typeof({column}) NOT IN ('text', 'blob') OR ({ends_at_nul}) THEN {column} ELSE {begun} END"
