"""Every reference is found, at any depth, with what the server fills in."""

import pytest

from llama_storage_tui.reports.references import why_nowhere
from tests.configs import EARLIER, OLDEST, POSTGRES, SQLITE, catalog_of, reference, with_provider

NOTHING = "version: 2\ndistro_name: x\nproviders: {}\n"


def paths(text: str, version: str) -> list[str]:
    return [one.path for one in catalog_of(text, version).references]


def test_references_are_found_at_any_depth_and_in_lists() -> None:
    config = "{a: [{b: {backend: kv_default, namespace: x}}, {c: {backend: sql_default, table_name: y}}]}"
    text = with_provider(SQLITE, "some_api", "remote::external", config)
    catalog = catalog_of(text)
    first = reference(catalog, "providers.some_api[0].config.a[0].b")
    second = reference(catalog, "providers.some_api[0].config.a[1].c")
    assert (first.family, first.namespace, first.table) == ("kv", "x", None)
    assert (second.family, second.namespace, second.table) == ("sql", None, "y")
    assert (first.name, first.kind, first.is_enabled) == ("p1", "provider", True)


def test_a_mapping_with_a_backend_alone_is_no_reference() -> None:
    text = with_provider(SQLITE, "inference", "remote::vllm", "{backend: kv_default, url: http://x}").replace(
        "  inference: []\n", ""
    )
    assert not [path for path in paths(text, "1.5") if path.startswith("providers.")]


def test_indexes_are_those_of_the_file_and_disabled_providers_are_listed_as_such() -> None:
    text = with_provider(
        SQLITE,
        "files",
        "inline::localfs",
        "{s: {backend: sql_default, table_name: t}}",
        provider_id="__disabled__",
    ).replace(
        "storage:\n",
        "  - {provider_id: b, provider_type: remote::s3,"
        " config: {metadata_store: {backend: sql_default, table_name: t}}}\nstorage:\n",
        1,
    )
    found = [one for one in catalog_of(text).references if one.kind == "provider"]
    assert [(one.path, one.is_enabled) for one in found] == [
        ("providers.files[0].config.s", False),
        ("providers.files[1].config.metadata_store", True),
    ]


@pytest.mark.parametrize(
    ("version", "stores"),
    [
        ("0.4.7", {"metadata", "inference", "conversations", "prompts"}),
        ("0.5.4", {"metadata", "inference", "conversations", "prompts", "connectors"}),
        ("1.5.0", {"metadata", "inference", "conversations", "prompts", "connectors"}),
    ],
)
def test_stores_that_the_file_leaves_out_are_filled_in_and_marked(version: str, stores: set[str]) -> None:
    catalog = catalog_of(NOTHING, version)
    found = [one for one in catalog.references if one.kind == "store"]
    assert {one.name for one in found} == stores
    assert all(one.is_defaulted for one in found)
    assert [backend.name for backend in catalog.backends] == ["kv_default", "sql_default"]
    assert all(backend.is_implied for backend in catalog.backends)


@pytest.mark.parametrize(
    ("version", "environ", "path"),
    [
        ("0.5.1", {}, "/home/somebody/.llama/distributions/kvstore.db"),
        ("0.8.0", {}, "/home/somebody/.ogx/distributions/kvstore.db"),
        ("1.5.0", {"OGX_CONFIG_DIR": "/etc/x"}, "/etc/x/distributions/kvstore.db"),
        ("1.5.0", {"SQLITE_STORE_DIR": "/data"}, "/data/kvstore.db"),
        ("0.7.3", {"LLAMA_STACK_CONFIG_DIR": "/l"}, "/l/distributions/kvstore.db"),
    ],
)
def test_backends_that_the_file_leaves_out_are_where_the_server_puts_them(
    version: str, environ: dict[str, str], path: str
) -> None:
    assert catalog_of(NOTHING, version, environ=environ).backends[0].location == path


def test_0_3_fills_nothing_in() -> None:
    catalog = catalog_of(NOTHING.replace("distro_name", "image_name"), "0.3.5")
    assert (catalog.backends, catalog.references, catalog.verdict.loads) == ((), (), False)


def test_users_that_no_file_names_are_listed() -> None:
    prompts = reference(catalog_of(OLDEST, "0.3.5"), "implicit.prompts")
    assert (prompts.kind, prompts.backend, prompts.namespace, prompts.is_defaulted) == (
        "implicit",
        "kv_default",
        "prompts",
        True,
    )
    assert "implicit.jobs" not in paths(SQLITE, "1.2")
    jobs = reference(catalog_of(SQLITE.replace("sql_default", "tables"), "1.3"), "implicit.jobs")
    assert (jobs.backend, jobs.table, jobs.line) == ("tables", "jobs", None)


def test_the_interactions_provider_uses_a_store_of_its_own_where_none_is_named() -> None:
    text = with_provider(SQLITE, "interactions", "inline::builtin", "{}")
    found = reference(catalog_of(text, "1.5"), "providers.interactions[0].config.store")
    assert (found.backend, found.table, found.is_defaulted) == ("sql_default", "interactions", True)
    missing = catalog_of(text.replace("sql_default", "tables"), "1.5")
    assert missing.verdict.starts is False


def test_a_queue_means_something_for_inference_on_postgresql_only() -> None:
    on_postgres = reference(catalog_of(POSTGRES, environ={"PGPASS": "x"}), "storage.stores.inference")
    on_sqlite = reference(catalog_of(SQLITE), "storage.stores.inference")
    assert on_postgres.queue == on_sqlite.queue == (("max_write_queue_size", 10000), ("num_writers", 4))
    assert (on_postgres.queue_is_used, on_sqlite.queue_is_used) == (True, False)


def test_a_store_that_is_switched_off_is_shown_as_such() -> None:
    text = SQLITE.replace("table_name: inference_store", "table_name: inference_store, enabled: false")
    assert not reference(catalog_of(text, "1.5"), "storage.stores.inference").is_enabled


def test_a_null_store_is_no_reference() -> None:
    text = EARLIER.replace("    prompts: {backend: kv_default, namespace: prompts}\n", "    prompts: null\n")
    assert "storage.stores.prompts" not in paths(text, "0.7.3")


@pytest.mark.parametrize("backend", ["nowhere", "sql_default"])
def test_a_reference_to_a_backend_that_cannot_be_used_is_read_all_the_same(backend: str) -> None:
    text = with_provider(
        SQLITE, "vector_io", "inline::faiss", f"{{persistence: {{backend: {backend}, namespace: x}}}}"
    )
    found = reference(catalog_of(text, "1.5"), "providers.vector_io[0].config.persistence")
    assert (found.physical, found.is_read) == (None, True)
    assert why_nowhere(found) == "its backend or namespace cannot be used"


def test_a_reference_that_no_code_reads_says_so() -> None:
    text = SQLITE.replace("  stores:\n", "  stores:\n    responses: {backend: sql_default, table_name: r}\n")
    found = reference(catalog_of(text, "1.5"), "storage.stores.responses")
    assert (found.physical, found.is_read) == (None, False)
    assert why_nowhere(found) == "no server reads it"
