"""Namespaces told apart, keys and rows by page, and what is nobody's listed all the same."""

import pytest

from llama_storage_tui.errors import NotFoundError, UsageError
from llama_storage_tui.model.data import KeySelection, Namespace, RowQuery
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services import browse
from llama_storage_tui.services.session import Session
from tests.deployments import deployment
from tests.stores import KeyStore, SqliteStore, Store

NESTED = {
    "metadata": {"backend": "kv_default", "namespace": "a"},
    "inference": {"backend": "sql_default", "table_name": "inference_store"},
}


def provider(name: str, namespace: str) -> dict[str, object]:
    return {
        "provider_id": name,
        "provider_type": "inline::faiss",
        "config": {"persistence": {"backend": "kv_default", "namespace": namespace}},
    }


def with_keys(store: KeyStore, *keys: str) -> None:
    store.fill(dict.fromkeys(keys, "{}"))


async def keys_of(session: Session, namespace: str | None, prefix: str = "") -> list[object]:
    wanted = await browse.namespace(session, "kv_default", namespace)
    page = await browse.keys(session, "kv_default", wanted, prefix=prefix)
    return [entry.key for entry in page.keys]


async def test_a_namespace_that_nests_in_another_is_its_own(key_store: KeyStore) -> None:
    with_keys(key_store, "a:1", "a:2", "a:b:1", "a:bc:1", "ab:1", "other")
    faiss = {"vector_io": [provider("faiss", "a:b")]}
    async with deployment(key_store, stores=NESTED, providers=faiss).session() as session:
        listing = await browse.namespaces(session, "kv_default")
        counts = {found.name: found.keys.value for found in listing.namespaces if found.keys}
        assert counts == {"a": 3, "a:b": 1}
        assert listing.unassigned.keys is not None
        assert listing.unassigned.keys.value == 2
        assert await keys_of(session, "a") == ["a:1", "a:2", "a:bc:1"]
        assert await keys_of(session, "a:b") == ["a:b:1"]
        assert await keys_of(session, None) == ["ab:1", "other"]


async def test_a_prefix_is_typed_as_inside_the_namespace_or_as_stored(key_store: KeyStore) -> None:
    with_keys(key_store, "registry:model:1", "registry:shield:1", "model:lost")
    async with deployment(key_store).session() as session:
        assert await keys_of(session, "registry", "mod") == ["registry:model:1"]
        assert await keys_of(session, "registry", "registry:mod") == ["registry:model:1"]
        assert await keys_of(session, "registry", "x") == []
        assert await keys_of(session, None, "model") == ["model:lost"]


def test_a_prefix_is_left_alone_where_the_store_keeps_raw_keys() -> None:
    raw = Namespace("faiss", None, KeySelection(("vector_stores:v3::",)), ("x",))
    assert browse.physical_prefix(raw, "vector") == "vector"
    assert browse.physical_prefix(Namespace("", None, KeySelection()), "x") == "x"
    assert browse.physical_prefix(Namespace("a", None, KeySelection(("a:",)), ("x",)), "") == ""


async def test_a_value_is_found_by_either_key_and_only_in_its_namespace(key_store: KeyStore) -> None:
    with_keys(key_store, "registry:model:1", "registry:registry:model:2", "lost")
    async with deployment(key_store).session() as session:
        registry = await browse.namespace(session, "kv_default", "registry")
        rest = await browse.namespace(session, "kv_default", None)
        for key in ("model:1", "registry:model:1", "registry:model:2", "registry:registry:model:2"):
            assert (await browse.value(session, "kv_default", registry, key)).value == "{}"
        with pytest.raises(NotFoundError, match="No key 'lost' in namespace registry"):
            await browse.value(session, "kv_default", registry, "lost")
        with pytest.raises(NotFoundError, match="in the unassigned keys"):
            await browse.value(session, "kv_default", rest, "registry:model:1")
        with pytest.raises(NotFoundError, match="That key is gone"):
            await browse.stored_value(session, "kv_default", "never")


async def test_keys_that_vector_providers_share_are_told_apart_by_what_each_registered(
    sqlite_store: SqliteStore,
) -> None:
    with_keys(
        sqlite_store,
        "vector_stores:v3::vs_1",
        "vector_stores:sqlite_vec:v3::vs_12",
        "openai_vector_stores:v3::vs_1",
        "openai_vector_stores:v3::vs_12",
        "openai_vector_stores_files:v3::vs_1:file_1",
        "openai_vector_stores_files:v3::vs_12:file_2",
        "openai_vector_stores:v3::nobodys",
    )
    providers = {
        "vector_io": [
            provider("faiss", "one"),
            provider("vec", "two") | {"provider_type": "inline::sqlite-vec"},
        ]
    }
    async with deployment(sqlite_store, "0.7.1", stores=NESTED, providers=providers).session() as session:
        assert await keys_of(session, "one") == [
            "openai_vector_stores:v3::vs_1",
            "openai_vector_stores_files:v3::vs_1:file_1",
            "vector_stores:v3::vs_1",
        ]
        assert await keys_of(session, "two") == [
            "openai_vector_stores:v3::vs_12",
            "openai_vector_stores_files:v3::vs_12:file_2",
            "vector_stores:sqlite_vec:v3::vs_12",
        ]
        assert await keys_of(session, None) == ["openai_vector_stores:v3::nobodys"]


async def test_a_namespace_that_no_reference_names_is_answered_with_the_list(key_store: KeyStore) -> None:
    with_keys(key_store, "x")
    async with deployment(key_store).session() as session:
        with pytest.raises(NotFoundError, match="'nope'") as caught:
            await browse.namespace(session, "kv_default", "nope")
        assert caught.value.help == Advice("Known: registry.", Step.LIST_UNASSIGNED)
        with pytest.raises(UsageError, match="holds tables, not keys"):
            await browse.namespaces(session, "sql_default")


async def test_a_table_knows_who_refers_to_it(store: Store) -> None:
    store.execute(
        "CREATE TABLE inference_store (id INTEGER PRIMARY KEY); CREATE TABLE stranger (id INTEGER PRIMARY KEY)"
    )
    async with deployment(store).session() as session:
        entries = {
            entry.table.name: entry.referenced_by for entry in await browse.tables(session, "sql_default")
        }
    assert entries == {"inference_store": ("storage.stores.inference",), "stranger": ()}


async def test_a_row_that_is_gone_is_said_so(store: Store) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO t VALUES (1, 'a'), (2, NULL)")
    async with deployment(store).session() as session:
        page = await browse.rows(session, "sql_default", RowQuery("t"))
        first, second = page.row_cursors
        assert first is not None
        assert second is not None
        assert await browse.row(session, "sql_default", "t", second) == {"id": 2, "x": None}
        store.execute("DELETE FROM t WHERE id = 1")
        with pytest.raises(NotFoundError, match="That row is gone"):
            await browse.row(session, "sql_default", "t", first)
        assert (await browse.count_rows(session, "sql_default", RowQuery("t"))).value == 1
