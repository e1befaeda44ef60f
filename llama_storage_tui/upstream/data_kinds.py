"""What servers store, kind by kind: how its keys begin or what its tables are called, and which settings lead there.

Where a kind lies in a version is what `consumers.py` says of the references; this is what is the same thing across versions.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.changes import AGENTS_REMOVED, EVALUATION_REMOVED, SAFETY_REMOVED
from llama_storage_tui.upstream.consumers import OPENAI_VECTOR_STORE_KEYS
from llama_storage_tui.upstream.registered import REGISTRY_HEAD, REGISTRY_OF_0_2

PROMPT_HEAD: Final = "prompts:v1:"
CONNECTOR_HEAD: Final = "connectors:v1:"
BATCH_HEAD: Final = "batch:"


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Keys of one kind: how they begin, without a namespace, and the references (a regular expression of paths) that lead to them.

    `namespace` is the one that the shipped configs give; `until` the first version of which no part reads them, and `gone` why.
    """

    what: str
    heads: tuple[str, ...]
    paths: str
    namespace: str
    until: Version | None = None
    gone: str = ""


REGISTRY: Final = KeyKind(
    "registered objects",
    (REGISTRY_OF_0_2, REGISTRY_HEAD),
    r"storage\.stores\.metadata|metadata_store",
    "registry",
)
PROMPTS: Final = KeyKind(
    "prompts", (PROMPT_HEAD,), r"storage\.stores\.prompts|implicit\.prompts|image_name", "prompts"
)
CONNECTORS: Final = KeyKind("connectors", (CONNECTOR_HEAD,), r"storage\.stores\.connectors", "connectors")
BATCHES: Final = KeyKind(
    "batches", (BATCH_HEAD,), r"providers\.batches\[\d+\]\.config\.(kvstore|sqlstore)", "batches"
)
AGENTS: Final = KeyKind(
    "agents with their sessions and turns",
    ("agent:", "session:", "in_progress_tool_call_step:", "num_infer_iters_in_turn:"),
    r"providers\.agents\[\d+\]\.config\.(persistence\.agent_state|persistence_store)",
    "agents",
    AGENTS_REMOVED,
    "the agents API is gone from 0.7 on, and no later server reads them",
)
BENCHMARKS: Final = KeyKind(
    "benchmarks of providers",
    ("benchmarks:",),
    r"providers\.eval\[\d+\]\.config\.kvstore",
    "eval",
    EVALUATION_REMOVED,
    "the eval API is gone from 0.8 on",
)
LOCALFS_DATASETS: Final = KeyKind(
    "datasets of localfs",
    ("localfs_datasets:",),
    r"providers\.datasetio\[\d+\]\.config\.kvstore",
    "datasetio::localfs",
    EVALUATION_REMOVED,
    "the datasetio API is gone from 0.8 on",
)
HUGGINGFACE_DATASETS: Final = KeyKind(
    "datasets of huggingface",
    ("datasets:",),
    r"providers\.datasetio\[\d+\]\.config\.kvstore",
    "datasetio::huggingface",
    EVALUATION_REMOVED,
    "the datasetio API is gone from 0.8 on",
)

KEY_KINDS: Final = (
    REGISTRY,
    PROMPTS,
    CONNECTORS,
    BATCHES,
    AGENTS,
    BENCHMARKS,
    LOCALFS_DATASETS,
    HUGGINGFACE_DATASETS,
    KeyKind(
        "skills",
        ("skill:", "skill_version:", "skill_files:"),
        r"providers\.skills\[\d+\]\.config\.persistence",
        "skills",
    ),
    KeyKind(
        "batches of messages",
        ("msgbatch:", "msgbatch_results:"),
        r"providers\.messages\[\d+\]\.config\.kvstore",
        "message_batches",
    ),
)
QUOTA: Final = KeyKind("counters of the quota", ("quota:",), r"server\.quota\.kvstore", "quota")

CHUNKS: Final = "openai_vector_stores_files_contents:v3::"
VECTOR_PATHS: Final = r"providers\.vector_io\[\d+\]\.config\.(persistence|kvstore)"
STORE_HEADS: Final = tuple(f"{head}v3::" for head in OPENAI_VECTOR_STORE_KEYS)
"""How the keys of vector stores, their files, chunks and batches begin, whichever provider they are of."""
VECTOR_TABLES: Final = {
    "openai_vector_stores:v3::": "vector_stores",
    "openai_vector_stores_files:v3::": "vector_store_files",
    "openai_vector_stores_files_contents:v3::": "vector_store_file_contents",
    "openai_vector_stores_file_batches:v3::": "vector_store_file_batches",
}
"""Where their rows lie from 1.0 on, with a metadata store."""


@dataclass(frozen=True, slots=True)
class TableKind:
    """Rows of one kind: the table's name in `table_schemas`, and the references that lead to it.

    `earlier` are names that servers of earlier versions gave the table whatever the config said; `is_named` is whether a config
    names it (the first table of its reference), and `usual` what the shipped configs then call it.
    """

    what: str
    schema: str
    paths: str
    identity: tuple[str, ...] = ("id",)
    earlier: tuple[str, ...] = ()
    is_named: bool = False
    usual: tuple[str, ...] = ()


_RESPONSES: Final = r"providers\.(agents|responses)\[\d+\]\.config\.(persistence\.responses|responses_store)"
_CONVERSATIONS: Final = r"storage\.stores\.conversations|conversations_store(\.sql_store_config)?"
_FILES: Final = r"providers\.files\[\d+\]\.config\.metadata_store"
_VECTORS: Final = r"storage\.stores\.vector_stores|providers\.vector_io\[\d+\]\.config\.metadata_store"

RESPONSES: Final = TableKind(
    "responses", "responses", _RESPONSES, earlier=("openai_responses",), is_named=True
)
COMPLETIONS: Final = TableKind(
    "chat completions",
    "chat_completions",
    r"storage\.stores\.inference|inference_store(\.sql_store_config)?",
    earlier=("chat_completions",),
    is_named=True,
    usual=("inference_store",),
)
ITEMS: Final = TableKind(
    "items of conversations", "conversation_items", _CONVERSATIONS, ("conversation_id", "id")
)
CHUNK_ROWS: Final = TableKind(
    "chunks of files in vector stores (rows)", "vector_store_file_contents", _VECTORS
)
FILES: Final = TableKind("files", "openai_files", _FILES)

TABLE_KINDS: Final = (
    RESPONSES,
    TableKind("messages of conversations", "conversation_messages", _RESPONSES, ("conversation_id",)),
    TableKind("memories", "memory_records", _RESPONSES),
    TableKind("vector stores of memories", "default_memory_vector_stores", _RESPONSES),
    COMPLETIONS,
    TableKind("conversations", "openai_conversations", _CONVERSATIONS),
    ITEMS,
    FILES,
    TableKind("prompts (rows)", "prompts", r"storage\.stores\.prompts"),
    TableKind("connectors (rows)", "connectors", r"storage\.stores\.connectors"),
    TableKind("batches (rows)", "batches", r"providers\.batches\[\d+\]\.config\.sqlstore"),
    TableKind(
        "interactions", "interactions", r"providers\.interactions\[\d+\]\.config\.store", is_named=True
    ),
    TableKind("vector stores (rows)", "vector_stores", _VECTORS),
    TableKind("files in vector stores (rows)", "vector_store_files", _VECTORS),
    CHUNK_ROWS,
    TableKind("batches of files for vector stores (rows)", "vector_store_file_batches", _VECTORS),
    TableKind("jobs", "jobs", r"implicit\.jobs", ("job_id",)),
)
KEY_FILES_OF_0_2: Final = (
    "registry.db",
    "kvstore.db",
    "faiss_store.db",
    "sqlite_vec_registry.db",
    "milvus_registry.db",
    "milvus_remote_registry.db",
    "chroma_remote_registry.db",
    "chroma_inline_registry.db",
    "qdrant_registry.db",
    "pgvector_registry.db",
    "weaviate_registry.db",
    "agents_store.db",
    "batches.db",
    "meta_reference_eval.db",
    "huggingface_datasetio.db",
    "localfs_datasetio.db",
    "prompts.db",
)
"""SQLite files that the configs which 0.2 shipped name for keys, and the one that no config names."""
TABLE_FILES_OF_0_2: Final = (
    "inference_store.db",
    "responses_store.db",
    "files_metadata.db",
    "conversations.db",
    "sqlstore.db",
)
"""SQLite files that the configs which 0.2 shipped name for tables."""
TRACES: Final = ("spans", "traces")


def gone_types(version: Version) -> frozenset[str]:
    """Return the types of registered objects that a server of that version does not know any more."""
    found: set[str] = set()
    if version >= EVALUATION_REMOVED:
        found |= {"dataset", "scoring_function", "benchmark"}
    if version >= SAFETY_REMOVED:
        found |= {"shield"}
    return frozenset(found)
