"""Rows of stored responses and of conversations' items, in the shape that servers write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.model.data import Cell

OLD: Final = "0.7.3"
NEW: Final = "1.5.0"
"""The versions whose tables tests make: with a key on an item's id, and with one that begins with the conversation."""


def message(text: str, *, role: str = "user", id_: str | None = None) -> dict[str, object]:
    """Make a message item."""
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "id": id_, "content": [{"type": kind, "text": text}]}


def document(id_: str, **changes: object) -> dict[str, object]:
    """Make a completed response of one question and one answer."""
    found: dict[str, object] = {
        "id": id_,
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "model": "openai/gpt-4o",
        "previous_response_id": None,
        "error": None,
        "incomplete_details": None,
        "input": [message(f"question of {id_}")],
        "output": [message(f"answer to {id_}", role="assistant", id_=f"msg_{id_}")],
        "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
        "store": True,
    }
    return found | changes


def row(
    id_: str,
    *,
    created_at: int | None = 1_700_000_000,
    owner: str | None = "",
    attributes: str | None = "null",
    model: str | None = "openai/gpt-4o",
    text: str | None = None,
    mode: str | None = None,
    **changes: object,
) -> dict[str, Cell]:
    """Make a row; `text` takes the place of the document, `changes` are of the document."""
    made = document(id_, created_at=created_at, model=model, **changes)
    previous = made["previous_response_id"]
    return {
        "id": id_,
        "created_at": created_at,
        "response_object": json.dumps(made) if text is None else text,
        "model": model,
        "previous_response_id": previous if isinstance(previous, str) else None,
        "input_storage_mode": mode,
        "access_attributes": attributes,
        "owner_principal": owner,
    }


def item_row(
    version: str, conversation: str, id_: str, *, created_at: int = 1000, sort_order: int | None = None,
    data: Mapping[str, object] | None = None, owner: str | None = "",
) -> dict[str, Cell]:  # fmt: skip
    """Return a row of `conversation_items`; `sort_order` is stored where the version has it."""
    row: dict[str, Cell] = {
        "conversation_id": conversation,
        "id": id_,
        "created_at": created_at,
        "item_data": json.dumps(dict(data) if data is not None else message(f"item {id_}", id_=id_)),
        "access_attributes": "null",
        "owner_principal": owner,
    }
    return row | ({"sort_order": sort_order} if version == NEW else {})
