"""Stored conversations: their items, the messages a server keeps ready for them, and the responses that wrote them."""

from __future__ import annotations

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import RecordEntry, TablePlace
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.transcript import TranscriptEntry


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """One item of a conversation; `item` is the stored text, `entry` the same read as what it is, None where it is no JSON."""

    id: Cell
    created_at: Cell
    sort_order: Cell = None
    type: str | None = None
    role: str | None = None
    item: Cell = None
    entry: TranscriptEntry | None = None


@dataclass(frozen=True, slots=True)
class ConversationDetail:
    """A conversation with everything that belongs to it.

    `conversation` is None where only its items are left. `items` are in their order: by time, then by sort_order (ogx 1.1 and
    later) or as they were written. `messages` is the stored text of the chat messages that the responses provider keeps for
    the next turn, None where it keeps none. `responses` are the ids of those whose output stands among the items, the oldest first.
    """

    id: str
    conversation: RecordEntry | None
    items: tuple[ConversationItem, ...] = ()
    messages: Cell = None
    responses: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Orphans:
    """Items whose conversation is gone: its id (None: the items name none), their number and the span of their times."""

    place: TablePlace
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
    notices: tuple[Notice, ...] = ()
