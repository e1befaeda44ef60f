"""`registered_resources` and `connectors`: what a server registers when it starts.

Source: the `…Input` classes of the API package of each release.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config.facts import ByType, Fact, ListOf, Maybe, Shape, shape

_API_PACKAGE: Final = Version(0, 4, 0)
_STORE_NAMES: Final = Version(0, 4, 3)
_TOP_LEVEL_CONNECTORS: Final = Version(0, 5, 0)
_WITHOUT_POST_TRAINING: Final = Version(0, 7, 0)
_WITHOUT_EVALUATION: Final = Version(0, 8, 0)
_WITHOUT_SAFETY: Final = Version(1, 0, 0)

_PROVIDER: Final = Fact("provider_id", Maybe(str), None)
_METADATA: Final = Fact("metadata", dict[str, Any], {})

_MODEL: Final = shape(
    "Model",
    _METADATA,
    Fact("model_id", str),
    _PROVIDER,
    Fact("provider_model_id", Maybe(str), None),
    Fact("model_type", Maybe(Literal["llm", "embedding"]), "llm", until=_API_PACKAGE),
    Fact("model_type", Maybe(Literal["llm", "embedding", "rerank"]), "llm", since=_API_PACKAGE),
)

_SHIELD: Final = shape(
    "Shield",
    Fact("params", Maybe(dict[str, Any]), None),
    Fact("shield_id", str),
    _PROVIDER,
    Fact("provider_shield_id", Maybe(str), None),
)

_VECTOR_STORE: Final = shape(
    "VectorStore",
    Fact("vector_store_id", str),
    Fact("embedding_model", str),
    Fact("embedding_dimension", int),
    _PROVIDER,
    Fact("provider_vector_store_id", Maybe(str), None),
    Fact("vector_store_name", Maybe(str), None, since=_STORE_NAMES),
)

_URI_SOURCE: Final = shape("UriSource", Fact("type", Literal["uri"]), Fact("uri", str))
_ROWS_SOURCE: Final = shape("RowsSource", Fact("type", Literal["rows"]), Fact("rows", ListOf(dict[str, Any])))

Purpose = Literal["eval/question-answer", "eval/messages-answer"]
OldPurpose = Literal["post-training/messages", Purpose]

_DATASET: Final = shape(
    "Dataset",
    Fact("purpose", OldPurpose, until=_WITHOUT_POST_TRAINING),
    Fact("purpose", Purpose, since=_WITHOUT_POST_TRAINING),
    Fact("source", ByType((_URI_SOURCE, _ROWS_SOURCE))),
    _METADATA,
    Fact("dataset_id", str),
)

Aggregation = Literal["average", "weighted_average", "median", "categorical_count", "accuracy"]

_AGGREGATION: Final = Fact("aggregation_functions", ListOf(Aggregation), ())

_SCORING_PARAMETERS: Final = ByType(
    (
        shape(
            "LlmAsJudge",
            Fact("type", Literal["llm_as_judge"]),
            Fact("judge_model", str),
            Fact("prompt_template", Maybe(str), None),
            Fact("judge_score_regexes", ListOf(str), ()),
            _AGGREGATION,
        ),
        shape(
            "RegexParser",
            Fact("type", Literal["regex_parser"]),
            Fact("parsing_regexes", ListOf(str), ()),
            _AGGREGATION,
        ),
        shape("BasicScoring", Fact("type", Literal["basic"]), _AGGREGATION),
    )
)


def _value_type(name: str, *, until: Version | None = None) -> Shape:
    return shape(f"ValueType_{name}", Fact("type", Literal[name]), until=until)


_VALUE_TYPES: Final = ByType(
    (
        *map(_value_type, ("string", "number", "boolean", "array", "object", "json", "union")),
        *map(_value_type, ("chat_completion_input", "completion_input")),
        _value_type("agent_turn_input", until=_API_PACKAGE),
    )
)

_SCORING_FUNCTION: Final = shape(
    "ScoringFunction",
    Fact("description", Maybe(str), None),
    _METADATA,
    Fact("return_type", _VALUE_TYPES),
    Fact("params", Maybe(_SCORING_PARAMETERS), None),
    Fact("scoring_fn_id", str),
    _PROVIDER,
    Fact("provider_scoring_fn_id", Maybe(str), None),
)

_BENCHMARK: Final = shape(
    "Benchmark",
    Fact("dataset_id", str),
    Fact("scoring_functions", ListOf(str)),
    _METADATA,
    Fact("benchmark_id", str),
    _PROVIDER,
    Fact("provider_benchmark_id", Maybe(str), None),
)

_TOOL_GROUP: Final = shape(
    "ToolGroup",
    Fact("toolgroup_id", str),
    Fact("provider_id", str),
    Fact("args", Maybe(dict[str, Any]), None),
    Fact("mcp_endpoint", Maybe(shape("Url", Fact("uri", str))), None),
)

CONNECTOR: Final = shape(
    "Connector",
    Fact("connector_type", Literal["mcp"], "mcp"),
    Fact("connector_id", str),
    Fact("url", str),
    Fact("server_label", Maybe(str), None),
    Fact("type", Literal["connector"], "connector", until=_TOP_LEVEL_CONNECTORS),
)

RESOURCES: Final = shape(
    "Resources",
    Fact("models", ListOf(_MODEL), ()),
    Fact("shields", ListOf(_SHIELD), (), until=_WITHOUT_SAFETY),
    Fact("vector_stores", ListOf(_VECTOR_STORE), ()),
    Fact("datasets", ListOf(_DATASET), (), until=_WITHOUT_EVALUATION),
    Fact("scoring_fns", ListOf(_SCORING_FUNCTION), (), until=_WITHOUT_EVALUATION),
    Fact("benchmarks", ListOf(_BENCHMARK), (), until=_WITHOUT_EVALUATION),
    Fact("tool_groups", ListOf(_TOOL_GROUP), ()),
    Fact("connectors", ListOf(CONNECTOR), (), since=_API_PACKAGE, until=_TOP_LEVEL_CONNECTORS),
)
