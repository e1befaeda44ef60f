"""The families without a command of their own that a config leads to, with their numbers where those are cheap to tell.

Beside them what an earlier release wrote and a server of the chosen version no longer reads: raw keys in an upgraded SQLite file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import Count, KeySelection, Table
from llama_storage_tui.model.families import FamilyEntry, KeyLayout, KeyPlace, Place, RecordFamily, TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.services.records.keys import count_keys
from llama_storage_tui.services.records.places import places_of
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.consumers import keeps_namespaces
from llama_storage_tui.upstream.families import OBJECTS

_ANY: Final = "(?s:.+)"
_TYPE: Final = "kv_sqlite"


async def families(session: Session) -> tuple[FamilyEntry, ...]:
    """Return each family that a server of the chosen version keeps with this config, counted where that is cheap.

    A backend that cannot be read leaves its families without a count and with a notice; nothing is raised for it. Notices also
    tell of what an earlier release left behind.
    """
    there = [(family, places_of(session.catalog, family)) for family in OBJECTS]
    tables = await _tables(session, [place for _, places in there for place in places])
    return tuple(
        await asyncio.gather(
            *(_counted(session, family, places, tables) for family, places in there if places)
        )
    )


def kept_families(catalog: Catalog) -> tuple[RecordFamily, ...]:
    """Return the families that a server of the chosen version keeps with this config; nothing is contacted."""
    return tuple(family for family in OBJECTS if places_of(catalog, family))


async def counted_on(
    session: Session, families_: Sequence[RecordFamily], backends: Collection[str]
) -> tuple[Count | None, ...]:
    """Return a count for each place of some families on some backends, None where that is not cheap to tell; contacts no other.

    Places that cannot be read are left out. Raises nothing for them.
    """
    places = [place for family in families_ for place in places_of(session.catalog, family)]
    # Several families may lie in one place.
    wanted = list(dict.fromkeys(place for place in places if place.backend in backends))
    tables = await _tables(session, wanted)
    counts = await asyncio.gather(
        *(_count(session, place, tables) for place in wanted), return_exceptions=True
    )
    found: list[Count | None] = []
    for count in counts:
        if isinstance(count, BaseException) and not isinstance(count, BackendError):
            raise count
        if not isinstance(count, BaseException):
            found.append(count)
    return tuple(found)


async def stored_count(session: Session, family: RecordFamily) -> Count | None:
    """Return how many records of a family there are, None where that is not cheap to tell or a place cannot be read."""
    places = places_of(session.catalog, family)
    tables = await _tables(session, places)
    try:
        return _total(await asyncio.gather(*(_count(session, place, tables) for place in places)))
    except BackendError:
        return None


async def _tables(session: Session, places: Sequence[Place]) -> dict[str, dict[str, Table] | BackendError]:
    """Return the tables of each backend that holds rows, with counts that cost next to nothing."""
    names = list(dict.fromkeys(place.backend for place in places if isinstance(place, TablePlace)))

    async def listed(name: str) -> dict[str, Table] | BackendError:
        try:
            found = await (await session.reader(name)).tables.tables(counts=True, fast=True)
        except BackendError as error:
            return error
        return {table.name: table for table in found}

    return dict(zip(names, await asyncio.gather(*(listed(name) for name in names)), strict=True))


async def _counted(
    session: Session,
    family: RecordFamily,
    places: Sequence[Place],
    tables: dict[str, dict[str, Table] | BackendError],
) -> FamilyEntry:
    counts: list[Count | None] = []
    unread: list[Notice] = []
    for place in places:
        try:
            counts.append(await _count(session, place, tables))
        except BackendError as error:
            unread.append(Notice(NoticeKind.BACKEND_NOT_READ, place.backend, why=error.message))
    notices = dict.fromkeys((*unread, *await _leftovers(session, family)))
    return FamilyEntry(family, tuple(places), _total(counts), tuple(notices), is_complete=not unread)


def _total(counts: Sequence[Count | None]) -> Count | None:
    known = [count for count in counts if count is not None]
    if not known or len(known) < len(counts):
        return None
    return Count(sum(count.value for count in known), all(count.is_exact for count in known))


async def _count(
    session: Session, place: Place, tables: dict[str, dict[str, Table] | BackendError]
) -> Count | None:
    if isinstance(place, TablePlace):
        found = tables[place.backend]
        if isinstance(found, BackendError):
            raise found
        table = found.get(place.table)
        return Count(0, is_exact=True) if table is None else table.rows
    try:
        reader = (await session.reader(place.backend)).key_values
        return await count_keys(reader, place, is_whole=place.shape == _ANY and place.has_no_tails)
    except NotFoundError:
        return Count(0, is_exact=True)


async def _leftovers(session: Session, family: RecordFamily) -> tuple[Notice, ...]:
    """Return a notice for each backend that holds keys of a family as releases before ogx 1.0 wrote them.

    From 1.0 on SQLite keys begin with a namespace, and some families lie in tables; no release moves what was there.
    """
    catalog = session.catalog
    keys = [key for layout in family.layouts if isinstance(layout, KeyLayout) for key in layout.keys]
    heads = tuple(dict.fromkeys(key.partition("{id}")[0] for key in keys))
    if not heads or not keeps_namespaces(_TYPE, catalog.version.chosen):
        return ()
    # An empty namespace is none: keys are raw there in every version.
    raw = {
        place.backend
        for place in places_of(catalog, family)
        if isinstance(place, KeyPlace) and not place.lead
    }
    found: list[Notice] = []
    for backend in catalog.backends:
        if backend.type == _TYPE and backend.name not in raw:
            number = await _number(session, backend.name, heads)
            if number:
                version = str(catalog.version.chosen)
                kind = NoticeKind.KEYS_OF_EARLIER_RELEASE
                found.append(Notice(kind, backend.name, family.name, version, count=number))
    return tuple(found)


async def _number(session: Session, backend: str, heads: tuple[str, ...]) -> int:
    try:
        reader = (await session.reader(backend)).key_values
        return (await reader.count(KeySelection(heads), fast=True)).value
    except (BackendError, NotFoundError):
        return 0
