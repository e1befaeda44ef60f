"""Families, lists, records and links, over both engines and both ways of keeping keys."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from llama_storage_tui.errors import BackendError, NotFoundError, UsageError
from llama_storage_tui.model.families import Page, Query, RecordDetail, RecordEntry, RecordLink
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.records.counting import families
from llama_storage_tui.services.records.pages import list_records
from llama_storage_tui.services.records.reading import read_record
from llama_storage_tui.services.session import Session
from tests.objects import (
    BATCH,
    KEYS,
    NEW,
    OLD,
    STORE_DATA,
    TOKEN,
    create_tables,
    fill_keys,
    insert,
    keeping_objects,
)
from tests.stores import SqliteStore, Store


@asynccontextmanager
async def old_session(store: Store) -> AsyncIterator[Session]:
    """Open a deployment of 0.5.4: raw keys on SQLite; on PostgreSQL each under its namespace."""
    if store.engine == "sqlite":
        fill_keys(store, KEYS)
    else:
        names = {
            "distributions": "registry", "prompts": "prompts", "batch": "batches", "agent": "agents",
            "session": "agents", "connectors": "connectors",
        }  # fmt: skip
        fill_keys(
            store, {f"{names.get(key.split(':')[0], 'faiss')}:{key}": value for key, value in KEYS.items()}
        )
    create_tables(store, "openai_files")
    insert(
        store,
        "openai_files",
        id="file-in",
        filename="in.jsonl",
        purpose="batch",
        bytes=12,
        created_at=1_700_000_000,
    )
    async with keeping_objects(store, OLD).session() as session:
        yield session


@asynccontextmanager
async def new_session(store: Store) -> AsyncIterator[Session]:
    """Open a deployment of 1.5.0: tables, and a registry under its namespace."""
    create_tables(store)
    fill_keys(store, {key: KEYS[key] for key in KEYS if key.startswith("distributions")}, lead="registry:")
    insert(
        store,
        "openai_files",
        id="file-in",
        filename="in.jsonl",
        bytes=12,
        created_at=1_700_000_000,
        owner_principal="",
    )
    insert(
        store, "openai_files", id="file-late", filename="\x1b[31mé\u202e", bytes=1, created_at=1_700_000_009
    )
    insert(
        store,
        "batches",
        id="batch_1",
        created_at=1_700_000_000,
        status="completed",
        batch_data=BATCH,
        owner_principal="tina",
        tenant_id="acme",
    )
    for version in (1, 2):
        data = {"prompt": f"text {version}", "variables": ["x"]}
        insert(
            store,
            "prompts",
            id=f"pmpt_a:{version}",
            prompt_id="pmpt_a",
            version=version,
            is_default=version == 2,
            created_at=5,
            prompt_data=data,
        )
    insert(store, "vector_stores", id="vs_1", store_data=STORE_DATA)
    insert(
        store,
        "vector_store_files",
        id="vs_1:file-in",
        store_id="vs_1",
        file_id="file-in",
        file_data={"id": "file-in", "vector_store_id": "vs_1", "status": "completed"},
    )
    insert(
        store,
        "vector_store_file_contents",
        id="vs_1:file-in:0",
        store_id="vs_1",
        file_id="file-in",
        chunk_index=0,
        chunk_data={"content": "piece"},
    )
    insert(
        store,
        "interactions",
        id="i1",
        created_at=7,
        model="m",
        interaction_data={"messages": [{"role": "user", "content": "hello"}], "output_text": "hi"},
    )
    insert(
        store,
        "jobs",
        job_id="job_1",
        api="files",
        provider_id="auto",
        method="m",
        status="failed",
        payload={"request": {"file_id": "file-in", "headers": {"X": TOKEN}}},
        authenticated_user={"principal": "tina", "access_token": TOKEN},
        attempts=3,
        created_at=9,
        owner_principal="tina",
    )
    insert(
        store,
        "connectors",
        id="kb",
        connector_type="mcp",
        url=f"https://u:{TOKEN}@kb.example/sse",
        connector_data={"authorization": TOKEN},
    )
    async with keeping_objects(store, NEW).session() as session:
        yield session


def cells(page: Page[RecordEntry]) -> list[dict[str, object]]:
    labels = [part.label for part in page.family.columns]
    return [{"id": entry.id, **{label: entry.cells[label] for label in labels}} for entry in page.records]


def values(record: RecordDetail) -> dict[str, object]:
    return {field.label: field.value for field in record.fields}


async def linked(session: Session, link: RecordLink) -> RecordDetail | Page[RecordEntry]:
    """Read what a link leads to: an object, or those that belong to it."""
    assert link.family is not None
    if link.of is not None:
        return await list_records(session, link.family, Query(of=(link.of, link.id)))
    return await read_record(session, link.family, link.id)


async def walked(
    session: Session, name: str, limit: int, of: tuple[str, str] | None = None
) -> list[RecordEntry]:
    found: list[RecordEntry] = []
    after = None
    while True:
        page = await list_records(session, name, Query(of=of, limit=limit, after=after))
        assert page.records or page.next is None
        found += page.records
        after = page.next
        if after is None:
            return found


async def test_each_family_of_the_newest_servers_is_counted_where_it_lies(store: Store) -> None:
    async with new_session(store) as session:
        found = {entry.family.name: entry for entry in await families(session)}
    assert {name for name, entry in found.items() if entry.count and entry.count.value} == {
        "files", "batches", "prompts", "registry", "vector-stores", "vector-store-files", "vector-store-chunks",
        "interactions", "jobs", "connectors",
    }  # fmt: skip
    assert found["files"].count is not None
    assert found["files"].count.value == 2
    assert "agents" not in found
    assert "prompt-defaults" not in found
    assert found["interactions"].places[0].table == "interactions"


async def test_each_family_of_earlier_servers_is_found_among_their_keys(store: Store) -> None:
    async with old_session(store) as session:
        found = {
            entry.family.name: entry.count.value
            for entry in await families(session)
            if entry.count is not None
        }
    assert found["prompts"] == 3
    assert found["prompt-defaults"] == 1
    assert found["agent-sessions"] == 2
    assert found["agent-turns"] == 2
    assert found["batches"] == found["agents"] == found["connectors"] == found["files"] == 1
    assert "jobs" not in found


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_of_keys_between_those_of_other_families_miss_nothing(store: Store, limit: int) -> None:
    async with old_session(store) as session:
        prompts = await walked(session, "prompts", limit)
        turns = await walked(session, "agent-turns", limit, ("session", "ag1:s1"))
        sessions = await walked(session, "agent-sessions", limit)
    assert [entry.id for entry in prompts] == ["pmpt_a:1", "pmpt_a:2", "pmpt_b:1"]
    assert [entry.id for entry in turns] == ["ag1:s1:t1", "ag1:s1:t2"]
    assert [entry.id for entry in sessions] == ["ag1:s1", "ag1:s2"]


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_pages_of_rows_come_newest_first_and_miss_nothing(store: Store, limit: int) -> None:
    async with new_session(store) as session:
        found = await walked(session, "files", limit)
        versions = await walked(session, "prompts", limit, ("prompt", "pmpt_a"))
        stores = await walked(session, "vector-stores", limit)
    assert [entry.id for entry in found] == ["file-late", "file-in"]
    assert [entry.id for entry in versions] == ["pmpt_a:2", "pmpt_a:1"]
    assert [entry.id for entry in stores] == ["vs_1"]


async def test_a_list_shows_the_same_of_a_batch_in_a_row_and_in_a_value(
    sqlite_store: SqliteStore, postgres_store: Store
) -> None:
    async with old_session(sqlite_store) as session:
        (early,) = cells(await list_records(session, "batches"))
    async with new_session(postgres_store) as session:
        (late,) = cells(await list_records(session, "batches"))
    assert late.pop("owner") == "tina"
    assert early.pop("owner") is None
    assert early == late
    assert early == {
        "id": "batch_1", "created": 1_700_000_000, "status": "completed", "endpoint": "/v1/chat/completions",
        "done": 3, "failed": 1, "total": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "is_found"),
    [
        ({"status": "completed"}, True),
        ({"status": "failed"}, False),
        ({"since": 1_700_000_000.0, "until": 1_700_000_000.0}, True),
        ({"since": 1_700_000_001.0}, False),
        ({"status": "completed", "until": 1.0}, False),
        ({"owner": "nobody"}, False),
        ({"where": "status != failed and created_at > 1600000000"}, True),
        ({"where": "status ~ complete"}, True),
        ({"where": "status in failed, queued"}, False),
    ],
)
@pytest.mark.parametrize("kept", [old_session, new_session])
async def test_a_filter_selects_the_same_batches_in_rows_and_in_values(
    store: Store,
    kept: Callable[[Store], AbstractAsyncContextManager[Session]],
    filters: dict[str, str | float],
    *,
    is_found: bool,
) -> None:
    async with kept(store) as session:
        page = await list_records(session, "batches", Query(filters))
    assert [entry.id for entry in page.records] == ["batch_1"] * is_found


async def test_a_filter_that_a_family_does_not_have_is_refused_with_those_that_it_has(store: Store) -> None:
    async with new_session(store) as session:
        with pytest.raises(UsageError, match="cannot be filtered by 'colour'") as caught:
            await list_records(session, "files", Query({"colour": "red"}))
    assert "purpose" in str(caught.value.help)


async def test_a_batch_leads_to_its_files(store: Store) -> None:
    async with old_session(store) as session:
        record = await read_record(session, "batches", "batch_1")
        assert record.key is not None
        assert record.key.endswith("batch:batch_1")
        assert [(link.label, link.id) for link in record.links] == [
            ("input file", "file-in"),
            ("output file", "file-out"),
        ]
        found = await linked(session, record.links[0])
        assert isinstance(found, RecordDetail)
        assert values(found)["filename"] == "in.jsonl"
        with pytest.raises(NotFoundError):
            await linked(session, record.links[1])


async def test_a_prompt_leads_to_its_versions_and_to_the_default(store: Store) -> None:
    async with old_session(store) as session:
        record = await read_record(session, "prompts", "pmpt_a:1")
        versions, default = [await linked(session, link) for link in record.links]
        assert isinstance(versions, Page)
        assert isinstance(default, RecordDetail)
        assert [entry.id for entry in versions.records] == ["pmpt_a:1", "pmpt_a:2"]
        assert values(default)["default version"] == 2
        chosen = await linked(session, default.links[0])
        assert isinstance(chosen, RecordDetail)
        assert values(chosen)["text"] == "two"


async def test_a_turn_leads_to_its_session_and_the_session_to_its_agent(store: Store) -> None:
    async with old_session(store) as session:
        turn = await read_record(session, "agent-turns", "ag1:s1:t1")
        assert values(turn)["asked"] == "hi"
        found = await linked(session, turn.links[0])
        assert isinstance(found, RecordDetail)
        assert (found.family.name, values(found)["name"]) == ("agent-sessions", "first")
        agent = await linked(session, found.links[0])
        assert isinstance(agent, RecordDetail)
        assert values(agent)["instructions"] == "be brief"
        with pytest.raises(NotFoundError):
            await read_record(session, "agent-sessions", "ag1:s1:t1")


async def test_a_file_in_a_vector_store_leads_to_file_store_and_chunks(store: Store) -> None:
    async with new_session(store) as session:
        record = await read_record(session, "vector-store-files", "vs_1:file-in")
        store_, file, chunks = [await linked(session, link) for link in record.links]
    assert isinstance(store_, RecordDetail)
    assert values(store_)["name"] == "notes"
    assert isinstance(file, RecordDetail)
    assert file.id == "file-in"
    assert isinstance(chunks, Page)
    assert cells(chunks)[0]["text"] == "piece"


async def test_a_registered_object_names_its_provider_which_is_nothing_stored(store: Store) -> None:
    async with new_session(store) as session:
        record = await read_record(session, "registry", "model:openai/gpt-4o")
        assert record.links == (RecordLink("provider", None, "p1"),)
        assert values(record)["owner"] == "alice"


async def test_secrets_in_rows_and_values_are_masked(store: Store) -> None:
    async with new_session(store) as session:
        record = await read_record(session, "jobs", "job_1")
        connector = await read_record(session, "connectors", "kb")
        listed = await list_records(session, "connectors")
    assert TOKEN not in repr((record.fields, record.other, connector.fields, connector.other, listed))
    assert "tina" in repr(record.fields)
    assert any(link.id == "file-in" for link in record.links)


async def test_secrets_in_values_of_earlier_servers_are_masked(sqlite_store: SqliteStore) -> None:
    async with old_session(sqlite_store) as session:
        page = await list_records(session, "connectors")
        record = await read_record(session, "connectors", "kb")
    assert TOKEN not in repr((page, record))
    assert "kb.example" in repr(page)


async def test_what_no_field_shows_is_there_too(store: Store) -> None:
    odd = {**BATCH, "surprise": {"a": [1]}}
    create_tables(store, "batches")
    insert(store, "batches", id="batch_1", created_at=1, status="x", batch_data=odd)
    async with keeping_objects(store, NEW).session() as session:
        record = await read_record(session, "batches", "batch_1")
    assert {field.label: field.value for field in record.other} == {"surprise": {"a": [1]}}


async def test_a_missing_table_is_told_and_nothing_fails(store: Store) -> None:
    create_tables(store, "batches")
    async with keeping_objects(store, NEW).session() as session:
        page = await list_records(session, "files")
        assert page.records == ()
        assert any("openai_files" in notice for notice in notice_words(page.notices))
        assert (await list_records(session, "registry")).records == ()
        assert all(entry.count is not None for entry in await families(session))


async def test_a_table_of_someone_else_is_refused_with_a_sentence(store: Store) -> None:
    store.execute("CREATE TABLE batches (other VARCHAR PRIMARY KEY)")
    async with keeping_objects(store, NEW).session() as session:
        with pytest.raises(BackendError, match="no column id"):
            await list_records(session, "batches")


async def test_a_table_without_the_newer_columns_is_read_all_the_same(store: Store) -> None:
    store.execute("CREATE TABLE openai_files (id VARCHAR PRIMARY KEY, filename VARCHAR)")
    insert(store, "openai_files", id="f", filename="n")
    async with keeping_objects(store, NEW).session() as session:
        (found,) = cells(await list_records(session, "files"))
        record = await read_record(session, "files", "f")
    assert (found["filename"], found["created"]) == ("n", None)
    assert values(record) == {"filename": "n"}


BROKEN = {
    "batch:cut": '{"id": "bat',
    "batch:list": "[1, 2]",
    "batch:null": "null",
    "batch:text": "plain",
    "batch:number": "1e999",
    "batch:odd\x1b[31m": json.dumps(
        {"status": "\u202e\x1b]0;x\x07", "request_counts": "none", "created_at": "x"}
    ),
    "batch:deep": "[" * 3_000,
    "batch:": "{}",
}


async def test_broken_values_are_listed_and_read_without_failing(store: Store) -> None:
    lead = "" if store.engine == "sqlite" else "batches:"
    fill_keys(store, {**BROKEN, "batch:large": "{}"}, lead=lead)
    pad = "hex(zeroblob(150000))" if store.engine == "sqlite" else "repeat('0', 300000)"
    store.execute(
        f"""UPDATE kvstore SET value = '{{"pad": "' || {pad} || '"}}' WHERE key = '{lead}batch:large'"""
    )
    async with keeping_objects(store, OLD).session() as session:
        found = await walked(session, "batches", 3)
        assert {entry.id for entry in found} == {"large", *(key.removeprefix("batch:") for key in BROKEN)} - {
            ""
        }
        problems = {entry.id: entry.problem for entry in found if entry.problem}
        assert set(problems) == {"cut", "text", "deep", "large"}
        for entry in found:
            record = await read_record(session, "batches", str(entry.id))
            assert record.id == entry.id


async def test_broken_documents_in_rows_are_listed_and_read_without_failing(
    sqlite_store: SqliteStore,
) -> None:
    create_tables(sqlite_store, "batches")
    for id_, text in {"cut": '{"id": "b', "list": "[1]", "null": "null"}.items():
        sqlite_store.insert(
            "INSERT INTO batches (id, created_at, status, batch_data) VALUES (?, 1, 's', ?)", [(id_, text)]
        )
    sqlite_store.insert(
        "INSERT INTO batches (id, created_at, status) VALUES (?, ?, ?)",
        [(b"\xff", "soon", 1.5), (None, None, None)],
    )
    async with keeping_objects(sqlite_store, NEW).session() as session:
        page = await list_records(session, "batches")
        assert len(page.records) == 5
        record = await read_record(session, "batches", "cut")
        assert len(record.problems) == 2
        assert values(record)["status"] == "s"


async def test_words_that_mean_nothing_are_refused(store: Store) -> None:
    async with new_session(store) as session:
        with pytest.raises(UsageError, match="not a record family"):
            await list_records(session, "dreams")
        with pytest.raises(NotFoundError, match="keeps no agents"):
            await list_records(session, "agents")
        with pytest.raises(UsageError, match="cannot be listed by"):
            await list_records(session, "files", Query(of=("owner", "x")))
        for cursor in ("x", "WzksbnVsbF0", "WzAsIngiXQ"):
            with pytest.raises(UsageError):
                await list_records(session, "files", Query(after=cursor))


async def test_a_cursor_goes_with_the_list_and_the_filters_that_it_was_given_for(store: Store) -> None:
    async with old_session(store) as session:
        lead = "batch:" if store.engine == "sqlite" else "batches:batch:"
        key, value = f"{lead}batch_2", json.dumps({**BATCH, "id": "batch_2"})
        store.execute(f"INSERT INTO kvstore VALUES ('{key}', '{value}', NULL)")
        following = (await list_records(session, "batches", Query(limit=1))).next
        assert following is not None
        assert len((await list_records(session, "batches", Query(after=following))).records) == 1
        for family, query in (
            ("batches", Query(filters={"status": "completed"})),
            ("prompts", Query()),
            ("registry", Query()),
        ):
            with pytest.raises(UsageError, match="cursor"):
                await list_records(session, family, replace(query, after=following))


async def test_a_cursor_goes_with_the_database_that_it_was_given_for(
    sqlite_store: SqliteStore, tmp_path: Path
) -> None:
    async with old_session(sqlite_store) as session:
        following = (await list_records(session, "registry", Query(limit=1))).next
    async with old_session(SqliteStore(tmp_path / "another.db")) as session:
        with pytest.raises(UsageError, match="cursor"):
            await list_records(session, "registry", Query(after=following))


async def test_a_backend_that_cannot_be_read_is_a_notice_among_families(
    sqlite_store: SqliteStore,
) -> None:
    create_tables(sqlite_store, "openai_files")
    sqlite_store.path.write_bytes(b"this is no database, but long enough to be looked at as one" * 30)
    async with keeping_objects(sqlite_store, NEW).session() as session:
        found = await families(session)
        assert all(entry.count is None and entry.notices for entry in found)
        with pytest.raises(BackendError):
            await list_records(session, "files")


async def test_what_an_earlier_release_left_in_a_file_is_told(sqlite_store: SqliteStore) -> None:
    fill_keys(sqlite_store, KEYS)
    create_tables(sqlite_store)
    async with keeping_objects(sqlite_store, NEW).session() as session:
        found = {entry.family.name: notice_words(entry.notices) for entry in await families(session)}
    assert any("4 keys of prompts" in notice for notice in found["prompts"])
    assert any("2 keys of registry" in notice for notice in found["registry"])
    assert found["files"] == ()
