"""What has happened lately and what deserves a look, for the main screen: a few bounded reads of the backends looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, StorageToolError
from llama_storage_tui.model.conversations import OrphanReport
from llama_storage_tui.model.data import Count
from llama_storage_tui.model.families import Query, RecordFamily, TablePlace
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import ResponseSummary
from llama_storage_tui.model.statistics import ResponseStatistics
from llama_storage_tui.services.records.counting import counted_on
from llama_storage_tui.services.records.places import places_of, table_places
from llama_storage_tui.services.responses.listing import list_responses
from llama_storage_tui.services.responses.orphans import find_orphans
from llama_storage_tui.services.responses.statistics import statistics
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families import OBJECTS
from llama_storage_tui.upstream.families.completions import COMPLETIONS
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS, ITEMS
from llama_storage_tui.upstream.families.responses import RESPONSES

LATEST: Final = 4
NONE_FAILED: Final[Mapping[str, str]] = MappingProxyType({})
MOST_ITEMS: Final = 1_000
"""Items of conversations, from the last stored on, among which orphans are looked for."""


@dataclass(frozen=True, slots=True)
class FamilyCount:
    """How many records of a kind there are; `is_more` where those are not all."""

    count: Count | None = None
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """What is known so far: None, or empty, of what was not read (yet).

    `elsewhere` are the backends that responses are on and that nobody asked; `problem` says why those could not be read that were
    asked.
    """

    statistics: ResponseStatistics | None = None
    latest: tuple[ResponseSummary, ...] = ()
    conversations: FamilyCount = FamilyCount()
    completions: FamilyCount = FamilyCount()
    objects: FamilyCount = FamilyCount()
    orphans: OrphanReport | None = None
    keeps_responses: bool = True
    elsewhere: tuple[str, ...] = ()
    problem: str | None = None


async def activity(
    session: Session, looked_at: Collection[str], *, now: float, failed: Mapping[str, str] = NONE_FAILED
) -> AsyncGenerator[Activity, None]:
    """Yield what is known of the records on some backends, which answer: growing, the responses first. Contacts no other.

    `failed` has a sentence for each backend that was asked and did not answer.
    """
    found = _begun(session, looked_at, failed)
    yield found
    if found.keeps_responses and not found.elsewhere and found.problem is None:
        try:
            async with aclosing(statistics(session, now=now)) as views:
                async for seen in views:
                    found = replace(found, statistics=seen)
            yield found
            page = await list_responses(session, Query(order=RecordOrder.STORED, limit=LATEST))
            found = replace(found, latest=page.records)
        except StorageToolError as error:
            found = replace(found, problem=error.message)
    yield found
    conversations, completions, objects = await asyncio.gather(
        _count(session, (CONVERSATIONS,), looked_at),
        _count(session, (COMPLETIONS,), looked_at),
        _count(session, OBJECTS, looked_at),
    )
    found = replace(found, conversations=conversations, completions=completions, objects=objects)
    yield found
    if all(place.backend in looked_at for place in table_places(session.catalog, ITEMS)):
        try:
            yield replace(found, orphans=await find_orphans(session, most_items=MOST_ITEMS))
        except StorageToolError:
            # Its own screen says why.
            return


def _begun(session: Session, looked_at: Collection[str], failed: Mapping[str, str]) -> Activity:
    places = [place for place in places_of(session.catalog, RESPONSES) if isinstance(place, TablePlace)]
    unread = dict.fromkeys(place.backend for place in places if place.backend not in looked_at)
    elsewhere = tuple(name for name in unread if name not in failed)
    problem = next((failed[name] for name in unread if name in failed), None)
    return Activity(keeps_responses=bool(places), elsewhere=elsewhere, problem=problem)


async def _count(
    session: Session, families: Sequence[RecordFamily], backends: Collection[str]
) -> FamilyCount:
    try:
        counts = await counted_on(session, families, backends)
    except BackendError:
        return FamilyCount()
    known = [count for count in counts if count is not None]
    if not known:
        return FamilyCount()
    total = Count(sum(count.value for count in known), all(count.is_exact for count in known))
    return FamilyCount(total, is_more=len(known) < len(counts))
