"""Objects in rows of a table: a page of them, and one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import Cell, Cursor, Table
from llama_storage_tui.model.objects import ObjectEntry, ObjectFamily, Part, Relation
from llama_storage_tui.model.records import Condition, Equals, Field, Measure, Path, RecordOrder, RecordQuery
from llama_storage_tui.services.objects.documents import MADE, at, made, plain
from llama_storage_tui.services.objects.places import TablePlace
from llama_storage_tui.services.objects.secrecy import masked
from llama_storage_tui.services.objects.slices import ObjectSlice, StoredObject
from llama_storage_tui.services.values import parse_json

LARGE: Final = 50_000
"""Rows from which on a list comes as stored: no server makes an index on a time."""


async def row_slice(
    reader: Reader,
    family: ObjectFamily,
    place: TablePlace,
    *,
    limit: int,
    after: Cursor | None,
    of: tuple[Relation, str] | None,
    seconds: float | None,
) -> ObjectSlice:
    """Return a page of a table's objects; raises BackendError where the table lacks the id's column."""
    table = await reader.tables.table(place.table)
    if table is None:
        return ObjectSlice((), None, (_not_there(place),))
    _check(table, place)
    order, inner = await _order(reader, table, place, after)
    paths = [_path(table, place, part) for part in family.columns]
    places = {path: _field(table, place, path, index) for index, path in enumerate(paths) if path}
    fields = [found for found in places.values() if found is not None]
    query = RecordQuery(
        place.table,
        (Field("id", place.layout.id), *_bytes(table, place), *fields),
        _conditions(table, of),
        order,
        limit,
        inner,
        id=place.layout.id,
        time=place.layout.time or place.layout.id,
    )
    page = await reader.records.page(query, seconds=None if of else seconds)
    entries = []
    for record in page.records:
        id_ = _text(record["id"])
        cells = tuple(
            None if path is None else _cell(record, id_, path, places[path], part)
            for path, part in zip(paths, family.columns, strict=True)
        )
        size = record.get("bytes")
        entries.append(ObjectEntry(place.place, id_, cells, bytes=size if isinstance(size, int) else None))
    next_ = None if page.next is None else f"{order.value}:{page.next}"
    return ObjectSlice(tuple(entries), next_)


async def row(reader: Reader, place: TablePlace, id_: str) -> StoredObject | None:
    """Return one object with all of its columns, documents parsed."""
    table = await reader.tables.table(place.table)
    if table is None:
        return None
    _check(table, place)
    names = [column.name for column in table.columns]
    fields = tuple(Field(f"column {name}", name) for name in names)
    wanted = (*_bytes(table, place), *fields)
    query = RecordQuery(place.table, wanted, id=place.layout.id, time=place.layout.id)
    found = await reader.records.find(query, [id_])
    if not found:
        return None
    record, problems = found[0], []
    columns: dict[str, object] = {}
    for column in table.columns:
        cell = record[f"column {column.name}"]
        columns[column.name] = cell
        if (column.is_json or column.name == place.layout.document) and isinstance(cell, str):
            parsed = parse_json(cell)
            if parsed is None:
                problems.append(f"{column.name} is invalid JSON, or too large to show as such")
            else:
                columns[column.name] = parsed.data
    document = columns.pop(place.layout.document, None) if place.layout.document else None
    if place.layout.document and not isinstance(document, dict):
        problems.append(f"{place.layout.document} is not a JSON object: a server cannot read this row")
    size = record.get("bytes")
    return StoredObject(columns, document, None, size if isinstance(size, int) else None, tuple(problems))


def _not_there(place: TablePlace) -> str:
    return (
        f"There is no table {place.table} on backend {place.place.backend}: no server has made it there yet."
    )


def _check(table: Table, place: TablePlace) -> None:
    if table.column(place.layout.id) is None:
        raise BackendError(
            f"Table {place.table} on backend {place.place.backend} is not the server's: it has no column {place.layout.id}",
            failure=FailureKind.QUERY,
            where=place.place.backend,
            help="Something else made it; `rows` shows it as it is.",
        )


async def _order(
    reader: Reader, table: Table, place: TablePlace, after: Cursor | None
) -> tuple[RecordOrder, Cursor | None]:
    """Return the order of a list and the cursor in it: a listing keeps the order that it began with."""
    if after is not None:
        name, _, inner = after.partition(":")
        return RecordOrder.NEWEST if name == RecordOrder.NEWEST.value else RecordOrder.STORED, inner
    extent = await reader.records.extent(place.table)
    has_time = place.layout.time is not None and table.column(place.layout.time) is not None
    is_small = extent is not None and extent.rows <= LARGE
    return (RecordOrder.NEWEST if has_time and is_small else RecordOrder.STORED), None


def _path(table: Table, place: TablePlace, part: Part) -> Path | None:
    """Return the first path of a part that this table can have: a column, else a place in the document."""
    for path in part.paths:
        if str(path[0]).startswith(MADE) or table.column(str(path[0])) is not None:
            return path
    document = place.layout.document
    return part.paths[0] if document is not None and table.column(document) is not None else None


def _field(table: Table, place: TablePlace, path: Path, index: int) -> Field | None:
    if str(path[0]).startswith(MADE):
        return None
    if table.column(str(path[0])) is not None:
        return Field(f"c{index}", str(path[0]), path[1:])
    return Field(f"c{index}", place.layout.document or "", path)


def _bytes(table: Table, place: TablePlace) -> tuple[Field, ...]:
    document = place.layout.document
    has_one = document is not None and table.column(document) is not None
    return (Field("bytes", document or "", measure=Measure.BYTES),) if has_one else ()


def _conditions(table: Table, of: tuple[Relation, str] | None) -> tuple[Condition, ...]:
    if of is None:
        return ()
    relation, id_ = of
    parts = id_.split(":", len(relation.columns) - 1)
    if len(parts) != len(relation.columns) or any(table.column(name) is None for name in relation.columns):
        return (Equals(Field(relation.columns[0], relation.columns[0]), id_),)
    return tuple(Equals(Field(name, name), text) for name, text in zip(relation.columns, parts, strict=True))


def _cell(record: Mapping[str, Cell], id_: str, path: Path, field: Field | None, part: Part) -> object:
    value: object = at(made(id_), path) if field is None else record[field.name]
    return masked(plain(value, part.show), str(path[-1]))


def _text(cell: Cell) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
