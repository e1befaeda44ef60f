"""One stored response read as what it is: its head, what was asked, what came back, and what the model was really sent.

Nothing in a store is trusted: every field may be missing or of another type than a server would write. What could not be read
stands in `problems`, in words; what is there stays in `raw`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice


class Side(StrEnum):
    """Whether an entry was asked or answered."""

    INPUT = "input"
    OUTPUT = "output"


class EntryKind(StrEnum):
    """What an item is, by the types that servers write."""

    MESSAGE = "message"
    REASONING = "reasoning"
    FUNCTION_CALL = "function_call"
    FUNCTION_CALL_OUTPUT = "function_call_output"
    MCP_CALL = "mcp_call"
    MCP_LIST_TOOLS = "mcp_list_tools"
    MCP_APPROVAL_REQUEST = "mcp_approval_request"
    MCP_APPROVAL_RESPONSE = "mcp_approval_response"
    WEB_SEARCH_CALL = "web_search_call"
    FILE_SEARCH_CALL = "file_search_call"
    COMPACTION = "compaction"
    UNKNOWN = "unknown"
    """A type that no known server writes, or no object at all."""


class PartKind(StrEnum):
    """What a piece of content is."""

    TEXT = "text"
    REFUSAL = "refusal"
    IMAGE = "image"
    FILE = "file"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ContentPart:
    """A piece of an entry's content.

    `text` is the text or the refusal; of an image or a file what it is ("image/png, 1,024 bytes", a URL, a file id), never
    its data. `annotations` are citations, one line each. `source` names the field that holds an image or a file.
    """

    kind: PartKind
    text: str
    annotations: tuple[str, ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A result of a file search."""

    name: str
    text: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """An item of the input or the output.

    `label` says who or what ("user", "function call get_weather"), `summary` is one line of what it says; both may hold stored
    text as it is. `type` is the stored one. `call_id` is what joins a call and its output, an approval and its request.
    `arguments` is parsed where it is JSON, else the stored text. `output` is what a call gave, None where the item holds none.
    `answer` is the entry that answered a call or a request, where one is known. `server` is an MCP server's label, `name` a
    function's or a tool's. `raw` is the stored item, credentials masked.
    """

    side: Side
    position: int
    kind: EntryKind
    label: str
    summary: str
    type: str | None = None
    id: str | None = None
    status: str | None = None
    role: str | None = None
    name: str | None = None
    server: str | None = None
    call_id: str | None = None
    parts: tuple[ContentPart, ...] = ()
    arguments: object = None
    output: str | None = None
    queries: tuple[str, ...] = ()
    hits: tuple[Hit, ...] | None = None
    tools: tuple[str, ...] = ()
    is_approved: bool | None = None
    error: str | None = None
    answer: TranscriptEntry | None = None
    problems: tuple[str, ...] = ()
    raw: object = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call in a chat message; `arguments` as in an Entry."""

    id: str | None
    name: str | None
    arguments: object


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message that the model was sent, or gave. `label` and `summary` as in an Entry; `reasoning` is its reasoning_content."""

    position: int
    label: str
    summary: str
    role: str | None = None
    name: str | None = None
    tool_call_id: str | None = None
    parts: tuple[ContentPart, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str | None = None
    problems: tuple[str, ...] = ()
    raw: object = None


class MessagesState(StrEnum):
    """What is stored as `messages`: servers tell only a list that holds something from all the rest."""

    STORED = "stored"
    EMPTY = "empty"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens; None where the row does not tell."""

    input: float | None = None
    output: float | None = None
    total: float | None = None
    cached: float | None = None
    reasoning: float | None = None


@dataclass(frozen=True, slots=True)
class RequestSetting:
    """A parameter of the request that is set: its name, its value with credentials masked, and that in one line."""

    name: str
    value: object
    text: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a response says of itself, and what its row says of whose it is.

    `created_at` and `completed_at` are epoch seconds as stored, `seconds` between them. `owner` None is SQL NULL, '' nobody's.
    `access_attributes` is the stored text.
    """

    id: str | None
    model: str | None = None
    status: str | None = None
    created_at: float | None = None
    completed_at: float | None = None
    seconds: float | None = None
    error_code: str | None = None
    error: str | None = None
    incomplete_reason: str | None = None
    previous_response_id: str | None = None
    input_storage_mode: str | None = None
    conversation: str | None = None
    owner: str | None = None
    access_attributes: str | None = None
    tenant: str | None = None
    usage: Usage | None = None
    settings: tuple[RequestSetting, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """A response, read.

    `input` is what the row holds: all of it, or what was new where `is_incremental`. `messages` is the whole history sent to
    the model, without system messages, which servers do not store. `stored` is the stored object, credentials masked;
    None where there is none.
    """

    head: Head
    instructions: str | None = None
    input: tuple[TranscriptEntry, ...] = ()
    output: tuple[TranscriptEntry, ...] = ()
    messages: tuple[ChatMessage, ...] = ()
    messages_state: MessagesState = MessagesState.MISSING
    is_incremental: bool = False
    problems: tuple[str, ...] = ()
    stored: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response and the row that it was read from; `notices` are sentences about what was not or oddly found."""

    place: TablePlace
    row: Mapping[str, Cell]
    transcript: Transcript
    notices: tuple[Notice, ...] = ()
