"""Families of objects: which there are, a page of one, one object, and what a link leads to. Nothing here writes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from typing import Final

from llama_storage_tui.errors import BackendError, NotFoundError, UsageError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import Count, Cursor, Table
from llama_storage_tui.model.objects import (
    FamilyEntry,
    ObjectFamily,
    ObjectLink,
    ObjectPage,
    ObjectRecord,
    Relation,
)
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.objects.documents import fields_of, links_of, whole
from llama_storage_tui.services.objects.keys import count_keys, key_object, key_slice
from llama_storage_tui.services.objects.leftovers import leftovers
from llama_storage_tui.services.objects.places import KeyPlace, Place, TablePlace, needed_places, places_of
from llama_storage_tui.services.objects.rows import row, row_slice
from llama_storage_tui.services.objects.secrecy import masked
from llama_storage_tui.services.objects.slices import ObjectSlice, StoredObject
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.objects import FAMILIES, find_family

_ANY: Final = "(?s:.+)"

Of = tuple[str, str]
"""A relation's name and the id of the object whose others are wanted."""


async def families(session: Session) -> tuple[FamilyEntry, ...]:
    """Return each family that a server of the chosen version keeps with this config, counted where that is cheap.

    A backend that cannot be read leaves its families without a count and with a notice; nothing is raised for it. Notices also
    tell of what an earlier release left behind.
    """
    there = [(family, places_of(session.catalog, family)) for family in FAMILIES]
    tables = await _tables(session, [place for _, places in there for place in places])
    return tuple(
        await asyncio.gather(
            *(_counted(session, family, places, tables) for family, places in there if places)
        )
    )


def kept_families(catalog: Catalog) -> tuple[ObjectFamily, ...]:
    """Return the families that a server of the chosen version keeps with this config; nothing is contacted."""
    return tuple(family for family in FAMILIES if places_of(catalog, family))


async def list_family(
    session: Session,
    name: str,
    *,
    limit: int = 100,
    after: Cursor | None = None,
    of: Of | None = None,
) -> ObjectPage:
    """Return a page of a family: rows the newest first (a large table as stored), values in key order, place after place.

    `of` restricts it to the objects of another one, as a link says. Raises UsageError for an unknown family, relation or
    cursor, NotFoundError where the config keeps none of it, BackendError where no place can be read.
    """
    family = find_family(name)
    places = needed_places(session.catalog, family)
    related = _related(family, of)
    index, inner = _position(after, len(places))
    found: list[ObjectSlice] = []
    failures: list[tuple[Place, BackendError]] = []
    wanted = limit
    while index < len(places) and wanted > 0:
        try:
            part = await _slice(session, family, places[index], limit=wanted, after=inner, of=related)
        except BackendError as error:
            failures.append((places[index], error))
            part = ObjectSlice((), None)
        found.append(part)
        wanted -= len(part.entries)
        index, inner = (index + 1, None) if part.next is None else (index, part.next)
        if not part.is_complete:
            break
    index, inner = await _onward(session, family, places, index, inner, related)
    if failures and len(failures) == len(found) and after is None:
        raise failures[0][1]
    unread = [f"Backend {place.place.backend} was not read: {error.message}" for place, error in failures]
    return ObjectPage(
        family,
        tuple(entry for part in found for entry in part.entries),
        None if index >= len(places) else _encode(index, inner),
        is_complete=not failures and all(part.is_complete for part in found),
        notices=tuple(dict.fromkeys([*(notice for part in found for notice in part.notices), *unread])),
    )


async def _onward(
    session: Session,
    family: ObjectFamily,
    places: Sequence[Place],
    index: int,
    inner: Cursor | None,
    of: tuple[Relation, str] | None,
) -> tuple[int, Cursor | None]:
    """Return the position of the next page: a page that ends with its place is followed by one only where another has more."""
    while inner is None and index < len(places):
        try:
            part = await _slice(session, family, places[index], limit=1, after=None, of=of)
        except BackendError:
            break
        if part.entries or part.next is not None:
            break
        index += 1
    return index, inner


async def read_family(session: Session, name: str, id_: str) -> ObjectRecord:
    """Return one object as it is read, secrets masked; raises NotFoundError, UsageError, BackendError."""
    family = find_family(name)
    places = needed_places(session.catalog, family)
    found: list[tuple[Place, StoredObject]] = []
    failures: list[BackendError] = []
    for place in places:
        try:
            stored = await _object(session, place, id_)
        except BackendError as error:
            failures.append(error)
            continue
        if stored is not None:
            found.append((place, stored))
    if found:
        return _record(session.catalog, family, id_, found)
    if failures:
        raise failures[0]
    raise NotFoundError(
        f"There is no {id_!r} among {family.name}", help=Advice("", Step.LIST_OBJECTS, family.name)
    )


async def resolve(session: Session, link: ObjectLink) -> ObjectRecord | ObjectPage:
    """Follow a link to an object, or to the page of those that belong to it; raises as reading and listing do.

    A link without a family leads out of this room (a provider, an owner, a response): UsageError.
    """
    if link.family is None:
        raise UsageError(f"{link.label} {link.id!r} is none of the stored objects")
    if link.of is not None:
        return await list_family(session, link.family, of=(link.of, link.id))
    return await read_family(session, link.family, link.id)


def _record(
    catalog: Catalog, family: ObjectFamily, id_: str, found: Sequence[tuple[Place, StoredObject]]
) -> ObjectRecord:
    place, stored = found[0]
    content = whole(id_, _hidden(stored.columns), masked(stored.document))
    fields, other = fields_of(content, family)
    also = [
        f"another one of that id lies on backend {each.place.backend} ({each.place.path})"
        for each, _ in found[1:]
    ]
    # Links are made of the unmasked object, so that none leads to a row of asterisks.
    links = links_of(whole(id_, stored.columns, stored.document), family)
    opened = {link.family: link.family is None or _is_kept(catalog, link.family) for link in links}
    return ObjectRecord(
        family,
        place.place,
        id_,
        stored.key,
        stored.bytes,
        fields,
        other,
        tuple(link for link in links if opened[link.family]),
        (*stored.problems, *also),
    )


def _is_kept(catalog: Catalog, family: str) -> bool:
    """Tell whether a server of the chosen version keeps a family: the API that a link leads to may be off."""
    return bool(places_of(catalog, find_family(family)))


def _hidden(columns: object) -> dict[str, object]:
    found = masked(dict(columns) if isinstance(columns, dict) else {})
    return found if isinstance(found, dict) else {}


async def _slice(
    session: Session,
    family: ObjectFamily,
    place: Place,
    *,
    limit: int,
    after: Cursor | None,
    of: tuple[Relation, str] | None,
) -> ObjectSlice:
    reader = await session.reader(place.place.backend)
    if isinstance(place, KeyPlace):
        if of is not None and of[0].head is None:
            return ObjectSlice(
                (), None, (f"Keys on backend {place.place.backend} do not tell: list all of them.",)
            )
        return await key_slice(reader.key_values, family, place, limit=limit, after=after, of=of)
    if of is not None and not of[0].columns:
        return ObjectSlice((), None)
    return await row_slice(
        reader, family, place, limit=limit, after=after, of=of, seconds=session.timeouts.query
    )


async def _object(session: Session, place: Place, id_: str) -> StoredObject | None:
    reader = await session.reader(place.place.backend)
    if isinstance(place, KeyPlace):
        return await key_object(reader.key_values, place, id_)
    return await row(reader, place, id_)


async def _tables(session: Session, places: Sequence[Place]) -> dict[str, dict[str, Table] | BackendError]:
    """Return the tables of each backend that holds rows, with counts that cost next to nothing."""
    names = list(dict.fromkeys(place.place.backend for place in places if isinstance(place, TablePlace)))

    async def listed(name: str) -> dict[str, Table] | BackendError:
        try:
            found = await (await session.reader(name)).tables.tables(counts=True, fast=True)
        except BackendError as error:
            return error
        return {table.name: table for table in found}

    return dict(zip(names, await asyncio.gather(*(listed(name) for name in names)), strict=True))


async def _counted(
    session: Session,
    family: ObjectFamily,
    places: Sequence[Place],
    tables: dict[str, dict[str, Table] | BackendError],
) -> FamilyEntry:
    counts: list[Count | None] = []
    unread: list[str] = []
    for place in places:
        try:
            counts.append(await _count(session, place, tables))
        except BackendError as error:
            unread.append(f"Backend {place.place.backend} was not read: {error.message}")
    notices = dict.fromkeys((*unread, *await leftovers(session, family)))
    return FamilyEntry(
        family,
        tuple(place.place for place in places),
        _total(counts),
        tuple(notices),
        is_complete=not unread,
    )


def _total(counts: Sequence[Count | None]) -> Count | None:
    known = [count for count in counts if count is not None]
    if not known or len(known) < len(counts):
        return None
    return Count(sum(count.value for count in known), all(count.is_exact for count in known))


async def _count(
    session: Session, place: Place, tables: dict[str, dict[str, Table] | BackendError]
) -> Count | None:
    if isinstance(place, TablePlace):
        found = tables[place.place.backend]
        if isinstance(found, BackendError):
            raise found
        table = found.get(place.table)
        return Count(0, is_exact=True) if table is None else table.rows
    try:
        reader = (await session.reader(place.place.backend)).key_values
        return await count_keys(reader, place, is_whole=place.shape == _ANY and place.has_no_tails)
    except NotFoundError:
        return Count(0, is_exact=True)


def _related(family: ObjectFamily, of: Of | None) -> tuple[Relation, str] | None:
    if of is None:
        return None
    relation = family.relation(of[0])
    if relation is None or not of[1]:
        names = ", ".join(each.name for each in family.relations) or "none"
        raise UsageError(
            f"{family.name} cannot be listed by {of[0]!r}",
            help=f"By: {names}; as RELATION=ID.",
        )
    return relation, of[1]


def _position(after: Cursor | None, number: int) -> tuple[int, Cursor | None]:
    if after is None:
        return 0, None
    try:
        padded = after + "=" * (-len(after) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    match found:
        case [int(index), None | str() as inner] if 0 <= index < number:
            return index, inner
    raise UsageError("That is not a cursor of this listing.", help="Leave it out to begin again.")


def _encode(index: int, inner: Cursor | None) -> Cursor:
    text = json.dumps([index, inner], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
