"""Counting by many conditions in one scan: the same numbers as a search for each, on every engine."""

from __future__ import annotations

import json
from contextlib import aclosing

import pytest

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.errors import NotFoundError, UsageError
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Contains,
    Equals,
    Field,
    Measure,
    Not,
    OneOf,
    RecordOrder,
    RecordQuery,
    Tallied,
)
from tests.stores import Store, literal, reading

STATUS = Field("status", "doc", ("status",))
OUTPUT = Field("items", "doc", ("output",), Measure.ITEMS)
IDS = Field("ids", "doc", ("output",), Measure.EACH, ("id",))
CREATED = Field("created_at", "created_at")
QUERY = RecordQuery("responses", (Field("id", "id"),), order=RecordOrder.STORED, limit=1000)

TALLIES: tuple[Tallied, ...] = (
    (Equals(STATUS, "failed"),),
    (Not(Equals(STATUS, "failed")),),
    (Equals(STATUS, None),),
    (Equals(Field("shape", "doc", measure=Measure.SHAPE), "object"), Between(CREATED, 1010, 1020)),
    (AnyOf((Equals(OUTPUT, "0"), Equals(OUTPUT, None))),),
    (Not(Between(CREATED)),),
    (Equals(Field("model", "model"), "m1"), OneOf(STATUS, ("failed", "completed"))),
    (OneOf(IDS, ("msg_7", "msg_8")),),
    (Contains("doc", ("msg_9",)),),
    (Between(Field("bytes", "doc", measure=Measure.BYTES), 50, None),),
    (),
)


def fill(store: Store, count: int = 300) -> None:
    rows = [
        (
            f"r{n:03}",
            None if n % 50 == 49 else 1000 + n,
            f"m{n % 2}",
            "[1]"
            if n % 40 == 39
            else json.dumps(
                {"status": "failed" if n % 7 == 0 else "completed", "output": [{"id": f"msg_{n}"}] * (n % 3)}
            ),
        )
        for n in range(count)
    ]
    values = ", ".join(f"({', '.join(literal(cell) for cell in row)})" for row in rows)
    store.execute(
        "CREATE TABLE responses (id VARCHAR PRIMARY KEY, created_at INTEGER, model VARCHAR, doc JSON);"
        f"INSERT INTO responses VALUES {values};"
    )


async def counted(
    reader: Reader, *tallies: Tallied, examples: int = 0
) -> tuple[int, list[int], list[list[Cell]]]:
    rows, counts, ids = 0, [0] * len(tallies), [list[Cell]() for _ in tallies]
    async with aclosing(reader.records.tally(QUERY, tallies, examples=examples)) as batches:
        async for batch in batches:
            rows += batch.rows
            counts = [a + b for a, b in zip(counts, batch.counts, strict=True)]
            ids = [[*a, *b] for a, b in zip(ids, batch.examples, strict=True)]
    return rows, counts, ids


async def test_a_tally_counts_what_a_page_of_the_same_conditions_finds(store: Store) -> None:
    fill(store)
    async with reading(store.target()) as reader:
        rows, counts, _ = await counted(reader, *TALLIES)
        for tally, count in zip(TALLIES, counts, strict=True):
            page = await reader.records.page(
                RecordQuery("responses", QUERY.fields, tally, RecordOrder.STORED, limit=1000)
            )
            assert len(page.records) == count, tally
    assert rows == 300
    assert min(counts) > 0


async def test_examples_are_ids_of_the_last_stored_and_meet_the_conditions(store: Store) -> None:
    fill(store)
    async with reading(store.target()) as reader:
        _, _, (failed,) = await counted(reader, (Equals(STATUS, "failed"),), examples=2)
    assert failed[:2] == ["r294", "r287"]
    assert all(int(str(id_)[1:]) % 7 == 0 for id_ in failed)


async def test_a_tally_says_how_far_it_is_and_may_be_left(store: Store) -> None:
    fill(store)
    async with reading(store.target()) as reader:
        async with aclosing(reader.records.tally(QUERY, TALLIES)) as batches:
            first = await anext(batches)
        assert 0 < first.done <= first.total
        assert (await counted(reader, ()))[0] == 300


async def test_an_empty_table_has_nothing_to_count(store: Store) -> None:
    store.execute(
        "CREATE TABLE responses (id VARCHAR PRIMARY KEY, created_at INTEGER, model VARCHAR, doc JSON)"
    )
    async with reading(store.target()) as reader:
        assert await counted(reader, *TALLIES) == (0, [0] * len(TALLIES), [[] for _ in TALLIES])


async def test_unknown_tables_and_columns_are_told(store: Store) -> None:
    async with reading(store.target()) as reader:
        store.execute("CREATE TABLE other (id VARCHAR PRIMARY KEY)")
        with pytest.raises(NotFoundError):
            await counted(reader, ())
        with pytest.raises(UsageError):
            async with aclosing(reader.records.tally(RecordQuery("other", ()), TALLIES)) as batches:
                await anext(batches)
