"""No document takes a list of any family down, whatever servers or others wrote: held with generated ones, in three encodings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.services.listing import list_family
from llama_storage_tui.services.records.counting import families
from llama_storage_tui.services.records.pages import list_records
from llama_storage_tui.services.records.reading import read_record
from llama_storage_tui.services.responses.completions import read_completion
from llama_storage_tui.services.responses.conversations import read_conversation
from llama_storage_tui.services.responses.listing import list_responses
from llama_storage_tui.services.responses.reading import read_response
from tests import objects, response_stores
from tests.backends.test_content import WRITTEN, Encoded, encoded
from tests.queries import asking
from tests.servers import PASSWORD, ROLE
from tests.stores import KEY_VALUE_TABLE

__all__ = ["encoded"]

DOCUMENTS: Final = {
    "responses": ("id", ("response_object",)),
    "openai_conversations": ("id", ("items", "metadata")),
    "conversation_items": ("conversation_id, id", ("item_data",)),
    "inference_store": ("id", ("choices", "input_messages")),
    "batches": ("id", ("batch_data",)),
    "prompts": ("id", ("prompt_data",)),
    "connectors": ("id", ("connector_data",)),
    "vector_stores": ("id", ("store_data",)),
    "vector_store_files": ("id", ("file_data",)),
    "vector_store_file_contents": ("id", ("chunk_data",)),
    "interactions": ("id", ("interaction_data",)),
    "jobs": ("job_id", ("payload", "authenticated_user")),
}
"""Each table with its keys and the columns that hold documents."""


@pytest.fixture
async def connection(encoded: Encoded) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database with the tables of every family."""
    response_stores.create_tables(encoded, objects.NEW)
    objects.create_tables(encoded)
    encoded.execute(KEY_VALUE_TABLE)
    made = await asyncpg.connect(
        host="127.0.0.1",
        port=encoded.server.port,
        user=ROLE,
        password=PASSWORD,
        database=encoded.database,
    )
    try:
        yield made
    finally:
        await made.close()


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(documents=st.lists(WRITTEN, min_size=1, max_size=4))
async def test_every_list_shows_every_row(
    encoded: Encoded, connection: asyncpg.Connection, documents: list[str]
) -> None:
    for table, (key, columns) in DOCUMENTS.items():
        await connection.execute(f"TRUNCATE {table}")
        names, ids = ", ".join(columns), ", ".join("$1" for _ in key.split(", "))
        places = ", ".join(f"${number}" for number in range(2, len(columns) + 2))
        await connection.executemany(
            f"INSERT INTO {table} ({key}, {names}) VALUES ({ids}, {places})",
            [(f"id_{number}", *[document] * len(columns)) for number, document in enumerate(documents)],
        )
    wanted = {f"id_{number}" for number in range(len(documents))}
    async with response_stores.keeping(encoded).session() as session:
        for order in RecordOrder:
            responses = await list_responses(session, asking(order=order))
            assert {found.id for found in responses.records} == wanted
            conversations = await list_family(session, "conversations", asking(order=order))
            assert {found.id for found in conversations.records} == wanted
            completions = await list_records(session, "completions", asking(order=order))
            assert {found.id for found in completions.records} == wanted
        for id_ in wanted:
            assert len((await read_conversation(session, id_)).items) == 1
            assert (await read_response(session, id_)).row["id"] == id_
            assert (await read_completion(session, id_)).entry.id == id_
    async with objects.keeping_objects(encoded, objects.NEW).session() as session:
        counted = {}
        for entry in await families(session):
            for table in {place.table for place in entry.places if place.table in DOCUMENTS}:
                page = await list_records(session, entry.family.name)
                assert len(page.records) == len(documents), entry.family.name
                for found in page.records:
                    await read_record(session, entry.family.name, str(found.id))
                counted[table] = len(page.records)
        assert {*counted} == {*DOCUMENTS} & {*objects.TABLES}
