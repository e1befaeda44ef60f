"""The JSON of `objects`: the families, a page of one, one object."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import JsonValue

from llama_storage_tui.cli.documents import Document, From, Json, Made, Notices, json_value
from llama_storage_tui.model.families import FamilyEntry, Page, RecordEntry, RecordPart

Shown = Literal["text", "long", "time", "bytes", "number", "flag", "json", "owner", "stored"]


class ObjectPlaceBody(Document):
    """Where objects lie: a table, or keys that begin with one of the prefixes; `path` is the reference that leads there."""

    backend: str
    path: str
    table: str | None
    prefixes: list[str]


def _is_exact(entry: FamilyEntry) -> bool:
    return entry.count is not None and entry.count.is_exact and entry.is_complete


class FamilyBody(Document):
    """One family; `count` is null where it is not cheap to tell, and counts the readable places where not all are (`complete`)."""

    name: Annotated[str, From("family.name")]
    title: Annotated[str, From("family.title")]
    about: Annotated[str, From("family.about")]
    count: Annotated[int | None, From("count.value")]
    exact: Annotated[bool, Made(_is_exact)]
    complete: bool
    places: list[ObjectPlaceBody]
    relations: Annotated[list[str], Made(lambda entry: [each.name for each in entry.family.relations])]
    notices: Notices


class FamiliesDocument(Document):
    """The answer of `objects RUN_CONFIG`."""

    families: Annotated[list[FamilyBody], From("")]


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


def _objects(page: Page[RecordEntry]) -> list[ObjectBody]:
    return [ObjectBody.of(entry, page.family.columns) for entry in page.records]


class ObjectsDocument(Document):
    """The answer of `objects RUN_CONFIG FAMILY`."""

    family: Annotated[str, From("family.name")]
    columns: Annotated[list[ObjectPartBody], From("family.columns")]
    objects: Annotated[list[ObjectBody], Made(_objects)]
    next: str | None
    complete: bool
    notices: Notices


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
