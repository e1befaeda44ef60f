"""Where the stored chat messages and the items disagree. Pure functions.

Both are cut into units that can be compared: what somebody said, a call, a tool's answer. Equal units belong together wherever
they stand, since servers order parallel calls in two ways. What remains between two that belong together is paired by its kind:
those differ. Reasoning, lists of tools and approvals have no message, system messages are never stored: none of them counts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.resume import Comparison, Disagreement, DisagreementKind, NotCompared
from llama_storage_tui.model.transcript import (
    ChatMessage,
    ContentPart,
    EntryKind,
    MessagesState,
    PartKind,
    ToolCall,
    Transcript,
    TranscriptEntry,
)
from llama_storage_tui.services.responses.content import text_of
from llama_storage_tui.services.responses.tolerant_json import compact
from llama_storage_tui.text import plural

SEARCHES: Final = frozenset({"web_search", "knowledge_search", "file_search"})
"""Names under which servers give the model their own searches; the item of one holds neither the call nor its whole answer."""

_CITATION: Final = re.compile(r" ?<\|file-[A-Za-z0-9_-]+\|>")
"""What the model writes where it cites a file; servers cut it out of the item."""

_CITED: Final = "<|file-"

LONGEST_PLAIN: Final = 1_000_000
"""Letters of a text that is compared by its words; a longer one is compared letter by letter, which holds up nothing."""

_SEARCH: Final = "search"


@dataclass(frozen=True, slots=True)
class _Unit:
    """Something that can be compared: equal where `key` is. Of the same `kind`, two can be the same thing told differently."""

    kind: str
    key: Hashable
    said: str
    entry: TranscriptEntry | None = None
    message: ChatMessage | None = None


def compare(transcript: Transcript, full_input: Sequence[TranscriptEntry] | None = None) -> Comparison:
    """Compare the stored messages with the input and the output; `full_input` as in `resuming.check_resume`."""
    match transcript.messages_state:
        case MessagesState.MISSING | MessagesState.EMPTY:
            return Comparison(unchecked=NotCompared.NO_MESSAGES)
        case MessagesState.BROKEN:
            return Comparison(unchecked=NotCompared.BROKEN_MESSAGES)
        case MessagesState.STORED:
            pass
    if transcript.is_incremental and full_input is None:
        return Comparison(unchecked=NotCompared.PART_OF_INPUT)
    entries = (*(transcript.input if full_input is None else full_input), *transcript.output)
    loose = {_call_key(entry.name, entry.arguments) for entry in entries if _is_loose(entry)}
    asked = [unit for entry in entries for unit in _units_of_entry(entry)]
    sent = [*_units_of_messages(transcript.messages, loose)]
    return _aligned(asked, sent)


def _is_loose(entry: TranscriptEntry) -> bool:
    """Tell whether an item does not hold the text that the model was told: a failed call may hold another one."""
    return entry.kind is EntryKind.MCP_CALL and (entry.error is not None or entry.output is None)


def _plain(text: str) -> str:
    if len(text) > LONGEST_PLAIN:
        return text
    return " ".join((_CITATION.sub("", text) if _CITED in text else text).split())


def _spoken(parts: Iterable[ContentPart]) -> tuple[str, int]:
    """Return the texts of parts, and how many images and files there are."""
    parts = tuple(parts)
    attached = [part for part in parts if part.kind in (PartKind.IMAGE, PartKind.FILE)]
    return _plain(" ".join(part.text for part in parts if part not in attached)), len(attached)


def _call_key(name: str | None, arguments: object) -> Hashable:
    return ("call", name, arguments if isinstance(arguments, str) else _canonical(arguments))


def _canonical(arguments: object) -> str:
    if isinstance(arguments, dict):
        return compact({name: arguments[name] for name in sorted(arguments, key=str)})
    return compact(arguments)


def _units_of_entry(entry: TranscriptEntry) -> Iterator[_Unit]:
    match entry.kind:
        case EntryKind.MESSAGE | EntryKind.COMPACTION:
            role = "assistant" if entry.kind is EntryKind.COMPACTION else entry.role or ""
            if role != "system":
                yield _Unit(role, (role, *_spoken(entry.parts)), text_of(entry.parts), entry=entry)
        case EntryKind.FUNCTION_CALL:
            key = _call_key(entry.name, entry.arguments)
            yield _Unit("call", key, _said(entry.name, entry.arguments), entry=entry)
        case EntryKind.FUNCTION_CALL_OUTPUT:
            yield from _units_of_output(entry)
        case EntryKind.MCP_CALL:
            key = _call_key(entry.name, entry.arguments)
            yield _Unit("call", key, _said(entry.name, entry.arguments), entry=entry)
            told: Hashable = ("tool", key) if _is_loose(entry) else ("tool", _plain(entry.output or ""))
            yield _Unit("tool", told, entry.output or entry.error or "", entry=entry)
        case EntryKind.WEB_SEARCH_CALL | EntryKind.FILE_SEARCH_CALL:
            yield _Unit("call", ("call", _SEARCH), entry.label, entry=entry)
            yield _Unit("tool", ("tool", _SEARCH), entry.label, entry=entry)
        case _:
            return


def _units_of_output(entry: TranscriptEntry) -> Iterator[_Unit]:
    """Yield a function's output; servers send its images as a message of the user behind it."""
    text, attached = _spoken(entry.parts)
    images = sum(part.kind is PartKind.IMAGE for part in entry.parts)
    yield _Unit("tool", ("tool", text), entry.output or "", entry=entry)
    if images:
        yield _Unit("user", ("user", "", attached), plural(images, "image"), entry=entry)


def _units_of_messages(messages: Iterable[ChatMessage], loose: set[Hashable]) -> Iterator[_Unit]:
    calls: dict[str | None, Hashable] = {}
    for message in messages:
        if message.role == "system":
            continue
        if message.role == "tool":
            yield _told(message, calls.get(message.tool_call_id), loose)
            continue
        text, attached = _spoken(message.parts)
        if text or attached or not message.tool_calls:
            role = message.role or ""
            yield _Unit(role, (role, text, attached), text_of(message.parts), message=message)
        for call in message.tool_calls:
            unit = _called(call, message)
            calls[call.id] = unit.key
            yield unit


def _called(call: ToolCall, message: ChatMessage) -> _Unit:
    key = ("call", _SEARCH) if call.name in SEARCHES else _call_key(call.name, call.arguments)
    return _Unit("call", key, _said(call.name, call.arguments), message=message)


def _told(message: ChatMessage, call: Hashable, loose: set[Hashable]) -> _Unit:
    key: Hashable = ("tool", _spoken(message.parts)[0])
    if call == ("call", _SEARCH):
        key = ("tool", _SEARCH)
    elif call in loose:
        key = ("tool", call)
    return _Unit("tool", key, text_of(message.parts), message=message)


def _said(name: str | None, arguments: object) -> str:
    return f"{name or '?'}({arguments if isinstance(arguments, str) else compact(arguments)})"


def _aligned(asked: Sequence[_Unit], sent: Sequence[_Unit]) -> Comparison:
    """Match equal units, pair what differs between them, and say what is left."""
    matched, left = _matched(asked, sent)
    is_related = any(at is not None for at in matched)
    found: list[tuple[int, Disagreement]] = []
    history = 0
    before = -1
    for unit, at, after in zip(sent, matched, _next_matches(matched, len(asked)), strict=True):
        if at is not None:
            before = at
            continue
        twin = _twin(left.get(unit.kind, []), before, after)
        if twin is not None:
            found.append((twin, _differing(asked[twin], unit)))
        elif before < 0 and is_related:
            history += 1
        else:
            found.append((before, _alone(unit)))
    found += [(at, _alone(asked[at])) for waiting in left.values() for at in waiting]
    found.sort(key=itemgetter(0))
    return Comparison(tuple(disagreement for _, disagreement in found), history=history)


def _matched(asked: Sequence[_Unit], sent: Sequence[_Unit]) -> tuple[list[int | None], dict[str, list[int]]]:
    """Return for each unit that was sent the place of an equal one, and by kind the places that are left, in order."""
    places: dict[Hashable, deque[int]] = defaultdict(deque)
    for at, unit in enumerate(asked):
        places[unit.key].append(at)
    matched = [places[unit.key].popleft() if places.get(unit.key) else None for unit in sent]
    left: dict[str, list[int]] = defaultdict(list)
    for at in sorted(at for waiting in places.values() for at in waiting):
        left[asked[at].kind].append(at)
    return matched, left


def _twin(left: list[int], before: int, after: int) -> int | None:
    """Take the first place that is left between two others."""
    index = bisect_right(left, before)
    return left.pop(index) if index < len(left) and left[index] < after else None


def _next_matches(matched: Sequence[int | None], end: int) -> list[int]:
    """Return for each place where the next match is in the other sequence."""
    bounds = [end] * len(matched)
    following = end
    for at in range(len(matched) - 1, -1, -1):
        bounds[at] = following
        found = matched[at]
        following = following if found is None else found
    return bounds


def _differing(item: _Unit, message: _Unit) -> Disagreement:
    kind = DisagreementKind.CALL if item.kind == "call" else DisagreementKind.TEXT
    return Disagreement(kind, item.kind, item.entry, item.said, message.message, message.said)


def _alone(unit: _Unit) -> Disagreement:
    if unit.entry is not None:
        return Disagreement(DisagreementKind.ITEM_ONLY, unit.kind, entry=unit.entry, in_entry=unit.said)
    return Disagreement(DisagreementKind.MESSAGE_ONLY, unit.kind, message=unit.message, in_message=unit.said)
