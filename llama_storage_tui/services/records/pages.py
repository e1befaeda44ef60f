"""Records of a family: a page of them, and what a list of any family is read with. Nothing here writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import BackendError, UsageError
from llama_storage_tui.model.data import Cursor, Order
from llama_storage_tui.model.families import KeyPlace, Page, Place, Query, RecordEntry, RecordFamily
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.records import Condition
from llama_storage_tui.services.records.counting import stored_count
from llama_storage_tui.services.records.keys import key_slice
from llama_storage_tui.services.records.merging import Slice, Sorts, list_name, merged
from llama_storage_tui.services.records.places import needed_places, needed_tables
from llama_storage_tui.services.records.rows import Look, entry_of, record_query, row_slice
from llama_storage_tui.services.records.sources import KeySource, RecordSource, opened, unread
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable
from llama_storage_tui.upstream.families import find_family

T = TypeVar("T")
ALL = Query()


Looks = Callable[[RecordSource], Look[T]]
"""Gives what makes a table's records into what is listed."""

Completes = Callable[[Sequence[T]], Awaitable[tuple[tuple[T, ...], tuple[Notice, ...]]]]
"""Adds to listed records what their rows do not say, and returns notices with them."""


async def _no_conditions(_query: Query) -> tuple[Condition, ...]:
    return ()


async def _as_they_are(records: Sequence[T]) -> tuple[tuple[T, ...], tuple[Notice, ...]]:
    return (*records,), ()


@dataclass(frozen=True, slots=True)
class ListedFamily(Generic[T]):
    """How the records of a family are listed, a page at a time and as they are stored.

    `sorts` gives what they are ordered by, `conditions` what more they have to meet than the query says. `keys` reads those that
    are values, None: the family has none. A table is asked for at least `at_once` of them: more than a page where most are left
    out.
    """

    family: RecordFamily
    looks: Looks[T]
    sorts: Sorts[T]
    keys: Callable[[KeySource, Query, Cursor | None], Awaitable[Slice[T]]] | None = None
    conditions: Callable[[Query], Awaitable[tuple[Condition, ...]]] = _no_conditions
    completed: Completes[T] = _as_they_are
    at_once: int = 0


def listed(family: RecordFamily) -> ListedFamily[RecordEntry]:
    """Return how a family is listed by what its description says."""

    async def keys(source: KeySource, query: Query, after: Cursor | None) -> Slice[RecordEntry]:
        return await key_slice(source.key_values, family, source.place, query, limit=query.limit, after=after)

    return ListedFamily(
        family,
        looks=lambda source: entry_of(source, family),
        sorts=lambda each: (each.time, each.id),
        keys=keys,
    )


async def list_records(session: Session, name: str, query: Query = ALL) -> Page[RecordEntry]:
    """Return a page of a family: rows in the query's order, values in key order after them.

    Raises UsageError for an unknown family, relation, filter or cursor, NotFoundError where the config keeps none of it,
    BackendError where no place can be read.
    """
    page, _ = await read_page(session, listed(find_family(name)), query)
    return page


async def read_page(session: Session, how: ListedFamily[T], query: Query) -> tuple[Page[T], frozenset[Place]]:
    """Return a page, and the places that have no more after it; raises as `list_records` does."""
    family = how.family
    places = needed_places(session.catalog, family)
    check_query(family, query)
    order = query.order if isinstance(query.order, Order) else None
    if order is not None:
        _check_columns(family, places)
    conditions = await how.conditions(query)
    sources = await opened(session, family, places)
    failures: list[tuple[Place, BackendError]] = []

    async def read(place: Place, after: Cursor | None, limit: int) -> Slice[T]:
        source = sources.sources.get(place)
        if isinstance(source, KeySource) and how.keys is not None:
            try:
                return await how.keys(source, replace(query, limit=limit), after)
            except BackendError as error:
                failures.append((place, error))
        elif isinstance(source, RecordSource) and not _cannot_relate(family, query):
            asked = record_query(source, family, query, conditions)
            asked = replace(asked, after=after, limit=max(limit, how.at_once))
            return await row_slice(session, source, asked, how.looks(source), order=query.order, enough=limit)
        return Slice(())

    page = await merged(
        places,
        read,
        sorts=how.sorts,
        limit=query.limit,
        after=query.after,
        name=list_name(session.catalog, family, places, query),
        order=order,
    )
    if failures and len(failures) == len(sources.sources) and query.after is None:
        raise failures[0][1]
    records, not_reported = await how.completed(page.found)
    unread_keys = (unread(place, error) for place, error in failures)
    notices = (*sources.notices, *page.notices, *unread_keys, *not_reported)
    found = Page(
        family,
        records,
        page.next,
        query.order,
        is_complete=sources.is_complete and not failures and not page.is_cut,
        notices=tuple(dict.fromkeys(notices)),
        read=None if order is None else await stored_count(session, family),
    )
    return found, page.ended


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


def _check_columns(family: RecordFamily, places: Sequence[Place]) -> None:
    """Refuse a sort of what lies in keys; raises UsageError."""
    kept = next((place for place in places if isinstance(place, KeyPlace)), None)
    if kept is not None:
        raise UsageError(
            f"{family.title} are kept as keys on backend {kept.backend}, which have no columns to sort by",
            help="They are listed in key order.",
        )


def _cannot_relate(family: RecordFamily, query: Query) -> bool:
    relation = None if query.of is None else family.relation(query.of[0])
    return relation is not None and not relation.columns
