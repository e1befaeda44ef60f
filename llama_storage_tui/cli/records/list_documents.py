"""The JSON of `list`, of each family that has a command of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue

from llama_storage_tui.cli.documents import Document, From, Json, Notices, json_value
from llama_storage_tui.model.data import Cell, Order
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


def _order_word(order: object) -> object:
    return "sorted" if isinstance(order, Order) else order


ListOrder = Annotated[Literal["newest", "stored", "sorted"], BeforeValidator(_order_word)]
"""In which order a list comes: `sorted` by the column that was asked for."""


class ResponseErrorBody(Document):
    """Why a response failed, in the server's words."""

    code: str | None
    message: str | None


class ResponseBody(Document):
    """One response of a list. `created_at` is as stored: epoch seconds. `owner` is null where the row has none, '' for nobody's."""

    id: Json
    created_at: Json
    model: Json
    status: str | None
    owner: str | None
    tenant: str | None
    previous_response_id: str | None
    conversation: str | None
    conversation_inferred: bool
    input_items: int | None
    output_items: int | None
    total_tokens: Json
    error: ResponseErrorBody | None
    incomplete: str | None
    asked: str | None = Field(description="The last text of a user in its input, on one line and cut.")
    bytes: int | None
    document: Annotated[Literal["object", "list", "scalar", "null", "absent", "broken"], From("shape")]
    """What the stored document is: anything but an object is no response that a server could read."""
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


class ResponsesDocument(Document):
    """The answer of `responses RUN_CONFIG list`. `complete` is false where a table could not be read: see `notices`."""

    responses: Annotated[list[ResponseBody], From("records")]
    next: str | None
    complete: bool
    order: ListOrder
    notices: Notices


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

    conversations: Annotated[list[ConversationBody], From("records")]
    next: str | None
    complete: bool
    order: ListOrder
    notices: Notices


class CompletionBody(Document):
    """One chat completion; `created` in epoch seconds, as stored; `owner` null where the row has none, '' for nobody's."""

    id: Json
    created: Json
    model: Json
    owner: str | None
    tenant: str | None
    messages: int | None
    choices: int | None
    finish_reason: str | None = Field(description="Of the first choice.")
    tool_calls: int | None = Field(description="Of the first choice; null where it calls none.")
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


class CompletionsDocument(Document):
    """The answer of `completions RUN_CONFIG list`. `complete` is false where a table could not be read: see `notices`."""

    completions: Annotated[list[CompletionBody], From("records")]
    next: str | None
    complete: bool
    order: ListOrder
    notices: Notices
