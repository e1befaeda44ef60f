"""What an earlier release left in a store: each finding where it belongs, and nowhere else."""

import json
from collections.abc import Mapping

import pytest

from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.services.inspection import inspect_data, with_data
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of
from tests.stores import KEY_VALUE_TABLE, SqliteStore, Store

OLD_CHUNK: dict[str, object] = {
    "content": "alpha",
    "metadata": {},
    "embedding": [0.5],
    "stored_chunk_id": None,
}
NEW_CHUNK: dict[str, object] = {
    "content": "alpha",
    "metadata": {},
    "embedding": [0.5],
    "chunk_id": "c-1",
    "chunk_metadata": {},
}
RESPONSES = (
    "CREATE TABLE responses (id TEXT PRIMARY KEY, created_at INTEGER, response_object JSON, model TEXT,"
    " owner_principal TEXT, access_attributes JSON)"
)


def made(
    store: Store,
    version: str,
    *,
    server: Mapping[str, object] | None = None,
    storage_dir: str = "/srv/files",
    stores: Mapping[str, object] | None = None,
) -> Deployment:
    provider = {
        "inference": [{"provider_id": "vllm", "provider_type": "remote::vllm", "config": {}}],
        "vector_io": [
            {
                "provider_id": "faiss",
                "provider_type": "inline::faiss",
                "config": {"persistence": {"backend": "kv_default", "namespace": "vector_io::faiss"}},
            }
        ],
        "files": [
            {
                "provider_id": "local",
                "provider_type": "inline::localfs",
                "config": {
                    "storage_dir": storage_dir,
                    "metadata_store": {"backend": "sql_default", "table_name": "files_metadata"},
                },
            }
        ],
        "responses": [
            {
                "provider_id": "builtin",
                "provider_type": "inline::builtin",
                "config": {
                    "persistence": {"responses": {"backend": "sql_default", "table_name": "responses"}}
                },
            }
        ],
    }
    if version < "0.7":
        provider["agents"] = provider.pop("responses")
        provider["agents"][0]["provider_type"] = "inline::meta-reference"
    config = {
        "version": 2,
        "distro_name": "demo",
        "providers": provider,
        "server": dict(server or {}),
        "storage": {
            "backends": {"kv_default": backend_of(store, "kv"), "sql_default": backend_of(store, "sql")},
            "stores": {"metadata": {"backend": "kv_default", "namespace": "registry"}, **(stores or {})},
        },
    }
    return Deployment(catalog_of(json.dumps(config), version))


async def inspected(found: Deployment) -> dict[str, Finding]:
    async with found.session() as session:
        return {finding.rule: finding for finding in await inspect_data(session)}


def put(store: Store, **values: object) -> None:
    store.execute(KEY_VALUE_TABLE)
    add(store, **values)


def add(store: Store, **values: object) -> None:
    for key, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        quoted = text.replace("'", "''")
        store.execute(f"INSERT INTO kvstore VALUES ('{key}', '{quoted}', NULL)")


def index(chunk: Mapping[str, object]) -> dict[str, object]:
    return {"chunk_by_index": {"0": json.dumps(chunk)}, "faiss_index": "k05VTVBZ" * 10}


def lead(store: Store, version: str, namespace: str) -> str:
    return f"{namespace}:" if store.engine == "postgres" or version >= "1.0" else ""


@pytest.mark.parametrize(
    ("chunk", "version", "is_told"),
    [
        (OLD_CHUNK, "0.3.5", False),
        (OLD_CHUNK, "0.7.3", True),
        (OLD_CHUNK, "1.5.0", True),
        (NEW_CHUNK, "0.7.3", False),
        (NEW_CHUNK, "1.5.0", False),
    ],
)
async def test_a_faiss_index_of_0_3_stops_a_start_from_0_4_on(
    chunk: Mapping[str, object], version: str, store: Store, *, is_told: bool
) -> None:
    put(store, **{f"{lead(store, version, 'vector_io::faiss')}faiss_index:v3::vs_1": index(chunk)})
    deployment = made(store, version)
    found = await inspected(deployment)
    assert ("chunks-without-id" in found) is is_told
    if is_told:
        finding = found["chunks-without-id"]
        assert (finding.severity, finding.stage) == (Severity.ERROR, Stage.START)
        assert "1 vector store on kv_default (vs_1)" in finding.message
        assert with_data(deployment.catalog, tuple(found.values())).verdict.starts is False


@pytest.mark.parametrize(
    "value", ["", "[]", '{"chunk_by_index": {}}', '{"chunk_by_index": {"0": "no json"}}']
)
async def test_an_index_that_cannot_be_read_is_not_judged(value: str, sqlite_store: SqliteStore) -> None:
    put(sqlite_store, **{"vector_io::faiss:faiss_index:v3::vs_1": value})
    assert "chunks-without-id" not in await inspected(made(sqlite_store, "1.5.0"))


@pytest.mark.parametrize("key", ["distributions:registry:v9::model:m", "vector_dbs:v3::vs_1"])
@pytest.mark.parametrize("version", ["0.3.5", "1.5.0"])
async def test_keys_in_the_form_of_0_2_are_told(key: str, version: str, store: Store) -> None:
    put(store, **{key: {}, f"registry:{key}": {}})
    finding = (await inspected(made(store, version)))["keys-of-0.2"]
    expected = 2 if store.engine == "postgres" or version >= "1.0" else 1
    assert f"holds {expected} key" in finding.message


async def test_registered_objects_of_a_provider_that_is_gone_are_told(store: Store) -> None:
    head = "registry:distributions:registry:v10::model:"
    model = {"type": "model", "identifier": "m", "provider_id": "ollama"}
    put(
        store,
        **{
            f"{head}a": model,
            f"{head}b": model,
            f"{head}c": model | {"provider_id": "vllm"},
            f"{head}d": "no json",
        },
    )
    finding = (await inspected(made(store, "1.5.0")))["stale-provider"]
    assert finding.severity is Severity.WARNING
    assert "2 registered objects" in finding.message
    assert "ollama: 2" in finding.message
    assert "vllm" not in finding.message


async def test_vector_stores_among_keys_need_a_tenant_to_go_to(store: Store) -> None:
    tables = {"vector_stores": {"backend": "sql_default", "table_name": "vector_stores"}}
    put(store, **{"vector_io::faiss:openai_vector_stores:v3::vs_1": {}})
    multi = {"tenancy": {"mode": "multi"}}
    finding = (await inspected(made(store, "1.5.0", server=multi, stores=tables)))[
        "vector-stores-without-tenant"
    ]
    assert (finding.severity, finding.stage) == (Severity.ERROR, Stage.START)
    named = {"tenancy": {"mode": "multi", "default_tenant_id": "t1"}}
    for other in (made(store, "1.5.0", server=named, stores=tables), made(store, "1.5.0", stores=tables)):
        assert "vector-stores-without-tenant" not in await inspected(other)
    add(store, **{"vector_io::faiss:openai_vector_stores_sql_migration:v3": "1"})
    moved = await inspected(made(store, "1.5.0", server=multi, stores=tables))
    assert "vector-stores-without-tenant" not in moved


async def test_rows_without_a_tenant_are_told_under_multi_alone(store: Store) -> None:
    store.execute(f"{RESPONSES}; ALTER TABLE responses ADD COLUMN tenant_id TEXT")
    for id_, tenant in (("resp_1", "NULL"), ("resp_2", "'t1'"), ("resp_3", "''")):
        store.execute(
            f"INSERT INTO responses (id, created_at, response_object, tenant_id) VALUES ('{id_}', 1, '{{\"store\": true}}', {tenant})"
        )
    multi = {"tenancy": {"mode": "multi", "default_tenant_id": "t1"}}
    assert (
        "1 row of responses on sql_default has no tenant: with tenancy multi nobody sees it"
        in (await inspected(made(store, "1.5.0", server=multi)))["rows-without-tenant"].message
    )
    single = {"tenancy": {"mode": "single", "default_tenant_id": "t1"}}
    assert "rows-without-tenant" not in await inspected(made(store, "1.5.0", server=single))
    assert "rows-without-tenant" not in await inspected(made(store, "1.5.0"))


@pytest.mark.parametrize(("version", "is_told"), [("0.6.1", False), ("0.7.3", True), ("1.5.0", True)])
async def test_files_outside_of_the_folder_are_told_from_0_7_on(
    version: str, store: Store, *, is_told: bool
) -> None:
    store.execute("CREATE TABLE openai_files (id TEXT PRIMARY KEY, file_path TEXT)")
    paths = ("/srv/files/a", "/srv/files/../old/b", "/srv/files-old/c", "relative/d")
    for number, path in enumerate(paths):
        store.execute(f"INSERT INTO openai_files VALUES ('file-{number}', '{path}')")
    found = await inspected(made(store, version))
    assert ("files-elsewhere" in found) is is_told
    if is_told:
        assert "2 files of openai_files" in found["files-elsewhere"].message


@pytest.mark.parametrize(("version", "is_told"), [("0.4.7", False), ("0.5.4", True), ("1.5.0", True)])
async def test_responses_without_store_are_told_from_0_5_on(
    version: str, store: Store, *, is_told: bool
) -> None:
    table = "openai_responses" if version < "0.5" else "responses"
    store.execute(RESPONSES.replace("TABLE responses", f"TABLE {table}"))
    for id_, document in (("resp_1", {}), ("resp_2", {"store": True}), ("resp_3", {"store": False})):
        store.execute(
            f"INSERT INTO {table} (id, created_at, response_object) VALUES ('{id_}', 1, '{json.dumps(document)}')"
        )
    found = await inspected(made(store, version))
    assert ("responses-without-store" in found) is is_told
    if is_told:
        assert found["responses-without-store"].message.startswith("1 response of responses")


def registering(store: Store, version: str, **models: Mapping[str, object]) -> Deployment:
    config = json.loads(json.dumps({"version": 2, "distro_name": "demo"}))
    config["providers"] = {
        "inference": [{"provider_id": "vllm", "provider_type": "remote::vllm", "config": {}}]
    }
    config["registered_resources"] = {
        "models": [{"model_id": name, **fields} for name, fields in models.items()]
    }
    config["storage"] = {
        "backends": {"kv_default": backend_of(store, "kv"), "sql_default": backend_of(store, "sql")},
        "stores": {"metadata": {"backend": "kv_default", "namespace": "registry"}},
    }
    return Deployment(catalog_of(json.dumps(config), version))


STORED: dict[str, object] = {
    "identifier": "vllm/m",
    "provider_resource_id": "m",
    "provider_id": "vllm",
    "type": "model",
    "owner": None,
    "source": "via_register_api",
    "metadata": {"embedding_dimension": 384},
    "model_type": "embedding",
}
CONFIGURED: dict[str, object] = {
    "provider_id": "vllm",
    "model_type": "embedding",
    "metadata": {"embedding_dimension": 384},
}


@pytest.mark.parametrize(
    ("version", "stored", "configured", "word"),
    [
        ("0.3.5", {}, {}, None),
        ("1.5.0", {}, {}, None),
        ("1.5.0", {}, {"provider_id": None}, None),
        ("0.3.5", {}, {"metadata": {"embedding_dimension": 768}}, "metadata"),
        ("1.5.0", {}, {"metadata": {"embedding_dimension": 768}}, "metadata"),
        ("1.5.0", {"model_type": "llm"}, {}, "model_type"),
        ("1.5.0", {}, {"provider_model_id": "other"}, "provider_resource_id"),
        ("0.7.3", {}, {"provider_model_id": "other"}, None),
        ("1.5.0", {"source": "listed_from_provider"}, {}, "source"),
        ("0.3.5", {"owner": {"principal": "alice", "attributes": None}}, {}, "owner"),
        ("1.5.0", {"owner": {"principal": "alice", "attributes": None}}, {}, None),
        ("1.5.0", {}, {"provider_id": "__disabled__", "model_type": "llm"}, None),
    ],
)
async def test_a_model_that_is_stored_otherwise_than_the_config_registers_it_stops_the_server(
    store: Store,
    version: str,
    stored: Mapping[str, object],
    configured: Mapping[str, object],
    word: str | None,
) -> None:
    put(
        store,
        **{
            f"{lead(store, version, 'registry')}distributions:registry:v10::model:vllm/m": {
                **STORED,
                **stored,
            }
        },
    )
    found = registering(store, version, m={**CONFIGURED, **configured})
    told = (await inspected(found)).get("registration-conflict")
    assert (told is not None) is (word is not None)
    if told is not None:
        assert (told.severity, told.stage) == (Severity.ERROR, Stage.START)
        assert word is not None
        assert word in told.message
        assert told.where == "registered_resources.models[0]"
        assert not with_data(found.catalog, [told]).verdict.starts


VECTOR_STORES = {"vector_stores": {"backend": "sql_default", "table_name": "vector_stores"}}
CHUNKS = (
    "CREATE TABLE vector_store_file_contents (id TEXT PRIMARY KEY, store_id TEXT, file_id TEXT, chunk_index INTEGER,"
    " chunk_data JSON, access_attributes JSON, owner_principal TEXT)"
)
ITEMS = (
    "CREATE TABLE conversation_items (id TEXT, conversation_id TEXT, created_at INTEGER, item_data JSON, sort_order INTEGER,"
    " owner_principal TEXT, access_attributes JSON, PRIMARY KEY (conversation_id, id))"
)


async def earlier_forms(deployed: Deployment) -> list[str]:
    async with deployed.session() as session:
        found = await inspect_data(session)
    return [finding.message for finding in found if finding.rule == "earlier-form"]


async def test_chunks_in_a_table_that_lack_what_the_version_demands_are_named(store: Store) -> None:
    deployed = made(store, "1.5.0", stores=VECTOR_STORES)
    store.execute(CHUNKS)
    insert = "INSERT INTO vector_store_file_contents VALUES ('{}', 's', 'f', 0, '{}', 'null', '')"
    store.execute(insert.format("new", json.dumps(NEW_CHUNK)))
    assert await earlier_forms(deployed) == []
    store.execute(insert.format("old", json.dumps(OLD_CHUNK)))
    assert "no chunk_id or no chunk_metadata" in (await earlier_forms(deployed))[0]


async def test_items_of_conversations_without_a_position_are_named(store: Store) -> None:
    conversations = {"conversations": {"backend": "sql_default", "table_name": "openai_conversations"}}
    deployed = made(store, "1.5.0", stores=conversations)
    store.execute(ITEMS)
    insert = "INSERT INTO conversation_items VALUES ('{}', 'conv', 1, '{{}}', {}, '', 'null')"
    store.execute(insert.format("placed", 0))
    assert await earlier_forms(deployed) == []
    store.execute(insert.format("loose", "NULL"))
    assert "Items of conversations in conversation_items" in (await earlier_forms(deployed))[0]
    assert await earlier_forms(made(store, "1.0.2", stores=conversations)) == []
