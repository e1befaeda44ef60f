"""Records of a family: a page of them, and what a list of any family is read with. Nothing here writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from llama_storage_tui.errors import BackendError, UsageError
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.model.families import (
    Page,
    Place,
    Query,
    RecordEntry,
    RecordFamily,
)
from llama_storage_tui.services.records.keys import key_slice
from llama_storage_tui.services.records.merging import Slice, list_name, merged
from llama_storage_tui.services.records.places import needed_places, needed_tables
from llama_storage_tui.services.records.rows import entry_of, record_query, row_slice
from llama_storage_tui.services.records.sources import KeySource, RecordSource, opened, unread
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable
from llama_storage_tui.upstream.families import find_family

T = TypeVar("T")
PlaceT = TypeVar("PlaceT", bound=Place)

ALL = Query()


async def list_records(session: Session, name: str, query: Query = ALL) -> Page[RecordEntry]:
    """Return a page of a family: rows in the query's order, values in key order after them.

    Raises UsageError for an unknown family, relation, filter or cursor, NotFoundError where the config keeps none of it,
    BackendError where no place can be read.
    """
    family = find_family(name)
    places = needed_places(session.catalog, family)
    check_query(family, query)
    sources = await opened(session, family, places)
    failures: list[tuple[Place, BackendError]] = []

    async def read(place: Place, after: Cursor | None, limit: int) -> Slice[RecordEntry]:
        source = sources.sources.get(place)
        if isinstance(source, KeySource):
            try:
                return await key_slice(
                    source.key_values, family, source.place, query, limit=limit, after=after
                )
            except BackendError as error:
                failures.append((place, error))
        elif isinstance(source, RecordSource) and not _cannot_relate(family, query):
            asked = replace(record_query(source, family, query), after=after, limit=limit)
            return await row_slice(session, source, asked, entry_of(source, family), order=query.order)
        return Slice(())

    page = await merged(
        places,
        read,
        sorts=lambda each: (each.time, each.id),
        limit=query.limit,
        after=query.after,
        name=list_name(session.catalog, family, places, query),
    )
    if failures and len(failures) == len(sources.sources) and query.after is None:
        raise failures[0][1]
    notices = (*sources.notices, *page.notices, *(unread(place, error) for place, error in failures))
    return Page(
        family,
        tuple(page.found),
        page.next,
        query.order,
        is_complete=sources.is_complete and not failures and not page.is_cut,
        notices=tuple(dict.fromkeys(notices)),
    )


async def find_entry(session: Session, family: RecordFamily, id_: str) -> RecordEntry | None:
    """Return what a list says of one record of a family that lies in tables, None where there is none.

    Raises NotFoundError where the config keeps none of it, BackendError.
    """
    found = await opened(session, family, needed_tables(session.catalog, family))
    for source in found.tables if is_storable(id_) else ():
        asked = replace(record_query(source, family, ALL), cell_limit=None)
        for record in await source.records.find(asked, [id_]):
            return entry_of(source, family)(record)
    return None


def check_query(family: RecordFamily, query: Query) -> None:
    """Refuse a relation or a filter that a family does not have; raises UsageError with those that there are."""
    if query.of is not None and (family.relation(query.of[0]) is None or not query.of[1]):
        names = ", ".join(each.name for each in family.relations) or "none"
        raise UsageError(
            f"{family.name} cannot be listed by {query.of[0]!r}", help=f"By: {names}; as RELATION=ID."
        )
    for name in query.filters:
        if family.filter(name) is None:
            names = ", ".join(each.name for each in family.filters) or "nothing"
            raise UsageError(f"{family.name} cannot be filtered by {name!r}", help=f"By: {names}.")


def _cannot_relate(family: RecordFamily, query: Query) -> bool:
    relation = None if query.of is None else family.relation(query.of[0])
    return relation is not None and not relation.columns
