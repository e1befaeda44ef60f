"""Whether a server can continue from a response, and where the response's parts disagree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.model.resume import Comparison, Examination, Resume, ResumeWay
from llama_storage_tui.reports.lines import BAD, POINT, WARNING, Block, Line, Mark, Tone

_WAYS: Final = {
    ResumeWay.MESSAGES: "A request that names it as previous_response_id is answered from its stored messages",
    ResumeWay.ITEMS: "A request that names it as previous_response_id is answered from its items, converted to messages",
    ResumeWay.NONE: "A request that names it as previous_response_id fails",
}


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
            Line(f"Because {resume.because}."),
        )
    )
    if resume.loses:
        yield Block(
            tuple(
                Line(f"{loss.count:,} × {loss.what}: {loss.reason}", Tone.WARNING, WARNING)
                for loss in resume.loses[:most]
            ),
            "What the model would no longer be sent",
        )
    elif resume.is_possible and resume.is_checked:
        yield Block((Line("Nothing would be lost.", Tone.GOOD),))
    if not resume.is_checked:
        unread = "The responses before this one were not read: more may be lost."
        yield Block((Line(unread, Tone.WARNING, WARNING),))
    if resume.notes:
        yield Block(tuple(Line(note, mark=POINT) for note in resume.notes), "Notes")
    yield comparison_block(examination.comparison, most)


def comparison_block(comparison: Comparison, most: int | None = None) -> Block:
    """Return where messages and items disagree, or why they were not compared."""
    lines: list[Line] = []
    if comparison.unchecked is not None:
        lines.append(Line(f"Not compared: {comparison.unchecked}", Tone.MUTED))
    elif not comparison.disagreements:
        lines.append(Line("No differences", Tone.MUTED))
    lines += [Line(found.sentence, Tone.WARNING, WARNING) for found in comparison.disagreements[:most]]
    if comparison.history:
        before = f"{comparison.history:,} messages come before the first item: those of the earlier turns."
        lines.append(Line(before, Tone.MUTED))
    return Block(tuple(lines), "Messages and items")
