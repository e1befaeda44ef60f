"""What lies in a backend: namespaces and keys, tables and rows, one page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import FailureKind

Cell = str | int | float | bool | bytes | None
"""A stored value as the driver gives it. Bytes where it is binary or no valid UTF-8; types with no natural form are text."""

Cursor = str
"""Opaque: where the next page begins. Valid while rows are added."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number of keys or rows; `is_exact` False for an estimate."""

    value: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class KeySelection:
    """Which keys are meant, by their physical text: those that start with a prefix of `include` and with none of `exclude`.

    An empty `include` means all keys. Where prefixes nest, the longest one decides, so that namespaces `a` and `a:b` part.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key as it is stored (None or bytes where a broken store holds such), with its value's size in bytes.

    Where asking for a value's size would count as an access, a list has what key and value take in memory.

    `expires_at` is UTC, None where there is no expiry; `expiration_text` is the stored text where it could not be read as a time.
    """

    key: str | bytes | None
    bytes: int | None
    expires_at: datetime | None = None
    is_expired: bool = False
    expiration_text: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """A page of keys in key order. `scanned` counts the keys looked at; `is_complete` False where a budget stopped the search.

    `total` is about how many keys there are to look at, None where that is not known. An engine without an order sorts what it has
    looked at.
    """

    keys: tuple[KeyEntry, ...]
    next: Cursor | None
    is_complete: bool = True
    scanned: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class KeyBranch:
    """The keys that begin with `prefix`, which ends with a separator: as many as were counted, all of them where that is exact."""

    prefix: str
    keys: Count


@dataclass(frozen=True, slots=True)
class KeyLevel:
    """What comes next after a prefix: branches and keys, in key order. `is_complete` False where a bound ended the search.

    `scanned` and `total` are those of a `KeyPage`, where the engine found it without an order of keys.
    """

    parts: tuple[KeyBranch | KeyEntry, ...]
    is_complete: bool = True
    scanned: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class StoredValue:
    """One value with its key; `value` is cut to `limit` characters or bytes where the reader was asked to (`is_cut`).

    `other_type` where the engine holds something there that is no value at all, such as a list: `value` is None then.
    """

    entry: KeyEntry
    value: Cell
    is_cut: bool = False
    other_type: str | None = None

    @property
    def why_unreadable(self) -> str | None:
        """Say why no server can read it; None where it is a value."""
        return (
            None
            if self.other_type is None
            else f"a {self.other_type} is stored there, not a string, so servers cannot read it"
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `type` is the engine's own word. JSON columns are filtered by what is inside, and never sorted."""

    name: str
    type: str
    is_primary_key: bool = False
    is_nullable: bool = True
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table (or view) as the engine lists it."""

    name: str
    columns: tuple[Column, ...]
    rows: Count | None
    is_view: bool = False

    def column(self, name: str) -> Column | None:
        """Return the column of that name."""
        return next((column for column in self.columns if column.name == name), None)


class Operator(StrEnum):
    """How a filter compares, as it is written."""

    EQUALS = "="
    NOT_EQUALS = "!="
    """Rows with nothing there included."""
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    CONTAINS = "~"
    """The text as it is stored contains this one, letter by letter."""
    IN = "in"
    """One of several texts, with commas between."""


ORDERED: Final = frozenset({Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST})
"""Operators that compare with a bound."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows whose `column` compares so with `text` cast to the column's type; `text` None is NULL, with `=` and `!=`.

    `column` may lead into the JSON document of one: `response_object.status`, `response_object.output.0.type`.
    """

    column: str
    text: str | None
    operator: Operator = Operator.EQUALS


@dataclass(frozen=True, slots=True)
class Order:
    """A sort other than the primary key's."""

    column: str
    is_descending: bool = False


def turned(order: object, column: str) -> Order | None:
    """Return how a list is sorted next, by a column that is chosen again and again: ascending, descending, not at all."""
    if not isinstance(order, Order) or order.column != column:
        return Order(column)
    return None if order.is_descending else Order(column, is_descending=True)


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Which rows of which table, in which order. Empty `columns` means all.

    `cell_limit` cuts text and binary cells at the server to that many characters, for display; None gives them whole.
    """

    table: str
    columns: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    order: Order | None = None
    limit: int = 100
    after: Cursor | None = None
    cell_limit: int | None = None


@dataclass(frozen=True, slots=True)
class RowPage:
    """A page of rows: `rows` align with `columns`; `row_cursors` give for each row a cursor that `row` reads whole.

    Where it is not complete and has a `next`, its rows weigh so much that fewer came than were asked for.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    next: Cursor | None
    is_complete: bool = True
    row_cursors: tuple[Cursor | None, ...] = ()
    cut_cells: frozenset[tuple[int, int]] = frozenset()
    """Positions (row, column) of cells that `cell_limit` cut."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace as the references name it, with its keys counted and the paths that refer to it."""

    name: str
    keys: Count | None
    selection: KeySelection
    referenced_by: tuple[str, ...] = ()

    @property
    def is_unassigned(self) -> bool:
        """Whether these are the keys outside of what any reference reads."""
        return not self.name and not self.referenced_by

    @property
    def title(self) -> str:
        """The name, or what stands for it: a reference may read a store without a namespace, as all of 0.2 do."""
        if self.name:
            return self.name
        return "(unassigned)" if self.is_unassigned else "(no namespace)"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a server could not work with a backend that answers: the kind of failure, a sentence, and the way out."""

    kind: FailureKind
    message: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer of one backend to a connection test.

    `latency_ms` is connect plus first answer; `details` are facts for people and scripts, in the order to show them;
    `is_writable` None where it cannot be known without writing.
    """

    server: str | None
    user: str | None
    tls: str | None
    is_writable: bool | None
    latency_ms: float
    details: Mapping[str, Cell] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    """What would stop a server, the worst first."""
