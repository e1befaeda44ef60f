"""Objects in values under keys: a page of them, and one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llama_storage_tui.backends.comparing import compares, path_of
from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.data import Cell, Count, Cursor, KeyEntry, KeySelection, StoredValue
from llama_storage_tui.model.families import FamilyFilter, KeyPlace, Match, Query, RecordEntry, RecordFamily
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.services.records.documents import StoredObject, Whole, at, value_of, whole
from llama_storage_tui.services.records.json_escapes import stored_forms
from llama_storage_tui.services.records.masking import masked
from llama_storage_tui.services.records.merging import Slice
from llama_storage_tui.services.records.row_conditions import parse_conditions, parse_text
from llama_storage_tui.services.values import parse_json

LARGEST_LISTED: Final = 200_000
"""Characters of a value that a list reads: what is larger is shown by its key and size."""

PAGES: Final = 40
"""Pages of keys that one page of a list may take where other families' keys lie between."""

COUNTED: Final = 2_000
"""Keys up to which those of one shape are counted one by one."""


async def key_slice(
    reader: KeyValueReader,
    family: RecordFamily,
    place: KeyPlace,
    query: Query,
    *,
    limit: int,
    after: Cursor | None,
) -> Slice[RecordEntry]:
    """Return a page of a place's objects in key order."""
    prefixes = place.prefixes
    if query.of is not None:
        relation = family.relation(query.of[0])
        if relation is None or relation.head is None:
            return Slice((), notices=(Notice(NoticeKind.RELATION_NOT_IN_KEYS, place.backend),))
        prefixes = (f"{place.lead}{relation.head}{query.of[1]}:",)
    selection = KeySelection(prefixes)
    entries: list[RecordEntry] = []
    for _ in range(PAGES):
        try:
            page = await reader.page(selection, limit=limit - len(entries), after=after)
        except NotFoundError as error:
            return Slice((), notices=(Notice(NoticeKind.NO_NAMESPACE, place.backend, why=error.message),))
        ids = ((place.id_of(each.key) if isinstance(each.key, str) else None, each) for each in page.keys)
        there = [(id_, each) for id_, each in ids if id_ is not None]
        entries += await _entries(reader, family, place, query, there)
        after = page.next
        if after is None or len(entries) >= limit:
            break
    return Slice(tuple(entries), next=after, is_cut=after is not None and len(entries) < limit)


async def key_object(reader: KeyValueReader, place: KeyPlace, id_: str) -> StoredObject | None:
    """Return one object by its id."""
    try:
        found = await reader.values_of(place.stored_keys(id_))
    except NotFoundError:
        return None
    if not found:
        return None
    stored = found[0]
    document, problems = _document(stored)
    expires: dict[str, object] = {}
    if stored.entry.expires_at is not None:
        expires["key expires"] = stored.entry.expires_at.isoformat()
    if stored.entry.is_expired:
        problems = (*problems, "the key has expired: ogx 1.0 and later no longer show it")
    return StoredObject(expires, document, _key(stored.entry), stored.entry.bytes, problems)


async def count_keys(reader: KeyValueReader, place: KeyPlace, *, is_whole: bool) -> Count | None:
    """Count a place's objects where that is cheap: all keys of a prefix, or few of them by their shape."""
    selection = KeySelection(place.prefixes)
    if is_whole:
        return await reader.count(selection, fast=True)
    page = await reader.page(selection, limit=COUNTED)
    if page.next is not None:
        return None
    keys = (entry.key for entry in page.keys)
    return Count(sum(isinstance(key, str) and place.id_of(key) is not None for key in keys), is_exact=True)


async def _entries(
    reader: KeyValueReader,
    family: RecordFamily,
    place: KeyPlace,
    query: Query,
    found: Sequence[tuple[str, KeyEntry]],
) -> list[RecordEntry]:
    small = [_key(entry) for _, entry in found if (entry.bytes or 0) <= LARGEST_LISTED]
    values = {_key(stored.entry): stored for stored in await reader.values_of(small, limit=LARGEST_LISTED)}
    return [
        _entry(family, place, id_, entry, stored)
        for id_, entry in found
        for stored in [values.get(_key(entry))]
        if not query.filters or _fits(stored, family, query, id_)
    ]


def _fits(stored: StoredValue | None, family: RecordFamily, query: Query, id_: str) -> bool:
    """Tell whether a value meets a query's filters: the engine cannot look into values. One that is not read meets none."""
    if stored is None:
        return False
    content = whole(id_, {}, _document(stored)[0])
    return all(
        _meets(content, stored.value, family, each, query)
        for each in family.filters
        if each.name in query.filters
    )


def _meets(content: Whole, value: Cell, family: RecordFamily, found: FamilyFilter, query: Query) -> bool:
    wanted = query.text(found.name) or ""
    match found.match:
        case Match.EQUALS:
            there = next((each for path in found.paths if (each := at(content, path)) is not None), None)
            return compares(there, parse_text(wanted))
        case Match.CONTAINS:
            return isinstance(value, str) and any(form in value for form in stored_forms(wanted))
        case Match.SINCE | Match.UNTIL:
            time = at(content, ("created_at",))
            if isinstance(time, bool) or not isinstance(time, int | float):
                return False
            low, high = query.time("since"), query.time("until")
            return (low is None or time >= low) and (high is None or time <= high)
        case Match.WHERE:
            return all(
                compares(_named(content, family, each.column), each) for each in parse_conditions(wanted)
            )
        case Match.LOOKED_UP:
            return True


def _named(content: Whole, family: RecordFamily, name: str) -> object:
    """Return what a name in a condition means: what a list shows or filters by that name, else a path in the document."""
    part = family.named(name)
    return at(content, path_of(name)) if part is None else value_of(content, part)


def _entry(
    family: RecordFamily, place: KeyPlace, id_: str, entry: KeyEntry, stored: StoredValue | None
) -> RecordEntry:
    document, problems = (None, ("too large for a list",)) if stored is None else _document(stored)
    content = whole(id_, {}, masked(document))
    return RecordEntry(
        place,
        id_,
        {part.label: value_of(content, part) for part in family.columns},
        key=_key(entry),
        bytes=entry.bytes,
        problem=problems[0] if problems else None,
    )


def _document(stored: StoredValue) -> tuple[object, tuple[str, ...]]:
    """Return a value parsed, and what is wrong with it: bare words and numbers are JSON to the servers too."""
    if stored.why_unreadable is not None:
        return None, (stored.why_unreadable,)
    value = stored.value
    if isinstance(value, bytes):
        return None, ("the value is not text",)
    if not isinstance(value, str):
        return value, ()
    parsed = parse_json(value)
    if parsed is None:
        return value, ("the value is invalid JSON, or too large to show as such",)
    return parsed.data, ()


def _key(entry: KeyEntry) -> str:
    return entry.key if isinstance(entry.key, str) else ""
