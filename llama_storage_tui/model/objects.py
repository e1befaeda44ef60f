"""Objects that servers keep beside responses: files, batches, prompts, vector stores, jobs, agents' sessions and the like.

A family of them is data: where it lies, what a list shows, what a record shows and in which order, what it refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from llama_storage_tui.model.data import Count, Cursor
from llama_storage_tui.model.records import Path


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


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a list or a record shows: the value at the first of `paths` that leads to one.

    A path begins with a column of the row or a key of its document; a value that is no object stands under `value`.
    """

    label: str
    paths: tuple[Path, ...]
    show: Show = Show.TEXT


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
    """Objects in rows: `table` None is the one that a reference at `paths` (a regular expression) names.

    `document` is the JSON column that holds most of an object, `time` the column of epoch seconds to sort by.
    """

    table: str | None
    id: str = "id"
    document: str | None = None
    time: str | None = "created_at"
    paths: str = ""


@dataclass(frozen=True, slots=True)
class KeyLayout:
    """Objects in values: the references whose path matches `paths` (a regular expression), and the raw keys with `{id}` in them.

    `shape` is the regular expression of an id, where other things begin with the same text.
    """

    paths: str
    keys: tuple[str, ...]
    shape: str = "(?s:.+)"


@dataclass(frozen=True, slots=True)
class ObjectFamily:
    """One family: `columns` are what a list shows, and with `fields` what a record shows first, in reading order."""

    name: str
    title: str
    about: str
    layouts: tuple[TableLayout | KeyLayout, ...]
    columns: tuple[Part, ...]
    fields: tuple[Part, ...] = ()
    links: tuple[Link, ...] = ()
    relations: tuple[Relation, ...] = ()

    def relation(self, name: str) -> Relation | None:
        """Return the relation of that name."""
        return next((relation for relation in self.relations if relation.name == name), None)


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """Where a family lies: a table, or keys that begin with one of `prefixes`; `path` is the reference that leads there."""

    backend: str
    path: str
    table: str | None = None
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FamilyEntry:
    """A family that a server of the chosen version keeps with this config; `count` None where it is not cheap to tell.

    `is_complete` is False where a place could not be read: `count` is then that of the others, None where there is no other.
    """

    family: ObjectFamily
    places: tuple[ObjectPlace, ...]
    count: Count | None
    notices: tuple[str, ...] = ()
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """One object of a list: `cells` align with the family's columns, secrets in them masked; `key` is the stored key, if any.

    `problem` says why the cells are empty: a document that is broken, or too large for a list.
    """

    place: ObjectPlace
    id: str
    cells: tuple[object, ...]
    key: str | None = None
    bytes: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """A page of a family; `is_complete` False where a budget or a backend stopped it: `notices` say."""

    family: ObjectFamily
    objects: tuple[ObjectEntry, ...]
    next: Cursor | None
    is_complete: bool = True
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordField:
    """One line of a record, secrets masked."""

    label: str
    value: object
    show: Show


@dataclass(frozen=True, slots=True)
class ObjectLink:
    """What a record refers to: an object (`family`, `id`), or with `of` the list of a family's objects that belong to `id`."""

    label: str
    family: str | None
    id: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """One object as it is read: fields in reading order, then what no field shows, then what it refers to."""

    family: ObjectFamily
    place: ObjectPlace
    id: str
    key: str | None
    bytes: int | None
    fields: tuple[RecordField, ...]
    other: tuple[RecordField, ...]
    links: tuple[ObjectLink, ...]
    problems: tuple[str, ...] = ()
