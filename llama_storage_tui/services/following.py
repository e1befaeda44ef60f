"""Following the records of any family, whichever service adds to them: what both front ends ask."""

from __future__ import annotations

from llama_storage_tui.model.families import Query, RecordEntry
from llama_storage_tui.services.records.following import Follower
from llama_storage_tui.services.records.rows import entry_of
from llama_storage_tui.services.responses.conversations import with_items
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families import find_family
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS


def follow_family(session: Session, name: str, query: Query) -> Follower[RecordEntry]:
    """Return what follows a family; raises as `Follower` does."""
    family = find_family(name)
    follower = Follower(session, family, query, lambda source: entry_of(source, family))
    if family is CONVERSATIONS:
        follower.completed = lambda entries: with_items(session, entries)
    return follower
