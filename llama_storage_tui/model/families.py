"""Families of stored records: responses, conversations, files, batches, prompts, vector stores, jobs and the like.

A family is data: where it lies, what a list shows and can be filtered by, what a record shows and in which order, what it
refers to. Beside it what a list of any family is asked, and the page that answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final, Generic, TypeVar

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell, Count, Cursor, Order
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.records import Condition, Measure, Path, RecordOrder

T_co = TypeVar("T_co", covariant=True)


class Show(StrEnum):
    """How a value is shown."""

    TEXT = "text"
    LONG = "long"
    """Text of several lines."""
    TIME = "time"
    """Epoch seconds, or an ISO time as text."""
    BYTES = "bytes"
    NUMBER = "number"
    FLAG = "flag"
    """True or false, stored as such or as 1 and 0."""
    JSON = "json"
    OWNER = "owner"
    """Text of which NULL and '' say different things: whose it is was not stored, or it is nobody's."""
    STORED = "stored"
    """As it is stored, whatever its type."""


@dataclass(frozen=True, slots=True)
class RecordPart:
    """One thing that a list or a record shows: the value at the first of `paths` that leads to one.

    A path begins with a column of the row or a key of its document; a value that is no object stands under `value`. `measure` is
    what a list asks of the place (of EACH: the texts at `each`). A part that `is_column` is never looked for in a document.
    """

    label: str
    paths: tuple[Path, ...]
    show: Show = Show.TEXT
    measure: Measure = Measure.VALUE
    each: Path = ()
    most: int | None = None
    is_column: bool = False


class Match(StrEnum):
    """How a filter selects."""

    EQUALS = "equals"
    """The value at the first of its paths that a table has is this text."""
    CONTAINS = "contains"
    """The stored text of one of its columns contains this one, however it is escaped."""
    SINCE = "since"
    """The time that a list is sorted by, this one included."""
    UNTIL = "until"
    WHERE = "where"
    """Conditions as they are typed on the rows of a table: on any column, and on what is inside its document."""
    LOOKED_UP = "looked up"
    """The family's own service turns it into conditions."""


@dataclass(frozen=True, slots=True)
class FamilyFilter:
    """A condition that a list can be asked with; `hint` is what to write there, `choices` the values that servers store."""

    name: str
    match: Match = Match.EQUALS
    paths: tuple[Path, ...] = ()
    hint: str = ""
    choices: tuple[str, ...] = ()


WHERE: Final = FamilyFilter("where", Match.WHERE)
"""What every family's list can be filtered by, besides its own filters."""


@dataclass(frozen=True, slots=True)
class Link:
    """What an object refers to: the values at `paths`, put into `template`, are the id in another family.

    A list of texts gives a link each. With `of` the link leads to the objects that have this one in that relation.
    `family` None is something outside of all families: `label` then says what.
    """

    label: str
    family: str | None
    paths: tuple[Path, ...]
    template: str = "{}"
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """How to list the objects of another one: in a table by `columns`, among keys by what they begin with after `head`.

    An id of several parts is split at its colons for as many columns.
    """

    name: str
    columns: tuple[str, ...] = ()
    head: str | None = None


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Objects in rows: `table` None is the first one of a reference at `paths` (a regular expression; empty: of any reference).

    `document` is the JSON column that holds most of an object, `time` the column of epoch seconds to sort by. A table that lacks
    one of the columns `needed` is another's; without them its id alone tells that.
    """

    table: str | None
    id: str = "id"
    document: str | None = None
    time: str | None = "created_at"
    paths: str = ""
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyLayout:
    """Objects in values: the references whose path matches `paths` (a regular expression), and the raw keys with `{id}` in them.

    `shape` is the regular expression of an id, where other things begin with the same text.
    """

    paths: str
    keys: tuple[str, ...]
    shape: str = "(?s:.+)"


@dataclass(frozen=True, slots=True)
class RecordFamily:
    """One family: `columns` are what a list shows, and with `fields` what a record shows first, in reading order.

    `asked` is what a list asks for beside its columns. `plural` names the records in sentences where `name` does not, `kept_where`
    says which setting leads to them. A family with a `command` of its own is left out of the lists of all others. `masks` is
    False where a list shows nothing that can hold a secret. `id_heads` are what its ids begin with, where servers
    make them so and no other record's.
    """

    name: str
    title: str
    about: str
    layouts: tuple[TableLayout | KeyLayout, ...]
    columns: tuple[RecordPart, ...]
    fields: tuple[RecordPart, ...] = ()
    links: tuple[Link, ...] = ()
    relations: tuple[Relation, ...] = ()
    own_filters: tuple[FamilyFilter, ...] = ()
    asked: tuple[RecordPart, ...] = ()
    plural: str = ""
    kept_where: str = ""
    command: str = ""
    masks: bool = True
    id_heads: tuple[str, ...] = ()

    @property
    def filters(self) -> tuple[FamilyFilter, ...]:
        """What its lists are filtered by: its own, and WHERE as every family."""
        return (*self.own_filters, WHERE)

    @property
    def kind(self) -> str:
        """What one of its records is called: `response`, `batch`, `memory`."""
        for plural, one in (("ies", "y"), ("ches", "ch"), ("s", "")):
            if self.name.endswith(plural):
                return self.name.removesuffix(plural) + one
        return self.name

    @property
    def words(self) -> str:
        """What its records are called in a sentence."""
        return self.plural or self.name

    def relation(self, name: str) -> Relation | None:
        """Return the relation of that name."""
        return next((relation for relation in self.relations if relation.name == name), None)

    def named(self, name: str) -> RecordPart | None:
        """Return what a list shows, or is filtered by, under a name."""
        found = next(
            (each for each in (*self.columns, *self.asked, *self.fields) if each.label == name), None
        )
        filter_ = self.filter(name)
        return RecordPart(name, filter_.paths) if found is None and filter_ and filter_.paths else found

    def filter(self, name: str) -> FamilyFilter | None:
        """Return the filter of that name."""
        return next((each for each in self.filters if each.name == name), None)


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Rows of a table; `path` is the reference that leads there."""

    backend: str
    table: str
    path: str
    layout: TableLayout = field(default=TableLayout(None), repr=False, compare=False)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """No keys are here."""
        return ()

    def __str__(self) -> str:
        return f"{self.table} on backend {self.backend}"


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Values under keys: `lead` stands before each raw key, `keys` are those of the layout that can be there.

    `path` is the reference that leads there, `shape` the regular expression of an id.
    """

    backend: str
    path: str
    lead: str
    keys: tuple[str, ...]
    shape: str

    @property
    def table(self) -> None:
        """No table is here."""
        return

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the stored keys begin with."""
        return tuple(dict.fromkeys(self.lead + key.partition("{id}")[0] for key in self.keys))

    @property
    def has_no_tails(self) -> bool:
        """Whether every key that begins so can be an object."""
        return all(key.endswith("{id}") for key in self.keys)

    def id_of(self, key: str) -> str | None:
        """Return the id in a stored key; None for a key that is another family's."""
        for pattern in self.keys:
            head, _, tail = pattern.partition("{id}")
            head = self.lead + head
            if key.startswith(head) and key.endswith(tail) and len(key) > len(head) + len(tail):
                id_ = key[len(head) : len(key) - len(tail)]
                if re.fullmatch(self.shape, id_):
                    return id_
        return None

    def stored_keys(self, id_: str) -> tuple[str, ...]:
        """Return the keys that an object of that id can have."""
        if not re.fullmatch(self.shape, id_):
            return ()
        return tuple(self.lead + key.replace("{id}", id_) for key in self.keys)

    def __str__(self) -> str:
        return f"the keys {', '.join(self.prefixes)} on backend {self.backend}"


Place = TablePlace | KeyPlace


@dataclass(frozen=True, slots=True)
class FamilyEntry:
    """A family that a server of the chosen version keeps with this config; `count` None where it is not cheap to tell.

    `is_complete` is False where a place could not be read: `count` is then that of the others, None where there is no other.
    """

    family: RecordFamily
    places: tuple[Place, ...]
    count: Count | None
    notices: tuple[Notice, ...] = ()
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """Which records of a family are meant, and in which order. Every condition that is set must hold.

    `filters` are values by the names of the family's filters: texts, times in epoch seconds. `of` are a relation's name and the
    id of the object whose others are meant; `conditions` are more of them, on the family's table. `order` None is newest first
    where that is quick, else as stored; an `Order` sorts by a column, or by what a list shows of one under that name.
    """

    filters: Mapping[str, str | float] = field(default_factory=dict)
    of: tuple[str, str] | None = None
    conditions: tuple[Condition, ...] = ()
    order: RecordOrder | Order | None = None
    limit: int = 100
    after: Cursor | None = None

    def text(self, name: str) -> str | None:
        """Return the text of a filter, None where it is not set."""
        found = self.filters.get(name)
        return None if found is None else str(found)

    def time(self, name: str) -> float | None:
        """Return the time of a filter in epoch seconds, None where it is not set."""
        found = self.filters.get(name)
        return None if found is None else float(found)


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """One record of a list: `cells` are its values by the labels of what was asked, secrets masked.

    `key` is the stored key, if any; `time` is what it is sorted by, as stored. `problem` says why the cells are empty: a document
    that is broken, or too large for a list.
    """

    place: Place
    id: Cell
    cells: Mapping[str, object]
    time: Cell = None
    key: str | None = None
    bytes: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """A page of a family; `is_complete` False where a budget or a backend stopped it: `notices` say.

    `read` is how many rows were looked at to sort it by a column, None where nobody knows, or it comes in another order.
    """

    family: RecordFamily
    records: tuple[T_co, ...]
    next: Cursor | None
    order: RecordOrder | Order | None = None
    is_complete: bool = True
    notices: tuple[Notice, ...] = ()
    read: Count | None = None


@dataclass(frozen=True, slots=True)
class RecordField:
    """One line of a record, secrets masked."""

    label: str
    value: object
    show: Show


@dataclass(frozen=True, slots=True)
class RecordLink:
    """What a record refers to: an object (`family`, `id`), or with `of` the list of a family's objects that belong to `id`."""

    label: str
    family: str | None
    id: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """One object as it is read: fields in reading order, then what no field shows, then what it refers to."""

    family: RecordFamily
    place: Place
    id: str
    key: str | None
    bytes: int | None
    fields: tuple[RecordField, ...]
    other: tuple[RecordField, ...]
    links: tuple[RecordLink, ...]
    problems: tuple[str, ...] = ()
