"""`vector_stores`: the defaults of vector search.

Source: `core/datatypes.py`. The texts that are defaults there are left out: only what a file sets is checked.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config.facts import CheckedMapping, Fact, Maybe, broken, shape
from llama_storage_tui.upstream.run_config.problems import ProblemKind

_PARAMETERS: Final = Version(0, 4, 0)
_DIMENSIONS: Final = Version(0, 5, 0)
_CONTEXTUAL: Final = Version(0, 6, 0)
_RERANKER: Final = Version(0, 7, 0)
_SEARCH_MODE: Final = Version(0, 8, 0)


def _template(*parts: str) -> object:
    """Return the type of a text that must hold every part."""
    wanted = " and ".join(parts)

    def check(text: str) -> str:
        if not all(part in text for part in parts):
            raise broken(ProblemKind.INVALID, f"Must contain {wanted}.")
        return text

    return CheckedMapping(str, check)


def _header(tool: str) -> object:
    def check(text: str) -> str:
        if "{num_chunks}" not in text or tool not in text.lower():
            raise broken(ProblemKind.INVALID, f"Must contain {{num_chunks}} and the word {tool}.")
        return text

    return CheckedMapping(str, check)


def _check_not_empty(text: str) -> str:
    if not text:
        raise broken(ProblemKind.INVALID, "Must not be empty.")
    return text


def _check_temperature(value: float) -> float:
    if value < 0 or value > 2:  # as upstream writes it: not-a-number passes
        raise broken(ProblemKind.OUT_OF_RANGE, "Must be between 0 and 2.")
    return value


QUALIFIED_MODEL: Final = shape(
    "QualifiedModel",
    Fact("provider_id", str),
    Fact("model_id", str),
    Fact("embedding_dimensions", Maybe(int), None, since=_DIMENSIONS),
)

_RERANKER_MODEL: Final = shape("RerankerModel", Fact("provider_id", str), Fact("model_id", str))

_REWRITE_QUERY: Final = shape(
    "RewriteQuery",
    Fact("model", Maybe(QUALIFIED_MODEL), None),
    Fact("prompt", _template("{query}"), None),
    Fact("max_tokens", int, 100, above=0, at_most=4096),
    Fact("temperature", CheckedMapping(float, _check_temperature), 0.3),
)

_FILE_SEARCH: Final = shape(
    "FileSearch",
    Fact("header_template", _header("knowledge_search"), None, until=_RERANKER),
    Fact("header_template", _header("file_search"), None, since=_RERANKER),
    Fact("footer_template", str, None),
)

_CONTEXT_PROMPT: Final = shape(
    "ContextPrompt",
    Fact("chunk_annotation_template", _template("{chunk.content}", "{index}"), None),
    Fact("context_template", _template("{query}"), None),
)

_ANNOTATION_PROMPT: Final = shape(
    "AnnotationPrompt",
    Fact("enable_annotations", bool, default=True),
    Fact("annotation_instruction_template", CheckedMapping(str, _check_not_empty), None),
    Fact("chunk_annotation_template", _template("{index}", "{chunk_text}", "{file_id}"), None),
)

_FILE_INGESTION: Final = shape(
    "FileIngestion",
    Fact("default_chunk_size_tokens", int, 512),
    Fact("default_chunk_overlap_tokens", int, 128),
)

_CHUNK_RETRIEVAL: Final = shape(
    "ChunkRetrieval",
    Fact("chunk_multiplier", int, 5),
    Fact("max_tokens_in_context", int, 4000),
    Fact("default_reranker_strategy", str, "rrf"),
    Fact("rrf_impact_factor", float, 60.0),
    Fact("weighted_search_alpha", float, 0.5),
    Fact("default_search_mode", str, "vector", since=_SEARCH_MODE),
)

_FILE_BATCH: Final = shape(
    "FileBatch",
    Fact("max_concurrent_files_per_batch", int, 3),
    Fact("file_batch_chunk_size", int, 10),
    Fact("cleanup_interval_seconds", int, 86400),
)

_CONTEXTUAL_RETRIEVAL: Final = shape(
    "ContextualRetrieval",
    Fact("model", Maybe(QUALIFIED_MODEL), None),
    Fact("default_timeout_seconds", int, 120, at_least=10),
    Fact("default_max_concurrency", int, 3, at_least=1),
    Fact("max_document_tokens", int, 100000, at_least=1000),
)


VECTOR_STORES: Final = shape(
    "VectorStores",
    Fact("default_provider_id", Maybe(str), None),
    Fact("default_embedding_model", Maybe(QUALIFIED_MODEL), None),
    Fact("default_reranker_model", Maybe(_RERANKER_MODEL), None, since=_RERANKER),
    Fact("rewrite_query_params", Maybe(_REWRITE_QUERY), None, since=_PARAMETERS),
    Fact("file_search_params", _FILE_SEARCH, None, since=_PARAMETERS),
    Fact("context_prompt_params", _CONTEXT_PROMPT, None, since=_PARAMETERS),
    Fact("annotation_prompt_params", _ANNOTATION_PROMPT, None, since=_PARAMETERS),
    Fact("file_ingestion_params", _FILE_INGESTION, None, since=_PARAMETERS),
    Fact("chunk_retrieval_params", _CHUNK_RETRIEVAL, None, since=_PARAMETERS),
    Fact("file_batch_params", _FILE_BATCH, None, since=_PARAMETERS),
    Fact("contextual_retrieval_params", _CONTEXTUAL_RETRIEVAL, None, since=_CONTEXTUAL),
)
