"""Where the messages and the items of a response disagree, and how two responses, or a chat completion and one, hang together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.model.completions import Origin, SharedPart
from llama_storage_tui.model.resume import Addition, Comparison, Disagreement, NotCompared, Succession
from llama_storage_tui.model.transcript import TranscriptEntry
from llama_storage_tui.reports.lines import WARNING, Block, Line, Tone
from llama_storage_tui.services.responses.tolerant_json import one_line

_WHO: Final = {"call": "a call", "tool": "a tool's answer"}

_PARTS: Final = {SharedPart.MESSAGES_SENT: "the messages sent", SharedPart.ANSWER: "the answer"}

_NOT_COMPARED: Final = {
    NotCompared.NO_MESSAGES: "no messages are stored",
    NotCompared.BROKEN_MESSAGES: "the stored messages cannot be read",
    NotCompared.PART_OF_INPUT: "the input holds only what was new, and the messages everything: the responses before were not read",
}


def entry_name(entry: TranscriptEntry) -> str:
    """Return which item of a response it is."""
    return f"{entry.side.value} item {entry.position + 1}"


def not_compared(comparison: Comparison) -> str | None:
    """Say why messages and items were not compared, inside of a sentence; None where they were."""
    return None if comparison.unchecked is None else _NOT_COMPARED[comparison.unchecked]


def comparison_block(comparison: Comparison, most: int | None = None) -> Block:
    """Return where messages and items disagree, or why they were not compared."""
    lines: list[Line] = []
    reason = not_compared(comparison)
    if reason is not None:
        lines.append(Line(f"Not compared: {reason}", Tone.MUTED))
    elif not comparison.disagreements:
        lines.append(Line("No differences", Tone.MUTED))
    lines += [Line(disagreement(found), Tone.WARNING, WARNING) for found in comparison.disagreements[:most]]
    if comparison.history:
        before = f"{comparison.history:,} messages come before the first item: those of the earlier turns."
        lines.append(Line(before, Tone.MUTED))
    return Block(tuple(lines), "Messages and items")


def disagreement(found: Disagreement) -> str:
    """Say where a message and an item disagree."""
    who = _WHO.get(found.who, f"what the {found.who or 'unknown'} said")
    in_entry = None if found.in_entry is None else repr(one_line(found.in_entry, 80))
    in_message = None if found.in_message is None else repr(one_line(found.in_message, 80))
    item = "" if found.entry is None else entry_name(found.entry)
    message = "" if found.message is None else f"message {found.message.position + 1}"
    if in_message is None:
        return f"{who} in {item} has no stored message: {in_entry}"
    if in_entry is None:
        return f"{who} in {message} has no item: {in_message}"
    return f"{who} is {in_entry} in {item} and {in_message} in {message}"


def addition_notes(addition: Addition) -> tuple[str, ...]:
    """Say how two responses hang together, and what of them was not compared."""
    return tuple(_notes(addition))


def _notes(addition: Addition) -> Iterator[str]:
    for name, is_in_part in (("first", addition.first_in_part), ("second", addition.second_in_part)):
        if is_in_part:
            yield f"of the {name} only the new input was compared: the responses before it were not read"
    match addition.succession:
        case Succession.NEXT:
            pass
        case Succession.BEGINS_ALIKE:
            yield (
                "the second input begins with the first one's input and output: it continues the first, though it does not name it"
            )
        case Succession.OTHER_PARENT:
            yield f"the second continues {addition.parent}, not the first"
        case Succession.UNRELATED:
            yield "the second does not continue the first: its input begins differently, and it names no parent"
    if addition.branches_at == 0:
        yield "their messages differ from the first one on"
    elif addition.branches_at is not None:
        yield (
            f"their messages are the same up to message {addition.branches_at:,} of {addition.first_messages:,}, and differ from"
            " there on"
        )


def origin_reason(origin: Origin) -> str | None:
    """Return what the candidates share with the completion, inside of a sentence; None where there are none."""
    if not origin.shares:
        return None
    return f"same owner and model, {' and '.join(_PARTS[part] for part in origin.shares)}"
