"""What one response added to another one of its chain: a diff by what was said, not by JSON. Pure functions."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from llama_storage_tui.model.resume import Addition, Change, Succession
from llama_storage_tui.model.transcript import ChatMessage, Transcript, TranscriptEntry
from llama_storage_tui.services.responses.tolerant_json import as_mapping, compact

Before = Sequence[TranscriptEntry] | None


def difference(
    first: Transcript, second: Transcript, *, first_input: Before = None, second_input: Before = None
) -> Addition:
    """Return what `second` added to `first`: input beyond the first one's input and output, output, parameters, messages.

    `first_input` and `second_input` are the full inputs, needed where a row holds only what was new in it.
    """
    is_next = first.head.id is not None and second.head.previous_response_id == first.head.id
    is_compared = not (second.is_incremental and is_next and second_input is None)
    added, dropped, begins = (
        _beyond(first, second, first_input, second_input) if is_compared else (second.input, (), True)
    )
    common, messages = _new_messages(first.messages, second.messages)
    return Addition(
        Succession.NEXT if is_next else _succession(second, begins=begins),
        second.head.previous_response_id,
        input=added,
        output=second.output,
        dropped=dropped,
        changes=tuple(_changes(first, second)),
        messages=messages,
        first_in_part=is_compared and first.is_incremental and first_input is None,
        second_in_part=is_compared and second.is_incremental and second_input is None,
        branches_at=common if common < len(first.messages) and second.messages else None,
        first_messages=len(first.messages),
    )


def _beyond(
    first: Transcript, second: Transcript, first_input: Before, second_input: Before
) -> tuple[tuple[TranscriptEntry, ...], tuple[TranscriptEntry, ...], bool]:
    """Return what the second's input has beyond the first, what of the first it has not, and whether it begins with it."""
    before = (*(first.input if first_input is None else first_input), *first.output)
    after = second.input if second_input is None else tuple(second_input)
    common = _common([_key(entry) for entry in before], [_key(entry) for entry in after])
    return tuple(after[common:]), tuple(before[common:]), bool(before) and common == len(before)


def _succession(second: Transcript, *, begins: bool) -> Succession:
    if begins:
        return Succession.BEGINS_ALIKE
    return Succession.UNRELATED if second.head.previous_response_id is None else Succession.OTHER_PARENT


def _common(before: Sequence[Hashable], after: Sequence[Hashable]) -> int:
    """Return how many at the beginning are equal."""
    for at, (one, other) in enumerate(zip(before, after, strict=False)):
        if one != other:
            return at
    return min(len(before), len(after))


def _key(entry: TranscriptEntry) -> Hashable:
    """Return what makes two entries the same: all but ids and states that servers fill in, and fields that are not set."""
    fields = as_mapping(entry.raw)
    held = {
        name: value
        for name, value in fields.items()
        if name not in ("id", "status") and value not in (None, [], "")
    }
    if entry.kind.value == "message":
        return ("message", entry.role, tuple((part.kind, part.text) for part in entry.parts))
    return compact({name: held[name] for name in sorted(held, key=str)}) if fields else compact(entry.raw)


def _new_messages(
    first: Sequence[ChatMessage], second: Sequence[ChatMessage]
) -> tuple[int, tuple[ChatMessage, ...]]:
    """Return how many messages both begin with, and the second's after those."""
    common = _common(
        [_message_key(message) for message in first], [_message_key(message) for message in second]
    )
    return common, tuple(second[common:])


def _message_key(message: ChatMessage) -> Hashable:
    calls = tuple((call.id, call.name, compact(call.arguments)) for call in message.tool_calls)
    return (
        message.role,
        message.tool_call_id,
        tuple((part.kind, part.text) for part in message.parts),
        calls,
    )


def _changes(first: Transcript, second: Transcript) -> Iterator[Change]:
    """Yield the parameters that differ: model and instructions first."""
    for name, before, after in (
        ("model", first.head.model, second.head.model),
        ("instructions", first.instructions, second.instructions),
    ):
        if before != after:
            yield Change(name, before, after)
    one = {setting.name: setting.value for setting in first.head.settings}
    other = {setting.name: setting.value for setting in second.head.settings}
    for name in dict.fromkeys((*one, *other)):
        if one.get(name) != other.get(name):
            yield Change(name, one.get(name), other.get(name))
