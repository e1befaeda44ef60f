"""Files of 0.2, judged for the version that is asked for and not for what their shape suggests."""

import pytest

from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.environment import UNKNOWN, resolve
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.versions import newest
from tests.configs import HOME, SQLITE, catalog_of, only

INLINE = """\
version: 2
image_name: shop
apis: [vector_io]
providers:
  vector_io:
  - {provider_id: "${env.SHOP_A:+a}", provider_type: "remote::milvus", config: {kvstore: {type: sqlite, db_path: /a.db}}}
  - {provider_id: a, provider_type: "remote::pgvector", config: {kvstore: {type: sqlite, db_path: /b.db}}}
metadata_store: {type: sqlite, db_path: /registry.db}
"""
KEY_VALUE_PROMPTS = SQLITE.replace(
    "prompts: {backend: sql_default, table_name: prompts}",
    "prompts: {backend: kv_default, namespace: prompts}",
)


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("${env.X:/data}/a.db", Version(0, 2, 12), "/data/a.db"),
        ("${env.X:/data}/a.db", Version(0, 2, 13), "${env.X:/data}/a.db"),
        ("${env.X:=/data}", Version(0, 2, 12), "=/data"),
        ("${env.SET+yes}", Version(0, 2, 12), "yes"),
        ("${env.X+yes}", Version(0, 2, 12), ""),
        ("${env.NUMBER}", Version(0, 2, 12), "12"),
        ("${env.NUMBER}", Version(0, 2, 13), 12),
    ],
)
def test_each_version_expands_its_own_form_of_expression(
    text: str, version: Version, expected: object
) -> None:
    environment = merge([], {"SET": "1", "NUMBER": "12"})
    assert resolve({"a": text}, environment, version).data == {"a": expected}


def test_the_early_form_is_a_clue_for_versions_that_expand_it() -> None:
    text = INLINE.replace("/registry.db", '"${env.SHOP_DIR:/data}/registry.db"')
    catalog = catalog_of(text)
    assert catalog.version.guess == Version(0, 2, 12)
    assert [backend.location for backend in catalog.backends if backend.name == "metadata_store"] == [
        "/data/registry.db"
    ]


def test_inline_stores_have_names_of_their_own_and_one_reference_each() -> None:
    catalog = catalog_of(INLINE)
    names = [backend.name for backend in catalog.backends]
    assert names == ["metadata_store", "vector_io[0].a.kvstore", "vector_io[1].a.kvstore", "prompts"]
    assert [len(catalog.references_to(name)) for name in names] == [1, 1, 1, 1]
    assert [reference.is_enabled for reference in catalog.references] == [True, False, True, True]


def test_a_version_that_ignores_inline_stores_shows_its_defaults() -> None:
    catalog = catalog_of(INLINE, "0.5.4")
    assert [backend.name for backend in catalog.backends] == ["kv_default", "sql_default"]
    ignored = [finding.where for finding in catalog.findings if finding.rule == "ignored-legacy-store"]
    assert sorted(ignored) == [
        "metadata_store",
        "providers.vector_io[0].config.kvstore",
        "providers.vector_io[1].config.kvstore",
    ]


def test_0_2_reads_no_storage_and_says_so() -> None:
    catalog = catalog_of(SQLITE, "0.2.24")  # without image_name, which names the folder of prompts
    assert catalog.backends == ()
    assert "ignored-storage" in {finding.rule for finding in catalog.findings}


def test_key_value_prompts_are_no_proof_of_an_old_server() -> None:
    catalog = catalog_of(KEY_VALUE_PROMPTS)
    assert catalog.version.guess == Version(1, 5)
    assert catalog.verdict.loads


def test_a_guess_that_does_not_load_gives_way_to_a_version_that_does() -> None:
    text = KEY_VALUE_PROMPTS.replace(
        "connectors: {backend: sql_default, table_name: connectors}", ""
    ).replace("inference_store}", "inference_store}\n    vector_io: {}")
    text = text.replace("kv_default, namespace: prompts", "sql_default, namespace: prompts")
    catalog = catalog_of(text)
    assert catalog.verdict.loads
    assert any("does not load the file" in reason for reason in catalog.version.because)


def test_a_version_that_is_named_is_kept_though_it_does_not_load_the_file() -> None:
    catalog = catalog_of(
        KEY_VALUE_PROMPTS.replace("kv_default, namespace", "sql_default, namespace"), "0.8.0"
    )
    assert (catalog.version.chosen, catalog.verdict.loads) == (Version(0, 8), False)


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("1.2.2+rhaiv.0", "1.2.2"),
        ("0.6.0.1", "0.6.0"),
        ("v1.5.0", "1.5.0"),
        ("1.4.1rc2", "1.4.1"),
        ("1.2.2-rhel9.4", "1.2.2"),
        ("0.3", "0.3.5"),
        ("0.3+vendor.1", "0.3.5"),
    ],
)
def test_what_a_vendor_adds_to_a_version_is_left_out_of_the_rules(text: str, release: str) -> None:
    assert str(newest(text)) == release


def test_an_empty_default_is_unknown_where_variables_are_assumed_to_be_set() -> None:
    environment = merge([], {}, assumes_set=True)
    assert resolve({"a": "${env.DBNAME:=}"}, environment, Version(1, 5)).data == {"a": UNKNOWN}
    assert resolve({"a": "${env.DBNAME:=shop}"}, environment, Version(1, 5)).data == {"a": "shop"}


TRACED = """\
version: '2'
image_name: shop
apis: [inference, telemetry]
providers:
  inference: []
  telemetry:
  - provider_id: traces
    provider_type: inline::meta-reference
    config: {sinks: "${env.SINKS:=console,sqlite}", sqlite_db_path: "${env.STORE:=~/.llama/shop}/trace_store.db"}
metadata_store: {type: sqlite, db_path: /srv/registry.db}
"""


def test_the_files_that_a_server_of_0_2_keeps_by_itself_are_part_of_the_catalog() -> None:
    catalog = catalog_of(TRACED, "0.2.24")
    places = {backend.name: backend.location for backend in catalog.backends}
    assert places == {
        "metadata_store": "/srv/registry.db",
        "prompts": f"{HOME}/.llama/distributions/shop/prompts.db",
        "traces.trace_store": f"{HOME}/.llama/shop/trace_store.db",
    }
    assert catalog.tables_on("traces.trace_store") == ("spans", "traces")
    assert [reference.backend for reference in catalog.references] == list(places)


def test_prompts_came_with_0_2_21_and_traces_are_kept_where_the_sinks_say_so() -> None:
    before = catalog_of(TRACED, "0.2.20", environ={"SINKS": "console"})
    assert [backend.name for backend in before.backends] == ["metadata_store"]


def test_the_folder_of_configs_moves_the_prompts() -> None:
    catalog = catalog_of(TRACED, "0.2.24", environ={"LLAMA_STACK_CONFIG_DIR": "/srv/stack"})
    prompts = catalog.backend("prompts")
    assert prompts is not None
    assert prompts.location == "/srv/stack/distributions/shop/prompts.db"


def test_0_3_says_that_it_ignores_an_old_store_beside_its_storage() -> None:
    both = (
        SQLITE.replace("distro_name", "image_name")
        + "metadata_store: {type: sqlite, db_path: /srv/registry.db}\n"
    )
    for version, is_told in (("0.3.5", True), ("0.4.7", True), ("0.2.24", False)):
        rules = {finding.rule for finding in catalog_of(both, version).findings}
        assert ("ignored-legacy-store" in rules) is is_told


@pytest.mark.parametrize(
    ("store", "rule", "stage"),
    [
        ("{type: postgres, user: u, password: 'p@ss'}", "password-breaks-url", "start"),
        ("{type: postgres, user: 'u@x', password: p}", "user-breaks-url", "start"),
        ("{type: postgres, host: 'h@x', user: u, password: p}", "host-breaks-url", "start"),
        ("{type: postgres, user: u, password: p, port: five}", "bad-port", "load"),
        ("{type: postgres, user: u}", "missing-password", "never"),
        ("{type: sqlite, db_path: ':memory:'}", "memory-database", "never"),
        ("{type: sqlite, db_path: x.db}", "relative-path", "never"),
    ],
)
def test_an_inline_store_of_0_2_is_judged_as_the_backend_that_it_became(
    store: str, rule: str, stage: str
) -> None:
    catalog = catalog_of(f"version: 2\nimage_name: x\nproviders: {{}}\ninference_store: {store}\n", "0.2.24")
    finding = only(catalog, rule)
    assert (finding.stage, finding.line) == (stage, 4)
    assert finding.where.startswith("inference_store")
