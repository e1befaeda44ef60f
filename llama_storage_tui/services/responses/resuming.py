"""Whether a server can go on from a response, how, and what the model would not be sent any more. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from llama_storage_tui.model.resume import Loss, Resume, ResumeWay
from llama_storage_tui.model.transcript import (
    EntryKind,
    MessagesState,
    PartKind,
    Transcript,
    TranscriptEntry,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.loadability import obstacles
from llama_storage_tui.services.responses.tolerant_json import as_list, as_mapping
from llama_storage_tui.text import plural
from llama_storage_tui.upstream import resuming
from llama_storage_tui.upstream.resuming import Handling

NAMED: Final = 3
"""Reasons that are named of many."""


def check_resume(
    transcript: Transcript,
    version: Version,
    *,
    full_input: Sequence[TranscriptEntry] | None = None,
    missing: str | None = None,
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
        return Resume(is_possible=False, way=ResumeWay.NONE, because=refused, is_checked=is_checked)
    if has_messages:
        because = f"it has {plural(len(transcript.messages), 'stored message')}, which {version} loads"
        losses = [*_lost_in_messages(transcript, entries)]
        way = ResumeWay.MESSAGES
    else:
        because = f"{_no_messages(transcript, version)}: {version} converts {plural(len(entries), 'item')}"
        losses = [*_lost_in_items(entries, version), *_lost_before(transcript, version, missing)]
        way = ResumeWay.ITEMS
    return Resume(
        is_possible=True,
        way=way,
        because=because,
        loses=tuple(losses),
        notes=tuple(_notes(transcript, entries)),
        is_checked=is_checked,
    )


def _no_messages(transcript: Transcript, version: Version) -> str:
    if version < resuming.LOADS_MESSAGES:
        return f"{version} does not read stored messages"
    return (
        "its stored messages are empty"
        if transcript.messages_state is MessagesState.EMPTY
        else "it has no stored messages"
    )


def _refusal(transcript: Transcript, entries: Sequence[TranscriptEntry], version: Version) -> str | None:
    found = obstacles(transcript, entries, version)
    if found:
        more = f", and {plural(len(found) - NAMED, 'more reason')}" if len(found) > NAMED else ""
        return f"{version} cannot load it: {'; '.join(found[:NAMED])}{more}"
    status = transcript.head.status
    if status in resuming.UNFINISHED and version >= resuming.REFUSES_UNFINISHED:
        return f"it is {status}: {version} refuses a response that is not finished"
    return None


def _failing(entries: Sequence[TranscriptEntry], version: Version) -> str | None:
    """Return why the conversion of the items raises, None where it does not."""
    for entry in entries:
        what = f"{entry.side.value} item {entry.position + 1} ({entry.type or 'message'})"
        if resuming.handling(entry.kind.value, version) is Handling.FAILS:
            return f"without stored messages {version} converts its items, and fails at {what}"
        reason = _unconvertible(entry, version)
        if reason:
            return f"without stored messages {version} converts its items, and fails at {what}: {reason}"
    asked = {entry.call_id for entry in entries if entry.kind is EntryKind.FUNCTION_CALL}
    for entry in entries:
        if entry.kind is EntryKind.FUNCTION_CALL_OUTPUT and entry.call_id not in asked:
            return (
                f"without stored messages {version} converts its items, and fails at the output of call "
                f"{entry.call_id}: the call is not among them"
            )
    return None


def _unconvertible(entry: TranscriptEntry, version: Version) -> str | None:
    if (
        entry.kind is EntryKind.MCP_CALL
        and entry.output is None
        and version < resuming.TAKES_CALLS_WITHOUT_OUTPUT
    ):
        return "a call without an output"
    if any(part.kind is PartKind.REFUSAL for part in entry.parts):
        return "it does not convert refusals"
    if version < resuming.TAKES_FILES:
        return None
    if any(part.kind is PartKind.IMAGE and part.source is None for part in entry.parts):
        return "an image without URL and file id"
    if any(part.kind is PartKind.FILE and part.source in (None, "filename") for part in entry.parts):
        return "a file without data, URL and file id"
    return None


def _lost_in_messages(transcript: Transcript, entries: Sequence[TranscriptEntry]) -> Iterator[Loss]:
    system = [entry for entry in entries if entry.kind is EntryKind.MESSAGE and entry.role == "system"]
    if system and not any(message.role == "system" for message in transcript.messages):
        yield Loss("system messages", len(system), "servers store no system messages", tuple(system))
    thought = [entry for entry in entries if entry.kind is EntryKind.REASONING]
    if thought and not any(message.reasoning for message in transcript.messages):
        yield Loss("reasoning", len(thought), "the stored messages hold none", tuple(thought))


def _lost_in_items(entries: Sequence[TranscriptEntry], version: Version) -> Iterator[Loss]:
    for kind, what in (
        (EntryKind.WEB_SEARCH_CALL, "web searches and what they found"),
        (EntryKind.FILE_SEARCH_CALL, "file searches and what they found"),
    ):
        dropped = [entry for entry in entries if entry.kind is kind]
        if dropped:
            yield Loss(what, len(dropped), "searches are not converted to messages", tuple(dropped))
    lonely = [entry for entry, is_sent in _reasoning(entries) if not is_sent]
    if lonely:
        yield Loss(
            "reasoning",
            len(lonely),
            "only its content is sent, and only with the assistant's message or call right behind it",
            tuple(lonely),
        )
    failed = [entry for entry in entries if entry.kind is EntryKind.MCP_CALL and entry.error]
    if failed:
        yield Loss("errors of MCP calls", len(failed), "only a call's output is sent", tuple(failed))
    unseen = [entry for entry in entries if _loses_images(entry, version)]
    if unseen:
        yield Loss("images by file id", len(unseen), f"{version} sends only images with a URL", tuple(unseen))


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


def _lost_before(transcript: Transcript, version: Version, missing: str | None) -> Iterator[Loss]:
    if not transcript.is_incremental:
        return
    if version < resuming.REBUILDS_INPUT:
        reason = f"its input holds only what was new, and {version} does not rebuild the rest"
        yield Loss("everything before this response", 1, reason)
    elif missing is not None:
        yield Loss("everything before what is left of its chain", 1, missing)


def _notes(transcript: Transcript, entries: Iterable[TranscriptEntry]) -> Iterator[str]:
    entries = tuple(entries)
    if transcript.instructions:
        yield "its instructions are not carried over: the next request must give its own"
    outputs = {entry.call_id for entry in entries if entry.kind is EntryKind.FUNCTION_CALL_OUTPUT}
    told = {message.tool_call_id for message in transcript.messages}
    open_ = [
        entry
        for entry in entries
        if entry.kind is EntryKind.FUNCTION_CALL
        and entry.call_id not in outputs
        and entry.call_id not in told
    ]
    if open_:
        calls = ", ".join(f"{entry.name or '?'} ({entry.call_id or 'no call_id'})" for entry in open_[:NAMED])
        yield f"the next request must bring the output of {plural(len(open_), 'function call')}: {calls}"
    asked = [
        entry for entry in entries if entry.kind is EntryKind.MCP_APPROVAL_REQUEST and entry.answer is None
    ]
    if asked:
        yield f"{plural(len(asked), 'approval request')} not answered yet"
    if transcript.head.status in ("failed", "cancelled", *resuming.UNFINISHED):
        yield f"it is {transcript.head.status}: a follow-up continues from its partial state"
    stored = [part.text for entry in entries for part in entry.parts if part.source == "file_id"]
    if stored and transcript.messages_state is not MessagesState.STORED:
        yield f"{plural(len(stored), 'file')} must still be in the files store: {', '.join(stored[:NAMED])}"
