"""Whether a server can go on from a response, how, and what the model would not be sent any more. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from llama_storage_tui.model.resume import (
    CallIsMissing,
    ConversionFails,
    ItemsAreConverted,
    Loss,
    LossKind,
    MessagesAreLoaded,
    MissingBeginning,
    NotFinished,
    NotLoadable,
    Resume,
    ResumeNote,
    ResumeNoteKind,
    ResumeReason,
    ResumeWay,
    Unconvertible,
)
from llama_storage_tui.model.transcript import (
    ChatMessage,
    EntryKind,
    MessagesState,
    PartKind,
    Side,
    Transcript,
    TranscriptEntry,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.tolerant_json import as_list, as_mapping, type_name
from llama_storage_tui.text import plural
from llama_storage_tui.upstream import changes, field_rules, resuming
from llama_storage_tui.upstream.field_rules import FieldRule
from llama_storage_tui.upstream.resuming import Handling

if TYPE_CHECKING:
    from pydantic import ValidationError


Fields = Mapping[str, object]
Rules = Mapping[str, tuple[FieldRule, ...]]


def check_resume(
    transcript: Transcript,
    version: Version,
    *,
    full_input: Sequence[TranscriptEntry] | None = None,
    missing: MissingBeginning | None = None,
) -> Resume:
    """Tell how a server of that version goes on from a response that a request names as previous_response_id.

    `full_input` is what came before the output, from the chain's root on: needed where the row's own input holds only what was
    new, and not given: the answer says that it was not checked. `missing` says why it does not reach the beginning, where it
    does not: a server begins there without a word.
    """
    is_rebuilt = transcript.is_incremental and version >= resuming.REBUILDS_INPUT
    before = transcript.input if full_input is None or not is_rebuilt else full_input
    # A server that knows nothing of incremental rows takes what is new for everything.
    is_checked = full_input is not None or not is_rebuilt
    entries = (*before, *transcript.output)
    has_messages = transcript.messages_state is MessagesState.STORED and version >= resuming.LOADS_MESSAGES
    refused = _refusal(transcript, entries, version)
    if refused is None and not has_messages:
        refused = _failing(entries, version)
    if refused is not None:
        return Resume(version, is_possible=False, way=ResumeWay.NONE, because=refused, is_checked=is_checked)
    because: ResumeReason
    if has_messages:
        because = MessagesAreLoaded(len(transcript.messages))
        losses = [*_lost_in_messages(transcript, entries)]
        way = ResumeWay.MESSAGES
    else:
        reads_messages = version >= resuming.LOADS_MESSAGES
        because = ItemsAreConverted(len(entries), transcript.messages_state, reads_messages)
        losses = [*_lost_in_items(entries, version), *_lost_before(transcript, version, missing)]
        way = ResumeWay.ITEMS
    return Resume(
        version,
        is_possible=True,
        way=way,
        because=because,
        loses=tuple(losses),
        notes=tuple(_notes(transcript, entries)),
        is_checked=is_checked,
    )


def _refusal(
    transcript: Transcript, entries: Sequence[TranscriptEntry], version: Version
) -> ResumeReason | None:
    found = _obstacles(transcript, entries, version)
    if found:
        return NotLoadable(found)
    status = transcript.head.status
    if status in resuming.UNFINISHED and version >= resuming.REFUSES_UNFINISHED:
        return NotFinished(status)
    return None


def _failing(entries: Sequence[TranscriptEntry], version: Version) -> ResumeReason | None:
    """Return why the conversion of the items raises, None where it does not."""
    for entry in entries:
        what = _unconvertible(entry, version)
        if what is not None:
            return ConversionFails(entry, what)
    asked = {entry.call_id for entry in entries if entry.kind is EntryKind.FUNCTION_CALL}
    for entry in entries:
        if entry.kind is EntryKind.FUNCTION_CALL_OUTPUT and entry.call_id not in asked:
            return CallIsMissing(entry.call_id)
    return None


def _unconvertible(entry: TranscriptEntry, version: Version) -> Unconvertible | None:
    if resuming.handling(entry.kind.value, version) is Handling.FAILS:
        return Unconvertible.ITEM
    if (
        entry.kind is EntryKind.MCP_CALL
        and entry.output is None
        and version < resuming.TAKES_CALLS_WITHOUT_OUTPUT
    ):
        return Unconvertible.CALL_WITHOUT_OUTPUT
    if any(part.kind is PartKind.REFUSAL for part in entry.parts):
        return Unconvertible.REFUSAL
    if version < resuming.TAKES_FILES:
        return None
    if any(part.kind is PartKind.IMAGE and part.source is None for part in entry.parts):
        return Unconvertible.IMAGE_WITHOUT_SOURCE
    if any(part.kind is PartKind.FILE and part.source in (None, "filename") for part in entry.parts):
        return Unconvertible.FILE_WITHOUT_SOURCE
    return None


def _lost_in_messages(transcript: Transcript, entries: Sequence[TranscriptEntry]) -> Iterator[Loss]:
    system = [entry for entry in entries if entry.kind is EntryKind.MESSAGE and entry.role == "system"]
    if not any(message.role == "system" for message in transcript.messages):
        yield from _lost(LossKind.SYSTEM_MESSAGES, system)
    thought = [entry for entry in entries if entry.kind is EntryKind.REASONING]
    if not any(message.reasoning for message in transcript.messages):
        yield from _lost(LossKind.REASONING_NOT_STORED, thought)


def _lost_in_items(entries: Sequence[TranscriptEntry], version: Version) -> Iterator[Loss]:
    for entry_kind, kind in (
        (EntryKind.WEB_SEARCH_CALL, LossKind.WEB_SEARCHES),
        (EntryKind.FILE_SEARCH_CALL, LossKind.FILE_SEARCHES),
    ):
        yield from _lost(kind, [entry for entry in entries if entry.kind is entry_kind])
    lonely = [entry for entry, is_sent in _reasoning(entries) if not is_sent]
    yield from _lost(LossKind.REASONING_NOT_SENT, lonely)
    failed = [entry for entry in entries if entry.kind is EntryKind.MCP_CALL and entry.error]
    yield from _lost(LossKind.MCP_ERRORS, failed)
    yield from _lost(LossKind.IMAGES_BY_ID, [entry for entry in entries if _loses_images(entry, version)])


def _lost(kind: LossKind, entries: Sequence[TranscriptEntry]) -> Iterator[Loss]:
    if entries:
        yield Loss(kind, len(entries), tuple(entries))


def _reasoning(entries: Sequence[TranscriptEntry]) -> Iterator[tuple[TranscriptEntry, bool]]:
    """Yield each reasoning entry, and whether all of it is sent."""
    for entry, behind in zip(entries, (*entries[1:], None), strict=True):
        if entry.kind is not EntryKind.REASONING:
            continue
        fields = as_mapping(entry.raw)
        takes_it = behind is not None and (
            behind.kind in (EntryKind.FUNCTION_CALL, EntryKind.MCP_CALL) or behind.role == "assistant"
        )
        yield entry, takes_it and not as_list(fields.get("summary")) and bool(as_list(fields.get("content")))


def _loses_images(entry: TranscriptEntry, version: Version) -> bool:
    return version < resuming.TAKES_FILES and any(
        part.kind is PartKind.IMAGE and part.source != "image_url" for part in entry.parts
    )


def _lost_before(
    transcript: Transcript, version: Version, missing: MissingBeginning | None
) -> Iterator[Loss]:
    if not transcript.is_incremental:
        return
    if version < resuming.REBUILDS_INPUT:
        yield Loss(LossKind.EVERYTHING_BEFORE, 1)
    elif missing is not None:
        yield Loss(LossKind.BEGINNING, 1, beginning=missing)


def _notes(transcript: Transcript, entries: Iterable[TranscriptEntry]) -> Iterator[ResumeNote]:
    entries = tuple(entries)
    if transcript.instructions:
        yield ResumeNote(ResumeNoteKind.INSTRUCTIONS)
    outputs = {entry.call_id for entry in entries if entry.kind is EntryKind.FUNCTION_CALL_OUTPUT}
    told = {message.tool_call_id for message in transcript.messages}
    open_ = [
        f"{entry.name or '?'} ({entry.call_id or 'no call_id'})"
        for entry in entries
        if entry.kind is EntryKind.FUNCTION_CALL
        and entry.call_id not in outputs
        and entry.call_id not in told
    ]
    if open_:
        yield ResumeNote(ResumeNoteKind.OPEN_CALLS, len(open_), tuple(open_))
    asked = [
        entry for entry in entries if entry.kind is EntryKind.MCP_APPROVAL_REQUEST and entry.answer is None
    ]
    if asked:
        yield ResumeNote(ResumeNoteKind.APPROVALS, len(asked))
    status = transcript.head.status
    if status in ("failed", "cancelled", *resuming.UNFINISHED):
        yield ResumeNote(ResumeNoteKind.PARTIAL, names=(status,))
    stored = [part.text for entry in entries for part in entry.parts if part.source == "file_id"]
    if stored and transcript.messages_state is not MessagesState.STORED:
        yield ResumeNote(ResumeNoteKind.FILES, len(stored), tuple(stored))


# Whether a server could load a response at all: its model of one, field by field


def _obstacles(
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
