"""Which provider types the packages ship, as snapshots of three releases.

Between two snapshots a type counts as shipped if either has it: an unknown type is only called so where no neighbouring release
knows it. Source: the provider registries of llama-stack 0.3.5 and 0.7.3 and of ogx 1.5.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from llama_storage_tui.model.version import Version

SNAPSHOTS: Final[Mapping[Version, Mapping[str, frozenset[str]]]] = {
    Version(0, 3, 5): {
        "agents": frozenset(["inline::meta-reference"]),
        "batches": frozenset(["inline::reference"]),
        "datasetio": frozenset(["inline::localfs", "remote::huggingface", "remote::nvidia"]),
        "eval": frozenset(["inline::meta-reference", "remote::nvidia"]),
        "files": frozenset(["inline::localfs", "remote::s3"]),
        "inference": frozenset(
            [
                "inline::meta-reference",
                "inline::sentence-transformers",
                "remote::anthropic",
                "remote::azure",
                "remote::bedrock",
                "remote::cerebras",
                "remote::databricks",
                "remote::fireworks",
                "remote::gemini",
                "remote::groq",
                "remote::llama-openai-compat",
                "remote::nvidia",
                "remote::ollama",
                "remote::openai",
                "remote::passthrough",
                "remote::runpod",
                "remote::sambanova",
                "remote::tgi",
                "remote::together",
                "remote::vertexai",
                "remote::vllm",
                "remote::watsonx",
            ]
        ),
        "post_training": frozenset(["inline::huggingface-gpu", "remote::nvidia"]),
        "safety": frozenset(
            [
                "inline::code-scanner",
                "inline::llama-guard",
                "inline::prompt-guard",
                "remote::bedrock",
                "remote::nvidia",
                "remote::sambanova",
            ]
        ),
        "scoring": frozenset(["inline::basic", "inline::braintrust", "inline::llm-as-judge"]),
        "tool_runtime": frozenset(
            [
                "inline::rag-runtime",
                "remote::bing-search",
                "remote::brave-search",
                "remote::model-context-protocol",
                "remote::tavily-search",
                "remote::wolfram-alpha",
            ]
        ),
        "vector_io": frozenset(
            [
                "inline::chromadb",
                "inline::faiss",
                "inline::meta-reference",
                "inline::milvus",
                "inline::qdrant",
                "inline::sqlite-vec",
                "inline::sqlite_vec",
                "remote::chromadb",
                "remote::milvus",
                "remote::pgvector",
                "remote::qdrant",
                "remote::weaviate",
            ]
        ),
    },
    Version(0, 7, 3): {
        "batches": frozenset(["inline::reference"]),
        "datasetio": frozenset(["inline::localfs", "remote::huggingface", "remote::nvidia"]),
        "eval": frozenset(["inline::builtin", "remote::nvidia"]),
        "file_processors": frozenset(["inline::docling", "inline::pypdf"]),
        "files": frozenset(["inline::localfs", "remote::openai", "remote::s3"]),
        "inference": frozenset(
            [
                "inline::sentence-transformers",
                "inline::transformers",
                "remote::anthropic",
                "remote::azure",
                "remote::bedrock",
                "remote::cerebras",
                "remote::databricks",
                "remote::fireworks",
                "remote::gemini",
                "remote::groq",
                "remote::llama-cpp-server",
                "remote::llama-openai-compat",
                "remote::nvidia",
                "remote::oci",
                "remote::ollama",
                "remote::openai",
                "remote::passthrough",
                "remote::runpod",
                "remote::sambanova",
                "remote::together",
                "remote::vertexai",
                "remote::vllm",
                "remote::watsonx",
            ]
        ),
        "responses": frozenset(["inline::builtin"]),
        "safety": frozenset(
            [
                "inline::code-scanner",
                "inline::llama-guard",
                "inline::prompt-guard",
                "remote::bedrock",
                "remote::nvidia",
                "remote::passthrough",
                "remote::sambanova",
            ]
        ),
        "scoring": frozenset(["inline::basic", "inline::braintrust", "inline::llm-as-judge"]),
        "tool_runtime": frozenset(
            [
                "inline::file-search",
                "remote::bing-search",
                "remote::brave-search",
                "remote::model-context-protocol",
                "remote::tavily-search",
                "remote::wolfram-alpha",
            ]
        ),
        "vector_io": frozenset(
            [
                "inline::builtin",
                "inline::chromadb",
                "inline::faiss",
                "inline::milvus",
                "inline::qdrant",
                "inline::sqlite-vec",
                "inline::sqlite_vec",
                "remote::chromadb",
                "remote::elasticsearch",
                "remote::infinispan",
                "remote::milvus",
                "remote::oci",
                "remote::pgvector",
                "remote::qdrant",
                "remote::weaviate",
            ]
        ),
    },
    Version(1, 5): {
        "batches": frozenset(["inline::reference"]),
        "file_processors": frozenset(
            [
                "inline::auto",
                "inline::docling",
                "inline::markitdown",
                "inline::pypdf",
                "inline::unstructured",
                "remote::docling-serve",
                "remote::unstructured-api",
            ]
        ),
        "files": frozenset(["inline::localfs", "remote::openai", "remote::s3"]),
        "inference": frozenset(
            [
                "inline::sentence-transformers",
                "remote::anthropic",
                "remote::azure",
                "remote::bedrock",
                "remote::cerebras",
                "remote::databricks",
                "remote::deepseek",
                "remote::fireworks",
                "remote::gemini",
                "remote::groq",
                "remote::llama-cpp-server",
                "remote::llama-openai-compat",
                "remote::meta",
                "remote::mistral",
                "remote::nvidia",
                "remote::oci",
                "remote::ollama",
                "remote::openai",
                "remote::passthrough",
                "remote::runpod",
                "remote::sambanova",
                "remote::text-embeddings-inference",
                "remote::together",
                "remote::vertexai",
                "remote::vllm",
                "remote::watsonx",
            ]
        ),
        "interactions": frozenset(["inline::builtin"]),
        "messages": frozenset(["inline::builtin"]),
        "responses": frozenset(["inline::builtin"]),
        "skills": frozenset(["inline::builtin"]),
        "tool_runtime": frozenset(
            [
                "inline::file-search",
                "remote::bing-search",
                "remote::brave-search",
                "remote::exa-search",
                "remote::model-context-protocol",
                "remote::nimble-search",
                "remote::serply-search",
                "remote::tavily-search",
                "remote::wolfram-alpha",
            ]
        ),
        "vector_io": frozenset(
            [
                "inline::chromadb",
                "inline::faiss",
                "inline::milvus",
                "inline::qdrant",
                "inline::sqlite-vec",
                "remote::chromadb",
                "remote::elasticsearch",
                "remote::infinispan",
                "remote::milvus",
                "remote::neo4j",
                "remote::oci",
                "remote::pgvector",
                "remote::qdrant",
                "remote::weaviate",
            ]
        ),
    },
}


def is_shipped_provider(api: str, provider_type: str, version: Version) -> bool:
    """Tell whether a release of that version, or a neighbouring one that is on record, ships the provider."""
    return any(provider_type in types.get(api, frozenset()) for types in _neighbours(version))


def is_known_api(api: str, version: Version) -> bool:
    """Tell whether providers of that API exist in that version or a neighbouring one that is on record."""
    return any(api in types for types in _neighbours(version))


def _neighbours(version: Version) -> list[Mapping[str, frozenset[str]]]:
    before = [release for release in SNAPSHOTS if release <= version]
    after = [release for release in SNAPSHOTS if release >= version]
    return [SNAPSHOTS[release] for release in {*before[-1:], *after[:1]}]
