"""A SQLite file whose schema uses JSON functions is read, whichever SQLite reads it."""

from __future__ import annotations

import pytest

from llama_storage_tui.services.listing import list_family
from tests.queries import asking
from tests.response_rows import NEW
from tests.response_stores import create_tables, keeping
from tests.stores import SqliteStore


@pytest.mark.parametrize(
    "added",
    [
        "CREATE INDEX made_by_hand ON conversation_items (json_extract(item_data, '$.type'))",
        "CREATE INDEX made_by_hand ON conversation_items (id) WHERE json_extract(item_data, '$.type') = 'message'",
        "ALTER TABLE conversation_items ADD COLUMN type AS (json_extract(item_data, '$.type'))",
    ],
)
async def test_json_functions_in_the_schema_do_not_make_a_file_unreadable(
    sqlite_store: SqliteStore, added: str
) -> None:
    create_tables(sqlite_store, NEW)
    sqlite_store.execute(added)
    async with keeping(sqlite_store, NEW).session() as session:
        page = await list_family(session, "conversations", asking())
    assert (page.records, page.is_complete) == ((), True)
