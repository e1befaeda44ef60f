"""A document with NaN or Infinity is whole to servers on SQLite, and so it is here; what Python cannot read is marked."""

from __future__ import annotations

import json
from contextlib import aclosing

import pytest

from llama_storage_tui.services.responses.attention import attention
from llama_storage_tui.services.responses.listing import list_responses
from tests.queries import asking
from tests.response_rows import document, row
from tests.response_stores import create, insert, keeping
from tests.stores import SqliteStore


def with_number(id_: str, word: str, **changes: object) -> str:
    """Return the text that `json.dumps` writes for a document with such a number."""
    text = json.dumps(document(id_, **changes) | {"logprob": float(word)})
    assert word.removeprefix("-") in text.replace("-", "")
    return text


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
async def test_a_response_with_such_a_number_is_whole(word: str, sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    insert(sqlite_store, [row("resp_1", text=with_number("resp_1", word)), row("resp_2", status="failed")])
    async with keeping(sqlite_store, "1.5.0").session() as session:
        page = await list_responses(session, asking(status="completed"))
        (found,) = page.records
        assert (found.id, found.status, found.total_tokens, found.output_items) == (
            "resp_1",
            "completed",
            3,
            1,
        )
        assert not (await list_responses(session, asking(status="failed", model="none"))).records
        async with aclosing(attention(session, exact=True)) as views:
            (seen,) = [view async for view in views]
    assert {each.category.name: each.count for each in seen.categories if each.count} == {"failed": 1}


async def test_what_python_cannot_read_either_is_broken_and_takes_nothing_else_down(
    sqlite_store: SqliteStore,
) -> None:
    create(sqlite_store)
    insert(sqlite_store, [row("resp_good", text=with_number("resp_good", "NaN"))])
    for number, stored in enumerate(("CAST(x'7b22ff22' AS TEXT)", "'{\"a\": NaN'", "x'ff00'", "'{1: NaN}'")):
        sqlite_store.execute(
            f"INSERT INTO responses (id, created_at, response_object, owner_principal) VALUES ('resp_{number}', 1, {stored}, '')"
        )
    async with keeping(sqlite_store, "1.5.0").session() as session:
        page = await list_responses(session, asking())
        assert {found.id for found in page.records} == {"resp_good", *(f"resp_{n}" for n in range(4))}
        async with aclosing(attention(session, exact=True)) as views:
            (seen,) = [view async for view in views]
    (broken,) = [each for each in seen.categories if each.category.name == "unparsable"]
    assert {example.id for example in broken.examples} == {f"resp_{n}" for n in range(4)}
