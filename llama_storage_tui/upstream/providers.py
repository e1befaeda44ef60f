"""Which APIs and provider types each release ships, and what a provider needs beside it to start.

Source: the provider registries and the API enumerations of llama-stack 0.3.0 to 0.7.3 and ogx 0.8.0 to 1.5.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Dated, Version
from llama_storage_tui.upstream.changes import DatedFromCatalog

_LISTED_APIS_ARE_OPTIONAL: Final = Version(1, 5)


@dataclass(frozen=True, slots=True)
class _Ships(DatedFromCatalog):
    """Provider types of one API, from the release `since` to before `until`; `needs` are the APIs that must be served, too."""

    api: str
    types: str
    needs: str = ""


_PROVIDERS: Final = (
    _Ships(
        "agents",
        "inline::meta-reference",
        needs="conversations inference safety tool_groups tool_runtime vector_io",
        until=Version(0, 4),
    ),
    _Ships(
        "agents",
        "inline::meta-reference",
        needs="conversations files inference prompts tool_groups tool_runtime vector_io",
        since=Version(0, 4),
        until=Version(0, 5),
    ),
    _Ships(
        "agents",
        "inline::meta-reference",
        needs="connectors conversations files inference prompts tool_groups tool_runtime vector_io",
        since=Version(0, 5),
        until=Version(0, 7),
    ),
    _Ships("batches", "inline::reference", needs="files inference models"),
    _Ships("datasetio", "inline::localfs remote::huggingface remote::nvidia", until=Version(0, 8)),
    _Ships(
        "eval",
        "inline::meta-reference remote::nvidia",
        needs="agents datasetio datasets inference scoring",
        until=Version(0, 7),
    ),
    _Ships(
        "eval",
        "inline::builtin remote::nvidia",
        needs="datasetio datasets inference responses scoring",
        since=Version(0, 7),
        until=Version(0, 8),
    ),
    _Ships("file_processors", "inline::pypdf", needs="files", since=Version(0, 6)),
    _Ships("file_processors", "inline::docling", needs="files", since=Version(0, 7)),
    _Ships("file_processors", "remote::docling-serve", needs="files", since=Version(0, 8)),
    _Ships("file_processors", "inline::auto inline::markitdown", needs="files", since=Version(1, 0)),
    _Ships(
        "file_processors", "inline::unstructured remote::unstructured-api", needs="files", since=Version(1, 2)
    ),
    _Ships("files", "inline::localfs remote::s3"),
    _Ships("files", "remote::openai", since=Version(0, 4)),
    _Ships("inference", "inline::meta-reference", until=Version(0, 5)),
    _Ships("inference", "remote::hf::endpoint remote::hf::serverless remote::tgi", until=Version(0, 7)),
    _Ships("inference", "remote::passthrough", until=Version(1, 3)),
    _Ships(
        "inference",
        "inline::sentence-transformers remote::anthropic remote::azure remote::bedrock "
        "remote::cerebras remote::databricks remote::fireworks remote::gemini remote::groq "
        "remote::llama-openai-compat remote::nvidia remote::ollama remote::openai remote::runpod "
        "remote::sambanova remote::together remote::vertexai remote::vllm remote::watsonx",
    ),
    _Ships("inference", "remote::oci", since=Version(0, 4)),
    _Ships("inference", "remote::llama-cpp-server", since=Version(0, 6)),
    _Ships("inference", "inline::transformers", since=Version(0, 7), until=Version(1, 2)),
    _Ships("inference", "remote::deepseek remote::meta remote::mistral", since=Version(1, 3)),
    _Ships("inference", "remote::passthrough", since=Version(1, 3, 1)),
    _Ships("inference", "remote::text-embeddings-inference", since=Version(1, 5)),
    _Ships("interactions", "inline::builtin", needs="inference", since=Version(0, 8)),
    _Ships("messages", "inline::builtin", needs="inference", since=Version(0, 8)),
    _Ships(
        "post_training",
        "inline::huggingface-gpu inline::torchtune-cpu inline::torchtune-gpu",
        needs="datasetio datasets",
        until=Version(0, 7),
    ),
    _Ships("post_training", "remote::nvidia", until=Version(0, 7)),
    _Ships(
        "responses",
        "inline::builtin",
        needs="connectors conversations files inference prompts tool_groups tool_runtime vector_io",
        since=Version(0, 7),
    ),
    _Ships(
        "safety",
        "inline::code-scanner inline::prompt-guard remote::bedrock remote::nvidia remote::sambanova",
        until=Version(1, 0),
    ),
    _Ships("safety", "inline::llama-guard", needs="inference", until=Version(1, 0)),
    _Ships("safety", "remote::passthrough", since=Version(0, 6), until=Version(1, 0)),
    _Ships("scoring", "inline::basic inline::braintrust", needs="datasetio datasets", until=Version(0, 8)),
    _Ships("scoring", "inline::llm-as-judge", needs="datasetio datasets inference", until=Version(0, 8)),
    _Ships("skills", "inline::builtin", needs="files", since=Version(1, 1)),
    _Ships("tool_runtime", "inline::rag-runtime", needs="files inference vector_io", until=Version(0, 7)),
    _Ships(
        "tool_runtime",
        "remote::bing-search remote::brave-search remote::model-context-protocol "
        "remote::tavily-search remote::wolfram-alpha",
    ),
    _Ships("tool_runtime", "inline::file-search", needs="files inference vector_io", since=Version(0, 7)),
    _Ships("tool_runtime", "remote::nimble-search", since=Version(1, 1)),
    _Ships("tool_runtime", "remote::exa-search remote::serply-search", since=Version(1, 5)),
    _Ships("vector_io", "inline::meta-reference", needs="inference", until=Version(0, 7)),
    _Ships("vector_io", "inline::sqlite_vec", needs="inference", until=Version(0, 8)),
    _Ships(
        "vector_io",
        "inline::chromadb inline::faiss inline::milvus inline::qdrant inline::sqlite-vec "
        "remote::chromadb remote::milvus remote::pgvector remote::qdrant remote::weaviate",
        needs="inference",
    ),
    _Ships("vector_io", "remote::elasticsearch remote::oci", needs="inference", since=Version(0, 5)),
    _Ships("vector_io", "inline::builtin", needs="inference", since=Version(0, 7), until=Version(0, 8)),
    _Ships("vector_io", "remote::infinispan", needs="inference", since=Version(0, 7)),
    _Ships("vector_io", "remote::neo4j", needs="inference", since=Version(1, 3)),
)


@dataclass(frozen=True, slots=True)
class _Api(DatedFromCatalog):
    """An API in the releases that have it.

    `table` is the API of the routing table that the server makes beside it. An API that `is_internal` takes no provider:
    the server serves it by itself, unless `is_served` is false.
    """

    name: str
    table: str | None = None
    is_internal: bool = False
    is_served: bool = True


_APIS: Final = (
    _Api("agents", until=Version(0, 7)),
    _Api("batches"),
    _Api("container_runtime", since=Version(1, 2)),
    _Api("datasetio", until=Version(0, 8), table="datasets"),
    _Api("eval", until=Version(0, 8), table="benchmarks"),
    _Api("file_processors", since=Version(0, 4)),
    _Api("files"),
    _Api("inference", table="models"),
    _Api("interactions", since=Version(0, 8)),
    _Api("messages", since=Version(0, 8)),
    _Api("post_training", until=Version(0, 7)),
    _Api("responses", since=Version(0, 7)),
    _Api("safety", until=Version(1, 0), table="shields"),
    _Api("scoring", until=Version(0, 8), table="scoring_functions"),
    _Api("skills", since=Version(1, 1)),
    _Api("tool_runtime", table="tool_groups"),
    _Api("vector_io", table="vector_stores"),
    _Api("admin", since=Version(0, 4), is_internal=True),
    _Api("connectors", since=Version(0, 5), is_internal=True),
    _Api("connectors", since=Version(0, 4), until=Version(0, 5), is_internal=True, is_served=False),
    _Api("containers", since=Version(1, 2), is_internal=True, is_served=False),
    _Api("conversations", is_internal=True),
    _Api("inspect", is_internal=True),
    _Api("prompts", is_internal=True),
    _Api("providers", is_internal=True),
    # Served where the config's `telemetry.enabled` says so.
    _Api("telemetry", until=Version(0, 4), is_internal=True, is_served=False),
)


@cache
def _shipped(version: Version) -> Mapping[tuple[str, str], tuple[str, ...]]:
    return {
        (row.api, type_): tuple(row.needs.split())
        for row in _PROVIDERS
        if row.holds_for(version)
        for type_ in row.types.split()
    }


def is_shipped_provider(api: str, provider_type: str, version: Version) -> bool:
    """Tell whether that release ships the provider."""
    return (api, provider_type) in _shipped(version)


def needed_apis(api: str, provider_type: str, version: Version) -> tuple[str, ...]:
    """Return the APIs that must be served beside the provider for it to start; none for a provider that is not shipped."""
    return _shipped(version).get((api, provider_type), ())


def provider_types(api: str) -> frozenset[str]:
    """Return the types that any release ships for an API."""
    return frozenset(type_ for row in _PROVIDERS if row.api == api for type_ in row.types.split())


def provider_entries(api: str, provider_type: str) -> Sequence[Dated]:
    """Return the entries of a provider, each with the releases that ship it."""
    return [row for row in _PROVIDERS if row.api == api and provider_type in row.types.split()]


def api_entries(name: str) -> Sequence[Dated]:
    """Return the entries of an API, each with the releases that have it."""
    return [row for row in _APIS if name in (row.name, row.table)]


def is_known_api(api: str, version: Version) -> bool:
    """Tell whether that release knows an API of that name, those of the routing tables included."""
    return api in _known_apis(version)


@cache
def _known_apis(version: Version) -> frozenset[str | None]:
    return frozenset(name for row in _APIS if row.holds_for(version) for name in (row.name, row.table))


def takes_providers(api: str, version: Version) -> bool:
    """Tell whether a config of that release may list providers for the API."""
    return api in _with_providers(version)


@cache
def _with_providers(version: Version) -> frozenset[str]:
    return frozenset(row.name for row in _APIS if not row.is_internal and row.holds_for(version))


@cache
def routing_tables(version: Version) -> Mapping[str, str]:
    """Return the APIs that route to their providers, each with the API of its routing table."""
    return {row.name: row.table for row in _APIS if row.table is not None and row.holds_for(version)}


@cache
def built_in_apis(version: Version) -> frozenset[str]:
    """Return the APIs that a server of that release serves without a provider."""
    return frozenset(
        row.name for row in _APIS if row.is_internal and row.is_served and row.holds_for(version)
    )


def needs_every_listed_api(version: Version) -> bool:
    """Tell whether a name in `apis` without a provider behind it stops the server: from 1.5 on it is skipped."""
    return version < _LISTED_APIS_ARE_OPTIONAL


@dataclass(frozen=True, slots=True)
class ResourceKind(DatedFromCatalog):
    """A kind of `registered_resources` that a start registers with a provider of an API, in the releases that do so."""

    name: str
    api: str
    id_field: str


RESOURCE_KINDS: Final = (
    ResourceKind("models", "inference", "model_id"),
    ResourceKind("shields", "safety", "shield_id", until=Version(1, 0)),
    ResourceKind("datasets", "datasetio", "dataset_id", until=Version(0, 8)),
    ResourceKind("scoring_fns", "scoring", "scoring_fn_id", until=Version(0, 8)),
    ResourceKind("benchmarks", "eval", "benchmark_id", until=Version(0, 8)),
    ResourceKind("tool_groups", "tool_runtime", "toolgroup_id", until=Version(0, 7)),
    ResourceKind("vector_stores", "vector_io", "vector_store_id", since=Version(0, 4, 3)),
)

_ANY_PROVIDER: Final = Version(0, 8)


def stands_for_any_provider(provider_id: str, version: Version) -> bool:
    """Tell whether a resource's `provider_id` is the word `all`, which from 0.8 on is no provider's name."""
    return provider_id == "all" and version >= _ANY_PROVIDER


@dataclass(frozen=True, slots=True)
class ModelSetting(DatedFromCatalog):
    """A setting that names a model by its provider, and that a start compares with the models that are there."""

    path: tuple[str, ...]
    model_type: str


MODEL_SETTINGS: Final = (
    ModelSetting(("vector_stores", "default_embedding_model"), "embedding"),
    ModelSetting(("vector_stores", "rewrite_query_params", "model"), "llm", since=Version(0, 4)),
    ModelSetting(("vector_stores", "default_reranker_model"), "rerank", since=Version(0, 7)),
)
"""Source: `validate_vector_stores_config` in `core/stack.py`."""


@dataclass(frozen=True, slots=True)
class _Offers(DatedFromCatalog):
    """A model that a provider offers by itself, whatever the config registers."""

    type: str
    model: str
    model_type: str


_OFFERS: Final = (
    _Offers("inline::sentence-transformers", "nomic-ai/nomic-embed-text-v1.5", "embedding"),
    _Offers("inline::sentence-transformers", "Qwen/Qwen3-Reranker-0.6B", "rerank", since=Version(1, 2)),
    _Offers(
        "inline::transformers", "Qwen/Qwen3-Reranker-0.6B", "rerank", since=Version(0, 7), until=Version(1, 2)
    ),
)
"""Source: `list_models` of the providers, llama-stack 0.3.0 to ogx 1.5.0. All others ask a server, or a folder of models."""


def offered_models(provider_type: str, version: Version) -> Mapping[str, str] | None:
    """Return the models that a provider offers by itself, each with its type; None where only the provider knows."""
    if not any(row.type == provider_type for row in _OFFERS):
        return None
    return {
        row.model: row.model_type for row in _OFFERS if row.type == provider_type and row.holds_for(version)
    }
