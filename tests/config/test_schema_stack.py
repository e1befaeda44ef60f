"""The top level, the resources and the loaders' own rewrites."""

import copy
from typing import Any

import pytest

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config import validate
from llama_storage_tui.upstream.run_config.rewrites import readings

V035 = Version(0, 3, 5)
V073 = Version(0, 7, 3)
V140 = Version(1, 4, 0)
V150 = Version(1, 5, 0)

GOOD: dict[str, Any] = {"image_name": "x", "providers": {}, "storage": {"backends": {}, "stores": {}}}


def problems_of(changes: dict[Any, Any], version: Version) -> dict[str, str]:
    document = copy.deepcopy(GOOD) | changes
    return {".".join(map(str, problem.loc)): problem.kind for problem in validate(document, version)}


def test_a_name_is_required_and_turned_into_text_by_the_version_s_own_rule() -> None:
    assert problems_of({"image_name": 5}, V035) == {}
    assert problems_of({"image_name": None}, V035) == {"image_name": "wrong-type"}
    assert problems_of({"image_name": 5}, V150) == {"image_name": "wrong-type"}
    assert problems_of({"image_name": None, "distro_name": 5}, V150) == {}
    assert problems_of({"image_name": None}, V150) == {"distro_name": "missing"}


def test_a_nameless_document_needs_a_name_and_providers() -> None:
    assert [problem.loc for problem in validate({}, Version(0, 4, 7))] == [("image_name",), ("providers",)]


@pytest.mark.parametrize(("version", "expected"), [(V073, {"version": "wrong-type"}), (V150, {})])
def test_the_version_in_the_file_matters_until_0_8(version: Version, expected: dict[str, str]) -> None:
    assert problems_of({"version": "two"}, version) == expected


def test_null_apis_are_all_apis_from_1_5_on() -> None:
    assert problems_of({"apis": None}, V140) == {"apis": "wrong-type"}
    assert problems_of({"apis": None}, V150) == {}


@pytest.mark.parametrize("version", [V035, V150])
def test_keys_at_the_top_are_text(version: Version) -> None:
    assert problems_of({5: "x"}, version) == {"": "wrong-type"}


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ({"provider_id": None, "provider_type": "t"}, {}),
        ({"provider_type": "t"}, {"providers.inference.0.provider_id": "missing"}),
        ({"provider_id": "p"}, {"providers.inference.0.provider_type": "missing"}),
        (
            {"provider_id": "p", "provider_type": "t", "config": None},
            {"providers.inference.0.config": "wrong-type"},
        ),
    ],
)
def test_a_provider_has_an_id_a_type_and_a_mapping(provider: object, expected: dict[str, str]) -> None:
    assert problems_of({"providers": {"inference": [provider]}}, V150) == expected


def test_problems_stand_in_the_order_and_at_the_place_of_the_file() -> None:
    changes = {
        "providers": {"inference": 5},
        "storage": {"backends": {"b": {"type": "kv_sqlite", "kv_sqlite": {}}}},
        "registered_resources": {"models": [{"model_id": "m"}, {"model_type": "x"}]},
    }
    document = copy.deepcopy(GOOD) | changes
    assert [problem.loc for problem in validate(document, V150)] == [
        ("providers", "inference"),
        ("storage", "backends", "b", "db_path"),
        ("registered_resources", "models", 1, "model_id"),
        ("registered_resources", "models", 1, "model_type"),
    ]


def test_resources_are_checked_while_a_version_has_them() -> None:
    resources = {
        "shields": [{}],
        "datasets": [
            {"dataset_id": "d", "purpose": "post-training/messages", "source": {"type": "uri", "uri": "u"}}
        ],
        "scoring_fns": [{"scoring_fn_id": "s", "return_type": {"type": "agent_turn_input"}}],
    }
    place = "registered_resources"
    shield = {f"{place}.shields.0.shield_id": "missing"}
    returned = {f"{place}.scoring_fns.0.return_type.type": "unknown-type"}
    purpose = {f"{place}.datasets.0.purpose": "not-allowed"}
    assert problems_of({place: resources}, V035) == shield
    assert problems_of({place: resources}, V073) == shield | returned | purpose
    assert problems_of({place: resources}, Version(0, 8, 0)) == shield
    assert problems_of({place: resources}, V150) == {}


def test_connectors_moved_to_the_top_in_0_5() -> None:
    below = {"registered_resources": {"connectors": [{"url": "u"}]}}
    assert problems_of(below, Version(0, 4, 7)) == {
        "registered_resources.connectors.0.connector_id": "missing"
    }
    assert problems_of(below, V073) == {}
    assert problems_of({"connectors": [{"connector_id": "c"}]}, V073) == {"connectors.0.url": "missing"}


@pytest.mark.parametrize(
    ("part", "value", "kind"),
    [
        ("rewrite_query_params", {"prompt": "no placeholder"}, "invalid"),
        ("rewrite_query_params", {"prompt": "{query}", "temperature": 2.1}, "out-of-range"),
        ("rewrite_query_params", {"prompt": "{query}", "temperature": float("nan")}, None),
        ("rewrite_query_params", {"prompt": "{query}", "max_tokens": 4097}, "out-of-range"),
        ("file_search_params", {"header_template": "{num_chunks} File_Search"}, None),
        ("file_search_params", {"header_template": "{num_chunks} knowledge_search"}, "invalid"),
        ("annotation_prompt_params", {"annotation_instruction_template": ""}, "invalid"),
        ("contextual_retrieval_params", {"default_timeout_seconds": 9}, "out-of-range"),
        ("file_ingestion_params", None, "wrong-type"),
    ],
)
def test_vector_search_is_checked_from_0_4_on(part: str, value: object, kind: str | None) -> None:
    document = {"vector_stores": {part: value}}
    assert list(problems_of(document, V150).values()) == ([] if kind is None else [kind])
    assert problems_of(document, V035) == {}


def test_moved_stores_are_rewritten_as_the_loader_does() -> None:
    stores = {
        "prompts": {"backend": "my_kv_x", "namespace": "p"},
        "connectors": {"backend": "my_kv_x", "namespace": "c"},
    }
    document = copy.deepcopy(GOOD) | {"storage": {"backends": {}, "stores": stores}}
    loaded: Any = readings(document, V150)[-1].document
    assert loaded["storage"]["stores"] == {
        "prompts": {"backend": "my_kv_x", "table_name": "p"},
        "connectors": {"backend": "my_sql_x", "table_name": "c"},
    }
    assert readings(document, V073)[-1].document["storage"] == document["storage"]


def test_a_moved_store_that_the_loader_cannot_rewrite_is_a_problem_at_its_place_in_the_file() -> None:
    def problems(stores: dict[str, Any]) -> dict[str, str]:
        return problems_of({"storage": {"backends": {}, "stores": stores}}, V150)

    assert problems({"connectors": {"namespace": "c"}}) == {}
    assert problems({"prompts": {"namespace": "p"}}) == {"storage.stores.prompts.backend": "missing"}
    assert problems({"connectors": {"namespace": "c", "backend": None}}) == {
        "storage.stores.connectors.backend": "wrong-type"
    }
    assert problems({"prompts": {"namespace": 5, "backend": "kv_default"}}) == {
        "storage.stores.prompts.namespace": "wrong-type"
    }


def test_a_routing_table_is_upgraded_but_only_ogx_also_starts_with_it() -> None:
    provider = {"provider_type": "t", "config": {}}
    document = {"image_name": "x", "routing_table": {"inference": [provider]}, "apis_to_serve": ["inference"]}
    assert validate(document, V150) == ()
    assert [problem.loc for problem in validate(document, V035)] == [("providers",), ("storage",)]
    broken = {**document, "routing_table": {"inference": [{"provider_type": "t"}]}, "apis_to_serve": 5}
    assert [problem.loc for problem in validate(broken, V150)] == [
        ("routing_table", "inference"),
        ("apis_to_serve",),
    ]


def test_logging_config_is_read_until_1_1_although_no_model_has_it() -> None:
    assert problems_of({"logging_config": {"category_levels": 5}}, V035) == {
        "logging_config.category_levels": "wrong-type"
    }
    assert problems_of({"logging_config": ""}, V035) == {}
    assert problems_of({"logging_config": "x"}, V150) == {}
