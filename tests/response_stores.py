"""Stores of responses, conversations and chat completions, in the shape that servers of several versions give them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from llama_storage_tui.model.data import Cell
from tests.deployments import Deployment, deployment
from tests.response_rows import NEW, OLD
from tests.stores import SqliteStore, Store, literal

COLUMNS: Final = "id, created_at, response_object, model, previous_response_id, input_storage_mode, access_attributes, owner_principal"
EARLIER_COLUMNS: Final = "id, created_at, response_object, model, access_attributes, owner_principal"
_TYPES: Final = {"created_at": "INTEGER", "response_object": "JSON", "access_attributes": "JSON"}

PROVIDERS: Final = {
    "1.5.0": {"responses": [{"provider_id": "builtin", "provider_type": "inline::builtin", "config": {}}]},
    "0.7.3": {"responses": [{"provider_id": "builtin", "provider_type": "inline::builtin", "config": {}}]},
    "0.3.5": {"agents": [{"provider_id": "meta", "provider_type": "inline::meta-reference", "config": {}}]},
}

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

_LONGEST: Final = 60_000
"""Characters of one statement: it is an argument of psql."""


def create(store: Store, table: str = "responses", *, columns: str = COLUMNS) -> None:
    """Make an empty table of responses, as the newest servers do or with fewer columns."""
    names = [f"{name} {_TYPES.get(name, 'VARCHAR')}" for name in columns.split(", ")]
    store.execute(f"CREATE TABLE {table} ({', '.join(names)}, PRIMARY KEY (id))")


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


def insert(
    store: Store,
    rows: Iterable[Mapping[str, Cell]],
    table: str = "responses",
    *,
    columns: str | None = None,
) -> None:
    """Write rows in their order, each with its own columns or with those that are named."""
    chosen = None if columns is None else tuple(columns.split(", "))
    for names, group in _by_columns(rows, chosen):
        head = f"INSERT INTO {table} ({', '.join(names)}) VALUES"
        if isinstance(store, SqliteStore):
            store.insert(f"{head} ({', '.join('?' * len(names))})", group)
            continue
        for values in _statements(f"({', '.join(map(literal, row))})" for row in group):
            store.execute(f"{head} {values}")


def _by_columns(
    rows: Iterable[Mapping[str, Cell]], chosen: tuple[str, ...] | None
) -> Iterator[tuple[tuple[str, ...], Sequence[tuple[Cell, ...]]]]:
    """Yield runs of rows that have the same columns."""
    for names, run in groupby(rows, key=lambda row: chosen or tuple(row)):
        yield names, [tuple(row[name] for name in names) for row in run]


def _statements(values: Iterable[str]) -> Iterator[str]:
    pending, length = list[str](), 0
    for value in values:
        if pending and length + len(value) > _LONGEST:
            yield ", ".join(pending)
            pending, length = [], 0
        pending.append(value)
        length += len(value)
    if pending:
        yield ", ".join(pending)


def keeping(store: Store, version: str = "1.5.0", *, table: str = "responses") -> Deployment:
    """Return a deployment whose server keeps its responses, conversations and completions in the store."""
    providers = json.loads(json.dumps(PROVIDERS[version]))
    (entries,) = providers.values()
    entries[0]["config"]["persistence"] = {
        "responses": {"backend": "sql_default", "table_name": table},
        "agent_state": {"backend": "kv_default", "namespace": "agents"},
    }
    return deployment(store, version, stores=STORES, providers=providers)
