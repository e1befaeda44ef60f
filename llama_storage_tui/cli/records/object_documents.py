"""The JSON of `objects`: the families, a page of one, one object."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import JsonValue

from llama_storage_tui.cli.documents import Document, From, Json, Notices, json_value
from llama_storage_tui.model.families import (
    FamilyEntry,
    Page,
    RecordEntry,
    RecordPart,
)

Shown = Literal["text", "long", "time", "bytes", "number", "flag", "json", "owner", "stored"]


class ObjectPlaceBody(Document):
    """Where objects lie: a table, or keys that begin with one of the prefixes; `path` is the reference that leads there."""

    backend: str
    path: str
    table: str | None
    prefixes: list[str]


class FamilyBody(Document):
    """One family; `count` is null where it is not cheap to tell, and counts the readable places where not all are (`complete`)."""

    name: str
    title: str
    about: str
    count: int | None
    exact: bool
    complete: bool
    places: list[ObjectPlaceBody]
    relations: list[str]
    notices: Notices

    @classmethod
    def of(cls, entry: FamilyEntry) -> FamilyBody:
        """Make the body of a family."""
        return cls(
            name=entry.family.name,
            title=entry.family.title,
            about=entry.family.about,
            count=entry.count.value if entry.count else None,
            exact=entry.count.is_exact and entry.is_complete if entry.count else False,
            complete=entry.is_complete,
            places=[ObjectPlaceBody.model_validate(place) for place in entry.places],
            relations=[relation.name for relation in entry.family.relations],
            notices=entry.notices,
        )


class FamiliesDocument(Document):
    """The answer of `objects RUN_CONFIG`."""

    families: list[FamilyBody]


class ObjectPartBody(Document):
    """A column of a list."""

    label: str
    show: Shown


class ObjectBody(Document):
    """One object of a list; `cells` by the columns' labels, secrets masked; `key` is null for a row."""

    id: str
    cells: dict[str, JsonValue]
    key: str | None
    bytes: int | None
    problem: str | None
    backend: str
    table: str | None

    @classmethod
    def of(cls, entry: RecordEntry, columns: tuple[RecordPart, ...]) -> ObjectBody:
        """Make the body of an object."""
        return cls(
            id=str(entry.id),
            cells={part.label: json_value(entry.cells.get(part.label)) for part in columns},
            key=entry.key,
            bytes=entry.bytes,
            problem=entry.problem,
            backend=entry.place.backend,
            table=entry.place.table,
        )


class ObjectsDocument(Document):
    """The answer of `objects RUN_CONFIG FAMILY`."""

    family: str
    columns: list[ObjectPartBody]
    objects: list[ObjectBody]
    next: str | None
    complete: bool
    notices: Notices

    @classmethod
    def of(cls, page: Page[RecordEntry]) -> ObjectsDocument:
        """Make the document of a page."""
        columns = page.family.columns
        return cls(
            family=page.family.name,
            columns=[ObjectPartBody.model_validate(part) for part in columns],
            objects=[ObjectBody.of(entry, columns) for entry in page.records],
            next=page.next,
            complete=page.is_complete,
            notices=page.notices,
        )


class FieldBody(Document):
    """One line of a record."""

    label: str
    value: Json
    show: Shown


class ObjectLinkBody(Document):
    """What an object refers to: an object, or with `of` the objects of a family that belong to `id`; `family` null is outside."""

    label: str
    family: str | None
    id: str
    of: str | None


class ObjectDocument(Document):
    """The answer of `objects RUN_CONFIG FAMILY ID`: `fields` in reading order, `other` what no field shows, secrets masked."""

    family: Annotated[str, From("family.name")]
    id: str
    key: str | None
    bytes: int | None
    place: ObjectPlaceBody
    fields: list[FieldBody]
    other: list[FieldBody]
    links: list[ObjectLinkBody]
    problems: list[str]
