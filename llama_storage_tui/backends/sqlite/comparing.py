"""What a SQLite table has in place of rows that may be written to it."""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from llama_storage_tui.backends.sqlite.raw_rows import RawTable, quoted
from llama_storage_tui.model.raw_rows import Found, RawRow, RowIdentity, Sheet, Standing, UndecodableText

_TEXTS: Final = {str, type(None)}


def is_empty(connection: sqlite3.Connection, table: RawTable | None) -> bool:
    """Tell whether a table has no row, or is not there."""
    if table is None:
        return True
    query = f"SELECT 1 FROM {table.quoted} LIMIT 1"  # noqa: S608 - names are quoted
    return connection.execute(query).fetchone() is None


def look_for(
    connection: sqlite3.Connection,
    table: RawTable | None,
    sheet: Sheet,
    rows: Sequence[RawRow],
    *,
    brought: int | None = None,
) -> list[Found]:
    """Tell for each row what the table has in its place; rows behind the row id `brought` were brought in this transaction."""
    if table is None or not rows:
        return [Found(Standing.ABSENT) for _ in rows]
    places = [sheet.columns.index(name) for name in sheet.identity]
    identities = [tuple(row[at] for at in places) for row in rows]
    # An older SQLite, and one that was built so, takes few parameters.
    most = max(1, connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(places))
    row_id = "0" if brought is None else table.row_id
    there: dict[RowIdentity, tuple[RawRow, bool]] = {}
    for start in range(0, len(identities), most):
        for row, number in _stored(connection, table, sheet, identities[start : start + most], row_id):
            there[tuple(row[at] for at in places)] = row, brought is not None and number > brought
    found = []
    for row, identity in zip(rows, identities, strict=True):
        former, is_brought = there.get(identity, (None, False))
        if former is None:
            found.append(Found(Standing.ABSENT))
        elif form([former]) == form([_bound(row)]):
            found.append(Found(Standing.SAME, is_brought=is_brought))
        else:
            found.append(Found(Standing.OTHER, former, is_brought))
    return found


def form(rows: Sequence[RawRow]) -> bytes:
    """Return rows in a form that differs where any value or its type does; in one call, since millions of rows are compared."""
    return marshal.dumps(
        [*rows], 2
    )  # version 2: the same bytes for equal values, whoever else refers to them


def are_same(rows: Sequence[RawRow], others: Sequence[RawRow]) -> bool:
    """Tell whether two lists have the same values of the same types: as `form` does, without a copy of the texts."""
    if len(rows) != len(others) or rows != others:
        return False
    # Equal texts are of one type; numbers and binary values may be equal and of two.
    return all(
        (_TEXTS.issuperset(map(type, mine)) and _TEXTS.issuperset(map(type, theirs)))
        or form([mine]) == form([theirs])
        for mine, theirs in zip(zip(*rows, strict=True), zip(*others, strict=True), strict=True)
    )


def why_not(cell: object) -> str | None:
    """Return why SQLite cannot hold a value; None where it can."""
    match cell:
        case UndecodableText():
            return "a text is not valid UTF-8"
        case str():
            try:
                cell.encode()
            except UnicodeEncodeError:
                return "a text holds half of a surrogate pair, which is not valid UTF-8"
        case int() if not -(2**63) <= cell < 2**63:
            return "a number is larger than SQLite's 64 bits"
    return None


def _bound(row: RawRow) -> RawRow:
    """Return a row as SQLite keeps it: it has no booleans."""
    return tuple(int(cell) if isinstance(cell, bool) else cell for cell in row)


def _stored(
    connection: sqlite3.Connection,
    table: RawTable,
    sheet: Sheet,
    identities: Sequence[RowIdentity],
    row_id: str,
) -> Iterator[tuple[RawRow, int]]:
    """Yield the rows of some identities, each with what `row_id` names."""
    chosen = ", ".join(quoted(name) if name in table.columns else "NULL" for name in sheet.columns)
    names = ", ".join(quoted(name) for name in sheet.identity)
    wanted = [None if why_not(cell) else cell for identity in identities for cell in identity]
    marks = ", ".join("?" * len(sheet.identity))
    values = (
        ", ".join("?" * len(identities))
        if len(sheet.identity) == 1
        else "VALUES " + ", ".join([f"({marks})"] * len(identities))
    )
    query = f"SELECT {row_id}, {chosen} FROM {table.quoted} WHERE ({names}) IN ({values})"  # noqa: S608 - names are quoted
    return ((row[1:], row[0]) for row in connection.execute(query, wanted))
