"""Things that are read line by line with a text each: what a response added, a conversation, a chat completion, an object."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import field
from typing import Protocol

from textual.message import Message

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.completions import Completion
from llama_storage_tui.model.conversations import ConversationDetail
from llama_storage_tui.model.families import Query, RecordDetail, RecordField
from llama_storage_tui.model.resume import Addition
from llama_storage_tui.reports.comparison import addition_notes, origin_reason
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.records.reading import read_record
from llama_storage_tui.services.records.showing import shown
from llama_storage_tui.services.responses.bodies import message_body, pretty
from llama_storage_tui.services.responses.completions import read_completion
from llama_storage_tui.services.responses.conversations import read_conversation
from llama_storage_tui.services.responses.messages import read_messages
from llama_storage_tui.services.responses.origins import origin_of
from llama_storage_tui.services.responses.reading import read_response, whole_difference
from llama_storage_tui.services.responses.tolerant_json import load
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import with_letters
from llama_storage_tui.text import plural
from llama_storage_tui.tui.messages import ObjectsOpened, ResponseOpened, ResponsesOpened
from llama_storage_tui.tui.records.list_columns import stored_cell, text_cell
from llama_storage_tui.tui.records.record_lists import record_opened
from llama_storage_tui.tui.records.response_wording import id_text, owner_shown
from llama_storage_tui.tui.response.timeline import entry_line, message_line
from llama_storage_tui.tui.response.timeline_lines import TimelineLine, said
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.wording import size
from llama_storage_tui.upstream.families import find_family


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: facts for the headline, lines, and what each line opens by its number."""

    facts: tuple[Shown, ...]
    lines: tuple[TimelineLine, ...]
    opens: dict[int, Message] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    heads: tuple[str, str] = ("Who or what", "Says")


class DetailView(Protocol):
    """Something to read: its names from the outermost down, and how it is read."""

    names: tuple[str, ...]

    async def load(self, session: Session) -> Read:
        """Read it; raises StorageToolError."""


class DifferenceReading:
    """What one response added to the one before it."""

    def __init__(self, before: str, after: str) -> None:
        self._before, self._after = before, after
        self.names: tuple[str, ...] = ("what was added by", after)

    async def load(self, session: Session) -> Read:
        """Read both."""
        first, second = await asyncio.gather(
            read_response(session, self._before), read_response(session, self._after)
        )
        found = await whole_difference(session, first, second)
        lines = tuple(_added(found))
        facts = (
            Shown(f"to {self._before}", Tone.MUTED),
            Shown(f"{plural(len(found.input), 'input item')}, {len(found.output):,} of output"),
            *(
                [Shown(f"▲ {plural(len(found.dropped), 'item')} dropped", Tone.WARNING)]
                if found.dropped
                else []
            ),
            *([Shown(plural(len(found.changes), "changed setting"), Tone.KEY)] if found.changes else []),
        )
        return Read(facts, lines, notices=notice_words((*first.notices, *second.notices)))


def _added(found: Addition) -> Iterator[TimelineLine]:
    for note in addition_notes(found):
        yield said("▲", "note", note, Tone.WARNING)
    for entry in found.dropped:
        yield entry_line(entry).placed(Shown("– gone", Tone.WARNING))
    for change in found.changes:
        before, after = (_setting(value) for value in (change.before, change.after))
        text = f"{change.name}\n\nbefore:\n{before}\n\nafter:\n{after}"
        yield TimelineLine(
            (Shown("~ set", Tone.KEY), Shown(change.name), Shown(f"{before} → {after}")),
            text,
        )
    for entry in (*found.input, *found.output):
        line = entry_line(entry)
        yield line.placed(Shown(f"+ {line.cells[0].text}", Tone.GOOD))
    for message in found.messages:
        yield message_line(message, ()).placed(Shown("+ msg", Tone.MUTED))


def _setting(value: object) -> str:
    return "not set" if value is None else pretty(value) or "''"


class ConversationReading:
    """A conversation: its items, the responses that wrote them, and the messages that a server keeps ready for it."""

    def __init__(self, conversation: str) -> None:
        self._conversation = conversation
        self.names: tuple[str, ...] = ("conversations", conversation)

    async def load(self, session: Session) -> Read:
        """Read it with all that belongs to it."""
        found = await read_conversation(session, self._conversation)
        lines, opens = await asyncio.to_thread(_conversation_lines, found)
        facts = [Shown(plural(len(found.items), "item")), Shown(plural(len(found.responses), "response"))]
        if found.conversation is None:
            facts.insert(0, Shown("✗ the conversation is gone", Tone.BAD))
        else:
            owner = owner_shown(text_cell(found.conversation, "owner"))
            facts.append(Shown(f"owner {owner.text}", owner.tone))
            metadata = text_cell(found.conversation, "metadata")
            if metadata is not None:
                facts.append(Shown(with_letters(metadata), Tone.MUTED))
        return Read(tuple(facts), tuple(lines), opens, notice_words(found.notices))


def _conversation_lines(found: ConversationDetail) -> tuple[list[TimelineLine], dict[int, Message]]:
    lines: list[TimelineLine] = []
    opens: dict[int, Message] = {}
    for place, item in enumerate(found.items, 1):
        if item.entry is None:
            lines.append(said(str(place), "✗ invalid JSON", str(item.item), Tone.BAD))
            continue
        lines.append(entry_line(item.entry).placed(Shown(str(place), Tone.MUTED)))
    for response in found.responses:
        opens[len(lines)] = ResponseOpened(response)
        lines.append(said("→", "response", f"{response}: enter opens it", Tone.KEY))
    lines += _cached(found.messages)
    return lines, opens


def _cached(messages: object) -> Iterator[TimelineLine]:
    """Yield the messages that a server keeps ready for the next turn."""
    if messages is None:
        yield said("", "no messages", "No messages are kept ready for the next turn.", Tone.MUTED)
        return
    problems: list[str] = []
    try:
        parsed = load(messages) if isinstance(messages, str) else messages
    except (ValueError, RecursionError):
        yield said("▲", "messages", "The messages kept for the next turn are invalid JSON.", Tone.WARNING)
        return
    for message in read_messages(parsed, problems)[1]:
        yield message_line(message, ()).placed(Shown("kept", Tone.MUTED))
    for problem in problems:
        yield said("▲", "messages", problem, Tone.WARNING)


class CompletionReading:
    """A chat completion: what was sent, what came back, and which response it was made for where that can be told."""

    def __init__(self, completion: str) -> None:
        self._completion = completion
        self.names: tuple[str, ...] = ("chat completions", completion)

    async def load(self, session: Session) -> Read:
        """Read it, then look for its response."""
        found = await read_completion(session, self._completion)
        origin = await origin_of(session, found)
        lines = list(_completion_lines(found))
        opens: dict[int, Message] = {}
        for response in origin.candidates:
            certainty = "made for it" if response == origin.response else "perhaps made for it"
            opens[len(lines)] = ResponseOpened(response)
            text = f"{response}: {certainty}, they share {origin_reason(origin)}; enter opens it"
            lines.append(said("→", "response", text, Tone.KEY))
        if not origin.candidates:
            lines.append(
                said("→", "no response", "No response of that hour shares its messages.", Tone.MUTED)
            )
        owner = owner_shown(text_cell(found.entry, "owner"))
        facts = [Shown(id_text(stored_cell(found.entry, "model")))]
        reason = text_cell(found.entry, "finish_reason")
        if reason:
            is_cut = reason not in ("stop", "tool_calls")
            facts.append(Shown(f"finished: {reason}", Tone.WARNING if is_cut else Tone.GOOD))
        facts.append(Shown(f"owner {owner.text}", owner.tone if owner.tone is not Tone.PLAIN else Tone.MUTED))
        return Read(tuple(facts), tuple(lines), opens, (*found.problems, *notice_words(origin.notices)))


def _completion_lines(found: Completion) -> Iterator[TimelineLine]:
    for message in found.messages:
        yield message_line(message, ()).placed(Shown(f"sent {message.position + 1}", Tone.MUTED))
    for number, choice in enumerate(found.choices, 1):
        place = Shown(f"got {number}", Tone.GOOD)
        if choice.message is None:
            yield TimelineLine(
                (place, Shown("▲ no message", Tone.WARNING), Shown("")), "This choice holds no message."
            )
            continue
        line = message_line(choice.message, ())
        text = f"{choice.message.label}  finished: {choice.finish_reason or 'unknown'}\n\n{message_body(choice.message)}"
        yield TimelineLine((place, line.cells[1], line.cells[2]), text)
    for problem in found.problems:
        yield said("▲", "problem", problem, Tone.WARNING)


class ObjectReading:
    """An object of another family: its fields, and what it refers to."""

    def __init__(self, family: str, title: str, id_: str) -> None:
        self._family, self._object = family, id_
        self.names: tuple[str, ...] = ("objects", title, id_)

    async def load(self, session: Session) -> Read:
        """Read it."""
        found = await read_record(session, self._family, self._object)
        lines = [_field(each) for each in found.fields]
        opens: dict[int, Message] = {}
        for link in found.links:
            if link.family is not None:
                family = find_family(link.family)
                opens[len(lines)] = (
                    record_opened(family, link.id)
                    if link.of is None
                    else ObjectsOpened(family.name, family.title, (link.of, link.id))
                )
            hint = ": enter opens it" if link.family is not None else ""
            lines.append(said("→", link.label, f"{link.id}{hint}", Tone.KEY if hint else Tone.MUTED))
        if found.family.name == "files":
            opens[len(lines)] = ResponsesOpened(Query(filters={"contains": found.id}))
            lines.append(said("→", "in responses", "enter searches the responses for its id", Tone.KEY))
        lines += [_field(each, Tone.MUTED) for each in found.other]
        lines += [said("▲", "problem", problem, Tone.WARNING) for problem in found.problems]
        return Read(_object_facts(found), tuple(lines), opens, heads=("Field", "Value"))


def _object_facts(found: RecordDetail) -> tuple[Shown, ...]:
    place = found.place
    where = f"{place.backend}.{place.table}" if place.table else f"{place.backend}: {found.key or ''}"
    bytes_ = () if found.bytes is None else (Shown(size(found.bytes), Tone.MUTED),)
    return (Shown(found.family.about, Tone.MUTED), *bytes_, Shown(where, Tone.MUTED))


def _field(found: RecordField, tone: Tone = Tone.PLAIN) -> TimelineLine:
    text = shown(found.value, found.show)
    is_nested = isinstance(found.value, dict | list)
    whole = json.dumps(found.value, ensure_ascii=False, indent=2, default=str) if is_nested else text
    cell = Shown(text) if text else Shown("''", Tone.MUTED)
    return TimelineLine((Shown(""), Shown(found.label, tone), cell), f"{found.label}\n\n{whole}")
