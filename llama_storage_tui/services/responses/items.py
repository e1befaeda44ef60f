"""Items of a response's input and output, each read by its type. Pure functions; nothing raises for what is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from llama_storage_tui.deferred import replace
from llama_storage_tui.model.transcript import ContentPart, EntryKind, Hit, PartKind, Side, TranscriptEntry
from llama_storage_tui.services.responses.content import content_parts, text_of
from llama_storage_tui.services.responses.tolerant_json import (
    as_list,
    as_mapping,
    as_number,
    as_text,
    compact,
    one_line,
    parsed,
    type_name,
)
from llama_storage_tui.text import plural

Fields = Mapping[str, object]
Parts = dict[str, Any]
"""Fields of an Entry by name."""


def read_items(items: object, side: Side, problems: list[str]) -> tuple[TranscriptEntry, ...]:
    """Read the items of a side; where they are no list, that is added to `problems`."""
    match items:
        case None:
            return ()
        case list():
            return tuple(read_item(item, side, position) for position, item in enumerate(items))
        case str():
            # A server stores a list; the request itself may have been a text.
            problems.append(f"{side.value} is a text, not a list of items")
            return (read_item({"type": "message", "role": "user", "content": items}, side, 0),)
        case _:
            problems.append(f"{side.value} is {type_name(items)}, not a list of items")
            return (read_item(items, side, 0),)


def read_item(item: object, side: Side, position: int) -> TranscriptEntry:
    """Read one item, as `untrusted.load` gives it, by its type; an unknown one is kept as JSON."""
    if not isinstance(item, dict):
        problem = f"it is {type_name(item)}, not an object"
        text = compact(item)
        return TranscriptEntry(
            side, position, EntryKind.UNKNOWN, "no item", one_line(text), problems=(problem,), raw=item
        )
    problems: list[str] = []
    type_ = as_text(item.get("type"))
    kind = _kind(item)
    found = _READERS[kind](item, problems)
    return TranscriptEntry(
        side=side,
        position=position,
        kind=kind,
        type=type_,
        id=as_text(item.get("id")),
        status=as_text(item.get("status")),
        **found,
        problems=tuple(problems),
        raw=item,
    )


def joined(
    entries: Sequence[TranscriptEntry], later: Sequence[TranscriptEntry] = ()
) -> tuple[TranscriptEntry, ...]:
    """Give each call the entry that answered it, and each answer the name of what it answers.

    `later` are entries of the responses after this one, where an answer may stand too.
    """
    answers: dict[tuple[EntryKind, str], list[TranscriptEntry]] = {}
    for entry in (*entries, *later):
        if entry.kind in _ANSWERS.values() and entry.call_id is not None:
            answers.setdefault((entry.kind, entry.call_id), []).append(entry)
    names: dict[tuple[EntryKind, str], str] = {}
    done = []
    for entry in entries:
        wanted = _ANSWERS.get(entry.kind)
        if wanted is not None and entry.call_id is not None:
            names.setdefault((wanted, entry.call_id), entry.name or "")
            found = answers.get((wanted, entry.call_id))
            entry = replace(entry, answer=found.pop(0)) if found else entry  # noqa: PLW2901
        done.append(entry)
    return tuple(_named(entry, names) for entry in done)


_TOLD_BY: Final = {
    "role": EntryKind.MESSAGE,
    "approval_request_id": EntryKind.MCP_APPROVAL_RESPONSE,
    "encrypted_content": EntryKind.COMPACTION,
    "call_id": EntryKind.FUNCTION_CALL_OUTPUT,
}
"""What tells the type of an item that names none: in an input servers take these without."""

_ANSWERS: Final = {
    EntryKind.FUNCTION_CALL: EntryKind.FUNCTION_CALL_OUTPUT,
    EntryKind.MCP_APPROVAL_REQUEST: EntryKind.MCP_APPROVAL_RESPONSE,
}


def _named(entry: TranscriptEntry, names: Mapping[tuple[EntryKind, str], str]) -> TranscriptEntry:
    name = names.get((entry.kind, entry.call_id)) if entry.call_id is not None else None
    if not name:
        return entry
    return replace(entry, name=name, label=f"{entry.label}: {name}")


def _kind(item: Fields) -> EntryKind:
    type_ = item.get("type")
    if type_ is None:
        return next((kind for name, kind in _TOLD_BY.items() if name in item), EntryKind.UNKNOWN)
    try:
        return EntryKind(as_text(type_) or "")
    except ValueError:
        return EntryKind.UNKNOWN


def _text(item: Fields, name: str, problems: list[str], *, is_needed: bool = True) -> str | None:
    """Return a field as text; says where it is missing or of another type."""
    value = item.get(name)
    if value is None and is_needed:
        problems.append(f"it has no {name}")
    elif value is not None and not isinstance(value, str):
        problems.append(f"its {name} is {type_name(value)}, not a text")
    return as_text(value)


def _message(item: Fields, problems: list[str]) -> Parts:
    role = _text(item, "role", problems)
    parts = content_parts(item.get("content"), problems)
    if not parts:
        problems.append("it has no content")
    return {"label": role or "message", "role": role, "parts": parts, "summary": one_line(text_of(parts))}


def _reasoning(item: Fields, problems: list[str]) -> Parts:
    own: list[str] = []
    parts = content_parts(item.get("summary"), own) + content_parts(item.get("content"), own)
    problems += own
    if not parts and item.get("encrypted_content"):
        parts = (ContentPart(PartKind.OTHER, "encrypted"),)
    return {"label": "reasoning", "parts": parts, "summary": one_line(text_of(parts))}


def _call(item: Fields, problems: list[str]) -> Parts:
    """Read what every call has: a name, and arguments as a JSON text."""
    arguments = parsed(item.get("arguments"))
    if item.get("arguments") is None:
        problems.append("it has no arguments")
    elif isinstance(arguments, str):
        problems.append("its arguments are not a JSON object")
    return {
        "name": _text(item, "name", problems),
        "arguments": arguments,
        "summary": one_line(as_text(arguments) or ""),
    }


def _function_call(item: Fields, problems: list[str]) -> Parts:
    found = _call(item, problems)
    call_id = _text(item, "call_id", problems)
    return found | {"label": f"function call {found['name'] or ''}".rstrip(), "call_id": call_id}


def _function_call_output(item: Fields, problems: list[str]) -> Parts:
    parts = content_parts(item.get("output"), problems)
    output = text_of(parts)
    return {
        "label": "function output",
        "call_id": _text(item, "call_id", problems),
        "parts": parts,
        "output": output,
        "summary": one_line(output),
    }


def _mcp_call(item: Fields, problems: list[str]) -> Parts:
    found = _call(item, problems)
    server = _text(item, "server_label", problems)
    output = _text(item, "output", problems, is_needed=False)
    error = as_text(item.get("error"))
    found |= {"label": f"MCP call {server or '?'}.{found['name'] or '?'}", "server": server}
    if error is not None:
        found["summary"] = one_line(f"failed: {error}")
    return found | {"output": output, "error": error}


def _mcp_list_tools(item: Fields, problems: list[str]) -> Parts:
    server = _text(item, "server_label", problems)
    tools = tuple(as_text(as_mapping(tool).get("name", tool)) or "?" for tool in as_list(item.get("tools")))
    if not isinstance(item.get("tools"), list):
        problems.append(f"its tools are {type_name(item.get('tools'))}, not a list")
    error = as_text(item.get("error"))
    said = f"failed: {error}" if error else f"{plural(len(tools), 'tool')}: {', '.join(tools)}"
    return {
        "label": f"MCP tools of {server or '?'}",
        "server": server,
        "tools": tools,
        "error": error,
        "summary": one_line(said),
    }


def _approval_request(item: Fields, problems: list[str]) -> Parts:
    found = _call(item, problems)
    server = _text(item, "server_label", problems)
    label = f"approval asked: {server or '?'}.{found['name'] or '?'}"
    return found | {"label": label, "server": server, "call_id": _text(item, "id", problems)}


def _approval_response(item: Fields, problems: list[str]) -> Parts:
    answer = item.get("approve")
    if not isinstance(answer, bool):
        problems.append(f"its approve is {type_name(answer)}, not true or false")
        answer = None
    reason = as_text(item.get("reason"))
    said = {True: "approved", False: "refused", None: "neither approved nor refused"}[answer]
    return {
        "label": "approval",
        "call_id": _text(item, "approval_request_id", problems),
        "is_approved": answer,
        "output": reason,
        "summary": one_line(f"{said}: {reason}" if reason else said),
    }


def _web_search(item: Fields, _: list[str]) -> Parts:
    action = as_mapping(item.get("action"))
    wanted = [action.get("query"), *as_list(action.get("queries")), action.get("url"), action.get("pattern")]
    queries = tuple(dict.fromkeys(as_text(value) or "" for value in wanted if value))
    return {
        "label": "web search",
        "queries": queries,
        "summary": one_line("; ".join(queries) or "no query stored"),
    }


def _file_search(item: Fields, problems: list[str]) -> Parts:
    queries = tuple(as_text(query) or "" for query in as_list(item.get("queries")))
    if not isinstance(item.get("queries"), list):
        problems.append(f"its queries are {type_name(item.get('queries'))}, not a list")
    results = item.get("results")
    hits = tuple(_hit(as_mapping(result)) for result in results) if isinstance(results, list) else None
    if results is not None and hits is None:
        problems.append(f"its results are {type_name(results)}, not a list")
    said = "; ".join(queries) + (f" ({plural(len(hits), 'result')})" if hits is not None else "")
    return {"label": "file search", "queries": queries, "hits": hits, "summary": one_line(said)}


def _hit(result: Fields) -> Hit:
    name = as_text(result.get("filename")) or as_text(result.get("file_id")) or "?"
    return Hit(name, as_text(result.get("text")) or "", as_number(result.get("score")))


def _compaction(item: Fields, problems: list[str]) -> Parts:
    text = _text(item, "encrypted_content", problems) or ""
    return {"label": "compaction", "parts": (ContentPart(PartKind.TEXT, text),), "summary": one_line(text)}


def _unknown(item: Fields, problems: list[str]) -> Parts:
    type_ = item.get("type")
    problems.append(
        "it has no type" if type_ is None else f"no known server writes the type {as_text(type_)}"
    )
    text = compact(item)
    return {"label": as_text(type_) or "no type", "summary": one_line(text)}


_READERS: Final[dict[EntryKind, Callable[[Fields, list[str]], Parts]]] = {
    EntryKind.MESSAGE: _message,
    EntryKind.REASONING: _reasoning,
    EntryKind.FUNCTION_CALL: _function_call,
    EntryKind.FUNCTION_CALL_OUTPUT: _function_call_output,
    EntryKind.MCP_CALL: _mcp_call,
    EntryKind.MCP_LIST_TOOLS: _mcp_list_tools,
    EntryKind.MCP_APPROVAL_REQUEST: _approval_request,
    EntryKind.MCP_APPROVAL_RESPONSE: _approval_response,
    EntryKind.WEB_SEARCH_CALL: _web_search,
    EntryKind.FILE_SEARCH_CALL: _file_search,
    EntryKind.COMPACTION: _compaction,
    EntryKind.UNKNOWN: _unknown,
}
