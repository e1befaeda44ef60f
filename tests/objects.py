"""Stores of files, batches, prompts, vector stores, jobs, agents' sessions, in the shape that servers of two versions give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from tests.deployments import Deployment, deployment
from tests.stores import KEY_VALUE_TABLE, Store, literal

OLD: Final = "0.5.4"
NEW: Final = "1.5.0"
TOKEN: Final = "tok-0123456789-secret"

_OWNED: Final = "access_attributes JSON, owner_principal VARCHAR, tenant_id VARCHAR"
TABLES: Final = {
    "openai_files": "id VARCHAR PRIMARY KEY, filename VARCHAR, purpose VARCHAR, bytes INTEGER, created_at INTEGER, expires_at INTEGER, file_path VARCHAR",
    "batches": "id VARCHAR PRIMARY KEY, created_at INTEGER, status VARCHAR, batch_data JSON",
    "prompts": "id VARCHAR PRIMARY KEY, prompt_id VARCHAR, version INTEGER, is_default BOOLEAN, created_at INTEGER, prompt_data JSON",
    "connectors": "id VARCHAR PRIMARY KEY, connector_type VARCHAR, url VARCHAR, server_label VARCHAR, server_name VARCHAR, server_description VARCHAR, connector_data JSON",
    "vector_stores": "id VARCHAR PRIMARY KEY, store_data JSON",
    "vector_store_files": "id VARCHAR PRIMARY KEY, store_id VARCHAR, file_id VARCHAR, file_data JSON",
    "vector_store_file_contents": "id VARCHAR PRIMARY KEY, store_id VARCHAR, file_id VARCHAR, chunk_index INTEGER, chunk_data JSON",
    "interactions": "id VARCHAR PRIMARY KEY, created_at INTEGER, model VARCHAR, interaction_data JSON",
    "jobs": "job_id VARCHAR PRIMARY KEY, api VARCHAR, provider_id VARCHAR, method VARCHAR, status VARCHAR, payload JSON, owner_tenant_id VARCHAR, authenticated_user JSON, error TEXT, attempts INTEGER, created_at INTEGER",
}

BATCH: Final = {
    "id": "batch_1",
    "object": "batch",
    "created_at": 1_700_000_000,
    "status": "completed",
    "endpoint": "/v1/chat/completions",
    "input_file_id": "file-in",
    "output_file_id": "file-out",
    "error_file_id": None,
    "request_counts": {"completed": 3, "failed": 1, "total": 4},
}


def registered(type_: str, name: str, **more: object) -> dict[str, object]:
    """Make what a registry keeps of an object."""
    owner = {"principal": "alice", "attributes": {"roles": ["admin"]}}
    return {"identifier": name, "provider_id": "p1", "type": type_, "owner": owner, **more}


STORE_DATA: Final = {
    "id": "vs_1",
    "created_at": 1_700_000_000,
    "name": "notes",
    "status": "completed",
    "file_counts": {"total": 2},
    "file_ids": ["file-in", "file-out"],
    "metadata": {"provider_id": "faiss"},
}

KEYS: Final[Mapping[str, object]] = {
    "distributions:registry:v10::model:openai/gpt-4o": registered("model", "openai/gpt-4o"),
    "distributions:registry:v10::vector_store:vs_1": registered(
        "vector_store", "vs_1", vector_store_name="notes"
    ),
    "prompts:v1:pmpt_a:1": {"prompt_id": "pmpt_a", "prompt": "one", "version": 1, "variables": ["x"]},
    "prompts:v1:pmpt_a:2": {"prompt_id": "pmpt_a", "prompt": "two", "version": 2, "variables": []},
    "prompts:v1:pmpt_a:default": 2,
    "prompts:v1:pmpt_b:1": {"prompt_id": "pmpt_b", "prompt": "other", "version": 1, "variables": []},
    "batch:batch_1": BATCH,
    "agent:ag1": {"model": "m", "instructions": "be brief", "created_at": "2026-01-01T00:00:00Z"},
    "session:ag1:s1": {"session_id": "s1", "session_name": "first", "started_at": "2026-01-01T00:00:00Z"},
    "session:ag1:s1:t1": {
        "turn_id": "t1",
        "input_messages": [{"role": "user", "content": "hi"}],
        "steps": [],
    },
    "session:ag1:s1:t2": {"turn_id": "t2", "input_messages": [{"role": "user", "content": "bye"}]},
    "session:ag1:s2": {"session_id": "s2", "session_name": "second"},
    "connectors:v1:kb": {"connector_id": "kb", "url": f"https://u:{TOKEN}@kb.example/sse"},
    "vector_stores:v3::vs_1": registered("vector_store", "vs_1", embedding_model="e"),
    "openai_vector_stores:v3::vs_1": STORE_DATA,
    "openai_vector_stores_files:v3::vs_1:file-in": {"id": "file-in", "vector_store_id": "vs_1"},
    "openai_vector_stores_files_contents:v3::vs_1:file-in:0": {"content": "piece", "embedding": [0.5]},
}
"""Values by their raw keys."""


def fill_keys(store: Store, keys: Mapping[str, object], lead: str = "") -> None:
    """Write values under their keys; text goes in as it is."""
    store.execute(KEY_VALUE_TABLE)
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in keys.items()}
    values = ", ".join(f"({literal(lead + key)}, {literal(text)}, NULL)" for key, text in texts.items())
    store.execute(f"INSERT INTO kvstore VALUES {values}")


def create_tables(store: Store, *names: str) -> None:
    """Make tables as servers from ogx 1.2 on do, all where none is named."""
    for name in names or tuple(TABLES):
        store.execute(f"CREATE TABLE {name} ({TABLES[name]}, {_OWNED})")


def insert(store: Store, table: str, **cells: object) -> None:
    """Write one row; mappings and lists as JSON."""
    texts = [
        json.dumps(cell) if isinstance(cell, dict | list) else str(cell).lower() if isinstance(cell, bool) else cell
        for cell in cells.values()
    ]  # fmt: skip
    values = ", ".join(
        text if isinstance(cell, bool) else literal(text)  # type: ignore[arg-type, misc]
        for cell, text in zip(cells.values(), texts, strict=True)
    )
    store.execute(f"INSERT INTO {table} ({', '.join(cells)}) VALUES ({values})")


def _entry(kind: str, id_: str, **config: object) -> list[dict[str, object]]:
    return [{"provider_id": id_, "provider_type": kind, "config": config}]


def keeping_objects(store: Store, version: str) -> Deployment:
    """Return a deployment of that version that keeps every family of it in the store."""
    kv = {"backend": "kv_default"}
    sql = {"backend": "sql_default"}
    is_new = version == NEW
    providers: dict[str, object] = {
        "files": _entry("inline::localfs", "fs", metadata_store={**sql, "table_name": "files_metadata"}),
        "vector_io": _entry("inline::faiss", "faiss", persistence={**kv, "namespace": "faiss"}),
        "batches": _entry(
            "inline::reference",
            "ref",
            **({"sqlstore": {**sql, "table_name": "b"}} if is_new else {"kvstore": {**kv, "namespace": "batches"}}),
        ),
    }  # fmt: skip
    stores: dict[str, dict[str, str]] = {
        "metadata": {**kv, "namespace": "registry"},
        "inference": {**sql, "table_name": "inference_store"},
        "conversations": {**sql, "table_name": "openai_conversations"},
    }
    if is_new:
        providers["interactions"] = _entry("inline::builtin", "i")
        stores |= {name: {**sql, "table_name": name} for name in ("prompts", "connectors", "vector_stores")}
    else:
        persistence = {
            "agent_state": {**kv, "namespace": "agents"},
            "responses": {**sql, "table_name": "responses"},
        }
        providers["agents"] = _entry("inline::meta-reference", "meta", persistence=persistence)
        stores |= {name: {**kv, "namespace": name} for name in ("prompts", "connectors")}
    return deployment(store, version, stores=stores, providers=providers)
