"""Which code of which version reads which reference, and where it then keeps its rows.

The configs name a namespace or a table; what a server really touches depends on its version and on who reads the reference.
Each row below is one such reader: an API, the provider types it holds for, the path of the reference in the provider's
config, the versions, and the key families or tables that it uses.

Source: the provider modules of llama-stack 0.3.0 to 0.7.3 and ogx 0.8.0 to 1.5.0, and stores that servers of 0.3.5, 0.7.3 and
1.5.0 wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.changes import DatedFromCatalog

V0_3: Final = Version(0, 3)
V0_3_5: Final = Version(0, 3, 5)
V0_4: Final = Version(0, 4)
V0_5: Final = Version(0, 5)
V0_7: Final = Version(0, 7)
V0_8: Final = Version(0, 8)
V1_0: Final = Version(1, 0)
V1_1: Final = Version(1, 1)
V1_2: Final = Version(1, 2)
V1_3: Final = Version(1, 3)
V1_4: Final = Version(1, 4)
V1_5: Final = Version(1, 5)

CONFIGURED: Final = "{table}"
"""Stands for the table name that the reference gives: the reader honours it."""

OPENAI_VECTOR_STORE_KEYS: Final = (
    "openai_vector_stores:",
    "openai_vector_stores_files:",
    "openai_vector_stores_files_contents:",
    "openai_vector_stores_file_batches:",
)
"""The same text for every vector_io provider: on SQLite before ogx 1.0 they overwrite each other in one file."""

VECTOR_STORE_TABLES: Final = (
    "vector_stores",
    "vector_store_files",
    "vector_store_file_contents",
    "vector_store_file_batches",
)

REGISTRY_KEYS: Final = ("distributions:registry:",)
PROMPT_KEYS: Final = ("prompts:v1:",)
CONNECTOR_KEYS: Final = ("connectors:v1:",)
QUOTA_KEYS: Final = ("quota:",)


@dataclass(frozen=True, slots=True)
class Consumer(DatedFromCatalog):
    """One reader of a reference in a provider's config.

    `keys` are the families of raw keys, which are the physical prefixes where the store keeps no namespace; `tables` the
    physical tables, with CONFIGURED for the one that the reference names; `since` is the first version, `until` the first
    without it. `is_required` marks references without which the provider does not start.
    """

    api: str
    types: tuple[str, ...]
    path: tuple[str, ...]
    family: Family
    keys: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    is_required: bool = True


def _reader(
    api: str,
    types: str,
    path: str,
    family: Family,
    names: str = "",
    *,
    since: Version = V0_3,
    until: Version | None = None,
    is_required: bool = True,
) -> Consumer:
    """Return a row of the table below: types, steps of the path, and the keys or tables have blanks between."""
    keys, tables = (names, "") if family is Family.KV else ("", names)
    return Consumer(
        api,
        tuple(types.split()),
        tuple(path.split()),
        family,
        tuple(keys.split()),
        tuple(tables.split()),
        is_required,
        since=since,
        until=until,
    )


def _vectors(types: str, own: str, *, since: Version = V0_3, is_required: bool = True) -> Consumer:
    """Return a vector_io provider: its own list of stores begins with `own`, and its other keys are those of all."""
    keys = f"vector_stores:{own} {' '.join(OPENAI_VECTOR_STORE_KEYS)}"
    return _reader("vector_io", types, "persistence", Family.KV, keys, since=since, is_required=is_required)


_META_REFERENCE: Final = "inline::meta-reference"
_BUILTIN: Final = "inline::builtin"
_AGENT_KEYS: Final = "agent: session: in_progress_tool_call_step: num_infer_iters_in_turn:"
_RESPONSES: Final = f"{CONFIGURED} conversation_messages"
_MEMORY: Final = "memory_records default_memory_vector_stores"
_WITH_METADATA_STORE: Final = (
    "inline::faiss inline::sqlite-vec inline::milvus remote::milvus remote::chromadb inline::qdrant remote::qdrant "
    "remote::pgvector remote::weaviate remote::elasticsearch remote::infinispan remote::neo4j"
)
_STATE: Final = "persistence agent_state"
_KEPT: Final = "persistence responses"
_KV: Final = Family.KV
_SQL: Final = Family.SQL

CONSUMERS: Final = (
    _reader("agents", _META_REFERENCE, _STATE, _KV, _AGENT_KEYS, until=V0_7),
    _reader("responses", _BUILTIN, _STATE, _KV, _AGENT_KEYS, since=V0_7, until=V1_0),
    _reader("agents", _META_REFERENCE, _KEPT, _SQL, "openai_responses conversation_messages", until=V0_5),
    _reader("agents", _META_REFERENCE, _KEPT, _SQL, _RESPONSES, since=V0_5, until=V0_7),
    _reader("responses", _BUILTIN, _KEPT, _SQL, _RESPONSES, since=V0_7, until=V1_2),
    _reader("responses", _BUILTIN, _KEPT, _SQL, f"{_RESPONSES} {_MEMORY}", since=V1_2),
    _vectors(f"inline::faiss {_META_REFERENCE} {_BUILTIN}", "v3:: faiss_index:v3::"),
    _vectors("inline::sqlite-vec inline::sqlite_vec", "sqlite_vec:v3::"),
    _vectors("inline::milvus remote::milvus", "milvus:v3::"),
    _vectors("inline::chromadb remote::chromadb", "chroma:v3::"),
    _vectors("inline::qdrant remote::qdrant", "qdrant:v3::"),
    _vectors("remote::pgvector", "pgvector:v3::", is_required=False),
    _vectors("remote::weaviate", "weaviate:v3::", is_required=False),
    _vectors("remote::elasticsearch", "elasticsearch:v3::", since=V0_5, is_required=False),
    _vectors("remote::oci", "oci26ai:v1::", since=V0_5),
    _vectors("remote::infinispan", "infinispan:v3::", since=V0_7),
    _vectors("remote::neo4j", "neo4j:v1::", since=V1_3),
    _reader(
        "vector_io",
        _WITH_METADATA_STORE,
        "metadata_store",
        _SQL,
        " ".join(VECTOR_STORE_TABLES),
        since=V1_0,
        is_required=False,
    ),
    _reader("files", "inline::localfs remote::s3", "metadata_store", _SQL, "openai_files"),
    _reader("files", "remote::openai", "metadata_store", _SQL, "openai_files", since=V0_4),
    _reader("batches", "inline::reference", "kvstore", _KV, "batch:", until=V1_0),
    _reader("batches", "inline::reference", "sqlstore", _SQL, "batches", since=V1_0),
    _reader("eval", f"{_META_REFERENCE} {_BUILTIN}", "kvstore", _KV, "benchmarks:", until=V0_8),
    _reader("datasetio", "inline::localfs", "kvstore", _KV, "localfs_datasets:", until=V0_8),
    _reader("datasetio", "remote::huggingface", "kvstore", _KV, "datasets:", until=V0_8),
    _reader("interactions", _BUILTIN, "store", _SQL, CONFIGURED, since=V1_0, is_required=False),
    _reader("messages", _BUILTIN, "kvstore", _KV, "msgbatch: msgbatch_results:", since=V1_1),
    _reader("skills", _BUILTIN, "persistence", _KV, "skill: skill_version: skill_files:", since=V1_1),
    _reader("inference", "remote::vertexai", "thought_signature_store", _KV, since=V1_4, is_required=False),
)


@dataclass(frozen=True, slots=True)
class StoreLayout:
    """Where a server store keeps its rows: key families or tables; both empty where no code reads it."""

    keys: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        """Tell whether any code of that version reads the store."""
        return bool(self.keys or self.tables)


def store_layouts(version: Version) -> Mapping[str, StoreLayout]:
    """Give the layout of each entry of `storage.stores` that a server of that version knows."""
    layouts = {
        "metadata": StoreLayout(keys=REGISTRY_KEYS),
        "inference": StoreLayout(tables=(CONFIGURED if version >= V0_3_5 else "chat_completions",)),
        "conversations": StoreLayout(tables=("openai_conversations", "conversation_items")),
        "responses": StoreLayout(),
    }
    if version >= V1_5:
        layouts["conversations"] = StoreLayout(
            tables=("openai_conversations", "conversation_items", "conversation_migrations")
        )
    if version >= V1_0:
        layouts |= {
            "prompts": StoreLayout(tables=("prompts",)),
            "connectors": StoreLayout(tables=("connectors",)),
            "vector_stores": StoreLayout(tables=VECTOR_STORE_TABLES),
        }
    else:
        if version >= V0_4:
            layouts["prompts"] = StoreLayout(keys=PROMPT_KEYS)
        if version >= V0_5:
            layouts["connectors"] = StoreLayout(keys=CONNECTOR_KEYS)
    return layouts


def find_consumer(api: str, provider_type: str, path: tuple[str, ...], version: Version) -> Consumer | None:
    """Return the reader of a provider's reference in that version, None where no shipped code reads it."""
    return next(
        (
            consumer
            for consumer in CONSUMERS
            if consumer.api == api
            and provider_type in consumer.types
            and consumer.path == path
            and consumer.holds_for(version)
        ),
        None,
    )


def keeps_namespaces(backend_type: str, version: Version) -> bool:
    """Tell whether a key-value backend prefixes keys with the namespace: SQLite does so from ogx 1.0 on, the others always."""
    return backend_type != "kv_sqlite" or version >= V1_0
