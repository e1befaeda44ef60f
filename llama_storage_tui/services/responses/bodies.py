"""What an entry or a message says in full, as plain text of several lines: stored text as it is, cleaned where it is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator

from llama_storage_tui.model.transcript import ChatMessage, ContentPart, EntryKind, Hit, TranscriptEntry
from llama_storage_tui.services.responses.content import text_of


def body(entry: TranscriptEntry) -> str:
    """Return what an entry says: its texts, a call's arguments and output, a search's queries and hits, else its JSON."""
    return "\n".join(_lines(entry))


def message_body(message: ChatMessage) -> str:
    """Return what a chat message says, its calls included."""
    lines = [
        *([f"[reasoning] {message.reasoning}"] if message.reasoning else []),
        *filter(None, _of_parts(message.parts)),
    ]
    for call in message.tool_calls:
        lines.append(f"calls {call.name or '?'} ({call.id or 'no id'})")
        lines.append(pretty(call.arguments))
    return "\n".join(lines) if lines or not message.problems else pretty(message.raw)


def pretty(value: object) -> str:
    """Write a parsed value as JSON over several lines, a text as it is, nothing for None."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _lines(entry: TranscriptEntry) -> Iterator[str]:
    match entry.kind:
        case EntryKind.MESSAGE | EntryKind.REASONING | EntryKind.COMPACTION | EntryKind.FUNCTION_CALL_OUTPUT:
            yield from _of_parts(entry.parts)
        case EntryKind.FUNCTION_CALL | EntryKind.MCP_APPROVAL_REQUEST:
            yield pretty(entry.arguments)
        case EntryKind.MCP_CALL:
            yield pretty(entry.arguments)
            yield from _labelled("output", entry.output)
            yield from _labelled("error", entry.error)
        case EntryKind.MCP_LIST_TOOLS:
            yield from entry.tools
            yield from _labelled("error", entry.error)
        case EntryKind.MCP_APPROVAL_RESPONSE:
            yield entry.summary
        case EntryKind.WEB_SEARCH_CALL | EntryKind.FILE_SEARCH_CALL:
            yield from entry.queries
            for hit in entry.hits or ():
                yield from _of_hit(hit)
        case EntryKind.UNKNOWN:
            yield pretty(entry.raw)


def _labelled(label: str, text: str | None) -> Iterator[str]:
    if text is not None:
        yield f"{label}: {text}"


def _of_hit(hit: Hit) -> Iterator[str]:
    score = "" if hit.score is None else f" (score {hit.score:g})"
    yield f"› {hit.name}{score}"
    if hit.text:
        yield hit.text


def _of_parts(parts: tuple[ContentPart, ...]) -> Iterator[str]:
    for part in parts:
        yield text_of((part,))
        for annotation in part.annotations:
            yield f"› {annotation}"
