"""The seam between what all SQL engines share (tables.py, records.py) and what each does its own way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.shape import ColumnShape, TablePart, TableShape
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.model.data import Count
from llama_storage_tui.model.following import Mark
from llama_storage_tui.model.records import Extent, Field, Path, SortValue

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
BesideWork = Callable[[sa.Connection], T]
"""Work that runs in a thread beside the event loop as a whole, where a driver's calls block."""
Expression = sa.ColumnElement[object]
Statement = sa.Select[*tuple[Any, ...]]
"""Selects whatever columns the table has: no static type can say which."""
RawRow = sa.Row[*tuple[Any, ...]]
"""A row as the driver gives it."""
Values = Mapping[str, int | str]
"""The parameters of a statement."""


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document taken apart once a row: what to join to the table, the whole, and its parts by their keys."""

    joined: tuple[sa.FromClause, ...]
    whole: Expression
    parts: Mapping[str, Expression]

    def place(self, path: Path) -> tuple[Expression, Path]:
        """Return the largest part that is there already, and the rest of a path inside it."""
        first = path[0] if path else None
        if isinstance(first, str) and first in self.parts:
            return self.parts[first], path[1:]
        return self.whole, path


@dataclass(frozen=True, slots=True)
class NewPositions:
    """Where rows were stored since a mark, as the texts of their positions, the first stored first, and the next mark.

    The rest is as in `StoredSince`.
    """

    positions: tuple[str, ...]
    mark: Mark
    is_cut: bool = False
    unseen: int = 0


class RunBeside(Protocol):
    """Runs a unit of reading in one thread as a whole."""

    async def __call__(self, work: BesideWork[T], *, seconds: float | None) -> T:
        """Return what the work returned; raises BackendError, also where it takes longer."""


class TableWatch(Protocol):
    """How an engine tells which rows are new, by a read that does not grow with the table."""

    way: str
    """What a look reads and what it leaves out, as a sentence for an operator."""

    @property
    def beside(self) -> RunBeside | None:
        """What runs the read of new rows in one thread as a whole, their documents taken apart on this side.

        None where the engine takes them apart: where it is in this process, preparing a statement that does takes longer than
        reading.
        """
        return None

    def obstacle(self, shape: TableShape) -> str:
        """Return why a table that has positions cannot be followed, in a sentence; empty where it can."""
        del shape
        return ""

    async def look(
        self, shape: TableShape, mark: Mark | None, limit: int, *, seconds: float | None
    ) -> NewPositions:
        """Return where up to `limit` rows were stored since a mark; without one only where to go on. Raises BackendError.

        A look on a connection of its own: most find nothing, and need no statement but this one.
        """

    def at(self, element: Expression) -> sa.ColumnElement[bool]:
        """Return the condition that a row has one of the positions of a look, which come as `values`."""

    def values(self, positions: Sequence[str]) -> Values:
        """Return the parameters of `at`: the statement of all looks is one, since making it takes longer than running it."""


Ready = Callable[[Expression, Sequence[Field]], Expression]
"""Returns a column's document in the form that is taken apart, with at least what these fields ask for."""


class Documents(Protocol):
    """What differs between engines. A document that is not JSON, or has nothing at a path, gives NULL and never an error."""

    separators: tuple[str, str]
    """What stands between the parts, and behind each name, of an object or a list that is taken out of a document."""
    needs_ranges: bool
    """Whether only a range of positions is found fast, and not the last rows by themselves."""

    @property
    def ready(self) -> Ready | None:
        """What makes a document ready once a row, in a selection that all fields are then taken from.

        None where `prepared` does it. Each mention of a column is a copy of what is in it elsewhere (SQLite).
        """
        return None

    def prepared(self, element: Expression, keys: Sequence[str], name: str) -> PreparedDocument | None:
        """Return a column's document taken apart once for several fields; None where the engine shares that work by itself.

        `keys` are the first steps of the fields' paths; `name` is unique in the statement.
        """
        del element, keys, name
        return None

    def document(self, element: Expression) -> Expression:
        """Return a column's document in the form that the methods below take."""

    def value(self, element: Expression, path: Path) -> Expression:
        """Return the text at a path: of a scalar its own, of an object or a list its JSON."""

    def value_of_steps(self, element: Expression, path: Path) -> Expression:
        """Return the text at a path that somebody wrote: a number is a position in a list and a name in an object.

        `value` itself where the engine takes a number as either.
        """
        return self.value(element, path)

    def beginning(self, element: Expression, letters: int) -> Expression:
        """Return the beginning of a text."""

    def items(self, element: Expression, path: Path) -> Expression:
        """Return the number of items of the list at a path."""

    def each(self, element: Expression, path: Path, each: Path, most: int | None) -> Expression:
        """Return, as a JSON list, the texts at `each` in the first `most` items of the list at a path (None: in all)."""

    def has_each(
        self, element: Expression, path: Path, each: Path, texts: Sequence[str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that an item of the list at a path has one of the texts at `each`."""

    def shape(self, element: Expression, path: Path) -> Expression:
        """Return a DocumentShape's word for what is at a path."""

    def number(self, element: Expression) -> Expression:
        """Return a value as a number, NULL where it is none."""

    def is_json(self, element: Expression, column: ColumnShape) -> sa.ColumnElement[bool]:
        """Return the condition that a value is a JSON document."""

    def contains(self, element: Expression, text: str) -> sa.ColumnElement[bool]:
        """Return the condition that a value's stored text contains a text, letter by letter."""

    def sorted_text(self, element: Expression) -> Expression:
        """Return a value as text that sorts by code point, NULL as the empty text."""

    def physical(self, shape: TableShape) -> tuple[ColumnShape, ...]:
        """Return the pseudo columns of a row's position, the wider first; none where the table has none."""

    async def parts(self, connection: AsyncConnection, shape: TableShape) -> tuple[TablePart, ...]:
        """Return the tables that a tree's rows lie in, in the order of their positions; none for a table that is one."""
        del connection, shape
        return ()

    async def extent(self, connection: AsyncConnection, shape: TableShape) -> Extent:
        """Return how large a table is without counting it."""

    async def positions(self, connection: AsyncConnection, shape: TableShape) -> tuple[int, int]:
        """Return the first position of a table and the one after its last: of rowids, or of blocks."""

    def within(self, element: Expression, low: int, high: int) -> sa.ColumnElement[bool]:
        """Return the condition that a row's position lies in [low, high), whose ends are the parameters that `ends` returns."""

    @property
    def among(self) -> Callable[[Expression], sa.ColumnElement[bool]] | None:
        """What makes the condition that a position is in the JSON list that is the parameter `places`.

        None for a server, whose statements each see what is committed by then: a row may move between two of them.
        """
        return None

    def ends(self, low: int, high: int) -> Values:
        """Return the values of the parameters `low` and `high` in `within`: one statement then reads one range after the other."""

    def position_of(self, text: str) -> int:
        """Return the position (rowid, block) that a physical cursor's text stands in; raises UsageError."""


class Dialect(Protocol):
    """What differs between engines when a table is read."""

    documents: Documents
    """What this engine can tell of JSON documents."""
    nulls_first: bool
    """Whether NULL sorts before everything in an ascending order."""
    mark_width: int
    """How many expressions `mark` gives for one column."""
    is_snapshot_held: bool
    """Whether a statement may stay open while its rows are used: not where that keeps a writer out (SQLite)."""
    works_here: bool
    """Whether this process itself reads the rows, and no server beside it."""
    is_raw: bool
    """Whether every text is taken as it is stored: a document is then taken apart on this side, row by row."""

    def can_hold(self, text: str) -> bool:
        """Tell whether a text can be stored at all: no key and no value is equal to one that cannot."""

    async def describe(self, connection: AsyncConnection, name: str) -> TableShape | None:
        """Describe one table or view; None where there is none of that name."""

    async def describe_all(self, connection: AsyncConnection) -> tuple[TableShape, ...]:
        """Describe every table and view that the backend's own names reach, in name order."""

    async def estimates(
        self, connection: AsyncConnection, shapes: Sequence[TableShape]
    ) -> dict[str, Count | None]:
        """Return row counts that cost next to nothing: exact where a table is small, None where nothing is known."""

    def cell(self, element: Expression, shape: ColumnShape, limit: int | None) -> Expression:
        """Return what to select for a cell: its value, cut after `limit` + 1 characters or bytes."""

    def mark(self, element: Expression, shape: ColumnShape) -> tuple[Expression, ...]:
        """Return what to select so that `part` can tell where the row stands."""

    def part(self, raw: Sequence[object]) -> Part:
        """Return a cursor's value from what `mark` selected."""

    def bound(self, part: tuple[str, str], shape: ColumnShape) -> Expression:
        """Return a cursor's value for a comparison with the column; raises UsageError for a forged one."""

    def sort_key(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return what to order and compare a column by."""

    def merge_key(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return what to order and compare a column by where lists are merged: as `sort_key`, but texts by code point."""

    def sort_value(self, part: Part, shape: ColumnShape) -> SortValue:
        """Return what a cursor's value sorts by among those of other tables; raises ValueError where only its engine can tell."""

    def equals(self, element: Expression, shape: ColumnShape, text: str) -> sa.ColumnElement[bool]:
        """Return the condition that a column equals a text cast to its type; raises UsageError where it cannot."""

    def operand(self, shape: ColumnShape, text: str) -> Expression:
        """Return what `sort_key` of a column is compared with for an order; raises UsageError where the text cannot be cast."""

    async def check_filter(self, connection: AsyncConnection, shape: ColumnShape, text: str) -> None:
        """Raise UsageError where the server cannot cast a text to the column's type."""

    def blocks(
        self, connection: AsyncConnection, shape: TableShape, table: sa.TableClause, after: Part
    ) -> AsyncIterator[sa.ColumnElement[bool]]:
        """Yield conditions on `table` that part a table in its physical order, from `after` on; only for `is_heap_ordered`."""
        del connection, shape, table, after
        raise NotImplementedError

    def size(self, element: Expression, shape: ColumnShape) -> Expression:
        """Return the size of a value in bytes, without fetching it."""

    def starts_with(self, element: Expression, prefix: str) -> sa.ColumnElement[bool]:
        """Return the condition that a text starts with a prefix, whatever its collation."""


class Engine(Protocol):
    """One backend's connections."""

    @property
    def dialect(self) -> Dialect:
        """How this engine does what engines do differently."""

    @property
    def raw(self) -> Engine | None:
        """The same connections with a dialect that takes text as it is stored; None where no other way is left."""

    @property
    def where(self) -> str:
        """The backend's location, for messages."""

    async def run(self, work: Work[T], *, seconds: float | None) -> T:
        """Run a short unit of reading on a connection of its own; may run it again where the file changed meanwhile.

        Raises BackendError. Cancelling the caller stops the statement at the engine.
        """

    def stream(self, statement: Statement) -> AsyncGenerator[Sequence[Sequence[object]], None]:
        """Yield a statement's rows in batches, of one snapshot, without a time limit."""

    async def close(self) -> None:
        """Close the connections; waits no longer than a second."""


def bound_text(value: str) -> Expression:
    """Return a text as a parameter of its own."""
    return sa.bindparam("v", value, type_=sa.Text(), unique=True)


async def describe(engine: Engine, connection: AsyncConnection, name: str) -> TableShape | None:
    """Describe one table or view of an engine's database; None where there is none of that name."""
    shape = await engine.dialect.describe(connection, name)
    return None if shape is None else replace(shape, place=engine.where)
