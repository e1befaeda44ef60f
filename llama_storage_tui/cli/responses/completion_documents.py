"""The JSON of `completions RUN_CONFIG list` and `show`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from llama_storage_tui.cli.documents import Document, json_value
from llama_storage_tui.cli.responses.show_document import MessageBody
from llama_storage_tui.model.completions import (
    Choice,
    Completion,
    CompletionPage,
    CompletionSummary,
    Origin,
)


class CompletionBody(Document):
    """One chat completion; `created` in epoch seconds, as stored; `owner` null where the row has none, '' for nobody's."""

    id: JsonValue
    created: JsonValue
    model: JsonValue
    owner: str | None
    tenant: str | None
    messages: int | None
    choices: int | None
    finish_reason: str | None = Field(description="Of the first choice.")
    tool_calls: int | None = Field(description="Of the first choice; null where it calls none.")
    backend: str
    table: str

    @classmethod
    def of(cls, summary: CompletionSummary) -> CompletionBody:
        """Make the body of a summary."""
        return cls(
            id=json_value(summary.id),
            created=json_value(summary.created),
            model=json_value(summary.model),
            owner=summary.owner,
            tenant=summary.tenant,
            messages=summary.messages,
            choices=summary.choices,
            finish_reason=summary.finish_reason,
            tool_calls=summary.tool_calls,
            backend=summary.place.backend,
            table=summary.place.table,
        )


class CompletionsDocument(Document):
    """The answer of `completions RUN_CONFIG list`. `complete` is false where a table could not be read: see `notices`."""

    completions: list[CompletionBody]
    next: str | None
    complete: bool
    order: Literal["newest", "stored"]
    notices: list[str]

    @classmethod
    def of(cls, page: CompletionPage) -> CompletionsDocument:
        """Make the document of a page."""
        return cls(
            completions=[CompletionBody.of(each) for each in page.completions],
            next=page.next,
            complete=page.is_complete,
            order=page.order.value,
            notices=list(page.notices),
        )


class ChoiceBody(Document):
    """One answer of the model; `message` is null where none is stored."""

    index: JsonValue
    finish_reason: str | None
    message: MessageBody | None

    @classmethod
    def of(cls, choice: Choice) -> ChoiceBody:
        """Make the body of a choice."""
        return cls(
            index=json_value(choice.index),
            finish_reason=choice.finish_reason,
            message=None if choice.message is None else MessageBody.of(choice.message),
        )


class OriginBody(Document):
    """The response that the completion was made for, always inferred: servers store no link."""

    id: str | None = Field(description="Null where none fits, or several do equally well.")
    inferred: Literal[True]
    candidates: list[str]
    because: str | None

    @classmethod
    def of(cls, origin: Origin) -> OriginBody:
        """Make the body of an origin."""
        return cls(
            id=origin.response, inferred=True, candidates=list(origin.candidates), because=origin.because
        )


class CompletionDocument(Document):
    """The answer of `completions RUN_CONFIG show ID`."""

    completion: CompletionBody
    messages: list[MessageBody] = Field(description="What the model was sent.")
    choices: list[ChoiceBody]
    response: OriginBody
    problems: list[str] = Field(description="What of the stored row could not be read.")
    notices: list[str]

    @classmethod
    def of(cls, completion: Completion, origin: Origin) -> CompletionDocument:
        """Make the document of a completion and its origin."""
        return cls(
            completion=CompletionBody.of(completion.summary),
            messages=[MessageBody.of(message) for message in completion.messages],
            choices=[ChoiceBody.of(choice) for choice in completion.choices],
            response=OriginBody.of(origin),
            problems=list(completion.problems),
            notices=list(origin.notices),
        )
