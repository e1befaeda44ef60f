"""Finding responses: a page of them in either order, or all that a search finds, over every table that servers keep them in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from llama_storage_tui.backends.protocols import RecordReader
from llama_storage_tui.errors import BackendError, StorageToolError
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.model.records import RecordOrder, RecordPage, RecordQuery
from llama_storage_tui.model.responses import (
    Place,
    ResponseBatch,
    ResponsePage,
    ResponseQuery,
    ResponseSummary,
)
from llama_storage_tui.services.responses.membership import conversations_of, items_of
from llama_storage_tui.services.responses.merging import Slice, merged
from llama_storage_tui.services.responses.places import response_places
from llama_storage_tui.services.responses.summaries import NEEDED, conditions_of, fields_of, summary_of
from llama_storage_tui.services.session import Session

LARGE: Final = 50_000
"""Rows from which on sorting a table by time takes so long that a screen shows it as stored: 0.2 s on SQLite."""

_SIFTED: Final = 500
"""Records asked for at a time where only some are shown: newest first, each question is a scan."""

Sees = Callable[[ResponseSummary], bool]
"""Tells whether a response is shown: what a user may read."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A table that can be read, resolved to what is asked of it."""

    place: Place
    reader: RecordReader
    query: RecordQuery


async def list_responses(session: Session, query: ResponseQuery, *, sees: Sees | None = None) -> ResponsePage:
    """Return a page of responses; raises NotFoundError where the config keeps none, BackendError where no table can be read.

    `sees` filters here what the server does not: a page is then filled up with as many questions as it takes.
    """
    places = response_places(session.catalog)
    asked = query if sees is None else replace(query, limit=max(query.limit, _SIFTED))
    sources, notices = await _sources(session, places, asked)

    async def read(place: Place, after: Cursor | None) -> Slice[ResponseSummary]:
        source = sources.get(place)
        return (
            Slice((), (), has_more=False)
            if source is None
            else await _slice(session, source, after, query.limit, sees)
        )

    found, next_ = await merged(
        places,
        read,
        sorts=lambda summary: (summary.created_at, summary.id),
        limit=query.limit,
        after=query.after,
    )
    shown, unsaid = await _with_conversations(session, found)
    return ResponsePage(
        shown, next_, query.order, is_complete=len(sources) == len(places), notices=(*notices, *unsaid)
    )


async def search_responses(
    session: Session, query: ResponseQuery, *, sees: Sees | None = None
) -> AsyncGenerator[ResponseBatch, None]:
    """Yield the responses that a query finds, table after table as stored, with how far the search is.

    The query's limit and cursor are ignored. Raises as `list_responses` does.
    """
    places = response_places(session.catalog)
    sources, notices = await _sources(session, places, replace(query, order=RecordOrder.STORED, after=None))
    totals = [await source.reader.extent(source.query.table) for source in sources.values()]
    total = sum(extent.positions for extent in totals if extent)
    if notices:
        yield ResponseBatch((), 0, total, notices)
    said: set[str] = set()
    before = 0
    for source in sources.values():
        done = 0
        async with aclosing(source.reader.search(source.query)) as batches:
            async for batch in batches:
                found = (summary_of(source.place, record) for record in batch.records)
                seen = tuple(summary for summary in found if sees is None or sees(summary))
                kept, unsaid = await _with_conversations(session, seen)
                done = batch.done
                new = tuple(notice for notice in unsaid if notice not in said)
                said.update(new)
                yield ResponseBatch(kept, before + done, max(total, before + batch.total), new)
        before += done


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


async def _sources(
    session: Session, places: Sequence[Place], query: ResponseQuery
) -> tuple[dict[Place, _Source], tuple[str, ...]]:
    """Resolve each place; what cannot be read is a notice, unless nothing can."""
    items = None if query.conversation is None else await items_of(session, query.conversation)
    answers = await asyncio.gather(
        *(_source(session, place, query, items) for place in places), return_exceptions=True
    )
    sources: dict[Place, _Source] = {}
    notices: list[str] = []
    failures: list[StorageToolError] = []
    for place, answer in zip(places, answers, strict=True):
        match answer:
            case _Source():
                sources[place] = answer
            case str():
                notices.append(answer)
            case BackendError():
                failures.append(answer)
                notices.append(f"{place.table} on backend {place.backend} was not read: {answer.message}")
            case BaseException():
                raise answer
    if failures and not sources:
        raise failures[0]
    return sources, tuple(notices)


async def _source(
    session: Session, place: Place, query: ResponseQuery, items: tuple[str, ...] | None
) -> _Source | str:
    reader = await session.reader(place.backend)
    table = await reader.tables.table(place.table)
    if table is None:
        return f"There is no table {place.table} on backend {place.backend}: no server has stored a response there."
    columns = {column.name for column in table.columns}
    if missing := [name for name in NEEDED if name not in columns]:
        return f"Table {place.table} on backend {place.backend} holds no responses: it lacks {', '.join(missing)}."
    return _Source(
        place,
        reader.records,
        RecordQuery(
            place.table,
            fields_of(columns),
            conditions_of(query, items=items),
            order=query.order,
            limit=query.limit,
        ),
    )


async def _slice(
    session: Session, source: _Source, after: Cursor | None, limit: int, sees: Sees | None
) -> Slice[ResponseSummary]:
    """Return what one table has for a page: at least `limit` responses, unless it has no more."""
    found: list[ResponseSummary] = []
    cursors: list[Cursor] = []
    while True:
        page = await _page(session, source, after)
        for record, cursor in zip(page.records, page.cursors, strict=True):
            summary = summary_of(source.place, record)
            if sees is None or sees(summary):
                found.append(summary)
                cursors.append(cursor)
        after = page.next
        if after is None or len(found) >= limit:
            return Slice(tuple(found), tuple(cursors), has_more=after is not None)


async def _page(session: Session, source: _Source, after: Cursor | None) -> RecordPage:
    is_search = source.query.order is RecordOrder.NEWEST or bool(source.query.conditions)
    seconds = None if is_search else session.timeouts.query
    return await source.reader.page(replace(source.query, after=after), seconds=seconds)
