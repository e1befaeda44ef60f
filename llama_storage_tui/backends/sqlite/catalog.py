"""SQLite's own words about its tables."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TableShape
from llama_storage_tui.backends.sqlite.in_thread import PlainConnection
from llama_storage_tui.backends.sqlite.raw_rows import free_row_id, quoted
from llama_storage_tui.deferred import replace
from llama_storage_tui.model.data import Column

_TABLES: Final = (
    "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')"
    " AND substr(name, 1, 7) <> 'sqlite_' AND (:name IS NULL OR name = :name) ORDER BY name"
)
_COLUMNS: Final = 'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(:name)'
_STATISTICS: Final = "SELECT tbl, stat FROM sqlite_stat1"
_COLLATION: Final = (
    "SELECT parts.coll FROM pragma_index_list(:name) AS indexes, pragma_index_xinfo(indexes.name) AS parts"
    " WHERE indexes.origin = 'pk' AND parts.seqno = 0 AND parts.name = :column"
)
_HIDDEN: Final = 1
"""What `hidden` says of a virtual table's hidden columns; 2 and 3 are generated columns, which can be read."""

_VIRTUAL: Final = re.compile(r"\s*create\s+virtual\s", re.IGNORECASE)
_MAYBE_WITHOUT_ROWID: Final = re.compile(r"\bwithout\b", re.IGNORECASE)
_DESCENDING: Final = re.compile(r"\bprimary\s+key\s+desc\b", re.IGNORECASE)


async def tables(connection: PlainConnection, name: str | None) -> tuple[TableShape, ...]:
    """Describe one table (or all); a virtual table whose module is not loaded comes without columns, unreadable."""
    found = await connection.execute_fetchall(_TABLES, {"name": name})
    return tuple([await _shape(connection, _text(row[0]), str(row[1]), _text(row[2])) for row in found])


async def statistics(connection: PlainConnection) -> dict[str, int]:
    """Return the row counts that ANALYZE noted; empty where it never ran."""
    try:
        found = await connection.execute_fetchall(_STATISTICS)
    except sqlite3.Error as error:
        pass_interrupt(error)
        return {}
    counts: dict[str, int] = {}
    for row in found:
        table, stat = str(row[0]), str(row[1])
        first = stat.split(" ")[0]
        if first.isdecimal():
            counts[table] = max(int(first), counts.get(table, 0))
    return counts


async def is_binary_ordered(connection: PlainConnection, table: str, column: str) -> bool:
    """Tell whether the file is UTF-8 and the column's primary-key index, if it has one, the BINARY collation."""
    ((encoding,),) = await connection.execute_fetchall("PRAGMA encoding")
    found = await connection.execute_fetchall(_COLLATION, {"name": table, "column": column})
    return encoding == "UTF-8" and all(str(row[0]).upper() == "BINARY" for row in found)


def pass_interrupt(error: sqlite3.Error) -> None:
    """Raise an error again that is no statement's own fault: an interrupt, a lock, a damaged file."""
    if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF != sqlite3.SQLITE_ERROR:
        raise error


async def _shape(connection: PlainConnection, name: str, kind: str, sql: str) -> TableShape:
    try:
        rows = await connection.execute_fetchall(_COLUMNS, {"name": name})
    except sqlite3.Error as error:
        pass_interrupt(error)
        return TableShape(name, (), is_view=kind == "view", is_readable=False)
    visible = [row for row in rows if row[4] != _HIDDEN]
    columns = tuple(_column(row) for row in visible)
    if not columns:  # a view of something that is gone, or a table of a module that is not loaded here
        return TableShape(name, (), is_view=kind == "view", is_readable=False)
    if kind == "view" or _VIRTUAL.match(sql):
        return TableShape(name, columns, is_view=kind == "view")
    primary = [
        column
        for _, column in sorted(
            ((int(row[3]), column) for row, column in zip(visible, columns, strict=True) if row[3]),
            key=lambda pair: pair[0],
        )
    ]
    if _MAYBE_WITHOUT_ROWID.search(sql) and not await _has_rowid(connection, name):
        firm = tuple(_not_null(column) for column in primary)
        return TableShape(name, columns, key=firm, order=firm)
    return _with_rowid(name, columns, primary, is_descending=bool(_DESCENDING.search(sql)))


def _with_rowid(
    name: str, columns: tuple[ColumnShape, ...], primary: list[ColumnShape], *, is_descending: bool
) -> TableShape:
    if len(primary) == 1 and primary[0].column.type.upper() == "INTEGER" and not is_descending:
        alias = (_not_null(primary[0]),)
        return TableShape(name, columns, key=alias, order=alias)
    is_firm = bool(primary) and not any(column.column.is_nullable for column in primary)
    rowid = _free_rowid(columns)
    if not rowid:
        key = tuple(primary) if is_firm else ()
        return TableShape(name, columns, key=key, order=key)
    # A primary key may hold NULLs unless it forbids them; then only its first column leads, and rowid makes it unique.
    order = tuple(primary) if is_firm else (*primary[:1], *rowid)
    return TableShape(name, columns, key=rowid, order=order, hidden=rowid)


def rowid_of(shape: TableShape) -> tuple[ColumnShape, ...]:
    """Return the rowid as a column; none for a view and for a table that has none."""
    if shape.is_view or not shape.key:
        return ()
    if shape.hidden:
        return shape.hidden[:1]
    is_alias = len(shape.key) == 1 and shape.key[0].column.type.upper() == "INTEGER"
    return _free_rowid(shape.columns) if is_alias else ()


def _free_rowid(columns: tuple[ColumnShape, ...]) -> tuple[ColumnShape, ...]:
    """Return the rowid by a name that no column has; none where they have them all."""
    name = free_row_id(column.name for column in columns)
    if name is None:
        return ()
    return (ColumnShape(Column(name, "INTEGER", is_primary_key=True, is_nullable=False), ColumnKind.INTEGER),)


async def _has_rowid(connection: PlainConnection, name: str) -> bool:
    try:
        await connection.execute_fetchall(f"SELECT {quoted(name)}._rowid_ FROM {quoted(name)} LIMIT 0")  # noqa: S608 - quoted
    except sqlite3.Error as error:
        pass_interrupt(error)
        return False
    return True


def _column(row: Sequence[Any]) -> ColumnShape:
    name, declared, is_not_null, position, _ = row
    kind = _kind(str(declared or "").upper())
    return ColumnShape(
        Column(
            _text(name),
            str(declared or ""),
            is_primary_key=bool(position),
            is_nullable=not is_not_null,
            is_json=kind is ColumnKind.JSON,
        ),
        kind,
    )


def _not_null(shape: ColumnShape) -> ColumnShape:
    return replace(shape, column=replace(shape.column, is_primary_key=True, is_nullable=False))


def _kind(declared: str) -> ColumnKind:
    """Return the kind by SQLite's rules of affinity, with JSON and BOOL told apart by name."""
    rules = (
        (("JSON",), ColumnKind.JSON),
        (("INT",), ColumnKind.INTEGER),
        (("CHAR", "CLOB", "TEXT"), ColumnKind.TEXT),
        (("BLOB",), ColumnKind.BYTES),
        (("REAL", "FLOA", "DOUB"), ColumnKind.FLOAT),
        (("BOOL",), ColumnKind.BOOLEAN),
    )
    for words, kind in rules:
        if any(word in declared for word in words):
            return kind
    return ColumnKind.NATIVE if declared else ColumnKind.OTHER


def _text(value: object) -> str:
    """Return a name as text: one that is no valid UTF-8 is shown, and cannot be read by name."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
