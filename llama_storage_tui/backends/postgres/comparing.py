"""What a PostgreSQL table has in place of rows that may be written to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from operator import itemgetter

import asyncpg

from llama_storage_tui.backends.postgres.encoding import DriverRow, encoded, encoder
from llama_storage_tui.backends.postgres.raw_rows import PostgresTable, quoted
from llama_storage_tui.backends.ranges import is_storable
from llama_storage_tui.model.raw_rows import Found, RawRow, Sheet, Standing
from llama_storage_tui.model.transfer import NotConvertibleError


async def is_empty(connection: asyncpg.Connection, table: PostgresTable | None) -> bool:
    """Tell whether a table has no row, or is not there."""
    if table is None:
        return True
    return bool(await connection.fetchval(f"SELECT NOT EXISTS (SELECT 1 FROM {table.quoted})"))  # noqa: S608 - quoted


async def look_for(
    connection: asyncpg.Connection, table: PostgresTable | None, sheet: Sheet, rows: Sequence[RawRow]
) -> Sequence[Found]:
    """Tell for each row what the table has in its place."""
    if table is None or not rows:
        return [Found(Standing.ABSENT) for _ in rows]
    places = [sheet.columns.index(name) for name in sheet.identity]
    possible = _possible(_kinds(table, sheet), rows, places)
    there = await stored(connection, table, sheet, [*possible.values()])
    formers = {index: there.get(tuple(row[at] for at in places)) for index, row in possible.items()}
    others = {
        index: possible[index]
        for index, former in formers.items()
        if former is not None and former != possible[index]
    }
    cells = await stored(connection, table, sheet, [*others.values()], as_cells=True)
    found = [
        Found(Standing.ABSENT if formers.get(index) is None else Standing.SAME)
        for index, _ in enumerate(rows)
    ]
    for index, made in others.items():
        found[index] = Found(Standing.OTHER, cells.get(tuple(made[at] for at in places)))
    return found


async def stored(
    connection: asyncpg.Connection,
    table: PostgresTable,
    sheet: Sheet,
    rows: Sequence[DriverRow],
    *,
    as_cells: bool = False,
) -> Mapping[DriverRow, RawRow]:
    """Return the rows that are there, by identity: as the driver has them, or `as_cells`."""
    if not rows:
        return {}
    places = [sheet.columns.index(name) for name in sheet.identity]
    found = await _fetched(connection, table, sheet, rows, as_cells=as_cells)
    return {tuple(row[at] for at in places): tuple(row) for row in found}


async def are_stored(
    connection: asyncpg.Connection, table: PostgresTable, sheet: Sheet, rows: Sequence[DriverRow]
) -> bool:
    """Tell whether all rows are there, each with every value, as the driver has them."""
    identity = itemgetter(*(sheet.columns.index(name) for name in sheet.identity))
    found = await _fetched(connection, table, sheet, rows, as_cells=False)
    there = dict(zip(map(identity, found), found, strict=True))
    return [
        there.get(identity(row)) for row in rows
    ] == rows  # a row of the driver equals a tuple of its cells


async def _fetched(
    connection: asyncpg.Connection,
    table: PostgresTable,
    sheet: Sheet,
    rows: Sequence[DriverRow],
    *,
    as_cells: bool,
) -> Sequence[asyncpg.Record]:
    places = [sheet.columns.index(name) for name in sheet.identity]
    names = set(table.names)
    chosen = ", ".join(
        "NULL" if name not in names else f"t.{table.column(name).chosen if as_cells else quoted(name)}"
        for name in sheet.columns
    )
    query = f"SELECT {chosen} FROM {table.quoted} AS t {joined(table, sheet, 'JOIN')}"  # noqa: S608 - names are quoted
    found: Sequence[asyncpg.Record] = await connection.fetch(
        query, *([row[at] for row in rows] for at in places)
    )
    return found


def joined(table: PostgresTable, sheet: Sheet, word: str) -> str:
    """Return the join (`JOIN`, or `USING` of a DELETE) of the table `t` with the identities that the parameters give."""
    arrays = ", ".join(
        f"${number}::{table.column(name).type}[]" for number, name in enumerate(sheet.identity, 1)
    )
    names = ", ".join(f"k{number}" for number, _ in enumerate(sheet.identity))
    same = " AND ".join(f"t.{quoted(name)} = w.k{number}" for number, name in enumerate(sheet.identity))
    return f"{word} unnest({arrays}) AS w({names}) {'ON' if word == 'JOIN' else 'WHERE'} {same}"


def _kinds(table: PostgresTable, sheet: Sheet) -> list[str]:
    """Return the type of each column; a column that the table has not got yet takes anything."""
    names = set(table.names)
    return [table.column(name).kind if name in names else "" for name in sheet.columns]


def _possible(kinds: Sequence[str], rows: Sequence[RawRow], places: Sequence[int]) -> dict[int, DriverRow]:
    """Return the rows that such a table can hold at all; who writes the others hears why it cannot."""
    encoders = [encoder(kind) for kind in kinds]
    found: dict[int, DriverRow] = {}
    for index, row in enumerate(rows):
        if all(_can_be_sent(row[at]) for at in places):
            with suppress(NotConvertibleError):
                found[index] = encoded([row], encoders)[0]
    return found


def _can_be_sent(cell: object) -> bool:
    return not isinstance(cell, str) or ("\x00" not in cell and is_storable(cell))
