"""The key-value table of a PostgreSQL database: its keys are text, and their index may be in any order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import keyscan
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.engine import Engine, Expression, Statement, bound_text
from llama_storage_tui.backends.keyscan import (
    TEXT,
    FoundKeys,
    KeyLookup,
    KeyQuery,
    KeyRow,
    decisions,
    entry_of,
)
from llama_storage_tui.backends.postgres import catalog
from llama_storage_tui.backends.postgres.dialect import PostgresDialect
from llama_storage_tui.backends.ranges import KeyRange, ranges_of
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import KeySelection

T = TypeVar("T")


@dataclass(slots=True)
class PostgresKeyTables:
    """Satisfies `keyvalue.KeyTables`."""

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

        async def asked(connection: AsyncConnection) -> T:
            dialect = engine.dialect
            assert isinstance(dialect, PostgresDialect), "the package's own engines have no other"  # noqa: S101 - for the reader
            if self._known is None or refresh:
                described = await dialect.describe(connection, self.name)
                shape = keyscan.checked(described, self.name, where=engine.where)
                self._known = shape, await catalog.is_code_point_ordered(connection, shape, "key")
            return await question(PostgresKeyTable(connection, dialect, *self._known))

        return await engine.run(asked, seconds=seconds)


@dataclass(frozen=True, slots=True)
class PostgresKeyTable(KeyLookup):
    """The key-value table on an open connection."""

    connection: AsyncConnection
    dialect: PostgresDialect
    shape: TableShape
    is_binary: bool

    def can_hold(self, text: str) -> bool:
        """Tell whether a key can be this text at all."""
        return self.dialect.can_hold(text)

    async def ranged(self, chosen: KeyRange, after: Part, limit: int, now: datetime) -> Sequence[KeyRow]:
        """Return keys of a range in their order."""
        table = self.shape.selectable()
        key = table.c["key"]
        conditions = self._within(key, chosen)
        if after is not None:
            conditions = (*conditions[1:], key > self.dialect.bound(after, self.shape.column("key")))
        return await self._rows(self._entries(table).where(*conditions).order_by(key).limit(limit), now)

    async def scanned(self, query: KeyQuery) -> FoundKeys:
        """Return the keys that are selected among those that a budget allows to look at."""
        table = self.shape.selectable()
        key = table.c["key"]
        bounds: list[sa.ColumnElement[bool]] = []
        lowest = query.lowest
        if query.after is not None and query.after[1] is not None:
            bounds.append(key > self.dialect.bound(query.after[1], self.shape.column("key")))
        elif lowest is not None and self.can_hold(lowest):
            bounds.append(key >= bound_text(lowest))
        window = sa.select(key).where(*bounds).order_by(key).limit(keyscan.SCAN_BUDGET).subquery("looked_at")
        hits = (
            sa.select(window.c["key"])
            .where(self._matching(window.c["key"], query.selection, query.prefix))
            .order_by(window.c["key"])
            .limit(query.limit + 1)
            .subquery("hits")
        )
        statement = self._entries(table).where(key.in_(sa.select(hits.c["key"]))).order_by(key)
        rows = await self._rows(statement, query.now)
        if len(rows) > query.limit:
            return FoundKeys(tuple(rows), len(rows))
        last = self.dialect.mark(sa.func.max(window.c["key"]), self.shape.column("key"))
        scanned, *mark = (await self.connection.execute(sa.select(sa.func.count(), *last))).one()
        part = self.dialect.part(mark)
        is_stopped = int(scanned) >= keyscan.SCAN_BUDGET and part is not None
        resume: tuple[Part, Part] | None = (TEXT, part) if is_stopped else None
        return FoundKeys(tuple(rows), int(scanned), resume)

    async def count(self, selection: KeySelection, most: int | None) -> Sequence[int]:
        """Count by one look at the index for each range of the selection."""
        table = self.shape.selectable()
        key = table.c["key"]
        wanted: list[sa.ColumnElement[bool]] = []
        if self.is_binary:
            wanted += [sa.and_(*self._within(key, chosen)) for chosen in ranges_of(selection)]
        else:
            wanted.append(self._matching(key, selection, ""))
        return await self._counts(table, wanted, most)

    async def counted(self, ranges: Sequence[KeyRange], most: int) -> Sequence[int]:
        """Count the keys of ranges, each up to `most`, in one statement."""
        table = self.shape.selectable()
        key = table.c["key"]
        return await self._counts(table, [sa.and_(*self._within(key, chosen)) for chosen in ranges], most)

    async def _counts(
        self, table: sa.TableClause, wanted: Sequence[sa.ColumnElement[bool]], most: int | None
    ) -> Sequence[int]:
        if not wanted:
            return ()
        counts = [
            sa.select(sa.func.count())
            .select_from(
                sa.select(sa.literal_column("1")).select_from(table).where(each).limit(most).subquery()
            )
            .scalar_subquery()
            .label(f"c{index}")
            for index, each in enumerate(wanted)
        ]
        return [int(number) for number in (await self.connection.execute(sa.select(*counts))).one()]

    async def one(self, key: str | bytes | None, limit: int | None) -> Sequence[object] | None:
        """Return the stored row of a key."""
        table = self.shape.selectable()
        statement = self._values(table, limit).where(self.dialect.key_equals(table.c["key"], key)).limit(1)
        return (await self.connection.execute(statement)).first()

    async def several(self, keys: Sequence[str], limit: int | None) -> Sequence[Sequence[object]]:
        """Return the stored rows of some keys."""
        table = self.shape.selectable()
        statement = self._values(table, limit).where(table.c["key"].in_(keys))
        return (await self.connection.execute(statement)).all()

    async def at(self, row: KeyRow) -> Sequence[object] | None:
        """Return the stored row of a key that was found."""
        if row.row is None or len(self.shape.key) != 1:
            return await self.one(row.entry.key, None)
        table, shape = self.shape.selectable(), self.shape.key[0]
        is_row = table.c[shape.name] == self.dialect.bound(row.row, shape)
        return (await self.connection.execute(self._values(table, None).where(is_row))).first()

    async def _rows(self, statement: Statement, now: datetime) -> list[KeyRow]:
        return [self._row(raw, now) for raw in (await self.connection.execute(statement)).all()]

    def _entries(self, table: sa.TableClause) -> Statement:
        """Return the SELECT that `_row` reads: no values, only their sizes."""
        dialect, key = self.dialect, table.c["key"]
        chosen: list[Expression] = [
            dialect.cell(key, self.shape.column("key"), None),
            dialect.size(table.c["value"], self.shape.column("value")),
            self._expiration(table),
            *dialect.mark(key, self.shape.column("key")),
            *(part for each in self.shape.key[:1] for part in dialect.mark(table.c[each.name], each)),
        ]
        return sa.select(*(each.label(f"c{index}") for index, each in enumerate(chosen))).select_from(table)

    def _values(self, table: sa.TableClause, limit: int | None) -> Statement:
        shape = self.shape.column("value")
        chosen = [
            self.dialect.cell(table.c["key"], self.shape.column("key"), None),
            self.dialect.size(table.c["value"], shape),
            self._expiration(table),
            self.dialect.cell(table.c["value"], shape, limit),
        ]
        return sa.select(*(each.label(f"c{index}") for index, each in enumerate(chosen))).select_from(table)

    def _row(self, raw: Sequence[object], now: datetime) -> KeyRow:
        width = self.dialect.mark_width
        marks = raw[3:]
        row = self.dialect.part(marks[width:]) if len(marks) > width else None
        return KeyRow(entry_of(raw, now), self.dialect.part(marks[:width]), row)

    def _within(self, key: Expression, chosen: KeyRange) -> tuple[sa.ColumnElement[bool], ...]:
        """Return the conditions of a range, its lower end first."""
        low = key >= bound_text(chosen.low)
        if chosen.high is None:
            return (low,)
        return low, key < bound_text(chosen.high)

    def _matching(
        self, key: sa.ColumnElement[object], selection: KeySelection, prefix: str
    ) -> sa.ColumnElement[bool]:
        """Return the condition that a key is selected, for an index in any order."""
        *longer, (_, default) = decisions(selection).items()
        otherwise = sa.true() if default else sa.false()
        whens = [
            (self.dialect.starts_with(key, text), sa.true() if is_chosen else sa.false())
            for text, is_chosen in longer
        ]
        chosen = sa.case(*whens, else_=otherwise) == sa.true() if whens else otherwise
        return sa.and_(chosen, self.dialect.starts_with(key, prefix)) if prefix else chosen

    def _expiration(self, table: sa.TableClause) -> Expression:
        if "expiration" not in table.c:
            return sa.literal_column("NULL")
        return self.dialect.cell(table.c["expiration"], self.shape.column("expiration"), None)
