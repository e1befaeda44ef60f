"""A page of any family's records, whichever service adds to it: what both front ends ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from llama_storage_tui.model.families import Page, Query, RecordEntry
from llama_storage_tui.services.records.pages import list_records
from llama_storage_tui.services.responses.conversations import list_conversations
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS

_OWN: Final[Mapping[str, Callable[[Session, Query], Awaitable[Page[RecordEntry]]]]] = {
    CONVERSATIONS.name: list_conversations,
}
"""Families whose list holds more than their own rows say."""


async def list_family(session: Session, name: str, query: Query) -> Page[RecordEntry]:
    """Return a page of a family; raises as `list_records` does."""
    if name in _OWN:
        return await _OWN[name](session, query)
    return await list_records(session, name, query)
