"""The JSON of `responses RUN_CONFIG diff`: what one response added to another."""

from __future__ import annotations

from llama_storage_tui.cli.documents import Document, Json
from llama_storage_tui.cli.responses.show_document import EntryBody, MessageBody
from llama_storage_tui.model.resume import Addition
from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.reports.comparison import addition_notes
from llama_storage_tui.reports.notices import notice_words


class ChangeBody(Document):
    """A parameter that the two have differently; null where one has it not."""

    name: str
    before: Json
    after: Json


class DiffDocument(Document):
    """The answer of `responses RUN_CONFIG diff ID OTHER`: what OTHER added to ID.

    `input` are entries beyond the first one's input and output, `dropped` those of the first that the second does not have in
    their place; `chained` tells whether the second goes on from the first.
    """

    first: str | None
    second: str | None
    chained: bool
    input: list[EntryBody]
    output: list[EntryBody]
    dropped: list[EntryBody]
    messages: list[MessageBody]
    changes: list[ChangeBody]
    notices: list[str]

    @classmethod
    def of(cls, first: StoredResponse, second: StoredResponse, addition: Addition) -> DiffDocument:
        """Make the document of what a response added."""
        return cls(
            first=first.transcript.head.id,
            second=second.transcript.head.id,
            chained=addition.is_chained,
            input=[EntryBody.model_validate(entry) for entry in addition.input],
            output=[EntryBody.model_validate(entry) for entry in addition.output],
            dropped=[EntryBody.model_validate(entry) for entry in addition.dropped],
            messages=[MessageBody.model_validate(message) for message in addition.messages],
            changes=[ChangeBody.model_validate(change) for change in addition.changes],
            notices=[*addition_notes(addition), *notice_words((*first.notices, *second.notices))],
        )
