"""The JSON of `responses RUN_CONFIG list`."""

from __future__ import annotations

from typing import Annotated, Literal

from llama_storage_tui.cli.documents import Document, From, Json


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
    bytes: int | None
    document: Annotated[Literal["object", "list", "scalar", "null", "absent", "broken"], From("shape")]
    """What the stored document is: anything but an object is no response that a server could read."""
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


class ResponsesDocument(Document):
    """The answer of `responses RUN_CONFIG list`. `complete` is false where a table could not be read: see `notices`."""

    responses: list[ResponseBody]
    next: str | None
    complete: bool
    order: Literal["newest", "stored"]
    notices: list[str]
