"""Stored chat completions: what a model was sent, what it answered, and the response that asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from llama_storage_tui.model.data import Cell, Cursor
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import Place
from llama_storage_tui.model.transcript import ChatMessage


@dataclass(frozen=True, slots=True)
class CompletionQuery:
    """Which chat completions are meant, and in which order; the fields are those of a ResponseQuery."""

    model: str | None = None
    owner: str | None = None
    since: float | None = None
    until: float | None = None
    contains: str | None = None
    order: RecordOrder = RecordOrder.NEWEST
    limit: int = 100
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class CompletionSummary:
    """What a list says of one chat completion; None where the row does not tell.

    `created` is as stored: epoch seconds, by the clock of whoever runs the model. `messages` and `choices` are numbers;
    `finish_reason` and `tool_calls`, a number, are those of the first choice.
    """

    place: Place
    id: Cell
    created: Cell
    model: Cell = None
    owner: str | None = None
    tenant: str | None = None
    access_attributes: str | None = None
    messages: int | None = None
    choices: int | None = None
    finish_reason: str | None = None
    tool_calls: int | None = None


@dataclass(frozen=True, slots=True)
class CompletionPage:
    """A page of chat completions; `is_complete` False where a place could not be read; `notices` are sentences."""

    completions: tuple[CompletionSummary, ...]
    next: Cursor | None
    order: RecordOrder
    is_complete: bool = True
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of the model."""

    index: Cell
    finish_reason: str | None
    message: ChatMessage | None


@dataclass(frozen=True, slots=True)
class Completion:
    """A chat completion, read. `problems` are sentences about what could not be."""

    summary: CompletionSummary
    messages: tuple[ChatMessage, ...]
    choices: tuple[Choice, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Which response a chat completion was made for, as far as that can be told: no row says it.

    `response` is the one that fits best, None where none fits or several do equally; `candidates` are all that fit best.
    `because` says what they share with the completion.
    """

    response: str | None = None
    candidates: tuple[str, ...] = ()
    because: str | None = None
    notices: tuple[str, ...] = ()
