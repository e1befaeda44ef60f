"""Items and messages as servers store them, one of each type, and responses made of them."""

from __future__ import annotations

import json

Json = dict[str, object]


def message(text: str, role: str = "user", **changes: object) -> Json:
    type_ = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": type_, "text": text}], "id": None} | changes


def function_call(
    call_id: str = "call_1", name: str = "get_weather", arguments: str = '{"city": "Oslo"}'
) -> Json:
    return {
        "type": "function_call",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def function_output(call_id: str = "call_1", output: object = '{"temp": 21}') -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": output, "id": None, "status": None}


def reasoning(text: str = "It may rain.") -> Json:
    return {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Weather."}],
        "content": [{"type": "reasoning_text", "text": text}],
        "status": "completed",
    }


def mcp_call(**changes: object) -> Json:
    return {
        "type": "mcp_call",
        "id": "mcp_1",
        "server_label": "wiki",
        "name": "search",
        "arguments": '{"q": "Oslo"}',
        "output": "a city",
        "error": None,
    } | changes


def list_tools() -> Json:
    return {
        "type": "mcp_list_tools",
        "id": "mcpl_1",
        "server_label": "wiki",
        "tools": [{"name": "search", "input_schema": {}, "description": None}],
    }


def approval_request() -> Json:
    return {
        "type": "mcp_approval_request",
        "id": "appr_1",
        "server_label": "wiki",
        "name": "edit",
        "arguments": "{}",
    }


def approval_response(**changes: object) -> Json:
    return {
        "type": "mcp_approval_response",
        "approval_request_id": "appr_1",
        "approve": False,
        "id": None,
        "reason": "not now",
    } | changes


def web_search() -> Json:
    action = {"type": "search", "query": "Oslo weather", "queries": ["Oslo weather", "Oslo rain"]}
    return {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": action}


def file_search(results: object = None) -> Json:
    hit = {"attributes": {}, "file_id": "file-1", "filename": "oslo.md", "score": 0.5, "text": "It rains."}
    found = [hit] if results is None else results
    return {
        "type": "file_search_call",
        "id": "fs_1",
        "status": "completed",
        "queries": ["rain"],
        "results": found,
    }


def compaction(text: str = "They spoke of Oslo.") -> Json:
    return {"type": "compaction", "id": "cmp_1", "encrypted_content": text}


def refusal(text: str = "I will not.") -> Json:
    return message("", "assistant", content=[{"type": "refusal", "refusal": text}])


def image(**source: object) -> Json:
    return message(
        "", content=[{"type": "input_image", "detail": "auto", "file_id": None, "image_url": None} | source]
    )


def file(**source: object) -> Json:
    return message(
        "", content=[{"type": "input_file", "file_data": None, "file_id": None, "filename": None} | source]
    )


def said(role: str, content: object = None, **more: object) -> Json:
    """A chat message."""
    return {"role": role, "content": content, "name": None} | more


def called(*calls: Json, content: object = "") -> Json:
    """A chat message of the model that holds what function calls, as items, hold."""
    return said(
        "assistant",
        content,
        tool_calls=[
            {
                "index": 0,
                "id": call.get("call_id", call.get("id")),
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for call in calls
        ],
    )


def told(call_id: str, content: object) -> Json:
    """A chat message of a tool."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def response(**changes: object) -> Json:
    """A stored object as ogx 1.5 writes it: a question and its answer."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "completed_at": 1_700_000_003,
        "status": "completed",
        "model": "openai/gpt-4o",
        "error": None,
        "incomplete_details": None,
        "previous_response_id": None,
        "instructions": None,
        "temperature": 0.5,
        "store": True,
        "tools": [],
        "usage": {
            "input_tokens": 3,
            "output_tokens": 4,
            "total_tokens": 7,
            "input_tokens_details": {"cached_tokens": 1},
            "output_tokens_details": {"reasoning_tokens": 2},
        },
        "input": [message("How is Oslo?", id="msg_1")],
        "output": [message("Wet.", "assistant", id="msg_2", status="completed")],
        "messages": [said("user", "How is Oslo?"), said("assistant", "Wet.")],
    } | changes


def row(stored: object = None, **columns: object) -> dict[str, object]:
    """A row of a responses table of ogx; `stored` is the object, or the text to store as it is."""
    held = response() if stored is None else stored
    fields = held if isinstance(held, dict) else {}
    return {
        "id": fields.get("id", "resp_1"),
        "created_at": fields.get("created_at", 1_700_000_000),
        "response_object": json.dumps(held) if isinstance(held, dict | list) else held,
        "model": fields.get("model", "openai/gpt-4o"),
        "previous_response_id": fields.get("previous_response_id"),
        "input_storage_mode": fields.get("input_storage_mode"),
        "access_attributes": "null",
        "owner_principal": "",
    } | columns
