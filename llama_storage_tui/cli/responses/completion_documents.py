"""The JSON of `completions RUN_CONFIG list` and `show`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from llama_storage_tui.cli.documents import Document, From, Json
from llama_storage_tui.cli.responses.show_document import MessageBody
from llama_storage_tui.model.completions import (
    Completion,
    Origin,
)


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

    completions: list[CompletionBody]
    next: str | None
    complete: bool
    order: Literal["newest", "stored"]
    notices: list[str]


class ChoiceBody(Document):
    """One answer of the model; `message` is null where none is stored."""

    index: Json
    finish_reason: str | None
    message: MessageBody | None


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
            completion=CompletionBody.model_validate(completion.summary),
            messages=[MessageBody.model_validate(message) for message in completion.messages],
            choices=[ChoiceBody.model_validate(choice) for choice in completion.choices],
            response=OriginBody.of(origin),
            problems=list(completion.problems),
            notices=list(origin.notices),
        )
