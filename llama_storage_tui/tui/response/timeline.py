"""A response as rows and texts: its items in their order, and the messages that the model was sent. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from llama_storage_tui.model.resume import Comparison
from llama_storage_tui.model.transcript import (
    ChatMessage,
    EntryKind,
    MessagesState,
    Side,
    Transcript,
    TranscriptEntry,
)
from llama_storage_tui.reports.comparison import disagreement
from llama_storage_tui.text import plural
from llama_storage_tui.tui.response.timeline_lines import TimelineLine, said
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import ListColumn


def columns(who: str = "Who or what", says: str = "Says") -> tuple[ListColumn, ...]:
    """Return the columns of lines: their place, and the two others by their titles."""
    return ListColumn("", most=8), ListColumn(who, most=34), ListColumn(says, grows=True, least=12)


COLUMNS: Final = columns()
_CALLS: Final = frozenset(
    {EntryKind.FUNCTION_CALL, EntryKind.MCP_CALL, EntryKind.WEB_SEARCH_CALL, EntryKind.FILE_SEARCH_CALL}
)
_ANSWERS: Final = frozenset({EntryKind.FUNCTION_CALL_OUTPUT, EntryKind.MCP_APPROVAL_RESPONSE})


def timeline(
    transcript: Transcript, *, input_: Sequence[TranscriptEntry] | None = None
) -> list[TimelineLine]:
    """Return a response from its instructions to why it ended; `input_` is its whole input where the row holds a part."""
    lines: list[TimelineLine] = []
    if transcript.instructions:
        lines.append(said("", "instructions", transcript.instructions, Tone.MUTED))
    if transcript.is_incremental and input_ is None:
        lines.append(
            said(
                "…",
                "earlier turns",
                "stored with the responses before this one, see the chain",
                Tone.MUTED,
            )
        )
    entries = (*(transcript.input if input_ is None else input_), *transcript.output)
    new = len(entries) - len(transcript.output) - len(transcript.input)
    lines += [entry_line(entry, is_earlier=place < new) for place, entry in enumerate(entries)]
    lines += [said("▲", "problem", problem, Tone.WARNING) for problem in transcript.problems]
    return [*lines, *_ending(transcript)]


def start_of(transcript: Transcript, lines: Sequence[TimelineLine]) -> int:
    """Return the row to begin reading at: what failed last, else the last of what came back."""
    tones = [line.cells[1].tone for line in lines]
    if Tone.BAD in tones:
        return len(tones) - 1 - tones[::-1].index(Tone.BAD)
    outputs = [index for index, line in enumerate(lines) if isinstance(line.text, TranscriptEntry)]
    return outputs[-1] if outputs and transcript.output else max(len(lines) - 1, 0)


def _ending(transcript: Transcript) -> Iterator[TimelineLine]:
    head = transcript.head
    if head.error or head.error_code:
        why = ": ".join(part for part in (head.error_code, head.error) if part)
        yield said("end", "✗ failed", why, Tone.BAD)
    if head.incomplete_reason:
        yield said("end", "▲ incomplete", head.incomplete_reason, Tone.WARNING)
    if head.status in ("in_progress", "queued"):
        why = "No end is stored: it still runs, or the server stopped while it ran; nothing will finish it then."
        yield said("end", f"◌ {head.status.replace('_', ' ')}", why, Tone.KEY)
    elif not transcript.output and not (head.error or head.error_code):
        yield said(
            "end", "▲ no output", "The model gave nothing back, or nothing of it is stored.", Tone.WARNING
        )


def entry_line(entry: TranscriptEntry, *, is_earlier: bool = False) -> TimelineLine:
    """Return the row of an item; what failed stands out by mark, word and colour, an answer is set in below its call."""
    side = "in" if entry.side is Side.INPUT else "out"
    tone = _tone(entry)
    mark = {Tone.BAD: "✗ ", Tone.WARNING: "▲ "}.get(tone, "")
    indent = "  ↳ " if entry.kind in _ANSWERS else ""
    place = Shown("before" if is_earlier else f"{side} {entry.position + 1}", Tone.MUTED)
    says = Shown(entry.summary, tone if tone in (Tone.BAD, Tone.WARNING) else Tone.PLAIN)
    label = Shown(f"{indent}{mark}{entry.label}", tone)
    if is_earlier and not mark:
        label, says = Shown(label.text, Tone.MUTED), Shown(entry.summary, Tone.MUTED)
    return TimelineLine((place, label, says), entry)


def _tone(entry: TranscriptEntry) -> Tone:
    if entry.error is not None or entry.status == "failed":
        return Tone.BAD
    is_refusal = any(part.kind.value == "refusal" for part in entry.parts)
    if entry.problems or is_refusal or entry.status == "incomplete" or entry.is_approved is False:
        return Tone.WARNING
    if entry.kind in _CALLS:
        return Tone.KEY
    return Tone.MUTED if entry.kind is EntryKind.REASONING else Tone.PLAIN


def messages(transcript: Transcript, comparison: Comparison) -> list[TimelineLine]:
    """Return what the model was sent and gave, with what disagrees with the items marked."""
    lines: list[TimelineLine] = []
    if transcript.messages_state is not MessagesState.STORED:
        lines.append(said("", "▲ no messages", _NONE[transcript.messages_state], Tone.WARNING))
    for message in transcript.messages:
        notes = tuple(
            disagreement(each)
            for each in comparison.disagreements
            if each.message is not None and each.message.position == message.position
        )
        lines.append(message_line(message, notes))
    lines += [
        said("▲", "not among them", disagreement(each), Tone.WARNING)
        for each in comparison.disagreements
        if each.message is None
    ]
    return lines


_NONE: Final = {
    MessagesState.EMPTY: "An empty list is stored: a server converts the items instead, see 3.",
    MessagesState.MISSING: "None are stored with this response: a server converts the items instead, see 3.",
    MessagesState.BROKEN: "The stored messages are not a list: no server can load this response, see 3.",
}


def message_line(message: ChatMessage, notes: tuple[str, ...]) -> TimelineLine:
    """Return the row of a chat message; `notes` are what disagrees with it."""
    is_odd = bool(message.problems or notes)
    tone = Tone.WARNING if is_odd else Tone.KEY if message.tool_calls else Tone.PLAIN
    indent = "  ↳ " if message.role == "tool" else ""
    label = Shown(f"{indent}{'▲ ' if is_odd else ''}{message.label}", tone)
    says = Shown(message.summary, Tone.WARNING if is_odd else Tone.PLAIN)
    return TimelineLine(
        (Shown(str(message.position + 1), Tone.MUTED), label, says), message, (*message.problems, *notes)
    )


def comparison_fact(transcript: Transcript, comparison: Comparison) -> Shown:
    """Say in a few words whether messages and items agree."""
    if transcript.messages_state is not MessagesState.STORED:
        return Shown(f"▲ messages {transcript.messages_state.value}", Tone.WARNING)
    if comparison.unchecked is not None:
        return Shown("not compared with the items", Tone.MUTED)
    number = len(comparison.disagreements)
    if number:
        return Shown(f"▲ {plural(number, 'disagreement')} with the items", Tone.WARNING)
    return Shown("agree with the items", Tone.MUTED)
