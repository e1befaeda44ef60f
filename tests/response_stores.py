"""Stores of responses, conversations and chat completions, in the shape that servers of two versions give them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from llama_storage_tui.model.data import Cell
from tests.deployments import Deployment, deployment
from tests.stores import SqliteStore, Store, literal

OLD: Final = "0.7.3"
NEW: Final = "1.5.0"

_OWNED: Final = "access_attributes JSON, owner_principal VARCHAR"
_TENANT: Final = {OLD: "", NEW: ", tenant_id VARCHAR"}
_RESPONSES: Final = {
    OLD: "id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR",
    NEW: "id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR, previous_response_id VARCHAR, input_storage_mode VARCHAR",
}
_ITEMS: Final = {
    OLD: f"id VARCHAR, conversation_id VARCHAR, created_at INTEGER, item_data JSON, {_OWNED}, PRIMARY KEY (id)",
    NEW: f"conversation_id VARCHAR, id VARCHAR, created_at INTEGER, sort_order INTEGER, item_data JSON, tenant_id VARCHAR, {_OWNED}, PRIMARY KEY (conversation_id, id)",
}

STORES: Final = {
    "metadata": {"backend": "kv_default", "namespace": "registry"},
    "inference": {"backend": "sql_default", "table_name": "inference_store"},
    "conversations": {"backend": "sql_default", "table_name": "openai_conversations"},
}


def _providers() -> dict[str, object]:
    persistence = {"responses": {"backend": "sql_default", "table_name": "responses"}}
    return {
        "responses": [
            {
                "provider_id": "builtin",
                "provider_type": "inline::builtin",
                "config": {"persistence": persistence},
            }
        ]
    }


def create_tables(store: Store, version: str) -> None:
    """Create the tables that a server of that version keeps responses, conversations and completions in."""
    tenant = _TENANT[version]
    store.execute(
        f"CREATE TABLE responses ({_RESPONSES[version]}, {_OWNED}{tenant}, PRIMARY KEY (id));"
        f"CREATE TABLE openai_conversations (id VARCHAR, created_at INTEGER, items JSON, metadata JSON, {_OWNED}{tenant}, PRIMARY KEY (id));"
        f"CREATE TABLE conversation_items ({_ITEMS[version]});"
        f"CREATE TABLE conversation_messages (conversation_id VARCHAR, messages JSON, {_OWNED}{tenant}, PRIMARY KEY (conversation_id));"
        f"CREATE TABLE inference_store (id VARCHAR, created INTEGER, model VARCHAR, choices JSON, input_messages JSON, {_OWNED}{tenant}, PRIMARY KEY (id));"
    )


def response_deployment(store: Store, version: str) -> Deployment:
    """Return a deployment of that version over a store that `create_tables` filled."""
    return deployment(store, version, stores=STORES, providers=_providers())


def insert(store: Store, table: str, rows: Iterable[Mapping[str, Cell]]) -> None:
    """Insert rows, each with its own columns."""
    for columns, group in _by_columns(rows).items():
        names = ", ".join(columns)
        if isinstance(store, SqliteStore):
            marks = ", ".join("?" * len(columns))
            store.insert(f"INSERT INTO {table} ({names}) VALUES ({marks})", group)
            continue
        for start in range(0, len(group), 20):
            values = ", ".join(
                f"({', '.join(literal(cell) for cell in row)})" for row in group[start : start + 20]
            )
            store.execute(f"INSERT INTO {table} ({names}) VALUES {values}")


def _by_columns(rows: Iterable[Mapping[str, Cell]]) -> dict[tuple[str, ...], list[tuple[Cell, ...]]]:
    found: dict[tuple[str, ...], list[tuple[Cell, ...]]] = {}
    for row in rows:
        found.setdefault(tuple(row), []).append(tuple(row.values()))
    return found


def message(role: str, text: str, id_: str | None = None) -> dict[str, object]:
    """Return an input or output message as it is stored."""
    kind = "output_text" if role == "assistant" else "input_text"
    part: dict[str, object] = {"text": text, "type": kind}
    return {
        "content": [part],
        "role": role,
        "type": "message",
        "id": id_,
        "status": "completed" if role == "assistant" else None,
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
        "item_data": json.dumps(dict(data) if data is not None else message("user", f"item {id_}", id_)),
        "access_attributes": "null",
        "owner_principal": owner,
    }
    return row | ({"sort_order": sort_order} if version == NEW else {})
