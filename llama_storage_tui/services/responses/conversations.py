"""Conversations: a page of them, and one with its items, the messages kept for it and the responses that wrote it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from llama_storage_tui.deferred import replace
from llama_storage_tui.errors import BackendError, NotFoundError, StorageToolError
from llama_storage_tui.model.conversations import ConversationDetail, ConversationItem
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import RecordEntry
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import AnyOf, Between, Equals, Field, OneOf, Record, RecordQuery, scan
from llama_storage_tui.model.transcript import Side, TranscriptEntry
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.records.pages import ListedFamily, find_entry, listed
from llama_storage_tui.services.records.places import needed_tables, table_places
from llama_storage_tui.services.records.sources import tables_there
from llama_storage_tui.services.responses import summaries
from llama_storage_tui.services.responses.item_tables import ItemTables, item_tables
from llama_storage_tui.services.responses.items import joined, read_item
from llama_storage_tui.services.responses.membership import (
    CONVERSATION,
    SMALL_TABLE,
    item_order,
    key_of,
    order_fields,
    records_of,
)
from llama_storage_tui.services.responses.tolerant_json import load
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import cell_text, is_storable, time_rank
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS
from llama_storage_tui.upstream.families.responses import CACHED_MESSAGES, RESPONSES

LONGEST_TURN: Final = 86_400
"""Seconds that a response may have run before its items were written: the bound that spares looking into older documents."""

IDS_AT_ONCE: Final = 5_000
"""Item ids of one scan: each is a parameter, of which SQLite takes 32,766."""

_ITEM: Final = Field("item", "item_data")
_TYPE: Final = Field("type", "item_data", ("type",))
_ROLE: Final = Field("role", "item_data", ("role",))


def listed_conversations(session: Session) -> ListedFamily[RecordEntry]:
    """Return how conversations are listed: each with the number of its `items`, None where counting them is not cheap."""
    return replace(listed(CONVERSATIONS), completed=lambda found: _counted(session, found))


async def _counted(
    session: Session, entries: Sequence[RecordEntry]
) -> tuple[tuple[RecordEntry, ...], tuple[Notice, ...]]:
    """Return conversations with the number of their `items`, and notices about what was not counted."""
    counts, unsaid = await _counts(session, [each.id for each in entries if isinstance(each.id, str)])
    return tuple(_with_items(each, counts) for each in entries), unsaid


def _with_items(entry: RecordEntry, counts: dict[str, int] | None) -> RecordEntry:
    items = counts.get(entry.id, 0) if counts is not None and isinstance(entry.id, str) else None
    return replace(entry, cells={**entry.cells, "items": items})


async def read_conversation(session: Session, id_: str) -> ConversationDetail:
    """Return one conversation, or what is left of it.

    Raises NotFoundError where neither it nor an item of it is there, BackendError. Without time limits: the responses, and before
    ogx 1.5 the items, are found by a scan.
    """
    conversation = await find_entry(session, CONVERSATIONS, id_)
    tables = await item_tables(session)
    items = await _items(session, tables, id_)
    if conversation is None and not items:
        raise NotFoundError(
            f"There is no conversation {id_!r}", help=Advice("", Step.LIST_RECORDS, "conversations")
        )
    messages: Cell = None
    responses: tuple[str, ...] = ()
    notices: list[Notice] = [*tables.notices]
    try:
        messages = await _messages(session, id_)
        responses = await _responses(session, id_, items)
    except StorageToolError as error:
        notices.append(Notice(NoticeKind.RESPONSES_OF_CONVERSATION_NOT_READ, why=error.message))
    if conversation is None:
        notices.append(Notice(NoticeKind.CONVERSATION_GONE))
    else:
        conversation = replace(conversation, cells={**conversation.cells, "items": len(items)})
    return ConversationDetail(id_, conversation, items, messages, responses, tuple(notices))


async def _counts(session: Session, ids: Sequence[str]) -> tuple[dict[str, int] | None, tuple[Notice, ...]]:
    """Return the number of items of each conversation, None where that takes a scan of a large table."""
    found: Counter[str] = Counter()
    wanted = [id_ for id_ in ids if is_storable(id_)]
    try:
        tables = await item_tables(session)
    except BackendError as error:
        return None, (Notice(NoticeKind.ITEMS_NOT_COUNTED, why=error.message),)
    if tables.is_split:
        return None, tables.notices
    for place in tables.places if wanted else ():
        try:
            reader = await session.reader(place.backend)
            table = await reader.tables.table(place.table)
            if table is None:
                continue
            extent = await reader.records.extent(place.table)
        except BackendError as error:
            return None, (Notice(NoticeKind.ITEMS_NOT_COUNTED, why=error.message),)
        if key_of(table)[:1] != ("conversation_id",) and extent is not None and extent.rows > SMALL_TABLE:
            kind = NoticeKind.ITEMS_NOT_INDEXED_BY_CONVERSATION
            return None, (Notice(kind, place.table, count=extent.rows),)
        query = RecordQuery(place.table, (CONVERSATION,), id="conversation_id")
        found.update(str(each["conversation_id"]) for each in await reader.records.find(query, wanted))
    return found, tables.notices


async def _items(session: Session, tables: ItemTables, id_: str) -> tuple[ConversationItem, ...]:
    found: list[Record] = []
    async for place, reader, table in tables_there(session, tables.places if is_storable(id_) else ()):
        query = RecordQuery(place.table, (summaries.ID, *order_fields(table), _TYPE, _ROLE, _ITEM))
        # A copy that was not marked leaves an item in both tables.
        known = {record["id"] for record in found}
        found += [each for each in await records_of(reader, table, query, id_) if each["id"] not in known]
    return await asyncio.to_thread(_read, sorted(found, key=item_order))


def _read(records: Sequence[Record]) -> tuple[ConversationItem, ...]:
    """Read items, each call with what answered it."""
    entries = {
        at: entry for at, record in enumerate(records) if (entry := _entry(record["item"], at)) is not None
    }
    whole = dict(zip(entries, joined([*entries.values()]), strict=True))
    return tuple(_item(record, whole.get(at)) for at, record in enumerate(records))


def _entry(text: Cell, position: int) -> TranscriptEntry | None:
    try:
        return read_item(load(text), Side.INPUT, position) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _item(record: Record, entry: TranscriptEntry | None) -> ConversationItem:
    return ConversationItem(
        record["id"],
        record.get("created_at"),
        sort_order=record.get("sort_order"),
        type=cell_text(record["type"]),
        role=cell_text(record["role"]),
        item=record["item"],
        entry=entry,
    )


async def _messages(session: Session, id_: str) -> Cell:
    places = table_places(session.catalog, CACHED_MESSAGES)
    async for place, reader, _ in tables_there(session, places):
        # The table has no time to sort by; a look-up sorts by none.
        query = RecordQuery(
            place.table, (Field("messages", "messages"),), id="conversation_id", time="conversation_id"
        )
        for record in await reader.records.find(query, [id_]):
            return record["messages"]
    return None


async def _responses(session: Session, id_: str, items: Sequence[ConversationItem]) -> tuple[str, ...]:
    ids = [
        each.id for each in items if isinstance(each.id, str) and is_storable(each.id) and each.role != "user"
    ]
    times = [float(each.created_at) for each in items if isinstance(each.created_at, int | float)]
    written = (
        [Between(summaries.CREATED, min(times) - LONGEST_TURN, max(times) + LONGEST_TURN)] if times else []
    )
    stored = [Equals(field, id_) for field in (summaries.CONVERSATION, summaries.CONVERSATION_ID)]
    found: dict[str, Cell] = {}
    places = needed_tables(session.catalog, RESPONSES)
    async for place, reader, _ in tables_there(session, places):
        for start in range(0, max(1, len(ids)), IDS_AT_ONCE):
            belongs = AnyOf((OneOf(summaries.OUTPUT_IDS, tuple(ids[start : start + IDS_AT_ONCE])), *stored))
            query = scan(place.table, (summaries.ID, summaries.CREATED), *written, belongs)
            async with aclosing(reader.records.search(query)) as batches:
                async for batch in batches:
                    found |= {str(each["id"]): each["created_at"] for each in batch.records}
    return tuple(sorted(found, key=lambda each: (time_rank(found[each]), each)))
