"""Where the rows really are, version by version."""

import pytest

from tests.configs import EARLIER, OLDEST, SQLITE, base, catalog_of, reference, with_provider

SHARED = (
    "openai_vector_stores:",
    "openai_vector_stores_files:",
    "openai_vector_stores_files_contents:",
    "openai_vector_stores_file_batches:",
)
RESPONSES = (
    "{persistence: {responses: {backend: sql_default, table_name: mine},"
    " agent_state: {backend: kv_default, namespace: agents}}}"
)


def tables(text: str, version: str, path: str) -> tuple[str, ...] | None:
    physical = reference(catalog_of(text, version), path).physical
    return physical.tables if physical else None


def prefixes(text: str, version: str, path: str) -> tuple[str, ...] | None:
    physical = reference(catalog_of(text, version), path).physical
    return physical.prefixes if physical else None


@pytest.mark.parametrize(
    ("version", "table"),
    [
        ("0.3.0", "chat_completions"),
        ("0.3.4", "chat_completions"),
        ("0.3.5", "mine"),
        ("0.4.7", "mine"),
        ("1.5.0", "mine"),
    ],
)
def test_the_inference_table_is_honoured_from_0_3_5_on(version: str, table: str) -> None:
    text = base(version).replace("inference_store", "mine")
    assert tables(text, version, "storage.stores.inference") == (table,)


@pytest.mark.parametrize(
    ("version", "api", "type_", "table"),
    [
        ("0.3.0", "agents", "inline::meta-reference", "openai_responses"),
        ("0.4.7", "agents", "inline::meta-reference", "openai_responses"),
        ("0.5.0", "agents", "inline::meta-reference", "mine"),
        ("0.7.3", "responses", "inline::builtin", "mine"),
        ("1.5.0", "responses", "inline::builtin", "mine"),
    ],
)
def test_the_responses_table_is_the_providers_and_honoured_from_0_5_on(
    version: str, api: str, type_: str, table: str
) -> None:
    text = with_provider(base(version), api, type_, RESPONSES)
    found = tables(text, version, f"providers.{api}[0].config.persistence.responses")
    assert found is not None
    assert found[:2] == (table, "conversation_messages")


@pytest.mark.parametrize(
    ("version", "kept"), [("0.7.3", False), ("1.0.2", False), ("1.2.0", True), ("1.5.0", True)]
)
def test_memories_are_kept_beside_the_responses_from_1_2_on(version: str, *, kept: bool) -> None:
    text = with_provider(base(version), "responses", "inline::builtin", RESPONSES)
    found = tables(text, version, "providers.responses[0].config.persistence.responses")
    assert found is not None
    assert [name in found for name in ("memory_records", "default_memory_vector_stores")] == [kept, kept]


@pytest.mark.parametrize("version", ["0.3.5", "0.7.3", "0.8.0", "1.5.0"])
def test_no_version_reads_the_responses_store(version: str) -> None:
    text = base(version) + "    responses: {backend: sql_default, table_name: responses}\n"
    assert tables(text, version, "storage.stores.responses") is None


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.3.0", ("openai_conversations", "conversation_items")),
        ("1.4.1", ("openai_conversations", "conversation_items")),
        ("1.5.0", ("openai_conversations", "conversation_items", "conversation_migrations")),
    ],
)
def test_conversations_have_tables_of_their_own_whatever_the_name(
    version: str, expected: tuple[str, ...]
) -> None:
    text = base(version).replace("table_name: openai_conversations", "table_name: mine")
    assert tables(text, version, "storage.stores.conversations") == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.3.5", ("distributions:registry:",)),
        ("0.8.0", ("distributions:registry:",)),
        ("1.0.0", ("registry:",)),
        ("1.5.0", ("registry:",)),
    ],
)
def test_sqlite_keeps_namespaces_from_1_0_on(version: str, expected: tuple[str, ...]) -> None:
    assert prefixes(base(version), version, "storage.stores.metadata") == expected


@pytest.mark.parametrize("version", ["0.3.0", "0.8.0", "1.5.0"])
@pytest.mark.parametrize(
    ("backend", "container"),
    [
        ("type: kv_redis", "db 0"),
        ("type: kv_mongodb\n      db: d\n      collection_name: c", "d.c"),
        ("type: kv_postgres\n      user: u\n      table_name: t", "t"),
    ],
)
def test_every_other_engine_has_always_kept_them(version: str, backend: str, container: str) -> None:
    text = base(version).replace("type: kv_sqlite\n      db_path: /srv/stack/kv.db", backend)
    physical = reference(catalog_of(text, version), "storage.stores.metadata").physical
    assert physical is not None
    assert (physical.container, physical.prefixes) == (container, ("registry:",))


@pytest.mark.parametrize(
    ("version", "table", "database"),
    [("0.7.3", "llamastack_kvstore", "llamastack"), ("1.5.0", "ogx_kvstore", "ogx")],
)
def test_the_default_names_changed_with_ogx(version: str, table: str, database: str) -> None:
    text = base(version).replace(
        "type: kv_sqlite\n      db_path: /srv/stack/kv.db", "type: kv_postgres\n      user: u"
    )
    catalog = catalog_of(text, version)
    physical = reference(catalog, "storage.stores.metadata").physical
    assert physical is not None
    assert physical.container == table
    assert catalog.backends[0].location == f"postgresql://localhost:5432/{database}"


def test_an_empty_namespace_is_none_in_the_keys() -> None:
    assert prefixes(
        SQLITE.replace("namespace: registry", "namespace: ''"), "1.5", "storage.stores.metadata"
    ) == ("distributions:registry:",)


@pytest.mark.parametrize(
    ("type_", "version", "own"),
    [
        ("inline::faiss", "0.7.3", ("vector_stores:v3::", "faiss_index:v3::")),
        ("inline::sqlite-vec", "0.7.3", ("vector_stores:sqlite_vec:v3::",)),
        ("remote::pgvector", "0.3.5", ("vector_stores:pgvector:v3::",)),
        ("remote::oci", "0.7.3", ("vector_stores:oci26ai:v1::",)),
    ],
)
def test_vector_providers_share_keys_on_sqlite_before_1_0(
    type_: str, version: str, own: tuple[str, ...]
) -> None:
    text = with_provider(
        base(version), "vector_io", type_, "{persistence: {backend: kv_default, namespace: x}}"
    )
    assert prefixes(text, version, "providers.vector_io[0].config.persistence") == (*own, *SHARED)


@pytest.mark.parametrize(
    ("api", "type_", "config", "version", "expected"),
    [
        ("files", "inline::localfs", "metadata_store", "0.3.5", ("openai_files",)),
        ("files", "remote::s3", "metadata_store", "1.5.0", ("openai_files",)),
        ("files", "remote::openai", "metadata_store", "0.3.5", None),
        ("batches", "inline::reference", "sqlstore", "1.0.0", ("batches",)),
        ("batches", "inline::reference", "sqlstore", "0.8.0", None),
        ("interactions", "inline::builtin", "store", "1.0.0", ("mine",)),
        ("some_api", "remote::external", "deep: {er", "1.5.0", ("mine",)),
    ],
)
def test_a_providers_tables_are_those_of_its_reader(
    api: str, type_: str, config: str, version: str, expected: tuple[str, ...] | None
) -> None:
    closing = "}" * (1 + config.count("{"))
    text = with_provider(
        base(version), api, type_, f"{{{config}: {{backend: sql_default, table_name: mine}}{closing}"
    )
    path = ".".join(config.replace("{", "").replace(":", " ").split())
    expected = ("mine",) if (type_, version) == ("remote::openai", "0.3.5") else expected
    assert tables(text, version, f"providers.{api}[0].config.{path}") == expected


def test_prompts_moved_from_metadatas_backend_over_a_store_of_their_own_to_a_table() -> None:
    assert prefixes(OLDEST, "0.3.5", "implicit.prompts") == ("prompts:v1:",)
    assert prefixes(EARLIER, "0.8.0", "storage.stores.prompts") == ("prompts:v1:",)
    assert tables(SQLITE, "1.0.0", "storage.stores.prompts") == ("prompts",)
    old = EARLIER.replace("prompts: {backend: kv_default", "prompts: {backend: kv_default")
    assert tables(old, "1.5.0", "storage.stores.prompts") == ("prompts",)
    assert reference(catalog_of(old, "1.5.0"), "storage.stores.prompts").backend == "sql_default"


def test_the_quota_lies_in_the_namespace_that_the_server_settings_name() -> None:
    text = base("0.7.3") + "server:\n  quota:\n    kvstore: {backend: kv_default, namespace: quota}\n"
    assert prefixes(text, "0.7.3", "server.quota.kvstore") == ("quota:",)
    assert reference(catalog_of(text, "0.7.3"), "server.quota.kvstore").kind == "server"
    assert prefixes(text, "1.0.0", "server.quota.kvstore") is None
