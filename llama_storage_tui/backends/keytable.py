"""The key-value table as its queries see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import expiry
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.engine import Dialect, Expression, Statement
from llama_storage_tui.backends.ranges import KeyRange
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind, NotFoundError
from llama_storage_tui.model.data import Cell, KeyEntry


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key found: its entry, and where it stands (its key's part, and its row's for keys that are no text)."""

    entry: KeyEntry
    key: Part
    row: Part


@dataclass(frozen=True, slots=True)
class KeyTable:
    """A described key-value table; `is_binary` tells whether its key index is in code point order."""

    dialect: Dialect
    shape: TableShape
    is_binary: bool

    @classmethod
    async def open(cls, connection: AsyncConnection, dialect: Dialect, name: str, *, where: str) -> KeyTable:
        """Describe the table; raises NotFoundError where the server has not made it yet."""
        shape = await dialect.describe(connection, name)
        if shape is None:
            raise NotFoundError(
                f"There is no key-value table {name!r} yet.",
                where=where,
                help="The server creates it on first use; before that the backend holds no key.",
            )
        missing = {"key", "value"} - {column.name for column in shape.columns}
        if missing:
            raise BackendError(
                f"Table {name!r} is not a key-value table: it has no column {' and '.join(sorted(missing))}.",
                failure=FailureKind.QUERY,
                where=where,
                help="Check table_name: is it the table that the server uses?",
            )
        return cls(dialect, shape, await dialect.is_binary_ordered(connection, shape, "key"))

    @property
    def table(self) -> sa.TableClause:
        """The table for a statement."""
        return self.shape.selectable()

    def entries(self, table: sa.TableClause) -> Statement:
        """Return the SELECT that `row` reads: no values, only their sizes."""
        dialect, key = self.dialect, table.c["key"]
        chosen: list[Expression] = [
            dialect.cell(key, self.shape.column("key"), None),
            dialect.size(table.c["value"], self.shape.column("value")),
            self._expiration(table),
            *dialect.mark(key, self.shape.column("key")),
            *(part for each in self.shape.key[:1] for part in dialect.mark(table.c[each.name], each)),
        ]
        return sa.select(*(each.label(f"c{index}") for index, each in enumerate(chosen))).select_from(table)

    def values(self, table: sa.TableClause, *, limit: int | None) -> Statement:
        """Return the SELECT that `value` reads: key, size, expiration, value."""
        shape = self.shape.column("value")
        chosen = [
            self.dialect.cell(table.c["key"], self.shape.column("key"), None),
            self.dialect.size(table.c["value"], shape),
            self._expiration(table),
            self.dialect.cell(table.c["value"], shape, limit),
        ]
        return sa.select(*(each.label(f"c{index}") for index, each in enumerate(chosen))).select_from(table)

    def row(self, raw: Sequence[object], now: datetime) -> KeyRow:
        """Return what one row of `entries` says."""
        width = self.dialect.mark_width
        marks = raw[3:]
        row = self.dialect.part(marks[width:]) if len(marks) > width else None
        return KeyRow(entry_of(raw, now), self.dialect.part(marks[:width]), row)

    def within(self, key: Expression, chosen: KeyRange) -> tuple[sa.ColumnElement[bool], ...]:
        """Return the conditions of a range; without an upper end still only text."""
        low = key >= sa.bindparam("low", chosen.low, type_=sa.Text(), unique=True)
        if chosen.high is not None:
            return low, key < sa.bindparam("high", chosen.high, type_=sa.Text(), unique=True)
        is_text = self.dialect.is_text(key)
        return (low,) if is_text is None else (low, is_text)

    def is_row(self, table: sa.TableClause, row: KeyRow) -> sa.ColumnElement[bool]:
        """Return the condition of one row that `row` gave: by its place, where a key that is no text may be there twice."""
        if row.row is None or len(self.shape.key) != 1:
            return self.dialect.key_equals(table.c["key"], row.entry.key)
        shape = self.shape.key[0]
        return table.c[shape.name] == self.dialect.bound(row.row, shape)

    def _expiration(self, table: sa.TableClause) -> Expression:
        if "expiration" not in table.c:
            return sa.literal_column("NULL")
        return self.dialect.cell(table.c["expiration"], self.shape.column("expiration"), None)


def entry_of(raw: Sequence[object], now: datetime) -> KeyEntry:
    """Return the entry of a row that begins with key, size and expiration."""
    key, size, expiration = raw[:3]
    expires_at, text = expiry.read(as_cell(expiration))
    return KeyEntry(
        key=key if isinstance(key, str | bytes | None) else str(key),
        bytes=size if isinstance(size, int) else None,
        expires_at=expires_at,
        is_expired=expiry.is_past(expires_at, now),
        expiration_text=text,
    )


def as_cell(value: object) -> Cell:
    """Return a driver's value as one that can be shown."""
    return value if isinstance(value, str | int | float | bool | bytes | None) else str(value)
