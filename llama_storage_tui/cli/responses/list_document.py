"""The JSON of `responses RUN_CONFIG list`."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from llama_storage_tui.cli.documents import Document, json_value
from llama_storage_tui.model.responses import ResponseError, ResponsePage, ResponseSummary


class ResponseErrorBody(Document):
    """Why a response failed, in the server's words."""

    code: str | None
    message: str | None

    @classmethod
    def of(cls, error: ResponseError | None) -> ResponseErrorBody | None:
        """Make the body of an error."""
        return None if error is None else cls(code=error.code, message=error.message)


class ResponseBody(Document):
    """One response of a list. `created_at` is as stored: epoch seconds. `owner` is null where the row has none, '' for nobody's."""

    id: JsonValue
    created_at: JsonValue
    model: JsonValue
    status: str | None
    owner: str | None
    tenant: str | None
    previous_response_id: str | None
    conversation: str | None
    conversation_inferred: bool
    input_items: int | None
    output_items: int | None
    total_tokens: JsonValue
    error: ResponseErrorBody | None
    incomplete: str | None
    bytes: int | None
    document: Literal["object", "list", "scalar", "null", "absent", "broken"]
    """What the stored document is: anything but an object is no response that a server could read."""
    backend: str
    table: str

    @classmethod
    def of(cls, summary: ResponseSummary) -> ResponseBody:
        """Make the body of a summary."""
        return cls(
            id=json_value(summary.id),
            created_at=json_value(summary.created_at),
            model=json_value(summary.model),
            status=summary.status,
            owner=summary.owner,
            tenant=summary.tenant,
            previous_response_id=summary.previous_response_id,
            conversation=summary.conversation,
            conversation_inferred=summary.conversation_inferred,
            input_items=summary.input_items,
            output_items=summary.output_items,
            total_tokens=json_value(summary.total_tokens),
            error=ResponseErrorBody.of(summary.error),
            incomplete=summary.incomplete,
            bytes=summary.bytes,
            document=summary.shape.value,
            backend=summary.place.backend,
            table=summary.place.table,
        )


class ResponsesDocument(Document):
    """The answer of `responses RUN_CONFIG list`. `complete` is false where a table could not be read: see `notices`."""

    responses: list[ResponseBody]
    next: str | None
    complete: bool
    order: Literal["newest", "stored"]
    notices: list[str]

    @classmethod
    def of(cls, page: ResponsePage) -> ResponsesDocument:
        """Make the document of a page."""
        return cls(
            responses=[ResponseBody.of(summary) for summary in page.responses],
            next=page.next,
            complete=page.is_complete,
            order=page.order.value,
            notices=list(page.notices),
        )
