"""Whether a server can go on from a response, where its parts disagree, and what one response added to another."""

from __future__ import annotations

from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.transcript import ChatMessage, StoredResponse, TranscriptEntry


class ResumeWay(StrEnum):
    """How a server goes on from a response."""

    MESSAGES = "messages"
    """It loads the stored chat messages."""
    ITEMS = "items"
    """It converts the input and output items to chat messages."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Loss:
    """What the model would not be sent any more: how many of what, why, and which entries, as far as they are entries."""

    what: str
    count: int
    reason: str
    entries: tuple[TranscriptEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Resume:
    """Whether a server of a version can go on from a response, how, and what the model would then not be sent.

    `is_checked` is False where the earlier input was needed for the answer and not at hand: `loses` is then not all.
    `notes` are sentences on what the next request must bring.
    """

    is_possible: bool
    way: ResumeWay
    because: str
    loses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    is_checked: bool = True


class DisagreementKind(StrEnum):
    """How a message and an item disagree."""

    MESSAGE_ONLY = "message-only"
    ITEM_ONLY = "item-only"
    TEXT = "text"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A place where the stored messages and the items disagree: a sentence, and the entry and the message that it is about."""

    kind: DisagreementKind
    sentence: str
    entry: TranscriptEntry | None = None
    message: ChatMessage | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing messages and items gave; `unchecked` says why it was not done, or not to the end.

    `history` is how many messages come before the first item: the turns before, where a conversation keeps them.
    """

    disagreements: tuple[Disagreement, ...] = ()
    history: int = 0
    unchecked: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A parameter that two responses have differently; None where it is not set."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Addition:
    """What a response added to another one.

    `dropped` are entries of the first one's input and output that the second's input does not have in their place;
    `notes` say how they hang together and what could not be compared.
    """

    is_chained: bool
    input: tuple[TranscriptEntry, ...] = ()
    output: tuple[TranscriptEntry, ...] = ()
    dropped: tuple[TranscriptEntry, ...] = ()
    changes: tuple[Change, ...] = ()
    messages: tuple[ChatMessage, ...] = ()
    notes: tuple[str, ...] = ()


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
    notices: tuple[str, ...] = ()
