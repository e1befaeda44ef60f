"""A line of a timeline: three cells, and its text in full, made when it is wanted. Pure functions."""

from __future__ import annotations

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.transcript import ChatMessage, Side, TranscriptEntry
from llama_storage_tui.services.responses.bodies import body, message_body
from llama_storage_tui.tui.style.glyphs import Shown, Tone


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """A row with its full text."""

    cells: tuple[Shown, Shown, Shown]
    text: str | TranscriptEntry | ChatMessage
    notes: tuple[str, ...] = ()

    def placed(self, place: Shown) -> TimelineLine:
        """Return the line with another first cell, and without notes."""
        return TimelineLine((place, *self.cells[1:]), self.text)

    @property
    def whole(self) -> str:
        """The text in full, made when it is wanted."""
        match self.text:
            case TranscriptEntry():
                return entry_text(self.text)
            case ChatMessage():
                return _joined(_message_head(self.text), message_body(self.text), *map(_noted, self.notes))
            case _:
                return self.text


def said(place: str, label: str, text: str, tone: Tone) -> TimelineLine:
    """Return a line of our own words about stored text."""
    says = Shown(text, tone if tone is not Tone.MUTED else Tone.PLAIN)
    return TimelineLine((Shown(place, Tone.MUTED), Shown(label, tone), says), text)


def entry_text(entry: TranscriptEntry) -> str:
    """Return an item in full: what it is, what it says, what answered it, and what is wrong with it."""
    ids = (entry.id, entry.status, f"call {entry.call_id}" if entry.call_id else None)
    head = f"{entry.label}\n{'  '.join(part for part in ids if part)}".rstrip()
    answer = ""
    if entry.answer is not None:
        side = "in" if entry.answer.side is Side.INPUT else "out"
        answer = f"answered by {side} {entry.answer.position + 1}:\n{body(entry.answer)}"
    return _joined(head, body(entry), answer, *map(_noted, entry.problems))


def _message_head(message: ChatMessage) -> str:
    ids = (message.name, f"answers {message.tool_call_id}" if message.tool_call_id else None)
    return f"{message.label}\n{'  '.join(part for part in ids if part)}".rstrip()


def _noted(problem: str) -> str:
    return f"▲ {problem}"


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
