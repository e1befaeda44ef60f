"""Stored responses in an operator's words: where they lie, which are meant, and what a list says of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from llama_storage_tui.model.access import Decision, Hiding
from llama_storage_tui.model.data import Cell, Cursor
from llama_storage_tui.model.records import Condition, DocumentShape, RecordOrder


@dataclass(frozen=True, slots=True)
class Place:
    """A table that a server of the chosen version keeps records in: its backend, and the reference that leads there."""

    backend: str
    table: str
    path: str


@dataclass(frozen=True, slots=True)
class ResponseQuery:
    """Which responses are meant, and in which order. Every condition that is set must hold.

    `since` and `until` are epoch seconds, both included. `contains` is text in the request or the answer, found letter by letter
    however it is escaped in the store. `conditions` are more of them, on a table of responses: those of a Category open it as a
    list.
    """

    status: str | None = None
    model: str | None = None
    owner: str | None = None
    conversation: str | None = None
    since: float | None = None
    until: float | None = None
    contains: str | None = None
    conditions: tuple[Condition, ...] = ()
    order: RecordOrder = RecordOrder.NEWEST
    limit: int = 100
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class ResponseError:
    """Why a response failed, in the server's words."""

    code: str | None
    message: str | None

    def __str__(self) -> str:
        return ": ".join(part for part in (self.code, self.message) if part)


@dataclass(frozen=True, slots=True)
class ResponseSummary:
    """What a list says of one response; None where the row does not tell.

    `owner` None is SQL NULL, '' nobody's. `access_attributes` is the stored text. `conversation_inferred` is True where the
    conversation was found by its items, since servers store none with the response. `incomplete` is why the response is. `shape`
    is what the document is; `created_at` as stored, epoch seconds where the store is sound. `hidden` is why a user would not get
    it, in a list that was asked to show that.
    """

    place: Place
    id: Cell
    created_at: Cell
    model: Cell
    status: str | None = None
    owner: str | None = None
    access_attributes: str | None = None
    tenant: str | None = None
    has_tenant_column: bool = False
    previous_response_id: str | None = None
    conversation: str | None = None
    conversation_inferred: bool = False
    input_items: int | None = None
    output_items: int | None = None
    total_tokens: int | None = None
    error: ResponseError | None = None
    incomplete: str | None = None
    bytes: int | None = None
    shape: DocumentShape = DocumentShape.OBJECT
    output_ids: tuple[str, ...] = ()
    hidden: Decision | None = None
    has_store: bool = True
    """Whether the document has the field `store`, which later servers require."""


@dataclass(frozen=True, slots=True)
class ResponseBatch:
    """What a search found since it last said so, and how far it is: `done` of `total` positions of all tables.

    `hidden` counts what was met since and a user would not get, by what hides it. `notices` are sentences about what is not
    searched or was not looked up, each said once. `next` is where to go on, in the last batch of a search that stopped since it
    had found enough.
    """

    responses: tuple[ResponseSummary, ...]
    done: int
    total: int
    notices: tuple[str, ...] = ()
    hidden: Mapping[Hiding, int] = field(default_factory=dict)
    next: Cursor | None = None


@dataclass(frozen=True, slots=True)
class ResponsePage:
    """A page of responses.

    `is_complete` is False where a limit stopped the search before the page was full; `notices` are sentences about what was
    not done (conversations not looked up, a place that could not be read). `hidden` counts what lies between the page's
    beginning and its end and a user would not get, by what hides it.
    """

    responses: tuple[ResponseSummary, ...]
    next: Cursor | None
    order: RecordOrder
    is_complete: bool = True
    notices: tuple[str, ...] = ()
    hidden: Mapping[Hiding, int] = field(default_factory=dict)
