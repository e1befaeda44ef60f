"""Stored responses for tests, in the shape that servers write, and a deployment that keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from tests.deployments import Deployment, deployment
from tests.stores import Store, literal

COLUMNS: Final = "id, created_at, response_object, model, previous_response_id, input_storage_mode, access_attributes, owner_principal"
EARLIER_COLUMNS: Final = "id, created_at, response_object, model, access_attributes, owner_principal"
_TYPES: Final = {"created_at": "INTEGER", "response_object": "JSON", "access_attributes": "JSON"}

PROVIDERS: Final = {
    "1.5.0": {"responses": [{"provider_id": "builtin", "provider_type": "inline::builtin", "config": {}}]},
    "0.7.3": {"responses": [{"provider_id": "builtin", "provider_type": "inline::builtin", "config": {}}]},
    "0.3.5": {"agents": [{"provider_id": "meta", "provider_type": "inline::meta-reference", "config": {}}]},
}


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
) -> dict[str, str | int | None]:
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


def create(store: Store, table: str = "responses", *, columns: str = COLUMNS) -> None:
    """Make an empty table of responses, as the newest servers do or with fewer columns."""
    names = [f"{name} {_TYPES.get(name, 'VARCHAR')}" for name in columns.split(", ")]
    store.execute(f"CREATE TABLE {table} ({', '.join(names)}, PRIMARY KEY (id))")


def insert(
    store: Store,
    rows: Iterable[Mapping[str, str | int | None]],
    table: str = "responses",
    *,
    columns: str = COLUMNS,
) -> None:
    """Write rows in their order."""
    names = columns.split(", ")
    values = [f"({', '.join(literal(each[name]) for name in names)})" for each in rows]
    for start in range(0, len(values), 100):
        store.execute(f"INSERT INTO {table} ({columns}) VALUES {', '.join(values[start : start + 100])}")


def keeping(store: Store, version: str = "1.5.0", *, table: str = "responses") -> Deployment:
    """Return a deployment whose server keeps its responses in a table of the store."""
    providers = json.loads(json.dumps(PROVIDERS[version]))
    (entries,) = providers.values()
    entries[0]["config"]["persistence"] = {
        "responses": {"backend": "sql_default", "table_name": table},
        "agent_state": {"backend": "kv_default", "namespace": "agents"},
    }
    stores = {
        "metadata": {"backend": "kv_default", "namespace": "registry"},
        "inference": {"backend": "sql_default", "table_name": "inference_store"},
        "conversations": {"backend": "sql_default", "table_name": "openai_conversations"},
    }
    return deployment(store, version, stores=stores, providers=providers)
