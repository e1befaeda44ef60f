"""Whether a server could load a stored response at all: its model of one, field by field. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from llama_storage_tui.model.transcript import (
    ChatMessage,
    EntryKind,
    MessagesState,
    Side,
    Transcript,
    TranscriptEntry,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.tolerant_json import as_mapping, type_name
from llama_storage_tui.text import plural
from llama_storage_tui.upstream import changes, field_rules, resuming
from llama_storage_tui.upstream.field_rules import FieldRule
from llama_storage_tui.upstream.resuming import Handling

if TYPE_CHECKING:
    from pydantic import ValidationError

Fields = Mapping[str, object]
Rules = Mapping[str, tuple[FieldRule, ...]]


def obstacles(
    transcript: Transcript, entries: Iterable[TranscriptEntry], version: Version
) -> tuple[str, ...]:
    """Return why a server of that version cannot load a response; nothing where no reason is known.

    `entries` are all that it loads with it: of the ancestors too, where it rebuilds the input.
    """
    if transcript.stored is None:
        return ("its stored object cannot be read",)
    if any("encoded twice" in problem for problem in transcript.problems):
        return ("its stored object is a text, not an object",)
    # Imported here and below: screens are imported before a response is shown, which alone needs the models.
    from llama_storage_tui.upstream import response_model

    found = [*_broken(transcript.stored, response_model.FIELDS, version)]
    for entry in entries:
        found += [f"{_named(entry)}: {problem}" for problem in _of_entry(entry, version)]
    if version >= resuming.LOADS_MESSAGES:
        found += _of_messages(transcript, version)
    return tuple(dict.fromkeys(found))


def _named(entry: TranscriptEntry) -> str:
    return f"{entry.side.value} item {entry.position + 1} ({entry.type or 'no type'})"


def _broken(fields: Fields, rules: Rules, version: Version) -> Iterator[str]:
    """Yield what is wrong with the fields of an object, a sentence a field."""
    from pydantic import ValidationError

    for name, known in rules.items():
        rule = field_rules.rule(known, version)
        if rule is None:
            continue
        if name not in fields:
            if rule.is_required:
                yield f"it has no {name}" + _since(known, rule)
            continue
        try:
            field_rules.checker(rule).validate_python(fields[name])
        except ValidationError as error:
            yield _sentence(name, fields[name], error) + _since(known, rule)


def _since(known: tuple[FieldRule, ...], rule: FieldRule) -> str:
    """Tell from when on a field must be so, where earlier servers wrote it otherwise."""
    is_new = rule is not known[0] or rule.is_required
    return f", which servers require from {rule.since} on" if is_new and rule.since > changes.CATALOG else ""


def _sentence(name: str, value: object, error: ValidationError) -> str:
    # Of the branches of a union, the one that came furthest is the one that was meant.
    found = max(error.errors(include_url=False, include_context=False), key=lambda each: len(each["loc"]))
    words, odd = [name], value
    for step in found["loc"]:
        if isinstance(odd, dict) and step in odd:
            words.append(str(step))
            odd = odd[str(step)]
        elif isinstance(odd, list) and isinstance(step, int) and step < len(odd):
            odd = odd[step]
    if found["type"] == "missing":
        return f"it has no {'.'.join((*words, str(found['loc'][-1])))}"
    said = f" ({odd!r:.40})" if isinstance(odd, str | int | float) else ""
    return f"its {'.'.join(words)} is {type_name(odd)}{said}"


def _of_entry(entry: TranscriptEntry, version: Version) -> Iterator[str]:
    type_ = entry.kind.value
    if entry.kind is EntryKind.UNKNOWN or (entry.side is Side.OUTPUT and type_ in resuming.INPUT_ONLY):
        yield "no server takes an item of that type there"
        return
    if entry.side is Side.OUTPUT and entry.type is None:
        yield "it has no type"
        return
    if resuming.handling(type_, version) is Handling.UNREADABLE:
        yield f"{version} does not know that type"
        return
    from llama_storage_tui.upstream import item_model

    yield from _broken(as_mapping(entry.raw), item_model.ITEMS[type_], version)


def _of_messages(transcript: Transcript, version: Version) -> Iterator[str]:
    if transcript.messages_state is MessagesState.BROKEN:
        yield "its messages are not a list"
    broken = ((message, _broken_message(message, version)) for message in transcript.messages)
    found = [(message, problem) for message, problem in broken if problem is not None]
    if found:
        message, problem = found[0]
        yield f"{plural(len(found), 'stored message')} cannot be loaded, the first at {message.position + 1}: {problem}"


def _broken_message(message: ChatMessage, version: Version) -> str | None:
    from llama_storage_tui.upstream import item_model

    rules = item_model.MESSAGES.get(message.role or "")
    if rules is None:
        return message.problems[0] if message.problems else "it has no role"
    return next(_broken(as_mapping(message.raw), rules, version), None)
