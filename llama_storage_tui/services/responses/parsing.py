"""From a stored row to a transcript. Pure functions; nothing raises for what is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transcript import Head, RequestSetting, Side, Transcript, Usage
from llama_storage_tui.services.responses.items import joined, read_items
from llama_storage_tui.services.responses.messages import read_messages
from llama_storage_tui.services.responses.tolerant_json import (
    as_count,
    as_list,
    as_mapping,
    as_number,
    as_text,
    compact,
    load,
    one_line,
    type_name,
)
from llama_storage_tui.services.values import cell_text
from llama_storage_tui.text import plural

OBJECT: Final = "response_object"

INCREMENTAL: Final = "incremental"
"""What ogx writes from 1.1 on as input_storage_mode where the input holds only what was new."""

Fields = Mapping[str, object]

_ELSEWHERE: Final = frozenset(
    {
        *("id", "object", "created_at", "completed_at", "status", "model", "error", "incomplete_details"),
        *("previous_response_id", "input_storage_mode", "conversation", "usage", "instructions"),
        *("input", "output", "messages"),
    }
)
"""Fields that stand in the head, or are parts of their own; whatever else a server stores is a setting."""

_FIRST: Final = (
    *("tools", "tool_choice", "temperature", "top_p", "max_output_tokens", "reasoning", "text", "truncation"),
    *("parallel_tool_calls", "max_tool_calls", "prompt", "background", "service_tier", "metadata"),
)
"""The order of settings: what changes an answer most comes first, the rest by name."""

IN_BOTH: Final = ("id", "model", "created_at", "previous_response_id", "input_storage_mode")
"""Columns of which the object has a copy."""


def read_transcript(row: Mapping[str, Cell]) -> Transcript:
    """Read a row of a responses table; what is missing or broken stands in the transcript's problems."""
    problems: list[str] = []
    stored = read_object(row.get(OBJECT), problems)
    fields = as_mapping(stored)
    head = _head(fields, row, problems)
    input_ = read_items(fields.get("input"), Side.INPUT, problems)
    output = read_items(fields.get("output"), Side.OUTPUT, problems)
    if stored is not None:
        problems += [f"{name} is missing" for name in ("input", "output") if fields.get(name) is None]
    state, messages = read_messages(fields.get("messages"), problems)
    together = joined((*input_, *output))
    return Transcript(
        head=head,
        instructions=as_text(fields.get("instructions")),
        input=together[: len(input_)],
        output=together[len(input_) :],
        messages=messages,
        messages_state=state,
        is_incremental=fields.get("input_storage_mode") == INCREMENTAL,
        problems=tuple(problems),
        stored=stored,
    )


def read_object(cell: Cell, problems: list[str]) -> Mapping[str, object] | None:
    """Parse a stored object; None, and a problem, where there is none."""
    match cell:
        case None:
            problems.append(f"{OBJECT} is NULL: nothing is stored but the columns")
            return None
        case bytes():
            return _from_bytes(cell, problems)
        case str():
            return _from_text(cell, problems)
        case _:
            problems.append(f"{OBJECT} is {type_name(cell)}, not a JSON object")
            return None


def _from_bytes(content: bytes, problems: list[str]) -> Mapping[str, object] | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        problems.append(f"{OBJECT} is {len(content):,} bytes that are not UTF-8 text")
        return None
    problems.append(f"{OBJECT} is stored as bytes, not as text")
    return _from_text(text, problems)


def _from_text(text: str, problems: list[str]) -> Mapping[str, object] | None:
    try:
        value = _parse(text, problems)
    except json.JSONDecodeError as error:
        problems.append(f"{OBJECT} is not JSON: {error.msg} at character {error.pos + 1:,} of {len(text):,}")
        return None
    except ValueError:
        problems.append(f"{OBJECT} is not JSON: it holds a number of too many digits")
        return None
    except RecursionError:
        problems.append(f"{OBJECT} is nested too deeply to be read")
        return None
    if isinstance(value, str):
        problems.append(f"{OBJECT} is a JSON text, not an object: a server cannot read it")
        return _encoded_twice(value, problems)
    if not isinstance(value, dict):
        problems.append(f"{OBJECT} is {type_name(value)}, not an object: a server cannot read it")
        return None
    return value


def _encoded_twice(text: str, problems: list[str]) -> Mapping[str, object] | None:
    try:
        value = _parse(text, problems)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    problems.append("the text is a JSON object itself, encoded twice: it is shown as if it were stored once")
    return value


def _parse(text: str, problems: list[str]) -> object:
    odd: set[str] = set()

    def constant(word: str) -> float:
        odd.add(word)
        return float(word)

    value = load(text, constant)
    problems += [
        f"it holds {word}, which is not JSON: Python reads it, PostgreSQL does not" for word in sorted(odd)
    ]
    return value


def _head(stored: Fields, row: Mapping[str, Cell], problems: list[str]) -> Head:
    """Read the head; where object and row tell the same thing differently, the object counts and `problems` says so."""

    def both(name: str) -> object:
        own, column = stored.get(name), row.get(name)
        if own is not None and column is not None and own != column:
            problems.append(
                f"the column {name} says {one_line(as_text(column) or '', 60)}, the object {one_line(as_text(own) or '', 60)}"
            )
        return column if own is None else own

    found = {name: both(name) for name in IN_BOTH}
    created, completed = as_number(found["created_at"]), as_number(stored.get("completed_at"))
    error, details = stored.get("error"), stored.get("incomplete_details")
    conversation = stored.get("conversation")
    return Head(
        id=as_text(found["id"]),
        model=as_text(found["model"]),
        status=as_text(stored.get("status")),
        created_at=created,
        completed_at=completed,
        seconds=_seconds(created, completed, problems),
        error_code=as_text(as_mapping(error).get("code")),
        error=as_text(as_mapping(error).get("message", error)) if error else None,
        incomplete_reason=as_text(as_mapping(details).get("reason", details)) if details else None,
        previous_response_id=as_text(found["previous_response_id"]),
        input_storage_mode=as_text(found["input_storage_mode"]),
        conversation=as_text(as_mapping(conversation).get("id", conversation)),
        owner=cell_text(row.get("owner_principal")),
        access_attributes=cell_text(row.get("access_attributes")),
        tenant=cell_text(row.get("tenant_id")),
        usage=_usage(stored.get("usage"), problems),
        settings=_settings(stored),
    )


def _seconds(created: float | None, completed: float | None, problems: list[str]) -> float | None:
    if created is None or completed is None:
        return None
    if completed < created:
        problems.append("it was completed before it was created")
    return completed - created


def _usage(usage: object, problems: list[str]) -> Usage | None:
    if usage is None:
        return None
    if not isinstance(usage, dict):
        problems.append(f"usage is {type_name(usage)}, not an object")
        return None
    return Usage(
        input=as_count(usage.get("input_tokens")),
        output=as_count(usage.get("output_tokens")),
        total=as_count(usage.get("total_tokens")),
        cached=as_count(as_mapping(usage.get("input_tokens_details")).get("cached_tokens")),
        reasoning=as_count(as_mapping(usage.get("output_tokens_details")).get("reasoning_tokens")),
    )


def _settings(stored: Fields) -> tuple[RequestSetting, ...]:
    names = [name for name in stored if name not in _ELSEWHERE and stored[name] not in (None, [], {}, "")]
    names.sort(key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return tuple(_setting(name, stored[name]) for name in names)


def _setting(name: str, value: object) -> RequestSetting:
    match name:
        case "tools":
            text = "; ".join(_tool(tool) for tool in as_list(value)) or compact(value)
        case "text":
            text = _format(as_mapping(value)) or compact(value)
        case _:
            text = as_text(value) or ""
    return RequestSetting(name, value, one_line(text))


def _tool(tool: object) -> str:
    """Name a tool: its type, and what tells it from others of that type."""
    fields = as_mapping(tool)
    names = [fields.get("name"), fields.get("server_label"), *as_list(fields.get("vector_store_ids"))]
    words = [as_text(fields.get("type")) or "?", *(as_text(name) or "" for name in names if name)]
    headers = as_mapping(fields.get("headers"))
    return " ".join(words) + (f" ({plural(len(headers), 'header')}, masked)" if headers else "")


def _format(text: Fields) -> str:
    format_ = as_mapping(text.get("format"))
    verbosity = text.get("verbosity")
    words = [
        format_.get("type"),
        format_.get("name"),
        f"verbosity {as_text(verbosity)}" if verbosity else None,
    ]
    return " ".join(as_text(word) or "" for word in words if word)
