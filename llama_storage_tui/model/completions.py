"""Stored chat completions: what a model was sent, what it answered, and the response that asked for it."""

from __future__ import annotations

from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import RecordEntry
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.transcript import ChatMessage


@dataclass(frozen=True, slots=True)
class CompletionChoice:
    """One answer of the model."""

    index: Cell
    finish_reason: str | None
    message: ChatMessage | None


@dataclass(frozen=True, slots=True)
class Completion:
    """A chat completion, read: `entry` is what a list says of it. `problems` are sentences about what could not be read."""

    entry: RecordEntry
    messages: tuple[ChatMessage, ...]
    choices: tuple[CompletionChoice, ...]
    problems: tuple[str, ...] = ()


class SharedPart(StrEnum):
    """What a chat completion and a response have in common, besides owner and model."""

    MESSAGES_SENT = "messages-sent"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Origin:
    """Which response a chat completion was made for, as far as that can be told: no row says it.

    `response` is the one that fits best, None where none fits or several do equally; `candidates` are all that fit best.
    `shares` is what those have in common with the completion.
    """

    response: str | None = None
    candidates: tuple[str, ...] = ()
    shares: tuple[SharedPart, ...] = ()
    notices: tuple[Notice, ...] = ()
