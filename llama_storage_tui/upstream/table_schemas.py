"""The tables that servers create: columns in their order, primary keys and indexes, by version.

Source: the calls of `create_table` in llama-stack 0.2.24 to 0.7.3 and ogx 0.8.0 to 1.5.0; `tests/oracle/migration` holds what the
packages' own stores created. Missing columns are added by servers themselves when they start; none is ever dropped or retyped.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.transfer import ColumnSchema, StoredKind, TableSchema
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.changes import DatedFromCatalog

_BEFORE_CATALOG: Final = Version(0, 2)
_NAMED: Final = {
    "string": StoredKind.STRING,
    "text": StoredKind.TEXT,
    "int": StoredKind.INTEGER,
    "bool": StoredKind.BOOLEAN,
    "json": StoredKind.JSON,
}


@dataclass(frozen=True, slots=True)
class DatedTable(DatedFromCatalog):
    """A table of some versions: `name` is what it is called, or what it is where the config names it.

    `columns` are `name kind` with commas between, a `*` before those of the primary key. `is_owned`: it has the columns of
    owners, and of tenants where there is a tenancy.
    """

    name: str
    columns: str
    is_owned: bool = True
    indexes: tuple[tuple[str, tuple[str, ...]], ...] = ()


_COMPLETIONS: Final = "*id string, created int, model string, choices json, input_messages json"
_RESPONSES: Final = "*id string, created_at int, response_object json, model string"
_ITEMS: Final = "*id string, conversation_id string, created_at int"
_FILES: Final = "*id string, filename string, purpose string, bytes int, created_at int, expires_at int"

_TABLES: Final = (
    DatedTable("chat_completions", _COMPLETIONS, since=_BEFORE_CATALOG),
    DatedTable("responses", _RESPONSES, since=_BEFORE_CATALOG, until=Version(1, 1)),
    DatedTable(
        "responses",
        f"{_RESPONSES}, previous_response_id string, input_storage_mode string",
        since=Version(1, 1),
    ),
    DatedTable("conversation_messages", "*conversation_id string, messages json"),
    DatedTable("openai_conversations", "*id string, created_at int, items json, metadata json"),
    DatedTable("conversation_items", f"{_ITEMS}, item_data json", until=Version(1, 1)),
    DatedTable(
        "conversation_items",
        f"{_ITEMS}, sort_order int, item_data json",
        since=Version(1, 1),
        until=Version(1, 5),
    ),
    DatedTable(
        "conversation_items",
        "*conversation_id string, *id string, created_at int, sort_order int, item_data json, tenant_id string",
        since=Version(1, 5),
    ),
    DatedTable(
        "conversation_migrations", "*name string, completed_at int", is_owned=False, since=Version(1, 5)
    ),
    DatedTable("openai_files", f"{_FILES}, file_path string", since=_BEFORE_CATALOG),
    DatedTable("openai_files without paths", _FILES, since=_BEFORE_CATALOG),
    DatedTable(
        "prompts",
        "*id string, prompt_id string, version int, is_default bool, created_at int, prompt_data json",
        since=Version(1, 0),
    ),
    DatedTable(
        "connectors",
        "*id string, connector_type string, url string, server_label string, server_name string, "
        "server_description string, connector_data json",
        since=Version(1, 0),
    ),
    DatedTable("batches", "*id string, created_at int, status string, batch_data json", since=Version(1, 0)),
    DatedTable(
        "interactions",
        "*id string, created_at int, model string, interaction_data json",
        since=Version(1, 0),
    ),
    DatedTable("vector_stores", "*id string, store_data json", since=Version(1, 0)),
    DatedTable(
        "vector_store_files",
        "*id string, store_id string, file_id string, file_data json",
        since=Version(1, 0),
    ),
    DatedTable(
        "vector_store_file_contents",
        "*id string, store_id string, file_id string, chunk_index int, chunk_data json",
        since=Version(1, 0),
    ),
    DatedTable(
        "vector_store_file_batches",
        "*id string, store_id string, batch_data json, expires_at int",
        since=Version(1, 0),
    ),
    DatedTable(
        "memory_records",
        "*id string, owner_id string, conversation_id string, vector_store_id string, file_id string, "
        "response_id string, created_at int, updated_at int",
        since=Version(1, 2),
    ),
    DatedTable(
        "default_memory_vector_stores",
        "*id string, namespace string, vector_store_id string, provider_id string, created_at int, updated_at int",
        since=Version(1, 2),
    ),
    DatedTable(
        "jobs",
        "*job_id string, api string, provider_id string, method string, status string, payload json, "
        "owner_principal string, owner_tenant_id string, authenticated_user json, result json, error text, "
        "attempts int, max_attempts int, lease_owner string, lease_expires_at int, cleanup_owner string, "
        "cleanup_lease_expires_at int, cleaned_at int, created_at int, updated_at int",
        is_owned=False,
        since=Version(1, 3),
        indexes=(
            ("idx_jobs_scheduled", ("status", "created_at")),
            ("idx_jobs_leases", ("status", "lease_expires_at")),
            ("idx_jobs_retention", ("status", "updated_at")),
            ("idx_jobs_cleanup", ("cleaned_at", "cleanup_lease_expires_at", "updated_at")),
            (
                "idx_jobs_scope_created",
                ("api", "provider_id", "owner_tenant_id", "owner_principal", "created_at", "job_id"),
            ),
        ),
    ),
)


def table_schema(
    name: str, version: Version, *, table: str = "", has_tenants: bool = False
) -> TableSchema | None:
    """Return the table `name` as a server of that version creates it, under the name `table`; None where it has no such table.

    `has_tenants` is whether `server.tenancy` is on: the tables of owners then have a column for the tenant.
    """
    found = next((each for each in _TABLES if each.name == name and each.holds_for(version)), None)
    if found is None:
        return None
    columns = [_column(text) for text in found.columns.split(", ")]
    if found.is_owned:
        columns.append(ColumnSchema("access_attributes", StoredKind.JSON))
        columns.append(ColumnSchema("owner_principal", StoredKind.STRING))
        if has_tenants and all(column.name != "tenant_id" for column in columns):
            columns.append(ColumnSchema("tenant_id", StoredKind.STRING))
    return TableSchema(table or name, tuple(columns), found.indexes)


def _column(text: str) -> ColumnSchema:
    name, kind = text.split(" ")
    return ColumnSchema(name.lstrip("*"), _NAMED[kind], is_primary_key=name.startswith("*"))
