"""Stored conversations: their items, the messages a server keeps ready for them, and the responses that wrote them."""

from __future__ import annotations

from dataclasses import dataclass

from llama_storage_tui.model.data import Cell, Cursor
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import Place
from llama_storage_tui.model.transcript import Entry


@dataclass(frozen=True, slots=True)
class ConversationQuery:
    """Which conversations are meant, and in which order. `since` and `until` are epoch seconds, both included."""

    owner: str | None = None
    since: float | None = None
    until: float | None = None
    order: RecordOrder = RecordOrder.NEWEST
    limit: int = 100
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation. `metadata` is the stored text; `items` their number, None where counting them is not cheap.

    `owner` None is SQL NULL, '' nobody's; `created_at` as stored.
    """

    place: Place
    id: Cell
    created_at: Cell = None
    owner: str | None = None
    tenant: str | None = None
    access_attributes: str | None = None
    metadata: Cell = None
    items: int | None = None


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """A page of conversations; `is_complete` False where a place could not be read; `notices` are sentences."""

    conversations: tuple[Conversation, ...]
    next: Cursor | None
    order: RecordOrder
    is_complete: bool = True
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """One item of a conversation; `item` is the stored text, `entry` the same read as what it is, None where it is no JSON."""

    id: Cell
    created_at: Cell
    sort_order: Cell = None
    type: str | None = None
    role: str | None = None
    item: Cell = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class ConversationDetail:
    """A conversation with everything that belongs to it.

    `conversation` is None where only its items are left. `items` are in their order: by time, then by sort_order (ogx 1.1 and
    later) or as they were written. `messages` is the stored text of the chat messages that the responses provider keeps for
    the next turn, None where it keeps none. `responses` are the ids of those whose output stands among the items, the oldest first.
    """

    id: str
    conversation: Conversation | None
    items: tuple[ConversationItem, ...] = ()
    messages: Cell = None
    responses: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Orphans:
    """Items whose conversation is gone: its id (None: the items name none), their number and the span of their times."""

    place: Place
    conversation: Cell
    items: int
    first: float | None = None
    last: float | None = None


@dataclass(frozen=True, slots=True)
class OrphanReport:
    """All orphans, those with most items first; `scanned` items were looked at."""

    orphans: tuple[Orphans, ...]
    scanned: int
    is_complete: bool = True
    notices: tuple[str, ...] = ()
