"""The tables that servers create are as the packages' own stores created them."""

from __future__ import annotations

from typing import Final

import pytest

from llama_storage_tui.model.transfer import StoredKind
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.table_schemas import table_schema
from tests.oracle.migration_stores import saved

RECORDED: Final = ("llama-stack-0.2.24", "llama-stack-0.3.5", "llama-stack-0.7.3", "ogx-1.5.0")
NAMES: Final = {"openai_responses": "responses", "inference_store": "chat_completions"}
"""What a table is called in the program's own list, where a config or a version names it otherwise."""
TABLES: Final = (
    "responses",
    "chat_completions",
    "openai_files",
    "openai_conversations",
    "conversation_items",
    "conversation_messages",
    "prompts",
    "connectors",
    "batches",
    "interactions",
    "vector_stores",
    "vector_store_files",
    "vector_store_file_contents",
    "vector_store_file_batches",
    "memory_records",
    "default_memory_vector_stores",
    "jobs",
)
TYPES: Final = {
    "VARCHAR": StoredKind.STRING,
    "TEXT": StoredKind.TEXT,
    "INTEGER": StoredKind.INTEGER,
    "BOOLEAN": StoredKind.BOOLEAN,
    "JSON": StoredKind.JSON,
}


@pytest.mark.parametrize("name", RECORDED)
def test_each_table_of_a_release_is_described_as_its_own_store_creates_it(name: str) -> None:
    version = Version.parse(name.rpartition("-")[2])
    for table in saved(f"schemas-{name}"):
        schema = table_schema(NAMES.get(table["name"], table["name"]), version, table=table["name"])
        assert schema is not None, table["name"]
        described = [
            (column.name, column.kind, column.is_nullable, column.is_primary_key) for column in schema.columns
        ]
        recorded = [(column, TYPES[type_], null, key) for column, type_, null, key in table["columns"]]
        assert described == recorded, table["name"]
        assert dict(schema.indexes) == {index: tuple(columns) for index, columns in table["indexes"].items()}


@pytest.mark.parametrize("name", RECORDED)
def test_no_table_of_a_release_is_left_out(name: str) -> None:
    version = Version.parse(name.rpartition("-")[2])
    recorded = {NAMES.get(table["name"], table["name"]) for table in saved(f"schemas-{name}")}
    # Files without paths are those of S3; marks are only made beside an earlier table.
    ours = {table for table in TABLES if table_schema(table, version) is not None}
    assert ours == recorded


def test_a_tenancy_adds_a_column_for_the_tenant_once() -> None:
    version = Version(1, 5)
    responses = table_schema("responses", version, has_tenants=True)
    items = table_schema("conversation_items", version, has_tenants=True)
    assert responses is not None
    assert items is not None
    assert [column.name for column in responses.columns].count("tenant_id") == 1
    assert [column.name for column in items.columns].count("tenant_id") == 1
