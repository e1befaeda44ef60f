"""What a run config has to become when its server does: names that changed, and names that upstream gave to what is new.

What a release ships, takes and reads stands in the other tables of this room; here is only what became of what.

Source: the distributions, provider registries and storage modules of llama-stack 0.2.0 to 0.7.3 and ogx 0.8.0 to 1.5.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.providers import is_shipped_provider


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name that became another at a release; `api` is the API that it belongs to, by the name of before."""

    since: Version
    old: str
    new: str
    api: str = ""


APIS: Final = (Renamed(Version(0, 7), "agents", "responses"),)

PROVIDER_TYPES: Final = (
    Renamed(Version(0, 3), "remote::cerebras-openai-compat", "remote::cerebras", "inference"),
    Renamed(Version(0, 3), "remote::fireworks-openai-compat", "remote::fireworks", "inference"),
    Renamed(Version(0, 3), "remote::groq-openai-compat", "remote::groq", "inference"),
    Renamed(Version(0, 3), "remote::sambanova-openai-compat", "remote::sambanova", "inference"),
    Renamed(Version(0, 3), "remote::together-openai-compat", "remote::together", "inference"),
    Renamed(Version(0, 3), "inline::huggingface", "inline::huggingface-gpu", "post_training"),
    Renamed(Version(0, 3), "inline::torchtune", "inline::torchtune-gpu", "post_training"),
    Renamed(Version(0, 7), "inline::meta-reference", "inline::builtin", "agents"),
    Renamed(Version(0, 7), "inline::meta-reference", "inline::builtin", "eval"),
    Renamed(Version(0, 7), "inline::meta-reference", "inline::faiss", "vector_io"),
    Renamed(Version(0, 7), "inline::rag-runtime", "inline::file-search", "tool_runtime"),
    Renamed(Version(0, 8), "inline::builtin", "inline::faiss", "vector_io"),
    Renamed(Version(0, 8), "inline::sqlite_vec", "inline::sqlite-vec", "vector_io"),
)

_OLD_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "inference": frozenset({"inline::vllm", "remote::sample", "inline::meta-reference-quantized"}),
    "agents": frozenset({"remote::sample"}),
    "safety": frozenset({"remote::sample"}),
    "tool_runtime": frozenset({"inline::code-interpreter", "inline::memory-runtime"}),
    "vector_io": frozenset({"remote::sample", "inline::chroma"}),
}
"""Types that only releases before 0.3 shipped, of APIs that are still there."""


def api_after(api: str, version: Version) -> str:
    """Return the name of an API in a release that may have renamed it."""
    return next((row.new for row in APIS if row.old == api and row.since <= version), api)


def type_after(api: str, type_: str, version: Version) -> str:
    """Return the name of a provider's type in a release; `api` is the name that the config has for its API."""
    if is_shipped_provider(api_after(api, version), type_, version):
        return type_
    for row in PROVIDER_TYPES:
        if (
            row.since <= version
            and row.old == type_
            and api_after(api, version) == api_after(row.api, version)
        ):
            return type_after(api, row.new, version) if row.new != type_ else type_
    return type_


def was_shipped_before_catalog(api: str, type_: str) -> bool:
    """Tell whether only releases before 0.3 shipped a provider's type."""
    return type_ in _OLD_TYPES.get(api, frozenset())


STORE_NAMES: Final[Mapping[str, str]] = {
    "metadata": "registry",
    "inference": "inference_store",
    "conversations": "openai_conversations",
    "prompts": "prompts",
    "connectors": "connectors",
    "vector_stores": "vector_store_metadata",
}
"""The namespace or table that upstream's own distributions give to each store."""

_REFERENCE_NAMES: Final[Mapping[tuple[str, str], str]] = {
    ("agents", "agent_state"): "agents",
    ("agents", "responses"): "responses",
    ("responses", "agent_state"): "agents",
    ("responses", "responses"): "responses",
    ("vector_io", "inline::meta-reference"): "vector_io::faiss",
    ("vector_io", "inline::builtin"): "vector_io::faiss",
    ("vector_io", "inline::faiss"): "vector_io::faiss",
    ("vector_io", "inline::sqlite-vec"): "vector_io::sqlite_vec",
    ("vector_io", "inline::sqlite_vec"): "vector_io::sqlite_vec",
    ("vector_io", "inline::milvus"): "vector_io::milvus",
    ("vector_io", "remote::milvus"): "vector_io::milvus_remote",
    ("vector_io", "inline::chromadb"): "vector_io::chroma",
    ("vector_io", "remote::chromadb"): "vector_io::chroma_remote",
    ("vector_io", "inline::qdrant"): "vector_io::qdrant",
    ("vector_io", "remote::qdrant"): "vector_io::qdrant_remote",
    ("files", "inline::localfs"): "files_metadata",
    ("files", "remote::s3"): "s3_files_metadata",
    ("files", "remote::openai"): "openai_files_metadata",
    ("batches", "inline::reference"): "batches",
    ("eval", "inline::meta-reference"): "eval",
    ("eval", "inline::builtin"): "eval",
    ("messages", "inline::builtin"): "message_batches",
    ("skills", "inline::builtin"): "skills",
    ("interactions", "inline::builtin"): "interactions",
}


def reference_name(api: str, type_: str, field: str) -> str:
    """Return the namespace or table that upstream's distributions give to a provider's reference."""
    kind = type_.rpartition("::")[2].replace("-", "_")
    return _REFERENCE_NAMES.get((api, field)) or _REFERENCE_NAMES.get((api, type_)) or f"{api}::{kind}"


SEARCH_TOOL: Final = Renamed(Version(0, 7), "knowledge_search", "file_search")
"""The tool that searches files; from its new name on, a server refuses a header of its results that names the old one."""

VECTOR_STORE_FIELDS: Final[Mapping[str, str]] = {
    "vector_db_id": "vector_store_id",
    "vector_db_name": "vector_store_name",
    "provider_vector_db_id": "provider_vector_store_id",
}
"""Fields of a registered vector database, as those of the vector store that it is called from 0.3 on."""

LISTS_OF_RESOURCES: Final = (
    "models",
    "shields",
    "vector_dbs",
    "datasets",
    "scoring_fns",
    "benchmarks",
    "tool_groups",
)
"""What 0.2 has at the top level, and 0.3 in `registered_resources`."""

OLD_DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "kv_postgres": {"db": "llamastack", "table_name": "llamastack_kvstore"},
    "sql_postgres": {"db": "llamastack"},
    "kv_mongodb": {"db": "llamastack", "collection_name": "llamastack_kvstore"},
}
"""What a server before 0.8 takes where the field is left out: rows are there."""

TABLES_BEFORE: Final[Mapping[str, str]] = {"inference": "chat_completions", "responses": "openai_responses"}
"""Where inference and responses are kept by releases that ignore the table of the config."""


@dataclass(frozen=True, slots=True)
class ProviderAddress:
    """Where an inference provider has its server's address before 0.4; from then on that is `base_url`, with its whole path."""

    field: str
    path: str = ""


ADDRESSES: Final[Mapping[str, ProviderAddress]] = {
    "remote::azure": ProviderAddress("api_base", "/openai/v1"),
    "remote::cerebras": ProviderAddress("base_url", "/v1"),
    "remote::databricks": ProviderAddress("url", "/serving-endpoints"),
    "remote::fireworks": ProviderAddress("url"),
    "remote::groq": ProviderAddress("url", "/openai/v1"),
    "remote::llama-openai-compat": ProviderAddress("openai_compat_api_base"),
    "remote::nvidia": ProviderAddress("url", "/v1"),
    "remote::ollama": ProviderAddress("url", "/v1"),
    "remote::passthrough": ProviderAddress("url"),
    "remote::runpod": ProviderAddress("url"),
    "remote::sambanova": ProviderAddress("url"),
    "remote::together": ProviderAddress("url"),
    "remote::vllm": ProviderAddress("url"),
    "remote::watsonx": ProviderAddress("url"),
}
"""Source: `get_base_url` of the providers in llama-stack 0.3.5, and the config classes from 0.4.0 on."""


LOGIN_FIELDS: Final = ("host", "port", "db", "user", "password")
"""What an inline SQL store on a server has in 0.2."""

INLINE_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sqlite": ("db_path",),
    "redis": ("host", "port"),
    "postgres": (*LOGIN_FIELDS, "ssl_mode", "ca_cert_path", "table_name"),
    "mongodb": (*LOGIN_FIELDS, "collection_name"),
}
"""The settings of each engine in an inline key-value store of 0.2; what else stands there was read by nobody."""

STANDARD_PORTS: Final[Mapping[str, str]] = {"postgres": "5432", "redis": "6379", "mongodb": "27017"}
"""The port that a store without one has."""
