"""Finding responses: a page of them in either order, or all that a search finds, over every table that servers keep them in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import field
from difflib import get_close_matches
from typing import Final

from llama_storage_tui.backends.comparing import texts_of
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import BackendError, UsageError
from llama_storage_tui.model.access import Decision, Hiding
from llama_storage_tui.model.data import Cursor, Operator
from llama_storage_tui.model.families import Place, Query, TablePlace
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.records import Condition, Record, RecordBatch, RecordOrder
from llama_storage_tui.model.responses import ResponseBatch, ResponsePage, ResponseSummary
from llama_storage_tui.services.records.following import Follower
from llama_storage_tui.services.records.merging import START, encode, list_name, positions_of
from llama_storage_tui.services.records.pages import ListedFamily, check_query, read_page
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.records.row_conditions import parse_text
from llama_storage_tui.services.records.rows import LARGE, Look, record_query
from llama_storage_tui.services.records.sources import RecordSource, opened
from llama_storage_tui.services.responses.membership import RecentTables, conversations_of, items_of
from llama_storage_tui.services.responses.summaries import belongs_to, summary_of
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families.responses import RESPONSES
from llama_storage_tui.upstream.resuming import STATUSES

_AT_ONCE: Final = 200
"""Records that are summed up before anything else that runs has its turn."""

_FILTERED: Final = 500
"""Records asked for at a time where only some are shown: newest first, each question is a scan."""

_NAMING: Final = (Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN)
"""Operators of filters that name statuses as a whole."""

Visibility = Callable[[ResponseSummary], Decision]
"""Tells whether a response is shown: what a user may read, and what hides the rest."""


@dataclass(frozen=True, slots=True)
class _ListedResponse:
    """A response that is shown, with what was met since the one before and is not: itself where it is marked as hidden."""

    summary: ResponseSummary
    hidden: Counter[Hiding]


@dataclass(slots=True)
class ViewFilter:
    """Looks at responses as a user would (None: sees everything); `marks` lets pass what is hidden, marked as such."""

    sees: Visibility | None
    marks: bool
    not_reported: Counter[Hiding] = field(default_factory=Counter)
    """What was hidden since it was last asked for."""

    def look(self, summary: ResponseSummary) -> ResponseSummary | None:
        """Return a response that is shown, None for one that is not."""
        decision = None if self.sees is None else self.sees(summary)
        hiding = None if decision is None else decision.hiding
        if hiding is None:
            return summary
        self.not_reported[hiding] += 1
        return replace(summary, hidden=decision) if self.marks else None

    def hidden(self) -> Counter[Hiding]:
        """Return what was hidden since the last time."""
        found, self.not_reported = self.not_reported, Counter()
        return found


async def list_responses(
    session: Session, query: Query, *, sees: Visibility | None = None, marks: bool = False
) -> ResponsePage:
    """Return a page of responses; raises NotFoundError where the config keeps none, BackendError where no table can be read.

    Raises UsageError where nothing is found with a status that no server writes.

    `sees` filters here what the server does not: a page is then filled up with as many questions as it takes. With `marks` it
    filters nothing: what it would have is `hidden`.
    """
    views: dict[Place, ViewFilter] = {}

    def looks(source: RecordSource) -> Look[_ListedResponse]:
        view = views[source.place] = ViewFilter(sees, marks)
        return lambda record: _met(view, source.place, record)

    is_filtered = sees is not None and not marks
    how = ListedFamily(
        RESPONSES,
        looks,
        sorts=lambda met: (met.summary.created_at, met.summary.id),
        conditions=lambda query: membership_conditions(session, query),
        at_once=_FILTERED if is_filtered else 0,
    )
    page, ended = await read_page(session, how, query)
    # Before each response that the page shows, and at the end of each table that it finishes.
    hidden = sum(
        [met.hidden for met in page.records] + [views[place].hidden() for place in ended if place in views],
        Counter(),
    )
    if not page.records and page.is_complete and not hidden:
        _check_status(query)
    shown, not_reported = await with_conversations(session, [met.summary for met in page.records])
    return ResponsePage(
        RESPONSES,
        shown,
        page.next,
        query.order,
        is_complete=page.is_complete,
        notices=(*page.notices, *not_reported),
        read=page.read,
        hidden=hidden,
    )


def _met(view: ViewFilter, place: TablePlace, record: Record) -> _ListedResponse | None:
    summary = view.look(summary_of(place, record))
    return None if summary is None else _ListedResponse(summary, view.hidden())


def _check_status(query: Query) -> None:
    """Refuse a status that found nothing and that no server writes: a misspelt one, as far as anybody can tell.

    Not before anything was looked for: what else has written to the table may use a status of its own.
    """
    written = query.text("status")
    found = parse_text(written or "")
    named = texts_of(found) if written is not None and found.operator in _NAMING else ()
    status = next((each for each in named if each not in STATUSES), None)
    if status is not None and query.after is None:
        meant = get_close_matches(status.strip().lower().replace(" ", "_"), STATUSES, n=1)
        suggestion = f"Did you mean {meant[0]}? " if meant else ""
        raise UsageError(
            f"No response has the status {status!r}, and no server writes it",
            help=f"{suggestion}Servers write {', '.join(STATUSES)}.",
        )


def follow_responses(
    session: Session, query: Query, *, sees: Visibility | None = None, marks: bool = False
) -> Follower[ResponseSummary]:
    """Return what follows the responses that a list asks for; arguments and errors are those of `list_responses`."""
    view = ViewFilter(sees, marks)
    recent = RecentTables(session)
    how = ListedFamily(
        RESPONSES,
        looks=lambda source: lambda record: view.look(summary_of(source.place, record)),
        sorts=lambda summary: (summary.created_at, summary.id),
        conditions=lambda query: membership_conditions(session, query),
        completed=lambda found: with_conversations(session, found, recent),
    )
    return Follower(session, how, query)


async def search_responses(
    session: Session,
    query: Query,
    *,
    sees: Visibility | None = None,
    marks: bool = False,
    most: int | None = None,
) -> AsyncGenerator[ResponseBatch, None]:
    """Yield the responses that a query finds, table after table as stored, with how far the search is.

    With `most` it stops at that many; the last batch says where to go on: as the cursor of another search. The query's limit is
    ignored. Raises as `list_responses` does.
    """
    places = needed_tables(session.catalog, RESPONSES)
    name = list_name(session.catalog, RESPONSES, places, query)
    starts = positions_of(places, query.after, name)
    check_query(RESPONSES, query)
    conditions = await membership_conditions(session, query)
    sources = await opened(session, RESPONSES, places)
    stored = replace(query, order=RecordOrder.STORED, after=None)
    sizes = {source.place: await _positions(source) for source in sources.tables}
    total = sum(sizes.values())
    if sources.notices:
        yield ResponseBatch((), 0, total, sources.notices)
    view = ViewFilter(sees, marks)
    said: set[Notice] = set()
    before, room, has_found = 0, most, False
    for index, (place, start) in enumerate(zip(places, starts, strict=True)):
        source = sources.sources.get(place)
        if isinstance(source, RecordSource) and start is not None:
            asked = record_query(source, RESPONSES, stored, conditions)
            query_here = replace(asked, after=start or None, with_cursors=most is not None)
            async with aclosing(source.records.search(query_here)) as batches:
                async for batch in batches:
                    seen, last = await _seen(place, batch, view, room)
                    room = None if room is None else room - len(seen)
                    has_found = has_found or bool(batch.records)
                    kept, not_reported = await with_conversations(session, seen)
                    new = tuple(notice for notice in not_reported if notice not in said)
                    said.update(new)
                    # Where a search goes on, what lies before counts as done.
                    done = before + max(0, sizes[place] - batch.total) + batch.done
                    here = [None] * index + [last] + [START] * (len(places) - index - 1)
                    next_ = None if last is None else encode(here, name)
                    whole = max(total, before + batch.total)
                    yield ResponseBatch(kept, done, whole, new, hidden=view.hidden(), next=next_)
                    if next_ is not None:
                        return
        before += sizes.get(place, 0)
    if not has_found and sources.is_complete:
        _check_status(query)


async def _positions(source: RecordSource) -> int:
    extent = await source.records.extent(source.place.table)
    return extent.positions if extent else 0


async def _seen(
    place: TablePlace, batch: RecordBatch, view: ViewFilter, room: int | None
) -> tuple[list[ResponseSummary], Cursor | None]:
    """Return those of a batch that are shown, up to `room`, and where that ended if there is no more room."""
    found: list[ResponseSummary] = []
    for index, record in enumerate(batch.records):
        if index % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        summary = view.look(summary_of(place, record))
        if summary is not None:
            found.append(summary)
        if len(found) == room:
            return found, batch.cursors[index]
    return found, None


async def with_conversations(
    session: Session, summaries: Sequence[ResponseSummary], recent: RecentTables | None = None
) -> tuple[tuple[ResponseSummary, ...], tuple[Notice, ...]]:
    """Add the conversations that the responses' output items stand in, with what was not looked up."""
    unknown = [summary for summary in summaries if summary.conversation is None]
    membership = await conversations_of(session, [id_ for each in unknown for id_ in each.output_ids], recent)

    def completed(summary: ResponseSummary) -> ResponseSummary:
        names = (membership.conversations.get(id_) for id_ in summary.output_ids)
        found = next((name for name in names if name is not None), None)
        if summary.conversation is not None or found is None:
            return summary
        return replace(summary, conversation=found, conversation_inferred=True)

    return tuple(completed(summary) for summary in summaries), membership.notices


async def membership_conditions(session: Session, query: Query) -> tuple[Condition, ...]:
    """Return the conditions of the wanted conversation: no server stores it with every response."""
    conversation = query.text("conversation")
    return () if conversation is None else (belongs_to(query, await items_of(session, conversation)),)


async def is_large(session: Session) -> bool:
    """Tell whether there are so many responses that newest first would take long: a screen then shows them as stored."""
    for place in needed_tables(session.catalog, RESPONSES):
        try:
            extent = await (await session.reader(place.backend)).records.extent(place.table)
        except BackendError:
            continue
        if extent is not None and extent.rows > LARGE:
            return True
    return False
