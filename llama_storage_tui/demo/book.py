"""Writes responses as a server of ogx 1.5 stores them: the row, the messages sent to the model, the completion behind it."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import field
from typing import Any, Final

from llama_storage_tui.deferred import dataclass

Item = dict[str, Any]
Row = tuple[object, ...]

AUTHORIZED: Final = "access_attributes JSON, owner_principal VARCHAR, tenant_id VARCHAR"
TABLES: Final = {
    "responses": (
        "id VARCHAR PRIMARY KEY, created_at INTEGER, response_object JSON, model VARCHAR, previous_response_id VARCHAR, "
        f"input_storage_mode VARCHAR, {AUTHORIZED}"
    ),
    "conversation_messages": f"conversation_id VARCHAR PRIMARY KEY, messages JSON, {AUTHORIZED}",
    "openai_conversations": (
        f"id VARCHAR PRIMARY KEY, created_at INTEGER, items JSON, metadata JSON, {AUTHORIZED}"
    ),
    "conversation_items": (
        "conversation_id VARCHAR, id VARCHAR, created_at INTEGER, sort_order INTEGER, item_data JSON, tenant_id VARCHAR, "
        "access_attributes JSON, owner_principal VARCHAR, PRIMARY KEY (conversation_id, id)"
    ),
    "inference_store": (
        f"id VARCHAR PRIMARY KEY, created INTEGER, model VARCHAR, choices JSON, input_messages JSON, {AUTHORIZED}"
    ),
}


def key_row(key: str, value: object, expires: str | None = None) -> tuple[str, str, str | None]:
    """Return a row of a key-value table; what is no text is stored as JSON."""
    return key, value if isinstance(value, str) else json.dumps(value), expires


def attributes(owner: str | None) -> str:
    """Return an owner's stored attributes: of nobody JSON null."""
    if not owner:
        return "null"
    return json.dumps({"roles": ["user"], "teams": ["team-a" if "team-a" in owner else "sales"]})


def asked(text: str) -> Item:
    """Return a user's message."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def answered(text: str, **changes: object) -> Item:
    """Return an assistant's message."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": content,
    } | changes


@dataclass(frozen=True)
class Told:
    """A response that was written: what another one goes on from."""

    id: str
    at: int
    model: str
    owner: str | None
    messages: tuple[Item, ...]


@dataclass(slots=True)
class Book:
    """The rows written so far, by table."""

    source: random.Random
    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def new_id(self, prefix: str) -> str:
        """Return an id as servers make them."""
        return f"{prefix}{uuid.UUID(int=self.source.getrandbits(128), version=4)}"

    def respond(
        self,
        at: int,
        asked_: Sequence[Item],
        output: Sequence[Item],
        *,
        model: str = "vllm/llama-3.3-70b",
        owner: str | None = "",
        after: Told | None = None,
        status: str = "completed",
        keeps_messages: bool = True,
        conversation: str | None = None,
        **fields: object,
    ) -> Told:
        """Write one response; `fields` go into its object as they are."""
        id_ = self.new_id("resp_")
        input_ = [item if "id" in item else item | {"id": self.new_id("msg_")} for item in asked_]
        output = [item if "id" in item else item | {"id": self.new_id("msg_")} for item in output]
        history = (*(after.messages if after else ()), *_messages(input_), *_messages(output))
        tokens = sum(len(json.dumps(message)) for message in history) // 4, 30 + self.source.randrange(400)
        is_open = status in ("queued", "in_progress")
        body: Item = {
            "background": is_open,
            "created_at": at,
            "completed_at": None if is_open else at + 1 + self.source.randrange(9),
            "error": None,
            "id": id_,
            "incomplete_details": None,
            "model": model,
            "object": "response",
            "output": output,
            "parallel_tool_calls": True,
            "previous_response_id": after.id if after else None,
            "input_storage_mode": "incremental" if after else None,
            "status": status,
            "temperature": 0.7,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "truncation": "disabled",
            "usage": None
            if is_open or status == "failed"
            else {
                "input_tokens": tokens[0],
                "output_tokens": tokens[1],
                "total_tokens": sum(tokens),
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens_details": {"reasoning_tokens": 0},
            },
            "store": True,
            "input": input_,
            "messages": list(history) if keeps_messages else [],
        } | fields
        mode = "incremental" if after else None
        previous = after.id if after else None
        self.put(
            "responses",
            (id_, at, json.dumps(body), model, previous, mode, attributes(owner), owner, None),
        )
        if output and status == "completed":
            self._complete(at, model, owner, history)
        if conversation is not None:
            self._file(conversation, at, owner, [*input_, *output], history)
        return Told(id_, at, model, owner, history if keeps_messages else ())

    def put(self, table: str, row: Row) -> None:
        """Write a row as it is."""
        self.tables[table].append(row)

    def converse(self, at: int, owner: str | None, topic: str) -> str:
        """Begin a conversation."""
        id_ = self.new_id("conv_")
        metadata = json.dumps({"topic": topic})
        self.put("openai_conversations", (id_, at, "[]", metadata, attributes(owner), owner, None))
        return id_

    def _file(
        self, conversation: str, at: int, owner: str | None, items: Sequence[Item], history: Sequence[Item]
    ) -> None:
        for order, item in enumerate(items):
            data = json.dumps(item)
            self.put(
                "conversation_items",
                (conversation, item["id"], at, order, data, None, attributes(owner), owner),
            )
        cached = self.tables["conversation_messages"]
        cached[:] = [row for row in cached if row[0] != conversation]
        cached.append((conversation, json.dumps(history), attributes(owner), owner, None))

    def _complete(self, at: int, model: str, owner: str | None, history: Sequence[Item]) -> None:
        *sent, given = history
        is_call = bool(given.get("tool_calls"))
        choice = {"message": given, "finish_reason": "tool_calls" if is_call else "stop", "index": 0}
        row = (self.new_id("chatcmpl-"), at, model, json.dumps([choice]), json.dumps(sent))
        self.put("inference_store", (*row, attributes(owner), owner, None))


def _messages(items: Sequence[Item]) -> list[Item]:
    """Convert items as servers do; a call becomes the assistant's, its output the tool's."""
    found: list[Item] = []
    for item in items:
        match item["type"]:
            case "message":
                content = item["content"]
                texts = [part.get("text") or part.get("refusal", "") for part in content]
                found.append({"role": item["role"], "content": "\n".join(texts)})
            case "function_call" | "mcp_call":
                call_id = item.get("call_id", item["id"])
                function = {"name": item["name"], "arguments": item["arguments"]}
                call = {"index": 0, "id": call_id, "type": "function", "function": function}
                found.append({"role": "assistant", "content": "", "tool_calls": [call]})
                if item["type"] == "mcp_call":
                    said = item.get("output") or item.get("error") or ""
                    found.append({"role": "tool", "tool_call_id": call_id, "content": said})
            case "function_call_output":
                found.append({"role": "tool", "tool_call_id": item["call_id"], "content": item["output"]})
    return found
