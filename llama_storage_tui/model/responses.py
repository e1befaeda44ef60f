"""Stored responses in an operator's words: what a list says of each, and what a search finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import Decision, Hiding
from llama_storage_tui.model.data import Cell, Cursor
from llama_storage_tui.model.families import Page, TablePlace
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.records import DocumentShape


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

    place: TablePlace
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
    asked: str | None = None
    """The last text of a user in its input, on one line and cut."""
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
    notices: tuple[Notice, ...] = ()
    hidden: Mapping[Hiding, int] = field(default_factory=dict)
    next: Cursor | None = None


@dataclass(frozen=True, slots=True)
class ResponsePage(Page[ResponseSummary]):
    """A page of responses; `hidden` counts what lies in its range and a user would not get, by what hides it."""

    hidden: Mapping[Hiding, int] = field(default_factory=dict)
