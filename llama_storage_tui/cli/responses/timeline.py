"""A response as text for people: its head, what was asked and answered, and what can be told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from llama_storage_tui.cli import output
from llama_storage_tui.cli.blocks import write_lines
from llama_storage_tui.cli.cells import status_of, whose
from llama_storage_tui.cli.output import Colour, Piece, Toned
from llama_storage_tui.model.resume import Change, Comparison, Examination
from llama_storage_tui.model.transcript import (
    ChatMessage,
    Head,
    RequestSetting,
    Transcript,
    TranscriptEntry,
    Usage,
)
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.reports.resume import resume_blocks
from llama_storage_tui.services.responses.bodies import body, message_body, pretty
from llama_storage_tui.services.responses.tolerant_json import one_line
from llama_storage_tui.services.values import epoch_time, iso, with_letters

INDENT: Final = "     "
SHORT: Final = 24
BRIEF: Final = 100
"""Letters of a message that says what an item above says already."""


def report_response(examination: Examination, server: str) -> None:
    """Print a response from its head to what a server can do with it; `server` is product and version."""
    response = examination.response
    found = response.transcript
    report_head(examination)
    if found.instructions:
        title("instructions")
        block(found.instructions)
    report_entries("input, only what was new" if found.is_incremental else "input", found.input)
    report_entries("output", found.output)
    agree = examination.comparison == Comparison()
    report_messages("messages that the model was sent", found.messages, brief=agree)
    report_resume(examination, server)


def title(text: str) -> None:
    """Begin a part."""
    output.write_line()
    output.write_line(Toned(text, Colour.STRONG))


def block(text: str, indent: str = INDENT) -> None:
    """Print stored text indented: whatever it holds, no line of it can look like one of ours."""
    if text:
        output.write_text("\n".join(indent + line for line in text.replace("\r\n", "\n").split("\n")))


def report_head(examination: Examination) -> None:
    """Print what a response says of itself, and what is wrong with it."""
    response = examination.response
    found = response.transcript
    head = found.head
    output.write_line(*headline(found))
    for name, text in _facts(head):
        _write_fact(name, Toned(text, Colour.BAD) if name == "error" else text)
    if examination.conversation:
        how = " (by its output's ids)" if examination.is_inferred else ""
        _write_fact("conversation", f"{examination.conversation}{how}")
    _write_fact("stored in", f"{response.place.table} on {response.place.backend}")
    for problem in found.problems:
        _warn("  ", problem)
    for notice in notice_words((*response.notices, *examination.notices)):
        _warn("  ", notice)
    _report_settings(head.settings)


def _report_settings(settings: Sequence[RequestSetting]) -> None:
    """Print short settings in one line, each longer one in its own."""
    short = [setting for setting in settings if len(setting.text) <= SHORT]
    if short:
        words = (f"{setting.name} {setting.text}" for setting in short)
        _write_fact("settings", ", ".join(words))
    for setting in settings:
        if setting not in short:
            _write_fact(setting.name, setting.text)


def _write_fact(name: str, said: Piece) -> None:
    output.write_line(Toned(f"  {name:<13}", Colour.MUTED), said)


def _facts(head: Head) -> Iterable[tuple[str, str]]:
    took = "" if head.seconds is None else f", after {head.seconds:g} s"
    found = (
        ("created", _time(head.created_at)),
        ("completed", _time(head.completed_at) + took),
        ("owner", whose(head.owner)),
        ("attributes", head.access_attributes and with_letters(head.access_attributes)),
        ("tenant", head.tenant),
        ("continues", head.previous_response_id),
        ("tokens", _tokens(head.usage)),
        ("error", ": ".join(word for word in (head.error_code, head.error) if word)),
        ("incomplete", head.incomplete_reason),
    )
    return ((name, text) for name, text in found if text)


def _time(seconds: float | None) -> str:
    """Write epoch seconds with the time that they mean."""
    if seconds is None:
        return ""
    time: datetime | None = epoch_time("created_at", seconds)
    return f"{seconds:.15g} ({iso(time.astimezone(UTC))})" if time else f"{seconds:.15g}"


def _tokens(usage: Usage | None) -> str:
    if usage is None:
        return ""
    found = (
        (usage.total, "in all"),
        (usage.input, "in"),
        (usage.cached, "of them cached"),
        (usage.output, "out"),
        (usage.reasoning, "of them reasoning"),
    )
    return ", ".join(f"{number:,} {what}" for number, what in found if number is not None)


def report_entries(name: str, entries: Sequence[TranscriptEntry]) -> None:
    """Print entries, each under its label."""
    title(f"{name} ({len(entries):,})")
    for entry in entries:
        words = (Toned(entry.label, Colour.STRONG), entry.id, status_of(entry.status or ""))
        output.write_line(f"{entry.position + 1:>3}", *_spaced(words))
        block(body(entry))
        if entry.answer is not None:
            answer = entry.answer
            output.write_line(f"{INDENT}→ {answer.side.value} {answer.position + 1}: {answer.summary}")
        for problem in entry.problems:
            _warn(INDENT, problem)


def report_messages(name: str, messages: Sequence[ChatMessage], *, brief: bool = False) -> None:
    """Print chat messages, `brief` a line each."""
    if not messages:
        return
    title(f"{name} ({len(messages):,})")
    for message in messages:
        if brief:
            output.write_line(
                f"{message.position + 1:>3}  {message.label:<10} {one_line(message.summary, BRIEF)}"
            )
            continue
        words = (Toned(message.label, Colour.STRONG), message.name, message.tool_call_id)
        output.write_line(f"{message.position + 1:>3}", *_spaced(words))
        block(message_body(message))
        for problem in message.problems:
            _warn(INDENT, problem)


def report_resume(examination: Examination, server: str) -> None:
    """Print whether a server can continue from a response, and where messages and items disagree."""
    title("continuing from it (previous_response_id)")
    for number, found in enumerate(resume_blocks(examination, server)):
        if found.title:
            title(found.title[:1].lower() + found.title[1:])
        elif number:
            output.write_line()
        write_lines(found.lines, indent=len(INDENT))


def report_changes(changes: Iterable[Change]) -> None:
    """Print parameters that differ."""
    for change in changes:
        output.write_line(f"  {change.name}")
        for sign, value in (("-", change.before), ("+", change.after)):
            block("not set" if value is None else pretty(value), f"   {sign} ")


def headline(found: Transcript) -> list[Piece]:
    """Name a response in a line: its id, status and model."""
    head = found.head
    return _spaced((Toned(head.id or "no id", Colour.STRONG), status_of(head.status or ""), head.model))[1:]


def _spaced(words: Iterable[Piece | None]) -> list[Piece]:
    """Return what there is of some words, each after a gap."""
    return [piece for word in words if word is not None and str(word) for piece in ("  ", word)]


def _warn(indent: str, sentence: str) -> None:
    output.write_line(indent, Toned("!", Colour.WARNING), f" {sentence}")
