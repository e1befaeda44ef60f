"""Finding responses: a page of them in either order, or all that a search finds, over every table that servers keep them in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final

from llama_storage_tui.errors import BackendError, UsageError
from llama_storage_tui.model.access import Decision, Hiding
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.model.limits import LONGEST_CELL
from llama_storage_tui.model.records import RecordBatch, RecordOrder, RecordPage, RecordQuery
from llama_storage_tui.model.responses import (
    Place,
    ResponseBatch,
    ResponsePage,
    ResponseQuery,
    ResponseSummary,
)
from llama_storage_tui.services.responses.membership import conversations_of, items_of
from llama_storage_tui.services.responses.merging import START, Slice, encode, merged, positions_of
from llama_storage_tui.services.responses.places import response_places
from llama_storage_tui.services.responses.sources import RESPONSES, Source, sources_of
from llama_storage_tui.services.responses.summaries import conditions_of, fields_of, summary_of
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.resuming import STATUSES

LARGE: Final = 50_000
"""Rows from which on sorting a table by time takes so long that a screen shows it as stored: 0.2 s on SQLite."""

_AT_ONCE: Final = 200
"""Records that are summed up before anything else that runs has its turn."""

_SIFTED: Final = 500
"""Records asked for at a time where only some are shown: newest first, each question is a scan."""

Sees = Callable[[ResponseSummary], Decision]
"""Tells whether a response is shown: what a user may read, and what hides the rest."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A table with what it is asked."""

    source: Source
    query: RecordQuery


@dataclass(frozen=True, slots=True)
class _Met:
    """A response that is shown, with what was met since the one before and is not: itself where it is marked as hidden."""

    summary: ResponseSummary
    hidden: Counter[Hiding]


@dataclass(slots=True)
class _Eyes:
    """Looks at responses as a user would (None: sees everything); `marks` lets pass what is hidden, marked as such."""

    sees: Sees | None
    marks: bool
    unsaid: Counter[Hiding] = field(default_factory=Counter)
    """What was hidden since it was last asked for."""

    def look(self, summary: ResponseSummary) -> ResponseSummary | None:
        """Return a response that is shown, None for one that is not."""
        decision = None if self.sees is None else self.sees(summary)
        hiding = None if decision is None else decision.hiding
        if hiding is None:
            return summary
        self.unsaid[hiding] += 1
        return replace(summary, hidden=decision) if self.marks else None

    def hidden(self) -> Counter[Hiding]:
        """Return what was hidden since the last time."""
        found, self.unsaid = self.unsaid, Counter()
        return found


async def list_responses(
    session: Session, query: ResponseQuery, *, sees: Sees | None = None, marks: bool = False
) -> ResponsePage:
    """Return a page of responses; raises NotFoundError where the config keeps none, BackendError where no table can be read.

    Raises UsageError where nothing is found with a status that no server writes.

    `sees` filters here what the server does not: a page is then filled up with as many questions as it takes. With `marks` it
    filters nothing: what it would have is `hidden`.
    """
    places = response_places(session.catalog)
    is_sifted = sees is not None and not marks
    wanted = replace(query, limit=max(query.limit, _SIFTED)) if is_sifted else query
    sources, notices = await _asked(session, places, wanted)
    ends: dict[Place, tuple[int, Counter[Hiding]]] = {}

    async def read(place: Place, after: Cursor | None) -> Slice[_Met]:
        source = sources.get(place)
        if source is None:
            return Slice((), (), has_more=False)
        eyes = _Eyes(sees, marks)
        part = await _slice(session, source, after, query.limit, eyes)
        if not part.has_more:
            ends[place] = len(part.found), eyes.hidden()
        return part

    found, next_ = await merged(
        places,
        read,
        sorts=lambda met: (met.summary.created_at, met.summary.id),
        limit=query.limit,
        after=query.after,
    )
    if not found and len(sources) == len(places) and not _hidden(found, ends):
        _check_status(query)
    shown, unsaid = await _with_conversations(session, [met.summary for met in found])
    return ResponsePage(
        shown,
        next_,
        query.order,
        is_complete=len(sources) == len(places),
        notices=(*notices, *unsaid),
        hidden=_hidden(found, ends),
    )


def _check_status(query: ResponseQuery) -> None:
    """Refuse a status that found nothing and that no server writes: a misspelt one, as far as anybody can tell.

    Not before anything was looked for: what else has written to the table may use a status of its own.
    """
    if query.status is not None and query.status not in STATUSES and query.after is None:
        meant = get_close_matches(query.status.strip().lower().replace(" ", "_"), STATUSES, n=1)
        suggestion = f"Did you mean {meant[0]}? " if meant else ""
        raise UsageError(
            f"No responses match: no server writes the status {query.status!r}",
            help=f"{suggestion}Servers write {', '.join(STATUSES)}.",
        )


def _hidden(found: Sequence[_Met], ends: Mapping[Place, tuple[int, Counter[Hiding]]]) -> Counter[Hiding]:
    """Count what a page hides: before each response that it shows, and at the end of each table that it finishes."""
    shown = Counter(met.summary.place for met in found)
    hidden = [met.hidden for met in found]
    hidden += [rest for place, (number, rest) in ends.items() if shown[place] == number]
    return sum(hidden, Counter())


async def search_responses(
    session: Session,
    query: ResponseQuery,
    *,
    sees: Sees | None = None,
    marks: bool = False,
    most: int | None = None,
) -> AsyncGenerator[ResponseBatch, None]:
    """Yield the responses that a query finds, table after table as stored, with how far the search is.

    With `most` it stops at that many; the last batch says where to go on: as the cursor of another search. The query's limit is
    ignored. Raises as `list_responses` does.
    """
    places = response_places(session.catalog)
    starts = positions_of(places, query.after)
    sources, notices = await _asked(session, places, replace(query, order=RecordOrder.STORED, after=None))
    sizes = {place: await _positions(asked.source) for place, asked in sources.items()}
    total = sum(sizes.values())
    if notices:
        yield ResponseBatch((), 0, total, notices)
    eyes = _Eyes(sees, marks)
    said: set[str] = set()
    before, room, has_found = 0, most, False
    for index, (place, start) in enumerate(zip(places, starts, strict=True)):
        asked = sources.get(place)
        if asked is not None and start is not None:
            query_here = replace(asked.query, after=start or None, with_cursors=most is not None)
            async with aclosing(asked.source.records.search(query_here)) as batches:
                async for batch in batches:
                    seen, last = await _seen(place, batch, eyes, room)
                    room = None if room is None else room - len(seen)
                    has_found = has_found or bool(batch.records)
                    kept, unsaid = await _with_conversations(session, seen)
                    new = tuple(notice for notice in unsaid if notice not in said)
                    said.update(new)
                    # Where a search goes on, what lies before counts as done.
                    done = before + max(0, sizes[place] - batch.total) + batch.done
                    here = [None] * index + [last] + [START] * (len(places) - index - 1)
                    next_ = None if last is None else encode(here)
                    whole = max(total, before + batch.total)
                    yield ResponseBatch(kept, done, whole, new, hidden=eyes.hidden(), next=next_)
                    if next_ is not None:
                        return
        before += sizes.get(place, 0)
    if not has_found and len(sources) == len(places):
        _check_status(query)


async def _positions(source: Source) -> int:
    extent = await source.records.extent(source.place.table)
    return extent.positions if extent else 0


async def _seen(
    place: Place, batch: RecordBatch, eyes: _Eyes, room: int | None
) -> tuple[list[ResponseSummary], Cursor | None]:
    """Return those of a batch that are shown, up to `room`, and where that ended if there is no more room."""
    found: list[ResponseSummary] = []
    for index, record in enumerate(batch.records):
        if index % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        summary = eyes.look(summary_of(place, record))
        if summary is not None:
            found.append(summary)
        if len(found) == room:
            return found, batch.cursors[index]
    return found, None


async def _with_conversations(
    session: Session, summaries: Sequence[ResponseSummary]
) -> tuple[tuple[ResponseSummary, ...], tuple[str, ...]]:
    """Add the conversations that the responses' output items stand in, with what was not looked up."""
    unknown = [summary for summary in summaries if summary.conversation is None]
    membership = await conversations_of(session, [id_ for each in unknown for id_ in each.output_ids])

    def completed(summary: ResponseSummary) -> ResponseSummary:
        names = (membership.conversations.get(id_) for id_ in summary.output_ids)
        found = next((name for name in names if name is not None), None)
        if summary.conversation is not None or found is None:
            return summary
        return replace(summary, conversation=found, conversation_inferred=True)

    return tuple(completed(summary) for summary in summaries), membership.notices


async def is_large(session: Session) -> bool:
    """Tell whether there are so many responses that newest first would take long: a screen then shows them as stored."""
    for place in response_places(session.catalog):
        try:
            extent = await (await session.reader(place.backend)).records.extent(place.table)
        except BackendError:
            continue
        if extent is not None and extent.rows > LARGE:
            return True
    return False


async def _asked(
    session: Session, places: Sequence[Place], query: ResponseQuery
) -> tuple[dict[Place, _Asked], tuple[str, ...]]:
    """Resolve each place to what it is asked; what cannot be read is a notice, unless nothing can."""
    items = None if query.conversation is None else await items_of(session, query.conversation)
    sources, notices = await sources_of(session, places, RESPONSES)
    conditions = conditions_of(query, items=items)
    asked = {
        place: _Asked(
            source,
            RecordQuery(
                place.table,
                fields_of(source.columns),
                conditions,
                order=query.order,
                limit=query.limit,
                cell_limit=LONGEST_CELL,
            ),
        )
        for place, source in sources.items()
    }
    return asked, notices


async def _slice(
    session: Session, asked: _Asked, after: Cursor | None, limit: int, eyes: _Eyes
) -> Slice[_Met]:
    """Return what one table has for a page: at least `limit` responses, unless it has no more."""
    found: list[_Met] = []
    cursors: list[Cursor] = []
    while True:
        page = await _page(session, asked, after)
        for record, cursor in zip(page.records, page.cursors, strict=True):
            summary = eyes.look(summary_of(asked.source.place, record))
            if summary is not None:
                found.append(_Met(summary, eyes.hidden()))
                cursors.append(cursor)
        after = page.next
        if after is None or len(found) >= limit:
            return Slice(tuple(found), tuple(cursors), has_more=after is not None)


async def _page(session: Session, asked: _Asked, after: Cursor | None) -> RecordPage:
    is_search = asked.query.order is RecordOrder.NEWEST or bool(asked.query.conditions)
    seconds = None if is_search else session.timeouts.query
    return await asked.source.records.page(replace(asked.query, after=after), seconds=seconds)
