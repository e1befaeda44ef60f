"""Responses as they are stored: each as the list shows it, seen by the one whom the list is shown as."""

from __future__ import annotations

from llama_storage_tui.model.families import Query
from llama_storage_tui.model.responses import ResponseSummary
from llama_storage_tui.services.records.following import Follower
from llama_storage_tui.services.responses.listing import (
    ViewFilter,
    Visibility,
    membership_conditions,
    with_conversations,
)
from llama_storage_tui.services.responses.summaries import summary_of
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families.responses import RESPONSES


def follow_responses(
    session: Session, query: Query, *, sees: Visibility | None = None, marks: bool = False
) -> Follower[ResponseSummary]:
    """Return what follows the responses that a list asks for; arguments and errors are those of `list_responses`."""
    eyes = ViewFilter(sees, marks)
    follower = Follower[ResponseSummary](
        session,
        RESPONSES,
        query,
        lambda source: lambda record: eyes.look(summary_of(source.place, record)),
    )
    follower.conditions = lambda: membership_conditions(session, query)
    follower.completed = lambda found: with_conversations(session, found)
    return follower
