"""Whether a server can continue from a response, and what the model would then not be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.chain import Truncation
from llama_storage_tui.model.resume import (
    CallIsMissing,
    ConversionFails,
    Examination,
    ItemsAreConverted,
    Loss,
    LossKind,
    MessagesAreLoaded,
    MissingBeginning,
    NotFinished,
    NotLoadable,
    Resume,
    ResumeNote,
    ResumeNoteKind,
    ResumeWay,
    Unconvertible,
)
from llama_storage_tui.model.transcript import MessagesState, TranscriptEntry
from llama_storage_tui.reports.comparison import comparison_block, entry_name
from llama_storage_tui.reports.lines import BAD, POINT, WARNING, Block, Line, Mark, Tone
from llama_storage_tui.text import plural

NAMED: Final = 3
"""Reasons and names that are written out of many."""

_WAYS: Final = {
    ResumeWay.MESSAGES: "A request that names it as previous_response_id is answered from its stored messages",
    ResumeWay.ITEMS: "A request that names it as previous_response_id is answered from its items, converted to messages",
    ResumeWay.NONE: "A request that names it as previous_response_id fails",
}

_UNCONVERTIBLE: Final = {
    Unconvertible.CALL_WITHOUT_OUTPUT: ": a call without an output",
    Unconvertible.REFUSAL: ": it does not convert refusals",
    Unconvertible.IMAGE_WITHOUT_SOURCE: ": an image without URL and file id",
    Unconvertible.FILE_WITHOUT_SOURCE: ": a file without data, URL and file id",
    Unconvertible.ITEM: "",
}

_LOST: Final = {
    LossKind.SYSTEM_MESSAGES: ("system messages", "servers store no system messages"),
    LossKind.REASONING_NOT_STORED: ("reasoning", "the stored messages hold none"),
    LossKind.REASONING_NOT_SENT: (
        "reasoning",
        "only its content is sent, and only with the assistant's message or call right behind it",
    ),
    LossKind.WEB_SEARCHES: ("web searches and what they found", "searches are not converted to messages"),
    LossKind.FILE_SEARCHES: ("file searches and what they found", "searches are not converted to messages"),
    LossKind.MCP_ERRORS: ("errors of MCP calls", "only a call's output is sent"),
    LossKind.IMAGES_BY_ID: ("images by file id", "{version} sends only images with a URL"),
    LossKind.EVERYTHING_BEFORE: (
        "everything before this response",
        "its input holds only what was new, and {version} does not rebuild the rest",
    ),
    LossKind.BEGINNING: ("everything before what is left of its chain", "{beginning}"),
}


@dataclass(frozen=True, slots=True)
class LossWords:
    """A loss in words: what is lost, how many, why, and which entries."""

    what: str
    count: int
    reason: str
    entries: tuple[TranscriptEntry, ...]


def resume_headline(resume: Resume) -> Line:
    """Return the answer in a few words."""
    if not resume.is_possible:
        return Line("cannot be resumed", Tone.BAD, BAD)
    if resume.loses:
        return Line("can be resumed, with losses", Tone.WARNING, WARNING)
    if not resume.is_checked:
        return Line("can be resumed, as far as was read", Tone.WARNING, WARNING)
    return Line("can be resumed", Tone.GOOD, Mark("●", Tone.GOOD))


def resume_blocks(examination: Examination, server: str, most: int | None = None) -> Iterator[Block]:
    """Yield the answer for a server: whether and how, what would be lost, what to know, where messages and items disagree.

    `most` limits how many losses and disagreements are written out.
    """
    resume = examination.resume
    yield Block(
        (
            resume_headline(resume),
            Line(f"{_WAYS[resume.way]} ({server})"),
            Line(f"Because {resume_reason(resume)}."),
        )
    )
    if resume.loses:
        yield Block(
            tuple(
                Line(f"{loss.count:,} × {loss.what}: {loss.reason}", Tone.WARNING, WARNING)
                for loss in losses(resume)[:most]
            ),
            "What the model would no longer be sent",
        )
    elif resume.is_possible and resume.is_checked:
        yield Block((Line("Nothing would be lost.", Tone.GOOD),))
    if not resume.is_checked:
        unread = "The responses before this one were not read: more may be lost."
        yield Block((Line(unread, Tone.WARNING, WARNING),))
    if resume.notes:
        yield Block(tuple(Line(resume_note(note), mark=POINT) for note in resume.notes), "Notes")
    yield comparison_block(examination.comparison, most)


def resume_reason(resume: Resume) -> str:
    """Return why the answer is what it is, inside of a sentence."""
    version = resume.version
    match resume.because:
        case MessagesAreLoaded(count):
            return f"it has {plural(count, 'stored message')}, which {version} loads"
        case ItemsAreConverted(count, messages, reads_messages):
            if not reads_messages:
                why = f"{version} does not read stored messages"
            elif messages is MessagesState.EMPTY:
                why = "its stored messages are empty"
            else:
                why = "it has no stored messages"
            return f"{why}: {version} converts {plural(count, 'item')}"
        case NotLoadable(obstacles):
            more = f", and {plural(len(obstacles) - NAMED, 'more reason')}" if len(obstacles) > NAMED else ""
            return f"{version} cannot load it: {'; '.join(obstacles[:NAMED])}{more}"
        case NotFinished(status):
            return f"it is {status}: {version} refuses a response that is not finished"
        case ConversionFails(at, what):
            place = f"{entry_name(at)} ({at.type or 'message'})"
            return f"without stored messages {version} converts its items, and fails at {place}{_UNCONVERTIBLE[what]}"
        case CallIsMissing(call_id):
            return (
                f"without stored messages {version} converts its items, and fails at the output of call {call_id}:"
                " the call is not among them"
            )


def losses(resume: Resume) -> tuple[LossWords, ...]:
    """Return what the model would not be sent any more, in words."""
    return tuple(_loss(loss, resume) for loss in resume.loses)


def _loss(loss: Loss, resume: Resume) -> LossWords:
    what, reason = _LOST[loss.kind]
    beginning = "" if loss.beginning is None else missing_beginning_words(loss.beginning)
    return LossWords(
        what, loss.count, reason.format(version=resume.version, beginning=beginning), loss.entries
    )


def missing_beginning_words(missing: MissingBeginning) -> str:
    """Say why a whole input does not reach the beginning, inside of a sentence."""
    match missing.because:
        case Truncation.MISSING_PARENT:
            return f"{missing.parent} is not stored, and a server begins after it without an error"
        case Truncation.CYCLE:
            return "the responses before it form a cycle, and a server uses its own input only"
        case Truncation.UNREADABLE:
            return "the input of a response before it cannot be read"


def resume_note(note: ResumeNote) -> str:
    """Say what somebody who continues has to know."""
    names = ", ".join(note.names[:NAMED])
    match note.kind:
        case ResumeNoteKind.INSTRUCTIONS:
            return "its instructions are not carried over: the next request must give its own"
        case ResumeNoteKind.OPEN_CALLS:
            return f"the next request must bring the output of {plural(note.count, 'function call')}: {names}"
        case ResumeNoteKind.APPROVALS:
            return f"{plural(note.count, 'approval request')} not answered yet"
        case ResumeNoteKind.PARTIAL:
            return f"it is {names}: a follow-up continues from its partial state"
        case ResumeNoteKind.FILES:
            return f"{plural(note.count, 'file')} must still be in the files store: {names}"
