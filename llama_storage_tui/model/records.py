"""Records: rows of a table whose meaning lies in a JSON document, asked for by what is inside it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell, Cursor, Operator, Order

Path = tuple[str | int, ...]
"""Keys and list positions from the document's root down."""


class Measure(StrEnum):
    """What of a place is wanted."""

    VALUE = "value"
    """The value: of a column as the driver gives it; inside a document a scalar as text, an object or a list as JSON text."""
    ITEMS = "items"
    """The number of items of a list, None where there is no list."""
    BYTES = "bytes"
    """The size of the column's value in bytes, known without reading it."""
    SHAPE = "shape"
    """A DocumentShape: what is at a path, or that the column is no JSON at all."""
    EACH = "each"
    """The texts at `Field.each` in every item of a list, as a JSON list; None where there is no list."""


class DocumentShape(StrEnum):
    """What a JSON document, or a part of one, is."""

    OBJECT = "object"
    LIST = "list"
    SCALAR = "scalar"
    NULL = "null"
    ABSENT = "absent"
    """Nothing at that path, or SQL NULL."""
    BROKEN = "broken"
    """The column's text is no JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """A place of a record: a column, or a path inside the JSON document of one.

    Where the document is not JSON, everything inside it is None. Numbers inside a document come as text.
    """

    name: str
    column: str
    path: Path = ()
    measure: Measure = Measure.VALUE
    each: Path = ()
    most: int | None = None
    """Of EACH: how many items are asked at most, from the first on; conditions ask all of them. Of VALUE: how many letters, where
    texts are cut at all.
    """


@dataclass(frozen=True, slots=True)
class Equals:
    """Records whose field is this text (a column: cast to its type); None is NULL or absent."""

    field: Field
    text: str | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """Records whose field is one of these texts; of an EACH field, whose list has one of them."""

    field: Field
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Records whose field is a number in [low, high], both ends included; None is open."""

    field: Field
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Compares:
    """Records whose field compares so with a text, as a filter of rows does; `text` None is NULL or absent."""

    field: Field
    operator: Operator
    text: str | None


@dataclass(frozen=True, slots=True)
class Contains:
    """Records whose column's stored text contains one of these, letter by letter."""

    column: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotJson:
    """Records whose column is not a JSON document."""

    column: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Records for which one of the conditions holds; none for an empty list."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Records for which a condition does not hold, those included for which it cannot be told."""

    condition: Condition


Condition = Equals | OneOf | Between | Compares | Contains | NotJson | AnyOf | Not


class RecordOrder(StrEnum):
    """In which order records come."""

    NEWEST = "newest"
    """By time, then id, both falling: exact, and a scan of the table, since upstream makes no index on a time."""
    STORED = "stored"
    """As they were written, the last first (rowid, ctid): close to newest first, and a page costs a page."""


SortValue = tuple[int, int | float | bytes] | None
"""What a record is sorted by, comparable with those of other tables: numbers, then texts in UTF-8, then binary; None is NULL."""


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Which records of which table, with which of their fields.

    An `order` that is an `Order` sorts by a column that is no JSON: texts by code point, whatever the engine's collation, ties by
    id in the same direction, NULLs last. It reads the whole table where no index serves it.

    `time` is the column of whole epoch seconds that NEWEST sorts by; `id` the column that breaks its ties and that `find`
    looks up. A search that is read to its end needs no cursors, and making them takes longer than finding the records.
    `cell_limit` cuts texts at the engine after that many characters, and marks them with an ellipsis: what a list shows of a row
    then has a bound, whatever the row weighs.
    """

    table: str
    fields: tuple[Field, ...]
    conditions: tuple[Condition, ...] = ()
    order: RecordOrder | Order = RecordOrder.NEWEST
    limit: int = 100
    after: Cursor | None = None
    id: str = "id"
    time: str = "created_at"
    with_cursors: bool = True
    cell_limit: int | None = None


def scan(table: str, fields: tuple[Field, ...], *conditions: Condition) -> RecordQuery:
    """Return the query of a search that is read to its end, records as they are stored."""
    return RecordQuery(table, fields, conditions, RecordOrder.STORED, with_cursors=False)


Record = Mapping[str, Cell]
"""The wanted fields of one record, by their names."""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of records; `cursors` give for each the page that begins after it.

    `values` are what each is sorted by, where a column was asked for and its order is not one that only its engine knows.
    """

    records: tuple[Record, ...]
    cursors: tuple[Cursor, ...]
    next: Cursor | None
    is_complete: bool = True
    values: tuple[SortValue, ...] | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a table is, as far as that costs nothing: `positions` (rowids or blocks) and about how many rows they hold."""

    positions: int
    rows: int


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """What a search found since it last said so, and how far it is: `done` of `total` positions of the table."""

    records: tuple[Record, ...]
    cursors: tuple[Cursor, ...]
    done: int
    total: int


Tallied = tuple[Condition, ...]
"""What is counted: records for which every one of the conditions holds."""


@dataclass(frozen=True, slots=True)
class TallyBatch:
    """What was counted since the last batch: `rows` looked at, for each tally how many of them and a few ids.

    `done` of `total` positions of the table were looked at so far, from its end on.
    """

    rows: int
    counts: tuple[int, ...]
    examples: tuple[tuple[Cell, ...], ...]
    done: int = 0
    total: int = 0
