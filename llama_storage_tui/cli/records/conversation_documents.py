"""The JSON of `conversations RUN_CONFIG show` and `orphans`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from llama_storage_tui.cli.documents import Document, From, Json, Notices, json_value
from llama_storage_tui.cli.records.list_documents import ConversationBody, json_cell
from llama_storage_tui.model.conversations import (
    ConversationDetail,
    ConversationItem,
)


class ItemBody(Document):
    """One item of a conversation; `item` is the stored document, `sort_order` null before ogx 1.1."""

    id: JsonValue
    created_at: JsonValue
    sort_order: JsonValue
    type: str | None
    role: str | None
    item: JsonValue

    @classmethod
    def of(cls, item: ConversationItem) -> ItemBody:
        """Make the body of an item."""
        return cls(
            id=json_value(item.id),
            created_at=json_value(item.created_at),
            sort_order=json_value(item.sort_order),
            type=item.type,
            role=item.role,
            item=json_cell(item.item) if item.entry is None else json_value(item.entry.raw),
        )


class ConversationDocument(Document):
    """The answer of `conversations RUN_CONFIG show ID`."""

    conversation: ConversationBody | None = Field(description="Null where only items of it are left.")
    items: list[ItemBody] = Field(
        description="By created_at, then sort_order where it is stored, else as written."
    )
    messages: JsonValue = Field(description="The chat messages kept for the next turn; null where none are.")
    responses: list[str] = Field(
        description="Responses whose output is among the items (inferred), the oldest first."
    )
    notices: Notices

    @classmethod
    def of(cls, detail: ConversationDetail) -> ConversationDocument:
        """Make the document of a conversation."""
        found = detail.conversation
        return cls(
            conversation=None if found is None else ConversationBody.model_validate(found),
            items=[ItemBody.of(item) for item in detail.items],
            messages=json_cell(detail.messages),
            responses=list(detail.responses),
            notices=detail.notices,
        )


class OrphansBody(Document):
    """The items of one gone conversation; `conversation_id` is null for items that name none."""

    conversation_id: Annotated[Json, From("conversation")]
    items: int
    first_created_at: Annotated[Json, From("first")] = Field(
        description="As stored; null where no item says one."
    )
    last_created_at: Annotated[Json, From("last")]
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


class OrphansDocument(Document):
    """The answer of `conversations RUN_CONFIG orphans`: those with most items first; `scanned` items were looked at."""

    orphans: list[OrphansBody]
    scanned: int
    complete: bool
    notices: Notices
