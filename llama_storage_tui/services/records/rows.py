"""Records in rows of a table: what a list asks for them, a page of them, and one with all that its row holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from llama_storage_tui.backends.comparing import path_of
from llama_storage_tui.deferred import replace
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Cell, Cursor, Order, Table
from llama_storage_tui.model.families import (
    WHERE,
    FamilyFilter,
    Match,
    Query,
    RecordEntry,
    RecordFamily,
    RecordPart,
    Relation,
    Show,
    TableLayout,
    TablePlace,
)
from llama_storage_tui.model.limits import LONGEST_CELL
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Compares,
    Condition,
    Contains,
    Equals,
    Field,
    Measure,
    Path,
    Record,
    RecordOrder,
    RecordQuery,
    SortValue,
)
from llama_storage_tui.services.records.documents import MADE, StoredObject, at, made, plain
from llama_storage_tui.services.records.json_escapes import common_run, stored_forms
from llama_storage_tui.services.records.masking import masked
from llama_storage_tui.services.records.merging import Slice
from llama_storage_tui.services.records.row_conditions import condition_on, parse_conditions
from llama_storage_tui.services.records.sources import RecordSource
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import parse_json

T = TypeVar("T")

LARGE: Final = 50_000
"""Rows from which on sorting a table by time takes so long that a list comes as stored: 0.2 s on SQLite."""

DOCUMENT: Final = "@document"
TIME: Final = "@time"

Look = Callable[[Record], T | None]
"""Makes what is listed of a record; None leaves it out."""


async def row_slice(
    session: Session,
    source: RecordSource,
    query: RecordQuery,
    look: Look[T],
    *,
    order: RecordOrder | Order | None,
    enough: int | None = None,
) -> Slice[T]:
    """Return the next part of a table: at least `enough` records (None: the query's limit), unless it has no more.

    Without an `order` the listing keeps the one that it begins with, newest first where that is quick. Raises BackendError, and
    UsageError for a broken cursor.
    """
    lead = ""
    if order is None:
        order, query = await _order(source, query)
        lead = f"{order.value}:"
        query = replace(query, order=order)
    is_sorted = isinstance(order, Order)
    # A sort is bounded as that of a table's rows is, whatever it is filtered by.
    is_open = order is RecordOrder.NEWEST or (query.conditions and not is_sorted)
    seconds = None if is_open else session.timeouts.query
    found: list[T] = []
    values: list[SortValue] | None = [] if is_sorted else None
    cursors: list[Cursor] = []
    while True:
        page = await source.records.page(query, seconds=seconds)
        values = None if page.values is None else values
        for place, (record, cursor) in enumerate(zip(page.records, page.cursors, strict=True)):
            listed = look(record)
            if listed is not None:
                found.append(listed)
                cursors.append(lead + cursor)
                if values is not None and page.values is not None:
                    values.append(page.values[place])
        if page.next is None or len(found) >= (enough or query.limit):
            part = Slice(tuple(found), tuple(cursors), values=None if values is None else tuple(values))
            return part if page.next is None else replace(part, next=cursors[-1])
        query = replace(query, after=page.next)


def record_query(
    source: RecordSource, family: RecordFamily, query: Query, conditions: tuple[Condition, ...] = ()
) -> RecordQuery:
    """Return what a table is asked for a list: every part of the family that it has, with the query's conditions and more."""
    layout = source.place.layout
    return RecordQuery(
        source.place.table,
        fields_of(family, layout, source.columns),
        (*conditions_of(family, layout, source.columns, query), *conditions, *query.conditions),
        _sorted_by(query.order, source, family)
        if isinstance(query.order, Order)
        else query.order or RecordOrder.NEWEST,
        query.limit,
        query.after,
        id=layout.id,
        time=layout.time or layout.id,
        cell_limit=None if family.masks else LONGEST_CELL,
    )


def fields_of(family: RecordFamily, layout: TableLayout, columns: frozenset[str]) -> tuple[Field, ...]:
    """Return what to ask a table with these columns for: @id, @time, @bytes, and each part that it can have by its label."""
    found = {"@id": Field("@id", layout.id)}
    if layout.time in columns and _time_name(family, layout) == TIME:
        found[TIME] = Field(TIME, layout.time or "")
    if layout.document in columns:
        found["@bytes"] = Field("@bytes", layout.document or "", measure=Measure.BYTES)
    for part in (*family.columns, *family.asked):
        field = part_field(part, layout, columns)
        if field is not None:
            found[part.label] = field
    return tuple(found.values())


def _time_name(family: RecordFamily, layout: TableLayout) -> str:
    """Return under which name a list asks for the time that it is sorted by: most families show it anyway."""
    shown = (part.label for part in (*family.columns, *family.asked) if part.paths[:1] == ((layout.time,),))
    return next(shown, TIME)


def part_field(part: RecordPart, layout: TableLayout, columns: frozenset[str]) -> Field | None:
    """Return where a table keeps a part: at the first path that leads into a column, else inside the document; None: nowhere."""
    path = _path(part, layout, columns)
    if path is None or (str(path[0]).startswith(MADE) and path[0] != DOCUMENT):
        return None
    column, inside = str(path[0]), path[1:]
    if column == DOCUMENT:
        column = layout.document or ""
    elif column not in columns:
        column, inside = layout.document or "", path
    return Field(part.label, column, inside, part.measure, part.each, part.most)


def _path(part: RecordPart, layout: TableLayout, columns: frozenset[str]) -> Path | None:
    for path in part.paths:
        head = str(path[0])
        if (head.startswith(MADE) and head != DOCUMENT) or head in columns:
            return path
        if head == DOCUMENT and layout.document in columns:
            return path
    return part.paths[0] if layout.document in columns and not part.is_column else None


def conditions_of(
    family: RecordFamily, layout: TableLayout, columns: frozenset[str], query: Query
) -> tuple[Condition, ...]:
    """Return the conditions of a query's filters and relation, the cheap ones first; LOOKED_UP ones are not among them."""
    chosen = [each for each in family.filters if each.name in query.filters]
    equal = [(each, _filter_field(each, layout, columns)) for each in chosen if each.match is Match.EQUALS]
    relation = None if query.of is None else family.relation(query.of[0])
    time = Field(layout.time or "", layout.time or "")
    period = Between(time, query.time("since"), query.time("until"))
    return (
        *((period,) if any(each.match in (Match.SINCE, Match.UNTIL) for each in chosen) else ()),
        *(() if relation is None or query.of is None else _related(relation, query.of[1], columns)),
        *(_equal(field, query.text(each.name)) for each, field in equal if not field.path),
        *(
            condition
            for each in chosen
            if each.match is Match.CONTAINS
            for condition in _containing(each, columns, query.text(each.name) or "")
        ),
        *(_equal(field, query.text(each.name)) for each, field in equal if field.path),
        *_where(family, layout, columns, query),
    )


def _equal(field: Field, text: str | None) -> Condition:
    return Equals(field, None) if text is None else condition_on(field, text)


def _where(
    family: RecordFamily, layout: TableLayout, columns: frozenset[str], query: Query
) -> Iterator[Condition]:
    for each in parse_conditions(query.text(WHERE.name) or ""):
        yield Compares(_named_field(each.column, family, layout, columns), each.operator, each.text)


def _named_field(name: str, family: RecordFamily, layout: TableLayout, columns: frozenset[str]) -> Field:
    """Return what a name in a condition means: a column, what is inside one, or what a list shows or filters by that name."""
    inside = max((each for each in columns if name.startswith(f"{each}.")), key=len, default=None)
    if inside is not None and name not in columns:
        return Field(name, inside, path_of(name[len(inside) + 1 :]))
    part = None if name in columns else family.named(name)
    if part is not None:
        # A column that the table lacks is refused by the engine, in its own words.
        return part_field(part, layout, columns) or Field(name, name)
    column = layout.id if name == "id" else name
    if column not in columns:
        names = ", ".join(each.name for each in family.filters if each is not WHERE)
        raise UsageError(
            f"{name!r} is not a filter of {family.words}",
            help=f"By name: {names or 'none'}. By column: {', '.join(sorted(columns))}. Inside a JSON column: COLUMN.key.",
        )
    return Field(name, column)


def _sorted_by(order: Order, source: RecordSource, family: RecordFamily) -> Order:
    """Return an order by a column of a table; raises UsageError for what is in no column, or inside the JSON of one."""
    layout, columns = source.place.layout, source.columns
    if order.column in columns:
        return order
    part = family.named(order.column)
    field = Field("id", layout.id) if order.column == "id" else None
    field = field if part is None else part_field(part, layout, columns)
    is_there = field is not None and field.column in columns
    if field is not None and is_there and not field.path and field.measure is Measure.VALUE:
        return replace(order, column=field.column)
    why = f", which is inside the JSON of column {field.column}" if field is not None and is_there else ""
    names = ", ".join(each.name for each in source.table.columns if not each.is_json)
    raise UsageError(f"{family.title} cannot be sorted by {order.column!r}{why}", help=f"By column: {names}.")


def _filter_field(found: FamilyFilter, layout: TableLayout, columns: frozenset[str]) -> Field:
    part = RecordPart(found.name, found.paths)
    # A column that the table lacks is refused by the engine, in its own words.
    return part_field(part, layout, columns) or Field(found.name, str(found.paths[0][0]))


def _containing(found: FamilyFilter, columns: frozenset[str], text: str) -> Iterator[Condition]:
    names = [str(path[0]) for path in found.paths if str(path[0]) in columns]
    if not text or not names:
        return
    forms = stored_forms(text)
    run = common_run(forms)
    for texts in ((run,) if run is not None and forms != (run,) else None, forms):
        if texts is not None:
            conditions = tuple(Contains(name, texts) for name in names)
            yield conditions[0] if len(conditions) == 1 else AnyOf(conditions)


def _related(relation: Relation, id_: str, columns: frozenset[str]) -> tuple[Condition, ...]:
    parts = id_.split(":", len(relation.columns) - 1)
    if len(parts) != len(relation.columns) or any(name not in columns for name in relation.columns):
        return (Equals(Field(relation.columns[0], relation.columns[0]), id_),)
    return tuple(Equals(Field(name, name), text) for name, text in zip(relation.columns, parts, strict=True))


def entry_of(source: RecordSource, family: RecordFamily) -> Callable[[Record], RecordEntry]:
    """Return what makes entries of a table's records."""
    place = source.place
    columns = source.columns
    time = _time_name(family, place.layout) if place.layout.time in columns else TIME
    parts = [
        (part, _path(part, place.layout, columns), part_field(part, place.layout, columns) is not None)
        for part in (*family.columns, *family.asked)
    ]

    def entry(record: Record) -> RecordEntry:
        # What is no text where an id belongs stays as it is where nothing else is listed by it.
        id_ = _text(record["@id"]) if family.masks else record["@id"]
        cells = {
            part.label: None
            if path is None
            else _cell(record[part.label] if is_asked else at(made(str(id_)), path), path, part, family)
            for part, path, is_asked in parts
        }
        size = record.get("@bytes")
        bytes_ = size if isinstance(size, int) else None
        return RecordEntry(place, id_, cells, record.get(time), bytes=bytes_)

    return entry


def _cell(value: object, path: Path, part: RecordPart, family: RecordFamily) -> object:
    # Only documents give numbers as text: what a column holds stays as it is stored.
    is_time = part.is_column and part.show is Show.TIME
    found = value if is_time else plain(value, part.show)
    return masked(found, str(path[-1])) if family.masks else found


async def stored_row(source: RecordSource, id_: str) -> StoredObject | None:
    """Return one record with all of its columns, documents parsed; None where there is none."""
    place, table = source.place, source.table
    fields = tuple(Field(f"column {column.name}", column.name) for column in table.columns)
    wanted = (*_bytes(table, place), *fields)
    query = RecordQuery(place.table, wanted, id=place.layout.id, time=place.layout.id)
    found = await source.records.find(query, [id_])
    return _stored(table, place, found[0]) if found else None


def _stored(table: Table, place: TablePlace, record: Mapping[str, Cell]) -> StoredObject:
    problems: list[str] = []
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


async def is_large(source: RecordSource) -> bool:
    """Tell whether a table has so many rows that newest first would take long."""
    extent = await source.records.extent(source.place.table)
    return extent is not None and extent.rows > LARGE


async def _order(source: RecordSource, query: RecordQuery) -> tuple[RecordOrder, RecordQuery]:
    """Return the order of a list with its query: a listing keeps the order that it began with."""
    if query.after is not None:
        name, _, inner = query.after.partition(":")
        order = RecordOrder.NEWEST if name == RecordOrder.NEWEST.value else RecordOrder.STORED
        return order, replace(query, after=inner)
    layout = source.place.layout
    is_quick = layout.time in source.columns and not await is_large(source)
    return (RecordOrder.NEWEST if is_quick else RecordOrder.STORED), query


def _bytes(table: Table, place: TablePlace) -> tuple[Field, ...]:
    document = place.layout.document
    has_one = document is not None and table.column(document) is not None
    return (Field("bytes", document or "", measure=Measure.BYTES),) if has_one else ()


def _text(cell: Cell) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
