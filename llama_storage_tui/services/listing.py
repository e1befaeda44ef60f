"""Listing and following any family's records, whichever service adds to them: what both front ends ask."""

from __future__ import annotations

from llama_storage_tui.model.families import Page, Query, RecordEntry
from llama_storage_tui.services.records.following import Follower
from llama_storage_tui.services.records.pages import ListedFamily, listed, read_page
from llama_storage_tui.services.responses.conversations import listed_conversations
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families import find_family
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS


async def list_family(session: Session, name: str, query: Query) -> Page[RecordEntry]:
    """Return a page of a family; raises as `list_records` does."""
    page, _ = await read_page(session, _listed(session, name), query)
    return page


def follow_family(session: Session, name: str, query: Query) -> Follower[RecordEntry]:
    """Return what follows a family; raises as `Follower` does, and UsageError for an unknown family."""
    return Follower(session, _listed(session, name), query)


def _listed(session: Session, name: str) -> ListedFamily[RecordEntry]:
    family = find_family(name)
    return listed_conversations(session) if family is CONVERSATIONS else listed(family)
