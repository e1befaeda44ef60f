"""What PostgreSQL does its own way when a table is read: every comparison is cast to the column's type by the server."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.engine import Dialect, Expression, bound_text
from llama_storage_tui.backends.postgres import catalog
from llama_storage_tui.backends.postgres.documents import PostgresDocuments
from llama_storage_tui.backends.postgres.failures import sqlstate_of
from llama_storage_tui.backends.postgres.stored_text import ServerEncoding, stored_text, text_of_bytes
from llama_storage_tui.backends.postgres.values import NamedType
from llama_storage_tui.backends.ranges import is_storable
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TableShape
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Count
from llama_storage_tui.model.records import SortValue

SMALL_TABLE: Final = 8 * 1024 * 1024
"""Up to this size a table is counted exactly even when an estimate would do: it costs some 5 ms."""

SMALL_TABLES: Final = 200
"""So many at most: a schema of thousands of tables is listed at once all the same."""

_FIRST_BLOCKS: Final = 64
_TID: Final = re.compile(r"\((\d+),(\d+)\)")
_UNCASTABLE: Final = "22"
"""The SQLSTATE class of data exceptions: the text is no value of the type."""


class PostgresDialect(Dialect):
    """How PostgreSQL does what engines do differently; `is_raw` takes every text as the bytes that are stored."""

    nulls_first = False
    mark_width = 1
    is_snapshot_held = True
    works_here = False

    def __init__(self, encoding: ServerEncoding | None = None, *, is_raw: bool = False) -> None:
        self.encoding = ServerEncoding() if encoding is None else encoding
        self.is_raw = is_raw
        self.documents = PostgresDocuments(self.encoding)

    def can_hold(self, text: str) -> bool:
        """Tell whether the database's encoding has every letter of a text."""
        return self.encoding.can_hold(text)

    async def describe(self, connection: AsyncConnection, name: str) -> TableShape | None:
        """Describe one table or view of the search_path."""
        if not self.can_hold(name):
            return None
        found = await catalog.tables(connection, name)
        return found[0] if found else None

    async def describe_all(self, connection: AsyncConnection) -> tuple[TableShape, ...]:
        """Describe every table and view of the search_path."""
        return await catalog.tables(connection, None)

    async def estimates(
        self, connection: AsyncConnection, shapes: Sequence[TableShape]
    ) -> dict[str, Count | None]:
        """Count small tables; for others scale what ANALYZE noted to the table's size now, as the planner does."""
        sizes = await catalog.sizes(connection)
        counts: dict[str, Count | None] = {}
        small = 0
        for shape in shapes:
            counts[shape.name] = None
            if shape.name not in sizes:
                continue
            tuples, pages, size, page_bytes = sizes[shape.name]
            if size is not None and size <= SMALL_TABLE and shape.is_readable and small < SMALL_TABLES:
                small += 1
                statement = sa.select(sa.func.count()).select_from(shape.selectable())
                counts[shape.name] = Count((await connection.execute(statement)).scalar_one(), is_exact=True)
            elif tuples >= 0 and (pages > 0 or size is None):
                growth = 1.0 if size is None else size / page_bytes / pages
                counts[shape.name] = Count(round(tuples * growth), is_exact=False)
        return counts

    def cell(self, element: Expression, shape: ColumnShape, limit: int | None) -> Expression:
        """Return numbers and booleans as they are, binary as bytes, everything else as text of the server's making."""
        match shape.kind:
            case ColumnKind.INTEGER | ColumnKind.FLOAT | ColumnKind.BOOLEAN:
                return element
            case ColumnKind.BYTES:
                return element if limit is None else sa.func.substring(element, 1, limit + 1)
            case _ if self.is_raw:
                return stored_text(element, self.encoding, limit)
            case _:
                text: Expression = sa.cast(element, sa.Text())
                return text if limit is None else sa.func.left(text, limit + 1)

    def mark(self, element: Expression, shape: ColumnShape) -> tuple[Expression, ...]:
        """Return the value as text, which its type reads back exactly."""
        del shape
        return (stored_text(element, self.encoding) if self.is_raw else sa.cast(element, sa.Text()),)

    def part(self, raw: Sequence[object]) -> Part:
        """Return a cursor's value; text that is not valid keeps its bytes."""
        match raw[0]:
            case None:
                return None
            case bytes() as data:
                return "x", base64.b64encode(data).decode()
            case text:
                return "t", str(text)

    def bound(self, part: tuple[str, str], shape: ColumnShape) -> Expression:
        """Return a cursor's value, cast to the column's type."""
        kind, text = part
        if kind == "t" and self.can_hold(text):
            return _cast(text, shape)
        if kind == "x":
            try:
                return text_of_bytes(base64.b64decode(text, validate=True))
            except binascii.Error:
                pass
        raise cursors.refused()

    def sort_key(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return the column, or its text where its type may have no order."""
        return sa.cast(element, sa.Text()) if shape.kind is ColumnKind.OTHER else element

    def merge_key(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return the column, texts in the C collation; of a type that compares texts its own way (citext) as plain text."""
        if shape.kind not in (ColumnKind.TEXT, ColumnKind.OTHER):
            return element
        text: sa.ColumnElement[str] = sa.cast(element, sa.Text())
        collated: Expression = sa.collate(text, "C")  # type: ignore[assignment] # of str
        return collated

    def sort_value(self, part: Part, shape: ColumnShape) -> SortValue:
        """Return a value by the column's type; raises ValueError for one whose order only the server knows."""
        if part is None:
            return None
        kind, text = part
        if kind == "x":
            return 1, base64.b64decode(text)
        match shape.kind:
            case ColumnKind.TEXT | ColumnKind.OTHER:
                return 1, text.encode()
            case ColumnKind.INTEGER:
                return 0, int(text)
            case ColumnKind.BOOLEAN:
                return 0, int(text == "true")
            case ColumnKind.FLOAT:
                # NaN comes behind every number.
                return (1, b"") if text == "NaN" else (0, float(text))
            case ColumnKind.BYTES:
                return 2, bytes.fromhex(text.removeprefix("\\x"))
        raise ValueError(f"the order of {shape.column.type} is the server's own")

    def equals(self, element: Expression, shape: ColumnShape, text: str) -> sa.ColumnElement[bool]:
        """Return the condition for a text cast to the column's type, or for its text."""
        if not _is_text(text):
            raise _impossible(shape, text)
        if not self.can_hold(text):
            return sa.false()
        return self.sort_key(element, shape) == _cast(text, shape)

    def operand(self, shape: ColumnShape, text: str) -> Expression:
        """Return a text cast to the column's type."""
        if not _is_text(text) or not self.can_hold(text):
            raise _impossible(shape, text)
        return _cast(text, shape)

    async def check_filter(self, connection: AsyncConnection, shape: ColumnShape, text: str) -> None:
        """Let the server cast the text alone, so that its refusal has one meaning."""
        if not _is_text(text):
            raise _impossible(shape, text)
        if not self.can_hold(text):
            return
        try:
            await connection.execute(sa.select(sa.cast(_cast(text, shape), sa.Text())))
        except exc.DBAPIError as error:
            if not (sqlstate_of(error) or "").startswith(_UNCASTABLE):
                raise
        else:
            return
        raise _impossible(shape, text)

    async def blocks(
        self, connection: AsyncConnection, shape: TableShape, table: sa.TableClause, after: Part
    ) -> AsyncIterator[sa.ColumnElement[bool]]:
        """Yield ranges of blocks, each four times the last: a page reads the blocks it needs and no more."""
        found = _TID.fullmatch(after[1]) if after is not None else None
        start, width = (int(found[1]) if found else 0), _FIRST_BLOCKS
        total = await catalog.blocks(connection, shape)
        ctid = table.c["ctid"]
        while start < total:
            low, high = (_cast(f"({block},0)", shape.key[0]) for block in (start, start + width))
            is_last = start + width >= total
            yield ctid >= low if is_last else sa.and_(ctid >= low, ctid < high)
            start, width = start + width, width * 4

    def size(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return the size in bytes; for text and binary the server knows it without reading the value."""
        is_plain = shape.kind in {ColumnKind.TEXT, ColumnKind.BYTES}
        return sa.func.octet_length(element if is_plain else sa.cast(element, sa.Text()))

    def starts_with(self, element: Expression, prefix: str) -> sa.ColumnElement[bool]:
        """Return the condition, which no LIKE wildcard can widen."""
        if not self.can_hold(prefix):
            return sa.false()
        return sa.func.starts_with(sa.cast(element, sa.Text()), bound_text(prefix)).is_(sa.true())

    def key_equals(self, element: Expression, key: str | bytes | None) -> sa.ColumnElement[bool]:
        """Return the condition: of a text, or of the bytes that a database without an encoding took as one."""
        if isinstance(key, bytes) and self.encoding.is_unchecked and b"\x00" not in key:
            return element == text_of_bytes(key)
        return element == bound_text(key) if isinstance(key, str) and self.can_hold(key) else sa.false()


def _cast(text: str, shape: ColumnShape) -> Expression:
    if shape.kind in {ColumnKind.OTHER, ColumnKind.JSON}:
        return bound_text(text)
    return sa.cast(bound_text(text), NamedType(shape.cast))


def _is_text(text: str) -> bool:
    """Tell whether PostgreSQL can hold a text: it has no NUL."""
    return is_storable(text) and "\x00" not in text


def _impossible(shape: ColumnShape, text: str) -> UsageError:
    return UsageError(f"{text!r} is not a value of column {shape.name!r}, whose type is {shape.column.type}.")
