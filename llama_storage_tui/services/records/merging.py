"""One listing over several places, with one cursor for all: tables beside each other merged by time, keys in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import field
from itertools import groupby
from typing import Final, Generic, TypeVar

from llama_storage_tui.backends import cursors
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import Cell, Cursor, Order
from llama_storage_tui.model.families import Match, Place, Query, RecordFamily, TablePlace
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.records import SortValue

T = TypeVar("T")
PlaceT = TypeVar("PlaceT", bound=Place)

START: Final = ""
"""In a cursor: a place of which nothing was shown yet; None is one that has no more."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The next part of one place: what was found, the cursor after each, and where it goes on after all of it (None: nowhere).

    A place that is read alone needs no cursors between. `values` are what each is sorted by, where that can be compared with what
    other places are sorted by. `is_cut` where a budget stopped the search before there was enough.
    """

    found: tuple[T, ...]
    cursors: tuple[Cursor, ...] = ()
    next: Cursor | None = None
    notices: tuple[Notice, ...] = ()
    is_cut: bool = False
    values: tuple[SortValue, ...] | None = None


@dataclass(slots=True)
class Merged(Generic[T, PlaceT]):
    """A page over all places; `ended` are those that have no more after it."""

    found: list[T] = field(default_factory=list)
    next: Cursor | None = None
    ended: frozenset[PlaceT] = frozenset()
    notices: tuple[Notice, ...] = ()
    is_cut: bool = False


Reads = Callable[[PlaceT, Cursor | None, int], Awaitable[Slice[T]]]
"""Reads a slice of one place from a cursor on (None: from its beginning), of about so many."""

Sorts = Callable[[T], tuple[Cell, Cell]]
"""Returns what a record is ordered by: its time, then its id."""


async def merged(
    places: Sequence[PlaceT],
    read: Reads[PlaceT, T],
    *,
    sorts: Sorts[T],
    limit: int,
    after: Cursor | None,
    name: str,
    order: Order | None = None,
) -> Merged[T, PlaceT]:
    """Return a page over all places: of tables beside each other the newest first, keys one place after the other.

    Each table's own order is kept, so that tables read as stored come close to it. With an `order` all of them are sorted by it.
    Raises UsageError for what is not a cursor of the list of that name, and for an order that only one table can have.
    """
    positions = dict(zip(places, positions_of(places, after, name), strict=True))
    page: Merged[T, PlaceT] = Merged()
    notices: dict[Notice, None] = {}
    for group in _groups(places):
        open_ = {place: at for place in group if (at := positions[place]) is not None}
        room = limit - len(page.found)
        # A full page is followed by another one only where there is more: the next places are asked for their first record.
        slices = await asyncio.gather(*(read(place, at or None, max(room, 1)) for place, at in open_.items()))
        parts = dict(zip(open_, slices, strict=True))
        if room > 0:
            notices |= dict.fromkeys(notice for part in slices for notice in part.notices)
        rank = _by_time(parts, sorts) if order is None else _by_value(parts, sorts, order)
        taken = _take(parts, rank, room, page.found)
        for place, part in parts.items():
            positions[place] = _after(part, taken[place], positions[place])
        if room > 0 and any(part.is_cut for part in slices):
            page.is_cut = True
            break
        if len(page.found) >= limit and any(positions[place] is not None for place in group):
            break
    page.ended = frozenset(place for place, position in positions.items() if position is None)
    page.next = (
        None if len(page.ended) == len(positions) else encode([positions[place] for place in places], name)
    )
    page.notices = tuple(notices)
    return page


def _groups(places: Sequence[PlaceT]) -> Iterator[list[PlaceT]]:
    """Yield tables that stand beside each other together, each other place alone."""
    for is_table, group in groupby(places, lambda place: isinstance(place, TablePlace)):
        if is_table:
            yield [*group]
        else:
            yield from ([place] for place in group)


Ranks = Callable[[PlaceT, int], tuple[object, ...]]
"""Returns where the head of a place belongs, by its number there: the greatest one comes first."""


def _by_time(parts: dict[PlaceT, Slice[T]], sorts: Sorts[T]) -> Ranks[PlaceT]:
    return lambda place, head: _rank(sorts(parts[place].found[head]))


def _by_value(parts: dict[PlaceT, Slice[T]], sorts: Sorts[T], order: Order) -> Ranks[PlaceT]:
    filled = [part for part in parts.values() if part.found]
    if len(filled) > 1 and any(part.values is None for part in filled):
        raise UsageError(
            f"{order.column!r} has an order that only its own server knows, and this list lies in several tables",
            help="Choose another column.",
        )

    def rank(place: PlaceT, head: int) -> tuple[object, ...]:
        values, (_, id_) = parts[place].values, sorts(parts[place].found[head])
        value = None if values is None else values[head]
        # Rows without a value come last in both directions.
        found = (value or (0, 0), "" if id_ is None else str(id_))
        return value is not None, found if order.is_descending else _Rising(found)

    return rank


@dataclass(frozen=True, slots=True)
class _Rising:
    """What comes the earlier the less it is."""

    value: tuple[SortValue, str]

    def __lt__(self, other: _Rising) -> bool:
        return other.value < self.value


def _take(parts: dict[PlaceT, Slice[T]], rank: Ranks[PlaceT], room: int, page: list[T]) -> dict[PlaceT, int]:
    """Move up to so many records to the page, the first head first; returns how many of each place."""
    heads = dict.fromkeys(parts, 0)
    for _ in range(room):
        standing = [place for place, head in heads.items() if head < len(parts[place].found)]
        if not standing:
            break
        best = (
            standing[0] if len(standing) == 1 else max(standing, key=lambda place: rank(place, heads[place]))
        )
        page.append(parts[best].found[heads[best]])
        heads[best] += 1
    return heads


def _after(part: Slice[T], shown: int, before: str | None) -> str | None:
    if shown == len(part.found):
        # Nothing found and more to come: a budget ended, and the search goes on where it was.
        return part.next
    return part.cursors[shown - 1] if shown else before


def _rank(key: tuple[Cell, Cell]) -> tuple[int, float, str]:
    """Order as the engines do: text where a time should be before numbers, no time at all last."""
    time, id_ = key
    if isinstance(time, int | float):
        return 1, float(time), str(id_)
    return (0, 0.0, str(id_)) if time is None else (2, 0.0, str(id_))


def positions_of(places: Sequence[Place], after: Cursor | None, name: str) -> list[str | None]:
    """Return where to go on in each place: None in one that has no more, empty text at its beginning.

    Raises UsageError for what is not a cursor of the list of that name.
    """
    if after is None:
        return [START] * len(places)
    parts = cursors.decode(after, name, length=len(places)).parts
    return [None if part is None else part[1] for part in parts]


def encode(positions: Sequence[str | None], name: str) -> Cursor:
    """Make the cursor that `positions_of` reads."""
    return cursors.encode(name, [None if position is None else ("s", position) for position in positions])


def list_name(catalog: Catalog, family: RecordFamily, places: Sequence[Place], query: Query) -> str:
    """Name a list for its cursors: by where it lies and what it lets through.

    Times are left out, since those that count back from now move between two pages; further conditions, and whether the newest
    come first, are in the cursors of the places.
    """
    there = [
        (each.location if (each := catalog.backend(place.backend)) is not None else "", str(place))
        for place in places
    ]
    texts = sorted(
        (each.name, query.text(each.name))
        for each in family.filters
        if each.name in query.filters and each.match not in (Match.SINCE, Match.UNTIL)
    )
    by = (("by", query.order.column, query.order.is_descending),) if isinstance(query.order, Order) else ()
    return cursors.fingerprint(family.name, there, query.of, texts, *by)
