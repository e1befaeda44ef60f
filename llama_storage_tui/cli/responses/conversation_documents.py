"""The JSON of `conversations RUN_CONFIG list`, `show` and `orphans`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue

from llama_storage_tui.cli.documents import Document, From, Json, json_value
from llama_storage_tui.model.conversations import (
    ConversationDetail,
    ConversationItem,
)
from llama_storage_tui.model.data import Cell
from llama_storage_tui.services.responses.tolerant_json import load


def json_cell(value: Cell) -> JsonValue:
    """Return the cell of a JSON column: parsed, credentials masked, or its text marked as invalid."""
    if not isinstance(value, str):
        return json_value(value)
    try:
        return json_value(load(value))
    except (ValueError, RecursionError):
        return {"$text": value, "$invalid_json": True}


JsonCell = Annotated[JsonValue, BeforeValidator(json_cell)]


class ConversationBody(Document):
    """One conversation; `created_at` in epoch seconds, as stored; `owner` null where the row has none, '' for nobody's."""

    id: Json
    created_at: Json
    owner: str | None
    tenant: str | None
    metadata: JsonCell
    items: int | None = Field(
        description="Null where counting them takes a scan of a large table: see `notices`."
    )
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


class ConversationsDocument(Document):
    """The answer of `conversations RUN_CONFIG list`. `complete` is false where a table could not be read: see `notices`."""

    conversations: list[ConversationBody]
    next: str | None
    complete: bool
    order: Literal["newest", "stored"]
    notices: list[str]


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
        description="Responses whose output stands among the items (inferred), the oldest first."
    )
    notices: list[str]

    @classmethod
    def of(cls, detail: ConversationDetail) -> ConversationDocument:
        """Make the document of a conversation."""
        counted = detail.conversation
        return cls(
            conversation=None
            if counted is None
            else ConversationBody.model_validate(counted).model_copy(update={"items": len(detail.items)}),
            items=[ItemBody.of(item) for item in detail.items],
            messages=json_cell(detail.messages),
            responses=list(detail.responses),
            notices=list(detail.notices),
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
    notices: list[str]
