"""What SQLite does its own way when a table is read: any column may hold any storage class, and keys may be NULL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.engine import Dialect, Expression
from llama_storage_tui.backends.ranges import is_storable
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TableShape
from llama_storage_tui.backends.sqlite import catalog
from llama_storage_tui.backends.sqlite.documents import SqliteDocuments, beginning
from llama_storage_tui.backends.sqlite.in_thread import ComposingConnection, PlainConnection
from llama_storage_tui.backends.sqlite.marks import INTEGERS, bound_of, part_of, sort_value_of
from llama_storage_tui.backends.sqlite.raw_rows import HAS_OCTET_LENGTH
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Count
from llama_storage_tui.model.records import SortValue

SMALL_FILE: Final = 32 * 1024 * 1024
"""Up to this size every table is counted exactly even when an estimate would do: it costs some 10 ms."""

BOUNDED_COUNT: Final = 10_000
"""In a larger file a table is counted up to this many rows before its statistics are believed."""

_TRUE: Final = frozenset({"true", "t", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "f", "no", "off", "0"})
_HEX: Final = re.compile(r"(?:\\x|0x|x')((?:[0-9a-fA-F]{2})*)'?")


class SqliteDialect(Dialect):
    """How SQLite does what engines do differently."""

    documents = SqliteDocuments()
    nulls_first = True
    mark_width = 2
    is_snapshot_held = False
    works_here = True
    is_raw = False
    """The driver hands over text that is no UTF-8 as bytes, and every look into a document is guarded."""

    def can_hold(self, text: str) -> bool:
        """Tell whether a text has a form in UTF-8."""
        return is_storable(text)

    async def describe(self, connection: AsyncConnection, name: str) -> TableShape | None:
        """Describe one table or view."""
        if not is_storable(name):
            return None
        found = await catalog.tables(driver_of(connection), name)
        return found[0] if found else None

    async def describe_all(self, connection: AsyncConnection) -> tuple[TableShape, ...]:
        """Describe every table and view, SQLite's internal ones left out."""
        return await catalog.tables(driver_of(connection), None)

    async def estimates(
        self, connection: AsyncConnection, shapes: Sequence[TableShape]
    ) -> dict[str, Count | None]:
        """Count what is cheap to count; else what ANALYZE noted, else nothing."""
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        size = (await connection.exec_driver_sql("PRAGMA page_size")).scalar_one()
        limit = None if int(pages) * int(size) <= SMALL_FILE else BOUNDED_COUNT + 1
        statistics = await catalog.statistics(driver_of(connection))
        counts: dict[str, Count | None] = {}
        for shape in shapes:
            counted = None
            if shape.is_readable and not (shape.is_view and limit is not None):
                counted = await _counted(connection, shape, limit)
            if counted is not None and (limit is None or counted < limit):
                counts[shape.name] = Count(counted, is_exact=True)
            else:
                noted = statistics.get(shape.name)
                counts[shape.name] = None if noted is None else Count(noted, is_exact=False)
        return counts

    def cell(self, element: Expression, shape: ColumnShape, limit: int | None) -> Expression:
        """Return the value; text and binary cut by characters and bytes, numbers left as numbers."""
        del shape
        if limit is None:
            return element
        kind = sa.func.typeof(element)
        is_long = sa.or_(kind == sa.literal_column("'text'"), kind == sa.literal_column("'blob'"))
        return sa.case((is_long, beginning(element, limit + 1)), else_=element)

    def mark(self, element: Expression, shape: ColumnShape) -> tuple[Expression, ...]:
        """Return the value and its storage class: both decide where it sorts."""
        del shape
        return element, sa.func.typeof(element)

    def part(self, raw: Sequence[object]) -> Part:
        """Return a cursor's value; text that is no valid UTF-8 keeps its bytes."""
        return part_of(*raw)

    def bound(self, part: tuple[str, str], shape: ColumnShape) -> Expression:
        """Return a cursor's value with the storage class it had."""
        del shape
        found = bound_of(part)
        if found.is_text and isinstance(found.value, bytes):
            return _as_text(found.value)
        return _bind(found.value)

    def sort_key(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return the column itself."""
        del shape
        return element

    def merge_key(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return the column in the collation that compares byte by byte, whichever it was made with."""
        del shape
        compared: Expression = sa.collate(element, "BINARY")  # type: ignore[assignment] # of any type
        return compared

    def sort_value(self, part: Part, shape: ColumnShape) -> SortValue:
        """Return a value by its storage class, whatever the column's type."""
        del shape
        return None if part is None else sort_value_of(part)

    def equals(self, element: Expression, shape: ColumnShape, text: str) -> sa.ColumnElement[bool]:
        """Return the condition for a text cast as the column's affinity would."""
        if not is_storable(text):
            raise _impossible(shape, text)
        match shape.kind:
            case ColumnKind.INTEGER:
                return element == _bind(_integer(shape, text))
            case ColumnKind.FLOAT:
                return element == _bind(_float(shape, text))
            case ColumnKind.BOOLEAN:
                return element == _bind(_boolean(shape, text))
            case ColumnKind.BYTES:
                return sa.or_(element == _bind(_bytes(text)), element == _bind(text))
            case ColumnKind.OTHER if _is_number(text):
                return sa.or_(element == _bind(text), element == _bind(_float(shape, text)))
            case _:
                if "NUM" in shape.column.type.upper() or "DEC" in shape.column.type.upper():
                    _float(shape, text)
                return element == _bind(text)

    def operand(self, shape: ColumnShape, text: str) -> Expression:
        """Return a number for a column of numbers, else the text."""
        if not is_storable(text):
            raise _impossible(shape, text)
        if shape.kind is ColumnKind.INTEGER:
            return _bind(_integer(shape, text))
        if shape.kind is ColumnKind.FLOAT or (shape.kind is not ColumnKind.TEXT and _is_number(text)):
            return _bind(_float(shape, text))
        return _bind(text)

    async def check_filter(self, connection: AsyncConnection, shape: ColumnShape, text: str) -> None:
        """Cast as `equals` will; SQLite itself refuses nothing."""
        del connection
        self.equals(sa.column(shape.name), shape, text)

    def size(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return the size in bytes; from 3.43 on without reading the value."""
        del shape
        if HAS_OCTET_LENGTH:
            return sa.func.octet_length(element)
        return sa.func.length(sa.cast(element, sa.BLOB()))

    def starts_with(self, element: Expression, prefix: str) -> sa.ColumnElement[bool]:
        """Return the condition as an equality of beginnings, which no LIKE wildcard can widen."""
        return sa.func.substr(element, 1, len(prefix)) == _bind(prefix)


def driver_of(connection: AsyncConnection) -> PlainConnection:
    """Return the driver's own connection under SQLAlchemy's, in the same transaction: for what is plain SQL."""
    lent: object = connection
    assert isinstance(lent, ComposingConnection), "the engine lends no other"  # noqa: S101 - for the reader
    return lent.plain


async def _counted(connection: AsyncConnection, shape: TableShape, limit: int | None) -> int | None:
    table = shape.selectable()
    rows = sa.select(sa.literal_column("1")).select_from(table).limit(limit).subquery()
    try:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(rows))).scalar_one())
    except exc.DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            catalog.pass_interrupt(error.orig)
        return None


def _bind(value: str | float | bytes) -> Expression:
    """Return a bound value that reaches the driver as it is."""
    return sa.bindparam("v", value, type_=sa.types.NullType(), unique=True)


def _as_text(value: bytes) -> Expression:
    """Return bytes as SQLite text. The function around the cast drops its affinity, which would turn numbers into text."""
    return sa.func.coalesce(sa.cast(_bind(value), sa.Text()), sa.null())


def _integer(shape: ColumnShape, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise _impossible(shape, text) from None
    if number not in INTEGERS:
        raise _impossible(shape, text)
    return number


def _float(shape: ColumnShape, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _impossible(shape, text) from None


def _boolean(shape: ColumnShape, text: str) -> int:
    if text.lower() in _TRUE:
        return 1
    if text.lower() in _FALSE:
        return 0
    raise _impossible(shape, text)


def _bytes(text: str) -> bytes:
    found = _HEX.fullmatch(text)
    return bytes.fromhex(found[1]) if found else text.encode()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _impossible(shape: ColumnShape, text: str) -> UsageError:
    return UsageError(
        f"{text!r} is not a value of column {shape.name!r}, whose type is {shape.column.type or 'not declared'}."
    )
