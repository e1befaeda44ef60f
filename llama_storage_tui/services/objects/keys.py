"""Objects in values under keys: a page of them, and one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.data import Cell, Count, Cursor, KeyEntry, KeySelection, StoredValue
from llama_storage_tui.model.objects import ObjectEntry, ObjectFamily, Relation
from llama_storage_tui.services.objects.documents import value_of, whole
from llama_storage_tui.services.objects.places import KeyPlace
from llama_storage_tui.services.objects.secrecy import masked
from llama_storage_tui.services.objects.slices import ObjectSlice, StoredObject
from llama_storage_tui.services.values import parse_json

LARGEST_LISTED: Final = 200_000
"""Characters of a value that a list reads: what is larger is shown by its key and size."""

PAGES: Final = 40
"""Pages of keys that one page of a list may take where other families' keys lie between."""

COUNTED: Final = 2_000
"""Keys up to which those of one shape are counted one by one."""


async def key_slice(
    reader: KeyValueReader,
    family: ObjectFamily,
    place: KeyPlace,
    *,
    limit: int,
    after: Cursor | None,
    of: tuple[Relation, str] | None,
) -> ObjectSlice:
    """Return a page of a place's objects in key order."""
    prefix = "" if of is None else f"{place.lead}{of[0].head}{of[1]}:"
    selection = KeySelection((prefix,) if prefix else place.heads)
    found: list[tuple[str, KeyEntry]] = []
    for _ in range(PAGES):
        try:
            page = await reader.page(selection, limit=limit - len(found), after=after)
        except NotFoundError as error:
            return ObjectSlice((), None, (f"Backend {place.place.backend}: {error.message}",))
        for entry in page.keys:
            id_ = place.id_of(entry.key) if isinstance(entry.key, str) else None
            if id_ is not None:
                found.append((id_, entry))
        after = page.next
        if after is None or len(found) >= limit:
            break
    entries = await _entries(reader, family, place, found)
    return ObjectSlice(entries, after, is_complete=after is None or len(found) >= limit)


async def key_object(reader: KeyValueReader, place: KeyPlace, id_: str) -> StoredObject | None:
    """Return one object by its id."""
    try:
        found = await reader.values_of(place.stored_keys(id_))
    except NotFoundError:
        return None
    if not found:
        return None
    stored = found[0]
    document, problems = _parsed(stored.value)
    expires: dict[str, object] = {}
    if stored.entry.expires_at is not None:
        expires["key expires"] = stored.entry.expires_at.isoformat()
    if stored.entry.is_expired:
        problems = (*problems, "the key has expired: ogx 1.0 and later no longer show it")
    return StoredObject(expires, document, _key(stored.entry), stored.entry.bytes, problems)


async def count_keys(reader: KeyValueReader, place: KeyPlace, *, is_whole: bool) -> Count | None:
    """Count a place's objects where that is cheap: all keys of a prefix, or few of them by their shape."""
    selection = KeySelection(place.heads)
    if is_whole:
        return await reader.count(selection, fast=True)
    page = await reader.page(selection, limit=COUNTED)
    if page.next is not None:
        return None
    keys = (entry.key for entry in page.keys)
    return Count(sum(isinstance(key, str) and place.id_of(key) is not None for key in keys), is_exact=True)


async def _entries(
    reader: KeyValueReader, family: ObjectFamily, place: KeyPlace, found: Sequence[tuple[str, KeyEntry]]
) -> tuple[ObjectEntry, ...]:
    small = [_key(entry) for _, entry in found if (entry.bytes or 0) <= LARGEST_LISTED]
    values = {_key(stored.entry): stored for stored in await reader.values_of(small, limit=LARGEST_LISTED)}
    return tuple(_entry(family, place, id_, entry, values.get(_key(entry))) for id_, entry in found)


def _entry(
    family: ObjectFamily, place: KeyPlace, id_: str, entry: KeyEntry, stored: StoredValue | None
) -> ObjectEntry:
    document, problems = (None, ("too large for a list",)) if stored is None else _parsed(stored.value)
    content = whole(id_, {}, masked(document))
    return ObjectEntry(
        place.place,
        id_,
        tuple(value_of(content, part) for part in family.columns),
        key=_key(entry),
        bytes=entry.bytes,
        problem=problems[0] if problems else None,
    )


def _parsed(value: Cell) -> tuple[object, tuple[str, ...]]:
    """Return a value parsed, and what is wrong with it: bare words and numbers are JSON to the servers too."""
    if isinstance(value, bytes):
        return None, ("the value is no text",)
    if not isinstance(value, str):
        return value, ()
    parsed = parse_json(value)
    if parsed is None:
        return value, ("the value is invalid JSON, or too large to show as such",)
    return parsed.data, ()


def _key(entry: KeyEntry) -> str:
    return entry.key if isinstance(entry.key, str) else ""
