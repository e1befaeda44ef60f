"""The JSON of `completions RUN_CONFIG show`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from llama_storage_tui.cli.documents import Document, Json, Notices
from llama_storage_tui.cli.records.list_documents import CompletionBody
from llama_storage_tui.cli.responses.show_document import MessageBody
from llama_storage_tui.model.completions import (
    Completion,
    Origin,
)
from llama_storage_tui.reports.origins import origin_reason


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
            id=origin.response,
            inferred=True,
            candidates=list(origin.candidates),
            because=origin_reason(origin),
        )


class CompletionDocument(Document):
    """The answer of `completions RUN_CONFIG show ID`."""

    completion: CompletionBody
    messages: list[MessageBody] = Field(description="What the model was sent.")
    choices: list[ChoiceBody]
    response: OriginBody
    problems: list[str] = Field(description="What of the stored row could not be read.")
    notices: Notices

    @classmethod
    def of(cls, completion: Completion, origin: Origin) -> CompletionDocument:
        """Make the document of a completion and its origin."""
        return cls(
            completion=CompletionBody.model_validate(completion.entry),
            messages=[MessageBody.model_validate(message) for message in completion.messages],
            choices=[ChoiceBody.model_validate(choice) for choice in completion.choices],
            response=OriginBody.of(origin),
            problems=list(completion.problems),
            notices=origin.notices,
        )
