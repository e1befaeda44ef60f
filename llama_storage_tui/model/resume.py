"""Whether a server can go on from a response, where its parts disagree, and what one response added to another."""

from __future__ import annotations

from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.chain import Truncation
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.transcript import ChatMessage, MessagesState, StoredResponse, TranscriptEntry
from llama_storage_tui.model.version import Version


class ResumeWay(StrEnum):
    """How a server goes on from a response."""

    MESSAGES = "messages"
    """It loads the stored chat messages."""
    ITEMS = "items"
    """It converts the input and output items to chat messages."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MissingBeginning:
    """Why a whole input does not reach the beginning; `parent` is the response that is not there, where that is why."""

    because: Truncation
    parent: str | None = None


class LossKind(StrEnum):
    """What the model would not be sent any more."""

    SYSTEM_MESSAGES = "system-messages"
    """Servers store none among the messages."""
    REASONING_NOT_STORED = "reasoning-not-stored"
    """The stored messages hold none."""
    REASONING_NOT_SENT = "reasoning-not-sent"
    """Its summary is never sent; its content only with the assistant's message or call right behind it."""
    WEB_SEARCHES = "web-searches"
    FILE_SEARCHES = "file-searches"
    MCP_ERRORS = "mcp-errors"
    IMAGES_BY_ID = "images-by-id"
    EVERYTHING_BEFORE = "everything-before"
    """The version does not rebuild an input of which the row holds only what was new."""
    BEGINNING = "beginning"
    """The chain does not reach its beginning any more."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What the model would not be sent any more: how many, and which entries, as far as they are entries.

    `beginning` says of a BEGINNING why it is lost.
    """

    kind: LossKind
    count: int
    entries: tuple[TranscriptEntry, ...] = ()
    beginning: MissingBeginning | None = None


class Unconvertible(StrEnum):
    """What of an item a server cannot convert to messages."""

    CALL_WITHOUT_OUTPUT = "call-without-output"
    REFUSAL = "refusal"
    IMAGE_WITHOUT_SOURCE = "image-without-source"
    FILE_WITHOUT_SOURCE = "file-without-source"
    ITEM = "item"
    """The whole of it."""


@dataclass(frozen=True, slots=True)
class MessagesAreLoaded:
    """A server loads so many stored messages."""

    count: int


@dataclass(frozen=True, slots=True)
class ItemsAreConverted:
    """A server converts so many items, since it has no messages, or (`reads_messages` is False) never reads them."""

    count: int
    messages: MessagesState
    reads_messages: bool


@dataclass(frozen=True, slots=True)
class NotLoadable:
    """A server cannot load the response: what of it does not fit the server's model, a few words each."""

    obstacles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotFinished:
    """A server refuses a response with such a status."""

    status: str


@dataclass(frozen=True, slots=True)
class ConversionFails:
    """A server without stored messages fails on an item."""

    at: TranscriptEntry
    what: Unconvertible


@dataclass(frozen=True, slots=True)
class CallIsMissing:
    """A server without stored messages fails on the output of a call that is not among the items."""

    call_id: str | None


ResumeReason = (
    MessagesAreLoaded | ItemsAreConverted | NotLoadable | NotFinished | ConversionFails | CallIsMissing
)


class ResumeNoteKind(StrEnum):
    """What somebody who continues has to know."""

    INSTRUCTIONS = "instructions"
    """They are not carried over."""
    OPEN_CALLS = "open-calls"
    """The next request must bring the outputs of these calls."""
    APPROVALS = "approvals"
    """Approval requests that nobody has answered."""
    PARTIAL = "partial"
    """The response did not end well; `names` is its status."""
    FILES = "files"
    """Files that must still be in the files store."""


@dataclass(frozen=True, slots=True)
class ResumeNote:
    """What somebody who continues has to know: about how many, and their names as far as they have any."""

    kind: ResumeNoteKind
    count: int = 1
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resume:
    """Whether a server of a version can go on from a response, how, and what the model would then not be sent.

    `is_checked` is False where the earlier input was needed for the answer and not at hand: `loses` is then not all.
    """

    version: Version
    is_possible: bool
    way: ResumeWay
    because: ResumeReason
    loses: tuple[Loss, ...] = ()
    notes: tuple[ResumeNote, ...] = ()
    is_checked: bool = True


class DisagreementKind(StrEnum):
    """How a message and an item disagree."""

    MESSAGE_ONLY = "message-only"
    ITEM_ONLY = "item-only"
    TEXT = "text"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A place where the stored messages and the items disagree, with the entry and the message that it is about.

    `who` is a role, `call` or `tool`; `in_entry` and `in_message` are what each says, None where it has nothing of it.
    """

    kind: DisagreementKind
    who: str
    entry: TranscriptEntry | None = None
    in_entry: str | None = None
    message: ChatMessage | None = None
    in_message: str | None = None


class NotCompared(StrEnum):
    """Why messages and items were not compared."""

    NO_MESSAGES = "no-messages"
    BROKEN_MESSAGES = "broken-messages"
    PART_OF_INPUT = "part-of-input"
    """The row holds only what was new, and the responses before were not read."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing messages and items gave; `unchecked` says why it was not done.

    `history` is how many messages come before the first item: the turns before, where a conversation keeps them.
    """

    disagreements: tuple[Disagreement, ...] = ()
    history: int = 0
    unchecked: NotCompared | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A parameter that two responses have differently; None where it is not set."""

    name: str
    before: object
    after: object


class Succession(StrEnum):
    """How a second response hangs together with a first one."""

    NEXT = "next"
    """It names the first as its previous response."""
    BEGINS_ALIKE = "begins-alike"
    """It names another one or none, and its input begins with the first one's input and output."""
    OTHER_PARENT = "other-parent"
    UNRELATED = "unrelated"


@dataclass(frozen=True, slots=True)
class Addition:
    """What a response added to another one.

    `dropped` are entries of the first one's input and output that the second's input does not have in their place. `parent` is
    what the second names as its previous response. `first_in_part` and `second_in_part` are True where only the new input of
    one was compared. `branches_at` is after how many of the first one's `first_messages` messages the second's go another way.
    """

    succession: Succession
    parent: str | None = None
    input: tuple[TranscriptEntry, ...] = ()
    output: tuple[TranscriptEntry, ...] = ()
    dropped: tuple[TranscriptEntry, ...] = ()
    changes: tuple[Change, ...] = ()
    messages: tuple[ChatMessage, ...] = ()
    first_in_part: bool = False
    second_in_part: bool = False
    branches_at: int | None = None
    first_messages: int = 0

    @property
    def is_chained(self) -> bool:
        """Whether the second goes on from the first."""
        return self.succession in (Succession.NEXT, Succession.BEGINS_ALIKE)


@dataclass(frozen=True, slots=True)
class Examination:
    """A stored response with everything that can be told of it.

    `conversation` is the stored one, or, where `is_inferred`, the one among whose items its output stands. `notices` are
    sentences about what was not looked up.
    """

    response: StoredResponse
    resume: Resume
    comparison: Comparison
    conversation: str | None = None
    is_inferred: bool = False
    notices: tuple[Notice, ...] = ()
