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


def _vector_io(
    kind: str, types: tuple[str, ...], *, since: Version = V0_3, required: bool = True
) -> Consumer:
    return Consumer(
        "vector_io",
        types,
        ("persistence",),
        Family.KV,
        since=since,
        keys=(f"vector_stores:{kind}v3::", *OPENAI_VECTOR_STORE_KEYS),
        is_required=required,
    )


_META_REFERENCE: Final = ("inline::meta-reference",)
_BUILTIN: Final = ("inline::builtin",)
_EITHER: Final = (*_META_REFERENCE, *_BUILTIN)
_AGENT_KEYS: Final = ("agent:", "session:", "in_progress_tool_call_step:", "num_infer_iters_in_turn:")
_MEMORY_TABLES: Final = ("memory_records", "default_memory_vector_stores")
_WITH_METADATA_STORE: Final = (
    "inline::faiss",
    "inline::sqlite-vec",
    "inline::milvus",
    "remote::milvus",
    "remote::chromadb",
    "inline::qdrant",
    "remote::qdrant",
    "remote::pgvector",
    "remote::weaviate",
    "remote::elasticsearch",
    "remote::infinispan",
    "remote::neo4j",
)

CONSUMERS: Final = (
    Consumer(
        "agents", _META_REFERENCE, ("persistence", "agent_state"), Family.KV, until=V0_7, keys=_AGENT_KEYS
    ),
    Consumer(
        "responses",
        _BUILTIN,
        ("persistence", "agent_state"),
        Family.KV,
        since=V0_7,
        until=V1_0,
        keys=_AGENT_KEYS,
    ),
    Consumer(
        "agents",
        _META_REFERENCE,
        ("persistence", "responses"),
        Family.SQL,
        until=V0_5,
        tables=("openai_responses", "conversation_messages"),
    ),
    Consumer(
        "agents",
        _META_REFERENCE,
        ("persistence", "responses"),
        Family.SQL,
        since=V0_5,
        until=V0_7,
        tables=(CONFIGURED, "conversation_messages"),
    ),
    Consumer(
        "responses",
        _BUILTIN,
        ("persistence", "responses"),
        Family.SQL,
        since=V0_7,
        until=V1_2,
        tables=(CONFIGURED, "conversation_messages"),
    ),
    Consumer(
        "responses",
        _BUILTIN,
        ("persistence", "responses"),
        Family.SQL,
        since=V1_2,
        tables=(CONFIGURED, "conversation_messages", *_MEMORY_TABLES),
    ),
    Consumer(
        "vector_io",
        ("inline::faiss", *_META_REFERENCE, *_BUILTIN),
        ("persistence",),
        Family.KV,
        keys=("vector_stores:v3::", "faiss_index:v3::", *OPENAI_VECTOR_STORE_KEYS),
    ),
    _vector_io("sqlite_vec:", ("inline::sqlite-vec", "inline::sqlite_vec")),
    _vector_io("milvus:", ("inline::milvus", "remote::milvus")),
    _vector_io("chroma:", ("inline::chromadb", "remote::chromadb")),
    _vector_io("qdrant:", ("inline::qdrant", "remote::qdrant")),
    _vector_io("pgvector:", ("remote::pgvector",), required=False),
    _vector_io("weaviate:", ("remote::weaviate",), required=False),
    _vector_io("elasticsearch:", ("remote::elasticsearch",), since=V0_5, required=False),
    Consumer(
        "vector_io",
        ("remote::oci",),
        ("persistence",),
        Family.KV,
        since=V0_5,
        keys=("vector_stores:oci26ai:v1::", *OPENAI_VECTOR_STORE_KEYS),
    ),
    _vector_io("infinispan:", ("remote::infinispan",), since=V0_7),
    Consumer(
        "vector_io",
        ("remote::neo4j",),
        ("persistence",),
        Family.KV,
        since=V1_3,
        keys=("vector_stores:neo4j:v1::", *OPENAI_VECTOR_STORE_KEYS),
    ),
    Consumer(
        "vector_io",
        _WITH_METADATA_STORE,
        ("metadata_store",),
        Family.SQL,
        since=V1_0,
        tables=VECTOR_STORE_TABLES,
        is_required=False,
    ),
    Consumer(
        "files",
        ("inline::localfs", "remote::s3"),
        ("metadata_store",),
        Family.SQL,
        tables=("openai_files",),
    ),
    Consumer(
        "files", ("remote::openai",), ("metadata_store",), Family.SQL, since=V0_4, tables=("openai_files",)
    ),
    Consumer("batches", ("inline::reference",), ("kvstore",), Family.KV, until=V1_0, keys=("batch:",)),
    Consumer("batches", ("inline::reference",), ("sqlstore",), Family.SQL, since=V1_0, tables=("batches",)),
    Consumer("eval", _EITHER, ("kvstore",), Family.KV, until=V0_8, keys=("benchmarks:",)),
    Consumer(
        "datasetio", ("inline::localfs",), ("kvstore",), Family.KV, until=V0_8, keys=("localfs_datasets:",)
    ),
    Consumer("datasetio", ("remote::huggingface",), ("kvstore",), Family.KV, until=V0_8, keys=("datasets:",)),
    Consumer(
        "interactions", _BUILTIN, ("store",), Family.SQL, since=V1_0, tables=(CONFIGURED,), is_required=False
    ),
    Consumer(
        "messages", _BUILTIN, ("kvstore",), Family.KV, since=V1_1, keys=("msgbatch:", "msgbatch_results:")
    ),
    Consumer(
        "skills",
        _BUILTIN,
        ("persistence",),
        Family.KV,
        since=V1_1,
        keys=("skill:", "skill_version:", "skill_files:"),
    ),
    Consumer(
        "inference",
        ("remote::vertexai",),
        ("thought_signature_store",),
        Family.KV,
        since=V1_4,
        is_required=False,
    ),
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
