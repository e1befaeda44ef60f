"""The seam between what all SQL engines share (tables.py, keyvalue.py) and what each does its own way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.shape import ColumnShape, TableShape
from llama_storage_tui.model.data import Count

if TYPE_CHECKING:  # documents builds on the types of this module
    from llama_storage_tui.backends.documents import Documents

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
Expression = sa.ColumnElement[object]
Statement = sa.Select[*tuple[Any, ...]]
"""Selects whatever columns the table has: no static type can say which."""
RawRow = sa.Row[*tuple[Any, ...]]
"""A row as the driver gives it."""


class Dialect(Protocol):
    """What differs between engines when a table is read."""

    @property
    def documents(self) -> Documents:
        """What this engine can tell of JSON documents."""
        ...

    @property
    def nulls_first(self) -> bool:
        """Whether NULL sorts before everything in an ascending order."""
        ...

    @property
    def mark_width(self) -> int:
        """How many expressions `mark` gives for one column."""
        ...

    @property
    def is_snapshot_held(self) -> bool:
        """Whether a statement may stay open while its rows are used: not where that keeps a writer out (SQLite)."""
        ...

    @property
    def is_raw(self) -> bool:
        """Whether every text is taken as it is stored: a document is then taken apart on this side, row by row."""
        ...

    def can_hold(self, text: str) -> bool:
        """Tell whether a text can be stored at all: no key and no value is equal to one that cannot."""
        ...

    async def describe(self, connection: AsyncConnection, name: str) -> TableShape | None:
        """Describe one table or view; None where there is none of that name."""
        ...

    async def describe_all(self, connection: AsyncConnection) -> tuple[TableShape, ...]:
        """Describe every table and view that the backend's own names reach, in name order."""
        ...

    async def estimates(
        self, connection: AsyncConnection, shapes: Sequence[TableShape]
    ) -> dict[str, Count | None]:
        """Return row counts that cost next to nothing: exact where a table is small, None where nothing is known."""
        ...

    def cell(self, element: Expression, shape: ColumnShape, limit: int | None) -> Expression:
        """Return what to select for a cell: its value, cut after `limit` + 1 characters or bytes."""
        ...

    def mark(self, element: Expression, shape: ColumnShape) -> tuple[Expression, ...]:
        """Return what to select so that `part` can tell where the row stands."""
        ...

    def part(self, raw: Sequence[object]) -> Part:
        """Return a cursor's value from what `mark` selected."""
        ...

    def bound(self, part: tuple[str, str], shape: ColumnShape) -> Expression:
        """Return a cursor's value for a comparison with the column; raises UsageError for a forged one."""
        ...

    def sort_key(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return what to order and compare a column by."""
        ...

    def equals(self, element: Expression, shape: ColumnShape, text: str) -> sa.ColumnElement[bool]:
        """Return the condition that a column equals a text cast to its type; raises UsageError where it cannot."""
        ...

    async def check_filter(self, connection: AsyncConnection, shape: ColumnShape, text: str) -> None:
        """Raise UsageError where the server cannot cast a text to the column's type."""
        ...

    def blocks(
        self, connection: AsyncConnection, shape: TableShape, table: sa.TableClause, after: Part
    ) -> AsyncIterator[sa.ColumnElement[bool]]:
        """Yield conditions on `table` that part a table in its physical order, from `after` on; only for `is_heap_ordered`."""
        ...

    def size(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return the size of a value in bytes, without fetching it."""
        ...

    def starts_with(self, element: Expression, prefix: str) -> sa.ColumnElement[bool]:
        """Return the condition that a text starts with a prefix, whatever its collation."""
        ...

    async def is_binary_ordered(self, connection: AsyncConnection, shape: TableShape, column: str) -> bool:
        """Tell whether a column's index is in code point order."""
        ...

    def odd(self, element: Expression) -> tuple[sa.ColumnElement[bool], ...]:
        """Return the conditions of keys that are no text, one for each seek of an index; none where all are text."""
        ...

    def is_text(self, element: Expression) -> sa.ColumnElement[bool] | None:
        """Return the condition, cheap on an index, that a key is text; None where all are."""
        ...

    def key_equals(self, element: Expression, key: str | bytes | None) -> sa.ColumnElement[bool]:
        """Return the condition that a key is this one, as the driver gave it."""
        ...


class Engine(Protocol):
    """One backend's connections."""

    @property
    def dialect(self) -> Dialect:
        """How this engine does what engines do differently."""
        ...

    @property
    def raw(self) -> Engine | None:
        """The same connections with a dialect that takes text as it is stored; None where no other way is left."""
        ...

    @property
    def where(self) -> str:
        """The backend's location, for messages."""
        ...

    async def run(self, work: Work[T], *, seconds: float | None) -> T:
        """Run a short unit of reading on a connection of its own; may run it again where the file changed meanwhile.

        Raises BackendError. Cancelling the caller stops the statement at the engine.
        """
        ...

    def stream(self, statement: Statement) -> AsyncGenerator[Sequence[Sequence[object]], None]:
        """Yield a statement's rows in batches, of one snapshot, without a time limit."""
        ...

    async def close(self) -> None:
        """Close the connections; waits no longer than a second."""
        ...
