"""The rows of a PostgreSQL table as they are stored, within a transaction that another module opens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

import asyncpg

from llama_storage_tui.backends.batches import LARGEST_RAW_BATCH, Pace
from llama_storage_tui.backends.ranges import ranges_of, selects_the_rest
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.raw_rows import RawBatch, RawRow

_AS_THEY_COME: Final = frozenset(
    {"text", "varchar", "bpchar", "json", "int2", "int4", "int8", "bool", "float8", "bytea"}
)
"""Types that the driver gives as `Cell` has them; json is its stored text. All others are cast to text."""

SAMPLE: Final = 1000
"""Rows by which the size of all is estimated."""

SESSION: Final = (
    "SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true), set_config('statement_timeout', '0', true),"
    " set_config('idle_in_transaction_session_timeout', '0', true)"
)
"""For one transaction: times are written in UTC, and a long copy is not cut off by the role's own limits."""

_COLUMNS: Final = """
SELECT a.attname, t.typname, format_type(a.atttypid, NULL), a.attgenerated <> ''
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass($1)::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


@dataclass(frozen=True, slots=True)
class PostgresColumn:
    """A column: `kind` is the name in pg_type, `type` the word for SQL."""

    name: str
    kind: str
    type: str

    @property
    def chosen(self) -> str:
        """The column in a SELECT, as `Cell` has it."""
        return quoted(self.name) if self.kind in _AS_THEY_COME else f"{quoted(self.name)}::text"


@dataclass(frozen=True, slots=True)
class PostgresTable:
    """A table that the role's search path leads to."""

    name: str
    columns: tuple[PostgresColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def quoted(self) -> str:
        """The name in SQL."""
        return quoted(self.name)

    @property
    def chosen(self) -> str:
        """The columns of a SELECT, each as `Cell` has it."""
        return ", ".join(column.chosen for column in self.columns)

    def column(self, name: str) -> PostgresColumn:
        """Return a column that is there."""
        return next(column for column in self.columns if column.name == name)


def quoted(name: str) -> str:
    """Return a name in SQL."""
    return '"' + name.replace('"', '""') + '"'


async def describe(connection: asyncpg.Connection, name: str) -> PostgresTable | None:
    """Return a table; None where there is none."""
    columns = await connection.fetch(_COLUMNS, quoted(name))
    if not columns:
        return None
    return PostgresTable(name, tuple(PostgresColumn(*row[:3]) for row in columns if not row[3]))


def key_condition(keys: KeySelection | None) -> tuple[str, tuple[str, ...]]:
    """Return the condition of the keys that are meant, and its parameters."""
    if keys is None or (selects_the_rest(keys) and not (keys.include or keys.exclude)):
        return "true", ()
    parts: list[str] = []
    parameters: list[str] = []
    for each in ranges_of(keys):
        parameters.append(each.low)
        low = f'"key" COLLATE "C" >= ${len(parameters)}'
        if each.high is None:
            parts.append(f"({low})")
            continue
        parameters.append(each.high)
        parts.append(f'({low} AND "key" COLLATE "C" < ${len(parameters)})')
    if selects_the_rest(keys):
        parts.append('"key" IS NULL')
    return f"({' OR '.join(parts) or 'false'})", tuple(parameters)


async def read_rows(
    connection: asyncpg.Connection, table: PostgresTable, keys: KeySelection | None, *, has_locators: bool
) -> AsyncGenerator[RawBatch, None]:
    """Yield the rows that the transaction sees as this begins, in stored order; locators are row addresses."""
    condition, parameters = key_condition(keys)
    locator = ", ctid" if has_locators else ""
    query = f"SELECT {table.chosen}{locator} FROM {table.quoted} WHERE {condition}"  # noqa: S608 - names are quoted
    cursor = await connection.cursor(query, *parameters)
    pace = Pace(most=LARGEST_RAW_BATCH)
    while found := await cursor.fetch(pace.size):
        rows: list[RawRow] = [tuple(row) for row in found]
        pace.after(rows)
        if has_locators:
            yield RawBatch(table.names, [row[:-1] for row in rows], [row[-1] for row in rows])
        else:
            yield RawBatch(table.names, rows)
