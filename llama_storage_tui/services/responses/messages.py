"""The stored chat messages: what the model was really sent. Pure functions; nothing raises for what is stored."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.transcript import ChatMessage, MessagesState, ToolCall
from llama_storage_tui.services.responses.content import content_parts, text_of
from llama_storage_tui.services.responses.tolerant_json import (
    as_list,
    as_mapping,
    as_text,
    compact,
    one_line,
    parsed,
    type_name,
)

ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})


def read_messages(messages: object, problems: list[str]) -> tuple[MessagesState, tuple[ChatMessage, ...]]:
    """Read `messages` as a server would: a list that holds something, or nothing to load."""
    match messages:
        case None:
            return MessagesState.MISSING, ()
        case []:
            return MessagesState.EMPTY, ()
        case list():
            return MessagesState.STORED, tuple(read_message(raw, at) for at, raw in enumerate(messages))
        case _:
            problems.append(f"messages is {type_name(messages)}, not a list")
            return MessagesState.BROKEN, ()


def read_message(message: object, position: int) -> ChatMessage:
    """Read one chat message, as `untrusted.load` gives it."""
    if not isinstance(message, dict):
        problem = f"it is {type_name(message)}, not an object"
        return ChatMessage(
            position, "no message", one_line(compact(message)), problems=(problem,), raw=message
        )
    problems: list[str] = []
    role = as_text(message.get("role"))
    if role not in ROLES:
        problems.append("it has no role" if role is None else f"no server knows the role {role}")
    parts = content_parts(message.get("content"), problems)
    calls = _tool_calls(message.get("tool_calls"), problems)
    tool_call_id = as_text(message.get("tool_call_id"))
    if role == "tool" and tool_call_id is None:
        problems.append("it has no tool_call_id")
    return ChatMessage(
        position,
        role or "message",
        one_line("; ".join(filter(None, (text_of(parts), *map(_said, calls))))),
        role=role,
        name=as_text(message.get("name")),
        tool_call_id=tool_call_id,
        parts=parts,
        tool_calls=calls,
        reasoning=as_text(message.get("reasoning_content")),
        problems=tuple(problems),
        raw=message,
    )


def _tool_calls(calls: object, problems: list[str]) -> tuple[ToolCall, ...]:
    if calls is not None and not isinstance(calls, list):
        problems.append(f"its tool_calls are {type_name(calls)}, not a list")
    return tuple(_tool_call(call, problems) for call in as_list(calls))


def _tool_call(call: object, problems: list[str]) -> ToolCall:
    if not isinstance(call, dict):
        problems.append(f"a tool call is {type_name(call)}, not an object")
    fields = as_mapping(call)
    function = as_mapping(fields.get("function"))
    return ToolCall(
        as_text(fields.get("id")), as_text(function.get("name")), parsed(function.get("arguments"))
    )


def _said(call: ToolCall) -> str:
    return f"calls {call.name or '?'}({as_text(call.arguments) or ''})"
