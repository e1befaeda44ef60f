"""Whether a server could load a stored response at all: its model of one, field by field. Pure functions.

What is checked is what servers themselves, or old servers' rows, are known to get wrong. A row that passes may still have a
field that a server refuses; one that does not pass is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from llama_storage_tui.model.transcript import ChatMessage, Entry, EntryKind, MessagesState, Side, Transcript
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.untrusted import as_list, as_mapping, as_text, counted, type_name
from llama_storage_tui.upstream import resuming
from llama_storage_tui.upstream.resuming import Handling


def obstacles(transcript: Transcript, entries: Iterable[Entry], version: Version) -> tuple[str, ...]:
    """Return why a server of that version cannot load a response; nothing where no reason is known."""
    if transcript.stored is None:
        return ("its stored object cannot be read",)
    if any("encoded twice" in problem for problem in transcript.problems):
        return ("its stored object is a text, not an object",)
    found = [*_of_fields(transcript.stored, version)]
    for entry in entries:
        found += [f"{_named(entry)} {problem}" for problem in _of_entry(entry, version)]
    if version >= resuming.LOADS_MESSAGES:
        found += _of_messages(transcript)
    return tuple(dict.fromkeys(found))


def _named(entry: Entry) -> str:
    return f"{entry.side.value} item {entry.position + 1} ({entry.type or 'no type'})"


def _of_fields(stored: Mapping[str, object], version: Version) -> Iterator[str]:
    yield from _missing(stored, resuming.REQUIRED)
    if version >= resuming.REQUIRES_STORE:
        if not isinstance(stored.get("store"), bool):
            yield f"it has no store, which servers require from {resuming.REQUIRES_STORE} on"
        yield from _of_usage(stored.get("usage"))
    for tool in as_list(stored.get("tools")):
        type_ = as_text(as_mapping(tool).get("type"))
        if type_ not in resuming.TOOLS:
            yield f"it has a tool of the unknown type {type_}"


def _of_usage(usage: object) -> Iterator[str]:
    if usage is None:
        return
    fields = as_mapping(usage)
    for name in resuming.REQUIRED_USAGE:
        if not isinstance(fields.get(name), int):
            yield f"its usage has no {name}"
    for name, inner in resuming.REQUIRED_DETAILS.items():
        if not isinstance(as_mapping(fields.get(name)).get(inner), int):
            yield f"its usage has no {name}"


def _missing(fields: Mapping[str, object], required: Mapping[str, type]) -> Iterator[str]:
    for name, wanted in required.items():
        value = fields.get(name)
        if value is None:
            yield f"it has no {name}"
        elif not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            yield f"its {name} is {type_name(value)}"


def _of_entry(entry: Entry, version: Version) -> Iterator[str]:
    type_ = entry.kind.value
    if entry.kind is EntryKind.UNKNOWN or (entry.side is Side.OUTPUT and type_ in resuming.INPUT_ONLY):
        yield "is of a type that no server takes there"
        return
    if resuming.handling(type_, version) is Handling.UNREADABLE:
        yield f"is of a type that {version} does not know"
        return
    fields = as_mapping(entry.raw)
    for problem in _missing(fields, resuming.REQUIRED_OF_ITEMS.get(type_, {})):
        yield problem.removeprefix("it ")
    if entry.kind is EntryKind.MESSAGE:
        yield from _of_content(fields, version)
    if entry.kind is EntryKind.FUNCTION_CALL_OUTPUT:
        yield from _of_output(fields.get("output"), version)


def _of_content(fields: Mapping[str, object], version: Version) -> Iterator[str]:
    role = as_text(fields.get("role"))
    if role not in resuming.ROLES:
        yield f"has the role {role}"
    content = fields.get("content")
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        yield f"has as its content {type_name(content)}"
        return
    types = {as_text(as_mapping(part).get("type")) for part in content}
    asked = {"input_text", "input_image"} | ({"input_file"} if version >= resuming.TAKES_FILES else set())
    if types - asked and types - {"output_text", "refusal"}:
        yield f"has content of the types {', '.join(sorted(str(type_) for type_ in types))}"


def _of_output(output: object, version: Version) -> Iterator[str]:
    if isinstance(output, str) or (isinstance(output, list) and version >= resuming.TAKES_LISTS_AS_OUTPUT):
        return
    yield f"has as its output {type_name(output)}"


def _of_messages(transcript: Transcript) -> Iterator[str]:
    if transcript.messages_state is MessagesState.BROKEN:
        yield "its messages are no list"
    broken = [message for message in transcript.messages if not _loads(message)]
    if broken:
        first = broken[0]
        yield f"{counted(len(broken), 'stored message')} cannot be loaded, the first at {first.position + 1}"


def _loads(message: ChatMessage) -> bool:
    fields = as_mapping(message.raw)
    if message.role not in resuming.CHAT_ROLES:
        return False
    content = fields.get("content")
    if not isinstance(content, str | list) and not (content is None and message.role == "assistant"):
        return False
    return message.role != "tool" or isinstance(fields.get("tool_call_id"), str)
