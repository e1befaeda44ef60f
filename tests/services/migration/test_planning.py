"""What a plan finds of a deployment's data that a version does not reach."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.model.transfer import DataPlan, NotConvertibleError, PlanChoices
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.migration.planning import plan_data
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from tests.oracle.migrating import apply, config_of, migrate
from tests.oracle.migration_stores import dump, restore, saved

OGX = "ogx-1.5.0"
KEYS = "CREATE TABLE IF NOT EXISTS kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)"


def fill(path: Path, rows: dict[str, str]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(KEYS)
        connection.executemany("INSERT INTO kvstore (key, value) VALUES (?, ?)", rows.items())
        connection.commit()


def run(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def rows_of(path: Path, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f'SELECT {columns} FROM "{table}" ORDER BY 1').fetchall()


def plan(
    folder: Path,
    release: str = OGX,
    choices: PlanChoices | None = None,
    *,
    change: tuple[str, str] = ("", ""),
) -> DataPlan:
    """Plan what a release does not reach in the files of its own config in a folder."""
    path = folder / "config.yaml"
    text = config_of(release, str(folder), "/srv/new/files")
    assert change[0] in text
    path.write_text(text.replace(*change) if change[0] else text)
    catalog = load(LoadRequest(str(path), version=release.rpartition("-")[2], uses_environ=False, environ={}))

    async def planned() -> DataPlan:
        async with Session(catalog) as session:
            return await plan_data(session, None, choices)

    return asyncio.run(planned())


def whats(found: DataPlan) -> list[str]:
    return [item.what for item in found.items]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("LLAMA_STACK_CONFIG_DIR", raising=False)
    return folder


def test_a_store_of_0_7_under_its_own_config_brought_to_1_5_is_planned_whole(tmp_path: Path) -> None:
    restore(saved("llama-stack-0.7.3"), tmp_path)
    found = plan(tmp_path)
    assert whats(found) == [
        "registered objects",
        "prompts",
        "batches",
        "vector stores of provider faiss",
        "items of conversations in place",
        "files in place",
    ]
    assert {stay.what: stay.count for stay in found.stays} == {
        "registered objects of type dataset on kv": 4,
        "datasets of localfs on kv": 4,
    }


def test_nothing_is_planned_for_a_store_that_the_version_wrote(tmp_path: Path) -> None:
    target = migrate("llama-stack-0.7.3", OGX, tmp_path)
    found = plan(target)
    assert (found.items, found.stays, found.notices) == ((), (), ())


def test_nothing_is_planned_where_there_is_no_store_yet_and_none_is_made(tmp_path: Path) -> None:
    assert plan(tmp_path) == DataPlan()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml"]


def test_looking_for_a_plan_changes_no_file(tmp_path: Path) -> None:
    restore(saved("llama-stack-0.3.5"), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.db")}
    assert plan(tmp_path).items
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.db*")} == before


def test_files_of_0_2_are_found_beside_those_of_the_config_and_prompts_in_their_own_folder(
    tmp_path: Path, home: Path
) -> None:
    old = saved("llama-stack-0.2.24")
    restore({Path(name).name: tables for name, tables in old.items() if name.startswith("sqlite")}, tmp_path)
    prompts = {".llama/" + name: tables for name, tables in old.items() if "prompts" in name}
    restore(prompts, home)
    found = plan(tmp_path, choices=PlanChoices(public_rows=True))
    apply(found)
    (reading,) = {len(rows_of(tmp_path / "sql_store.db", "prompts", "id"))}
    assert reading == 15
    expected = saved(f"llama-stack-0.2.24-to-{OGX}")["sql_store.db"]
    for table in ("responses", "prompts", "batches", "inference_store", "openai_files"):
        assert dump(tmp_path)["sql_store.db"][table]["rows"] == [list(row) for row in expected[table]["rows"]]


def test_keys_of_no_known_kind_and_those_that_nothing_reads_any_more_are_counted(tmp_path: Path) -> None:
    fill(
        tmp_path / "kvstore.db",
        {"quota:a:1": "5", "agent:1": "{}", "session:1:2": "{}", "something:else": "1", "registry:x": "{}"},
    )
    found = plan(tmp_path)
    assert found.items == ()
    assert {stay.what: stay.count for stay in found.stays} == {
        "counters of the quota on kv": 1,
        "agents with their sessions and turns on kv": 2,
        "other keys on kv": 1,
    }


def test_agents_are_brought_to_a_version_that_has_them(tmp_path: Path) -> None:
    fill(tmp_path / "agents_store.db", {"agent:1": "{}"})
    assert whats(plan(tmp_path, "llama-stack-0.3.5")) == ["agents with their sessions and turns"]


MILVUS = (
    '  - {provider_id: milvus, provider_type: "inline::milvus", config: {db_path: /x/m.db, persistence: {namespace: "vector_io::milvus",'
    " backend: kv}}}\n"
)
TWO_PROVIDERS = ("  - {provider_id: faiss,", f"{MILVUS}  - {{provider_id: faiss,")


def test_vector_stores_of_two_providers_in_one_file_go_each_to_its_own(tmp_path: Path) -> None:
    fill(
        tmp_path / "kvstore.db",
        {
            "vector_stores:v3::a": '{"provider_id": "faiss"}',
            "vector_stores:milvus:v3::b": '{"provider_id": "milvus"}',
            "openai_vector_stores:v3::a": '{"id": "a", "metadata": {"provider_id": "faiss"}}',
            "openai_vector_stores:v3::b": '{"id": "b", "metadata": {}}',
            "openai_vector_stores_files:v3::a:f": "{}",
            "openai_vector_stores_files:v3::b:f": "{}",
            "openai_vector_stores:v3::c": '{"id": "c", "metadata": {"provider_id": "chroma"}}',
            "openai_vector_stores:v3::d": '{"id": "d"}',
        },
    )
    found = plan(tmp_path, change=TWO_PROVIDERS)
    apply(found)
    keys = {
        key for (key,) in rows_of(tmp_path / "kvstore.db", "kvstore", "key") if key.startswith("vector_io")
    }
    assert keys == {
        "vector_io::faiss:vector_stores:v3::a",
        "vector_io::faiss:openai_vector_stores:v3::a",
        "vector_io::faiss:openai_vector_stores_files:v3::a:f",
        "vector_io::milvus:vector_stores:milvus:v3::b",
        "vector_io::milvus:openai_vector_stores:v3::b",
        "vector_io::milvus:openai_vector_stores_files:v3::b:f",
    }
    assert {(stay.what, stay.count) for stay in found.stays} == {
        ("vector stores of provider chroma on kv", 1),
        ("vector stores of provider (unknown) on kv", 1),
    }


IN_TABLES = ("    prompts:", "    vector_stores: {table_name: vector_stores, backend: sql}\n    prompts:")
STORE = {
    "vector_io::faiss:vector_stores:v3::s": '{"provider_id": "faiss"}',
    "vector_io::faiss:openai_vector_stores:v3::s": '{"id": "s", "metadata": {"provider_id": "faiss"}}',
    **{
        f"vector_io::faiss:openai_vector_stores_files_contents:v3::s:f:{number}": f'{{"n": {number}}}'
        for number in (0, 2, 10)
    },
}
MARK = {"vector_io::faiss:openai_vector_stores_sql_migration:v3": "1"}


def test_vector_stores_that_came_after_the_mark_was_set_become_the_rows_that_servers_read(
    tmp_path: Path,
) -> None:
    fill(tmp_path / "kvstore.db", STORE | MARK)
    found = plan(tmp_path, change=IN_TABLES)
    assert whats(found) == ["vector_stores of provider faiss", "vector_store_file_contents of provider faiss"]
    apply(found)
    chunks = rows_of(tmp_path / "sql_store.db", "vector_store_file_contents", "chunk_index, chunk_data")
    assert [number for number, _ in chunks] == [0, 2, 10]
    assert all(data.startswith(f'{{"n": {number}, "chunk_') for number, data in chunks)
    assert plan(tmp_path, change=IN_TABLES).items == ()


def test_vector_stores_are_left_to_the_server_that_has_not_copied_them_yet(tmp_path: Path) -> None:
    fill(tmp_path / "kvstore.db", STORE)
    assert plan(tmp_path, change=IN_TABLES).items == ()


ITEMS = """
CREATE TABLE openai_conversations (id VARCHAR PRIMARY KEY, created_at INTEGER, items JSON, metadata JSON, access_attributes JSON,
    owner_principal VARCHAR);
CREATE TABLE conversation_items_v1 (id VARCHAR PRIMARY KEY, conversation_id VARCHAR, created_at INTEGER, item_data JSON,
    access_attributes JSON, owner_principal VARCHAR);
INSERT INTO conversation_items_v1 (id, conversation_id, created_at, item_data, owner_principal) VALUES
    ('z', 'c', 1, '{"n": 1}', ''), ('b', 'c', 1, '{"n": 2}', ''), ('a', 'c', 2, '{"n": 3}', '');
"""


def test_an_unfinished_copy_of_conversation_items_is_finished_in_their_order(tmp_path: Path) -> None:
    run(tmp_path / "sql_store.db", ITEMS)
    found = plan(tmp_path)
    apply(found)
    items = rows_of(tmp_path / "sql_store.db", "conversation_items", "sort_order, id")
    assert [id_ for _, id_ in items] == ["z", "b", "a"]
    assert len(rows_of(tmp_path / "sql_store.db", "conversation_items_v1")) == 3


def test_items_that_have_a_position_come_after_those_that_get_one(tmp_path: Path) -> None:
    run(
        tmp_path / "sql_store.db",
        """
        CREATE TABLE openai_conversations (id VARCHAR PRIMARY KEY);
        CREATE TABLE conversation_items (id VARCHAR PRIMARY KEY, conversation_id VARCHAR, created_at INTEGER, sort_order INTEGER,
            item_data JSON, access_attributes JSON, owner_principal VARCHAR, UNIQUE (conversation_id, id));
        INSERT INTO conversation_items (id, conversation_id, created_at, sort_order, owner_principal) VALUES
            ('z', 'c', 1, NULL, ''), ('b', 'c', 1, NULL, ''), ('a', 'c', 2, 0, ''), ('y', 'c', 2, 1, '');
        """,
    )
    found = plan(tmp_path)
    assert whats(found) == ["items of conversations in place"]
    apply(found)
    items = rows_of(tmp_path / "sql_store.db", "conversation_items", "sort_order, id")
    assert items == [(-4, "z"), (-3, "b"), (0, "a"), (1, "y")]
    assert plan(tmp_path).items == ()


RESPONSES = """
CREATE TABLE {name} (id VARCHAR PRIMARY KEY, created_at INTEGER, response_object JSON, model VARCHAR, access_attributes JSON,
    owner_principal VARCHAR, added VARCHAR);
INSERT INTO {name} VALUES ('r', 1, '{{"id": "r", "n": 1.0}}', 'm', 'null', NULL, 'kept'),
    ('s', 2, '{{"id": "s"}}', 'm', '{{"roles": ["user"]}}', 'alice', NULL);
"""


def test_rows_of_an_earlier_name_are_found_with_every_column_that_they_have(tmp_path: Path) -> None:
    run(tmp_path / "sql_store.db", RESPONSES.format(name="openai_responses"))
    found = plan(tmp_path)
    apply(found)
    columns = "id, response_object, access_attributes, owner_principal, added, previous_response_id"
    assert rows_of(tmp_path / "sql_store.db", "responses", columns) == [
        ("r", '{"id": "r", "n": 1.0, "store": true}', "null", None, "kept", None),
        ("s", '{"id": "s", "store": true}', '{"roles": ["user"]}', "alice", None, None),
    ]
    widened, ownerless = found.notices
    assert "1 row of openai_responses on sql" in ownerless
    assert "shares one role, team, project or namespace" in widened


def test_responses_in_the_right_table_that_do_not_say_that_they_are_stored_are_changed_in_place(
    tmp_path: Path,
) -> None:
    run(tmp_path / "sql_store.db", RESPONSES.format(name="responses"))
    found = plan(tmp_path, choices=PlanChoices(public_rows=True))
    (item,) = found.items
    assert item.source == item.target
    apply(found)
    assert rows_of(tmp_path / "sql_store.db", "responses", "id, owner_principal") == [
        ("r", ""),
        ("s", "alice"),
    ]
    assert plan(tmp_path, choices=PlanChoices(public_rows=True)).items == ()


MULTI = ("version: 2", "version: 2\nserver: {tenancy: {mode: multi}}")


def test_rows_get_a_tenant_only_where_the_operator_says_which(tmp_path: Path) -> None:
    run(tmp_path / "sql_store.db", RESPONSES.format(name="openai_responses"))
    silent = plan(tmp_path, change=MULTI)
    assert any("choose a tenant for those of openai_responses on sql" in notice for notice in silent.notices)
    apply(plan(tmp_path, choices=PlanChoices(tenant="team-a"), change=MULTI))
    assert rows_of(tmp_path / "sql_store.db", "responses", "id, tenant_id") == [
        ("r", "team-a"),
        ("s", "team-a"),
    ]
    in_place = plan(tmp_path, choices=PlanChoices(tenant="team-b"), change=MULTI)
    assert [item.what for item in in_place.items] == ["responses"]


def test_a_table_of_the_same_name_that_holds_something_else_is_not_touched(tmp_path: Path) -> None:
    run(
        tmp_path / "sql_store.db",
        "CREATE TABLE chat_completions (x); INSERT INTO chat_completions VALUES (1);",
    )
    assert plan(tmp_path) == DataPlan()


def test_the_default_version_of_a_prompt_is_read_from_the_key_that_says_so(tmp_path: Path) -> None:
    document = json.dumps({"prompt": "ü", "is_default": False})
    rows = {f"prompts:v1:pmpt_1:{number}": document for number in (1, 2)}
    fill(
        tmp_path / "kvstore.db",
        {**rows, "prompts:v1:pmpt_1:default": "1", "prompts:prompts:v1:pmpt_2:1": document},
    )
    apply(plan(tmp_path))
    assert rows_of(tmp_path / "sql_store.db", "prompts", "id, is_default, prompt_data") == [
        ("pmpt_1:1", 1, document),
        ("pmpt_1:2", 0, document),
        ("pmpt_2:1", 0, document),
    ]


def test_nothing_is_brought_to_a_config_of_0_2(tmp_path: Path) -> None:
    fill(tmp_path / "kvstore.db", {"distributions:registry:v9::model:m": "{}"})
    path = tmp_path / "run.yaml"
    path.write_text(
        f"version: 2\nimage_name: x\nmetadata_store: {{type: sqlite, db_path: {tmp_path}/kvstore.db}}\n"
    )
    catalog = load(LoadRequest(str(path), version="0.2.24", uses_environ=False, environ={}))

    async def planned() -> DataPlan:
        async with Session(catalog) as session:
            return await plan_data(session, None)

    found = asyncio.run(planned())
    assert found.items == ()
    assert found.notices == (
        "llama-stack 0.2.24 reads inline stores as 0.2 wrote them: nothing has to be transferred.",
    )


def test_a_name_out_of_a_stored_document_is_shown_harmless(tmp_path: Path) -> None:
    document = json.dumps({"metadata": {"provider_id": "\x1b[2Jfaiss\nx"}})
    fill(tmp_path / "kvstore.db", {"openai_vector_stores:v3::a": document})
    (stay,) = plan(tmp_path).stays
    assert "\x1b" not in stay.what + stay.reason
    assert "\n" not in stay.what + stay.reason


def test_chunks_in_a_table_get_what_the_version_demands_where_they_are(tmp_path: Path) -> None:
    run(
        tmp_path / "sql_store.db",
        """
        CREATE TABLE vector_store_file_contents (id VARCHAR PRIMARY KEY, store_id VARCHAR, file_id VARCHAR, chunk_index INTEGER,
            chunk_data JSON, access_attributes JSON, owner_principal VARCHAR);
        INSERT INTO vector_store_file_contents VALUES ('a', 's', 'f', 0, '{"content": "x", "stored_chunk_id": "c-1"}', 'null', '');
        INSERT INTO vector_store_file_contents VALUES ('b', 's', 'f', 1, 'no json', 'null', '');
        """,
    )
    tables = "stores:\n    vector_stores: {table_name: vector_stores, backend: sql}"
    found = plan(tmp_path, change=("stores:", tables))
    chunks = next(item for item in found.items if item.what.startswith("chunks of files"))
    row = {"id": "a", "chunk_data": '{"content": "x", "stored_chunk_id": "c-1"}'}
    (made,) = chunks.convert(row)
    assert json.loads(str(made["chunk_data"])) | {"chunk_id": "c-1", "chunk_metadata": {}} == json.loads(
        str(made["chunk_data"])
    )
    with pytest.raises(NotConvertibleError):
        chunks.convert({"id": "b", "chunk_data": "no json"})
