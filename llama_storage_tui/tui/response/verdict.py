"""Whether a server can go on from a response, in prose."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from llama_storage_tui.model.resume import Examination, Resume, Way
from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import Shown, Tone

LONGEST: Final = 1000
MOST: Final = 100
"""Losses and disagreements that are written out."""


def resume_mark(resume: Resume) -> Shown:
    """Return glyph and words of the answer."""
    if not resume.is_possible:
        return Shown("✗ cannot be resumed", Tone.BAD)
    if resume.loses:
        return Shown("▲ can be resumed, with losses", Tone.WARNING)
    if not resume.is_checked:
        return Shown("▲ can be resumed, as far as was read", Tone.WARNING)
    return Shown("● can be resumed", Tone.GOOD)


def resume_text(examination: Examination, server: str) -> Content:
    """Write the answer for a server: whether, how, what would be lost, what to know, where messages and items disagree."""
    resume, comparison = examination.resume, examination.comparison
    mark = resume_mark(resume)
    parts = [
        _styled(f"{mark.text}", mark.tone, is_bold=True),
        _styled(f"{_WAYS[resume.way]} ({server})"),
        _styled(f"Because {resume.because}."),
    ]
    if resume.loses:
        parts.append(_styled("\nWhat the model would not be sent any more", Tone.KEY))
        parts += [
            _styled(f"▲ {loss.count:,} × {loss.what}: {loss.reason}", Tone.WARNING)
            for loss in resume.loses[:MOST]
        ]
    elif resume.is_possible and resume.is_checked:
        parts.append(_styled("\nNothing would be lost.", Tone.GOOD))
    if not resume.is_checked:
        parts.append(
            _styled("\n▲ What came before this response was not read: more may be lost.", Tone.WARNING)
        )
    if resume.notes:
        parts.append(_styled("\nTo know", Tone.KEY))
        parts += [_styled(f"· {note}") for note in resume.notes]
    parts.append(_styled("\nMessages and items", Tone.KEY))
    if comparison.unchecked is not None:
        parts.append(_styled(f"Not compared: {comparison.unchecked}", Tone.MUTED))
    elif not comparison.disagreements:
        parts.append(_styled("No differences.", Tone.MUTED))
    parts += [_styled(f"▲ {each.sentence}", Tone.WARNING) for each in comparison.disagreements[:MOST]]
    if comparison.history:
        parts.append(
            _styled(
                f"{comparison.history:,} messages come before the first item: those of the turns before.",
                Tone.MUTED,
            )
        )
    return Content("\n").join(parts)


_WAYS: Final = {
    Way.MESSAGES: "A request that names it as previous_response_id is answered from its stored messages",
    Way.ITEMS: "A request that names it as previous_response_id is answered from its items, converted to messages",
    Way.NONE: "A request that names it as previous_response_id fails",
}


def _styled(text: str, tone: Tone = Tone.PLAIN, *, is_bold: bool = False) -> Content:
    start = "\n" if text.startswith("\n") else ""
    style = f"bold {tone.style}" if is_bold else tone.style
    return Content(start) + Content.styled(line(text.removeprefix("\n"), LONGEST), style)
