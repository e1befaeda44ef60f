"""A response is read by its id from wherever a server would keep it, on every engine."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.chain import FullInput
from llama_storage_tui.model.resume import NotCompared, ResumeWay
from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.reports.resume import resume_reason
from llama_storage_tui.services.responses.reading import (
    examine_response,
    find_conversation,
    read_response,
    response_difference,
)
from llama_storage_tui.services.session import Session
from tests import items
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of, config_of
from tests.items import Json
from tests.response_stores import EARLIER_COLUMNS, create, insert, keeping
from tests.stores import SqliteStore, Store

EVERY_TYPE: list[Json] = [
    items.reasoning(),
    items.function_call(),
    items.mcp_call(),
    items.list_tools(),
    items.approval_request(),
    items.web_search(),
    items.file_search(),
    items.refusal(),
    {"type": "teleport"},
]


async def read(deployment: Deployment, id_: str) -> StoredResponse:
    async with deployment.session() as session:
        return await read_response(session, id_)


def keeping_rows(store: Store, *rows: dict[str, object]) -> Deployment:
    create(store)
    insert(store, rows)  # type: ignore[arg-type] # cells, as a driver takes them
    return keeping(store)


async def test_a_response_is_read_with_its_row(store: Store) -> None:
    found = await read(
        keeping_rows(store, items.row(items.response(output=EVERY_TYPE), owner_principal="o'brien")), "resp_1"
    )
    assert (found.place.backend, found.place.table) == ("sql_default", "responses")
    assert found.transcript.problems == ()
    assert [entry.type for entry in found.transcript.output] == [item["type"] for item in EVERY_TYPE]
    assert found.transcript.head.owner == "o'brien"
    assert found.transcript.head.access_attributes == "null"
    assert json.loads(str(found.row["response_object"]))["id"] == "resp_1"
    assert found.notices == ()


async def test_a_table_of_an_earlier_server_is_read(store: Store) -> None:
    create(store, columns=EARLIER_COLUMNS)
    insert(store, [items.row()], columns=EARLIER_COLUMNS)  # type: ignore[list-item] # as above
    found = await read(keeping(store, "0.7.3"), "resp_1")
    assert found.transcript.output[0].summary == "Wet."


async def test_what_is_not_there_is_said_with_where_was_looked(store: Store) -> None:
    with pytest.raises(NotFoundError) as error:
        await read(keeping_rows(store, items.row()), "resp_9")
    assert error.value.message == "No response 'resp_9'"
    assert "table responses on backend sql_default" in help_words(error.value.help)


@pytest.mark.parametrize("id_", ["", "'; DROP TABLE responses; --", "\x00", "\ud800", "resp_%"])
async def test_no_id_is_more_than_an_id(store: Store, id_: str) -> None:
    with pytest.raises(NotFoundError):
        await read(keeping_rows(store, items.row()), id_)


async def test_where_no_table_is_nothing_is_found(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute("CREATE TABLE other (id VARCHAR)")
    with pytest.raises(NotFoundError):
        await read(keeping(sqlite_store), "resp_1")


@pytest.mark.parametrize("content", ["{cut", "null", "[1]", ""])
async def test_a_broken_object_is_read_with_its_columns_and_its_text(
    sqlite_store: SqliteStore, content: str
) -> None:
    found = await read(keeping_rows(sqlite_store, items.row(content)), "resp_1")
    assert found.transcript.stored is None
    assert found.transcript.head.model == "openai/gpt-4o"
    assert found.row["response_object"] == content


def two_places(first: SqliteStore, second: SqliteStore) -> Session:
    """Open a config whose server keeps responses in two files."""
    providers = [
        {
            "provider_id": name,
            "provider_type": "inline::builtin",
            "config": {"persistence": {"responses": {"backend": name, "table_name": "responses"}}},
        }
        for name in ("one", "two")
    ]
    backends = {
        "one": backend_of(first, "sql"),
        "two": backend_of(second, "sql"),
        "kv": backend_of(first, "kv"),
    }
    stores = {"metadata": {"backend": "kv", "namespace": "registry"}}
    return Session(catalog_of(config_of(backends, stores, {"responses": providers}), "1.5.0"))


async def test_a_response_in_two_places_is_read_once_and_said_twice(sqlite_store: SqliteStore) -> None:
    other = SqliteStore(sqlite_store.path.with_name("other.db"))
    for store in (sqlite_store, other):
        create(store)
        insert(store, [items.row()])  # type: ignore[list-item] # as above
    async with two_places(sqlite_store, other) as session:
        found = await read_response(session, "resp_1")
    assert found.place.backend == "one"
    assert notice_words(found.notices) == (
        "resp_1 is also stored in responses on backend two, which is not shown.",
    )


async def test_a_place_that_cannot_be_read_hides_nothing_in_another(sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    insert(sqlite_store, [items.row()])  # type: ignore[list-item] # as above
    missing = SqliteStore(sqlite_store.path.with_name("missing.db"))
    async with two_places(missing, sqlite_store) as session:
        found = await read_response(session, "resp_1")
        assert found.place.backend == "two"
        assert "backend one was not read" in notice_words(found.notices)[0]
        with pytest.raises(BackendError):
            await read_response(session, "resp_9")


async def test_a_response_is_examined_for_the_chosen_version(sqlite_store: SqliteStore) -> None:
    deployment = keeping_rows(sqlite_store, items.row(items.response(messages=None)))
    async with deployment.session() as session:
        response = await read_response(session, "resp_1")
        examined = await examine_response(session, response)
    assert examined.resume.way is ResumeWay.ITEMS
    assert "1.5.0" in resume_reason(examined.resume)
    assert examined.comparison.unchecked is NotCompared.NO_MESSAGES


async def test_the_conversation_is_told_by_the_output_that_stands_in_it(store: Store) -> None:
    deployment = keeping_rows(store, items.row(), items.row(items.response(id="resp_2", output=[])))
    store.execute(
        "CREATE TABLE conversation_items (id VARCHAR PRIMARY KEY, conversation_id VARCHAR, created_at INTEGER, item_data JSON);"
        "INSERT INTO conversation_items VALUES ('msg_2', 'conv_1', 5, '{}')"
    )
    async with deployment.session() as session:
        examined = [
            await examine_response(session, await read_response(session, f"resp_{number}"))
            for number in (1, 2)
        ]
        found = [await find_conversation(session, each) for each in examined]
    assert [(each.conversation, each.is_inferred) for each in found] == [("conv_1", True), (None, False)]


async def test_a_whole_input_completes_what_is_new(sqlite_store: SqliteStore) -> None:
    child = items.response(
        id="resp_2", previous_response_id="resp_1", input_storage_mode="incremental", messages=None
    )
    deployment = keeping_rows(sqlite_store, items.row(), items.row(child))
    whole = FullInput((items.web_search(), items.message("How is Oslo?")), ("resp_1", "resp_2"))
    async with deployment.session() as session:
        response = await read_response(session, "resp_2")
        assert not (await examine_response(session, response)).resume.is_checked
        resume = (await examine_response(session, response, whole=whole)).resume
        added = await response_difference(await read_response(session, "resp_1"), response)
    assert [loss.count for loss in resume.loses] == [1]
    assert added.is_chained
    assert [entry.summary for entry in added.input] == ["How is Oslo?"]


async def test_reading_a_large_response_does_not_hold_up_the_loop(sqlite_store: SqliteStore) -> None:
    many = [items.message(f"word {number} " * 20) for number in range(8_000)]
    deployment = keeping_rows(sqlite_store, items.row(items.response(input=many)))
    # In processor time: a busy machine holds up the loop, and everything else.
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.005)
            longest = max(longest, time.thread_time() - before)

    async with deployment.session() as session:
        watching = asyncio.create_task(watch())
        before = time.process_time()
        response = await read_response(session, "resp_1")
        await examine_response(session, response)
        took = time.process_time() - before
        watching.cancel()
    assert len(response.transcript.input) == 8_000
    assert longest < took / 2
