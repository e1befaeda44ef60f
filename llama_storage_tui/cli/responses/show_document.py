"""The JSON of `responses RUN_CONFIG show`: the parts of one response."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final, Literal

from llama_storage_tui.cli.documents import Document, From, Json, Made
from llama_storage_tui.model.resume import Examination
from llama_storage_tui.model.transcript import MessagesState, Side, StoredResponse, TranscriptEntry
from llama_storage_tui.reports.comparison import disagreement, not_compared
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.reports.resume import losses, resume_note, resume_reason
from llama_storage_tui.services.responses.parsing import IN_BOTH, OBJECT

LARGE: Final = 1_000_000
"""Letters of a stored response from which on small items are not written a second time."""

MOST_TIMES: Final = 3
"""How much the JSON of a large response may weigh, of what is stored."""
SMALL_ITEM: Final = 500
"""Letters of an item that is small: what was read of it weighs more than twice as much, most of it names of keys."""


_WITHOUT_MESSAGES: Final = (MessagesState.MISSING, MessagesState.BROKEN)


class PlaceBody(Document):
    """Where a response lies."""

    backend: str
    table: str


def _head(examination: Examination) -> dict[str, Any]:
    found = examination.response.transcript
    of_the_head = {name: getattr(found.head, name, None) for name in HeadBody.model_fields}
    own = found.stored or {}
    row = examination.response.row
    as_stored = {
        name: row[name] for name in IN_BOTH if isinstance(row.get(name), bytes) and own.get(name) is None
    }
    return {
        **of_the_head,
        **as_stored,
        "conversation": examination.conversation,
        "conversation_inferred": examination.is_inferred,
        "settings": {setting.name: setting.value for setting in found.head.settings},
        "problems": found.problems,
    }


class HeadBody(Document):
    """What a response says of itself and its row of whose it is.

    Times are epoch seconds as stored. `owner` is null for SQL NULL, '' for nobody's; `access_attributes` is the stored text;
    `settings` are the parameters that are set, credentials masked; `problems` says what of the object could not be read. What is
    bytes in a column is `{"$bytes"}` here, as in a list.
    """

    written_by = _head

    id: Json
    model: Json
    status: str | None
    created_at: Json
    completed_at: Json
    seconds: Json
    previous_response_id: Json
    input_storage_mode: Json
    conversation: str | None
    conversation_inferred: bool
    owner: str | None
    access_attributes: str | None
    tenant: str | None
    settings: dict[str, Json]
    problems: list[str]


class PartBody(Document):
    """A piece of content; of an image or a file what it is, not its data."""

    kind: Literal["text", "refusal", "image", "file", "other"]
    text: str
    annotations: list[str]


class PointerBody(Document):
    """Which entry is meant: its side and its index there, from 0."""

    side: Literal["input", "output"]
    position: int


class HitBody(Document):
    """A result of a file search."""

    name: str
    text: str
    score: Json


class EntryBody(Document):
    """An item, read by its type: `kind` is the type where it is a known one, else `unknown`.

    `answer` is the entry that answered a call or a request for approval; `arguments` are parsed where they are JSON; `item` is
    the stored one, credentials masked: null in a large response where it is small, which `notices` say.
    """

    kind: str
    type: str | None
    label: str
    summary: str
    id: str | None
    status: str | None
    role: str | None
    name: str | None
    server: str | None
    call_id: str | None
    content: Annotated[list[PartBody], From("parts")]
    arguments: Json
    output: str | None
    queries: list[str]
    results: Annotated[list[HitBody] | None, From("hits")]
    tools: list[str]
    error: str | None
    approved: bool | None
    answer: PointerBody | None
    problems: list[str]
    item: Annotated[Json, From("raw")]


class CallBody(Document):
    """A call in a chat message."""

    id: str | None
    name: str | None
    arguments: Json


class MessageBody(Document):
    """A chat message that the model was sent, or gave."""

    role: str | None
    summary: str
    name: str | None
    content: Annotated[list[PartBody], From("parts")]
    tool_calls: list[CallBody]
    tool_call_id: str | None
    reasoning: str | None
    problems: list[str]


class UsageBody(Document):
    """Tokens."""

    input_tokens: Annotated[Json, From("input")]
    output_tokens: Annotated[Json, From("output")]
    total_tokens: Annotated[Json, From("total")]
    cached_tokens: Annotated[Json, From("cached")]
    reasoning_tokens: Annotated[Json, From("reasoning")]


class FailureBody(Document):
    """Why a response failed, in the server's words."""

    code: Annotated[str | None, From("error_code")]
    message: Annotated[str | None, From("error")]


class LossBody(Document):
    """What the model would not be sent any more."""

    what: str
    count: int
    reason: str
    entries: list[PointerBody]


class ResumeBody(Document):
    """Whether the chosen version can go on from the response.

    `checked` is false where the earlier input was not read: `loses` is then not all. `notes` is what the next request must bring.
    """

    possible: bool
    way: Literal["messages", "items", "none"]
    because: Annotated[str, Made(resume_reason)]
    loses: Annotated[list[LossBody], Made(losses)]
    notes: Annotated[list[str], Made(lambda resume: [*map(resume_note, resume.notes)])]
    checked: bool


class DisagreementBody(Document):
    """A place where messages and items disagree; `message` is the message's index."""

    kind: Literal["message-only", "item-only", "text", "call"]
    sentence: Annotated[str, Made(disagreement)]
    entry: PointerBody | None
    message: Annotated[int | None, From("message.position")]


class ComparisonBody(Document):
    """How far messages and items were compared: `history` messages come before the first item; `unchecked` says why not."""

    history: int
    unchecked: Annotated[str | None, Made(not_compared)]


class ShowResponseDocument(Document):
    """The answer of `responses RUN_CONFIG show`.

    `input` is what the row holds: where `input_is_partial`, only what was new. `messages` is null where none are stored.
    """

    response: HeadBody
    instructions: str | None
    input: list[EntryBody]
    input_is_partial: bool
    output: list[EntryBody]
    messages: list[MessageBody] | None
    usage: UsageBody | None
    error: FailureBody | None
    incomplete: str | None
    resume: ResumeBody
    disagreements: list[DisagreementBody]
    compared: ComparisonBody
    place: PlaceBody
    notices: list[str]

    @classmethod
    def of(cls, examination: Examination) -> ShowResponseDocument:
        """Make the document of a response."""
        response = examination.response
        found = response.transcript
        has_failed = found.head.error is not None or found.head.error_code is not None
        small = _entries_without_item(response)
        left_out = {(entry.side, entry.position) for entry in small}
        notices = [*notice_words((*response.notices, *examination.notices))]
        if small:
            notices.append(
                f"Large response: item is null in {len(small):,} entries, whose other keys say what it holds; --raw has all."
            )
        return cls.model_validate(
            {
                "response": examination,
                "instructions": found.instructions,
                "input": _entries(found.input, left_out),
                "input_is_partial": found.is_incremental,
                "output": _entries(found.output, left_out),
                "messages": None if found.messages_state in _WITHOUT_MESSAGES else found.messages,
                "usage": UsageBody.model_validate(found.head.usage),
                "error": found.head if has_failed else None,
                "incomplete": found.head.incomplete_reason,
                "resume": examination.resume,
                "disagreements": examination.comparison.disagreements,
                "compared": examination.comparison,
                "place": response.place,
                "notices": notices,
            }
        )


def _entries(entries: Sequence[TranscriptEntry], left_out: Collection[tuple[Side, int]]) -> list[EntryBody]:
    bodies = [EntryBody.model_validate(entry) for entry in entries]
    return [
        body.model_copy(update={"item": None}) if (entry.side, entry.position) in left_out else body
        for entry, body in zip(entries, bodies, strict=True)
    ]


def _entries_without_item(response: StoredResponse) -> list[TranscriptEntry]:
    """Return the entries whose items are not written, so that the JSON of a large response stays near three times what is stored.

    All of them where letters are stored raw and an escape weighs twice as much; else the small ones, where there are so many that
    the names of their keys weigh.
    """
    content = response.row.get(OBJECT)
    if not isinstance(content, str) or len(content) <= LARGE:
        return []
    size = len(content.encode("utf-8", "surrogatepass"))
    entries = (*response.transcript.input, *response.transcript.output)
    if 2 * len(content.encode("ascii", "backslashreplace")) > MOST_TIMES * size:
        return [*entries]
    small = [entry for entry in entries if len(json.dumps(entry.raw, default=str)) < SMALL_ITEM]
    return small if len(small) * SMALL_ITEM > size // 10 else []
