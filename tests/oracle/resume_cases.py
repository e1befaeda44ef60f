"""Stored responses that a server is asked to go on from: what record_resume.py gives to the packages, and the tests to us.

Each case is the response that is named, then its ancestors. Words like `w1` in the items' texts tell what was sent to the model.
"""

from __future__ import annotations

from typing import Final

from tests import items
from tests.items import Json


def _case(
    input_: list[Json] | None = None, output: list[Json] | None = None, **changes: object
) -> list[Json]:
    """A response without stored messages, so that its items must be converted."""
    asked = [items.message("w1")] if input_ is None else input_
    answered = [items.message("w2", "assistant")] if output is None else output
    return [items.response(input=asked, output=answered, **({"messages": None} | changes))]


def _without(name: str) -> list[Json]:
    [found] = _case()
    return [{key: value for key, value in found.items() if key != name}]


def _chain(messages: object = None) -> list[Json]:
    parent = items.response(
        id="resp_0", input=[items.message("w3")], output=[items.message("w4", "assistant")]
    )
    [child] = _case(previous_response_id="resp_0", input_storage_mode="incremental", messages=messages)
    return [child, parent]


_MESSAGES: Final = [items.said("user", "w8"), items.said("assistant", "w9")]
_CALL: Final = items.function_call(arguments='{"city": "w5"}')
_USAGE: Final = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}

CASES: Final[dict[str, list[Json]]] = {
    "plain": _case(),
    "plain-with-messages": _case(messages=_MESSAGES),
    "empty-messages": _case(messages=[]),
    "text-content": _case([{"role": "user", "content": "w1"}]),
    "no-output": _case(output=[], messages=_MESSAGES),
    **{
        f"status-{status}": _case(status=status)
        for status in ("failed", "incomplete", "cancelled", "queued", "in_progress")
    },
    "queued-with-messages": _case(status="queued", messages=_MESSAGES),
    **{
        f"without-{name}": _without(name)
        for name in ("id", "model", "status", "output", "input", "created_at", "store", "usage")
    },
    "usage-without-details": _case(usage=_USAGE),
    "usage-with-null-details": _case(
        usage=_USAGE | {"input_tokens_details": None, "output_tokens_details": None}
    ),
    "null-error-fields": _case(error={"code": "server_error", "message": "w7"}, status="failed"),
    "function-call-answered": _case([items.message("w1"), _CALL, items.function_output("call_1", "w6")]),
    "function-call-open": _case(output=[_CALL]),
    "function-output-first": _case([items.function_output("call_1", "w6"), _CALL]),
    "function-output-alone": _case([items.message("w1"), items.function_output("call_9", "w6")]),
    "function-output-alone-with-messages": _case([items.function_output("call_9", "w6")], messages=_MESSAGES),
    "function-output-list": _case(
        [_CALL, items.function_output("call_1", [{"type": "input_text", "text": "w6"}])]
    ),
    "function-call-without-arguments": _case(output=[{**_CALL, "arguments": None}]),
    "function-output-in-output": _case(output=[_CALL, items.function_output("call_1", "w6")]),
    "mcp-call": _case(output=[items.mcp_call(arguments='{"q": "w5"}', output="w6")]),
    "mcp-call-failed": _case(output=[items.mcp_call(arguments='{"q": "w5"}', output=None, error="w6")]),
    "mcp-call-failed-with-messages": _case(
        output=[items.mcp_call(output=None, error="w6")], messages=_MESSAGES
    ),
    "mcp-list-tools": _case(output=[items.list_tools(), items.message("w2", "assistant")]),
    "mcp-approvals": _case([items.approval_request(), items.approval_response()]),
    "mcp-approval-asked": _case(output=[items.approval_request()]),
    "web-search": _case(output=[items.web_search(), items.message("w2", "assistant")]),
    "web-search-with-messages": _case(output=[items.web_search()], messages=_MESSAGES),
    "file-search": _case(output=[items.file_search(), items.message("w2", "assistant")]),
    "reasoning-before-message": _case(
        output=[{**items.reasoning("w5"), "summary": []}, items.message("w2", "assistant")]
    ),
    "reasoning-before-call": _case(output=[{**items.reasoning("w5"), "summary": []}, _CALL]),
    "reasoning-with-summary": _case(
        output=[
            items.reasoning("w5") | {"summary": [{"type": "summary_text", "text": "w6"}]},
            items.message("w2", "assistant"),
        ]
    ),
    "reasoning-at-the-end": _case(
        output=[items.message("w2", "assistant"), {**items.reasoning("w5"), "summary": []}]
    ),
    "reasoning-with-messages": _case(output=[items.reasoning("w5")], messages=_MESSAGES),
    "compaction": _case([items.message("w1"), items.compaction("w5")]),
    "compaction-in-output": _case(output=[items.compaction("w5")]),
    "refusal": _case(output=[items.refusal("w5")]),
    "refusal-with-messages": _case(output=[items.refusal("w5")], messages=_MESSAGES),
    "image-by-url": _case([items.image(image_url="https://x.example/w5.png")]),
    "image-by-file": _case([items.image(file_id="w5")]),
    "image-by-nothing": _case([items.image()]),
    "file-by-id": _case([items.file(file_id="w5")]),
    "file-by-data": _case([items.file(file_data="data:text/plain;base64,dzU=", filename="w5.txt")]),
    "file-by-name": _case([items.file(filename="w5.txt")]),
    "system-message": _case([items.message("w5", "system"), items.message("w1")]),
    "system-message-with-messages": _case(
        [items.message("w5", "system"), items.message("w1")], messages=_MESSAGES
    ),
    "developer-message": _case([items.message("w5", "developer")]),
    "unknown-role": _case([items.message("w5", "robot")]),
    "unknown-type": _case([{"type": "teleport", "id": "t_1"}]),
    "unknown-type-in-output": _case(output=[{"type": "teleport", "id": "t_1"}]),
    "unknown-type-with-messages": _case(output=[{"type": "teleport", "id": "t_1"}], messages=_MESSAGES),
    "no-object": _case(["w5"]),  # type: ignore[list-item] # what a store may hold
    "unknown-tool": _case(tools=[{"type": "code_interpreter"}]),
    "function-tool": _case(tools=[{"type": "function", "name": "f", "parameters": {}}]),
    "messages-no-list": _case(messages={"a": 1}),
    "message-of-unknown-role": _case(messages=[items.said("robot", "w8")]),
    "message-without-content": _case(messages=[items.said("user")]),
    "message-of-assistant-without-content": _case(messages=[items.called(_CALL, content=None)]),
    "tool-message-without-id": _case(messages=[{"role": "tool", "content": "w8"}]),
    "tool-message": _case(messages=[*_MESSAGES, items.called(_CALL), items.told("call_1", "w7")]),
    "reasoning-in-messages": _case(
        messages=[items.said("user", "w8"), items.said("assistant", "w9", reasoning_content="w7")]
    ),
    "parallel-tool-calls-null": _case(parallel_tool_calls=None),
    "created-at-as-text": _case(created_at="1700000000"),
    "instructions-as-list": _case(instructions=[items.message("w5")]),
    "wrong-truncation": _case(truncation="sometimes"),
    "list-tools-without-schema": _case(output=[{**items.list_tools(), "tools": [{"name": "search"}]}]),
    "search-hit-without-file": _case(output=[items.file_search([{"text": "w5"}])]),
    "search-of-two-queries": _case(output=[items.web_search() | {"action": {"type": "search"}}]),
    "message-call-without-arguments": _case(
        messages=[items.said("assistant", "w8", tool_calls=[{"id": "a", "function": {"name": "f"}}])]
    ),
    "incremental": _chain(),
    "incremental-with-messages": _chain(messages=_MESSAGES),
    "incremental-without-parent": _chain()[:1],
}
