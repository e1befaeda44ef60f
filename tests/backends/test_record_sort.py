"""Records sorted by a column: one order on every engine, walked without a loss or a repeat."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Cell, Operator, Order
from llama_storage_tui.model.records import Compares, Equals, Field, RecordOrder, RecordPage, RecordQuery
from tests.stores import PostgresStore, SqliteStore, Store, literal, reading

TABLE = "CREATE TABLE responses (id VARCHAR PRIMARY KEY NOT NULL, created_at INTEGER NOT NULL, model VARCHAR, size REAL, doc JSON);"
STATUS = Field("status", "doc", ("status",))
QUERY = RecordQuery("responses", (Field("id", "id"), Field("model", "model"), Field("size", "size"), STATUS))

Stored = tuple[str, int, str | None, float | None]


def fill(store: Store, rows: Sequence[Stored]) -> None:
    values = ", ".join(
        f"({', '.join(map(literal, row))}, {literal(json.dumps({'status': 'failed' if number % 3 else 'queued'}))})"
        for number, row in enumerate(rows)
    )
    store.execute(
        f"DROP TABLE IF EXISTS responses; {TABLE} {f'INSERT INTO responses VALUES {values};' if rows else ''}"
    )


def expected(rows: Sequence[Stored], column: str, *, is_descending: bool = False) -> list[str]:
    """Return the ids in order: values, then ids, both in one direction and by code point; NULLs last, by their ids."""
    place = ("id", "created_at", "model", "size").index(column)

    def key(row: Stored) -> tuple[Cell, str]:
        value = row[place]
        return (value.encode() if isinstance(value, str) else value), row[0]

    present = sorted((row for row in rows if row[place] is not None), key=key, reverse=is_descending)
    absent = sorted((row[0] for row in rows if row[place] is None), reverse=is_descending)
    return [row[0] for row in present] + absent


async def walked(reader: Reader, query: RecordQuery) -> list[str]:
    ids: list[str] = []
    after = None
    while True:
        page = await reader.records.page(replace(query, after=after))
        ids += [str(record["id"]) for record in page.records]
        if page.next is None:
            return ids
        after = page.next


def foreign_collation(store: Store) -> str:
    """Return a collation of people's letters where the server was built with one, and the one of code points where it was not."""
    assert isinstance(store, PostgresStore)
    names = "'und-x-icu', 'en_US.utf8', 'C'"
    return store.ask(
        f"SELECT quote_ident(collname) FROM pg_collation WHERE collname IN ({names})"
        " AND collencoding IN (-1, 6) ORDER BY collname = 'C' LIMIT 1"
    )


words = st.text(alphabet="abABéßZz_-.:%'\"\\ \U0001f642\uffff", max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(words, st.integers(0, 3), words | st.none(), st.sampled_from([None, -1.5, 0.0, 2.25])),
        max_size=30,
        unique_by=lambda row: row[0],
    ),
    limit=st.integers(1, 9),
    column=st.sampled_from(["id", "created_at", "model", "size"]),
    is_descending=st.booleans(),
)
async def test_pages_come_by_value_then_id_on_every_engine_and_miss_nothing(
    store: Store,
    rows: list[Stored],
    limit: int,
    column: str,
    is_descending: bool,  # noqa: FBT001
) -> None:
    fill(store, rows)
    query = replace(QUERY, order=Order(column, is_descending=is_descending), limit=limit)
    async with reading(store.target()) as reader:
        found = await walked(reader, query)
    assert found == expected(rows, column, is_descending=is_descending)


@pytest.mark.parametrize("is_descending", [False, True])
async def test_texts_come_by_code_point_whatever_a_column_was_made_with(
    store: Store,
    is_descending: bool,  # noqa: FBT001
) -> None:
    collation = "NOCASE" if isinstance(store, SqliteStore) else foreign_collation(store)
    rows: list[Stored] = [
        (f"r{number}", 0, text, None)
        for number, text in enumerate(["b", "B", "a", "A", "ä", "z", "Z", "a", "_", "-"])
    ]
    fill(store, rows)
    store.execute(
        f"ALTER TABLE responses RENAME TO old;"
        f"CREATE TABLE responses (id VARCHAR PRIMARY KEY NOT NULL, created_at INTEGER, model VARCHAR COLLATE {collation},"
        "size REAL, doc JSON); INSERT INTO responses SELECT * FROM old"
    )
    query = replace(QUERY, order=Order("model", is_descending=is_descending), limit=3)
    async with reading(store.target()) as reader:
        found = await walked(reader, query)
    assert found == expected(rows, "model", is_descending=is_descending)


async def test_conditions_and_a_sort_hold_together(store: Store) -> None:
    rows: list[Stored] = [(f"r{n:02}", n, ["m", "n", None][n % 3], n % 4 / 2) for n in range(40)]
    fill(store, rows)
    conditions = (Equals(STATUS, "failed"), Compares(Field("size", "size"), Operator.MORE, "0.5"))
    query = replace(QUERY, conditions=conditions, order=Order("model", is_descending=True), limit=4)
    async with reading(store.target()) as reader:
        found = await walked(reader, query)
    wanted = [row for n, row in enumerate(rows) if n % 3 and (row[3] or 0) > 0.5]
    assert len(wanted) > 8
    assert found == expected(wanted, "model", is_descending=True)


async def test_a_page_tells_what_its_records_are_sorted_by(store: Store) -> None:
    fill(store, [("a", 5, "é", 1.5), ("b", 7, "e", None)])
    pages: dict[str, RecordPage] = {}
    async with reading(store.target()) as reader:
        for column in ("id", "created_at", "model", "size"):
            pages[column] = await reader.records.page(replace(QUERY, order=Order(column)))
        newest = await reader.records.page(replace(QUERY, order=RecordOrder.NEWEST))
    assert {column: page.values for column, page in pages.items()} == {
        "id": ((1, b"a"), (1, b"b")),
        "created_at": ((0, 5), (0, 7)),
        "model": ((1, b"e"), (1, "é".encode())),
        "size": ((0, 1.5), None),
    }
    assert newest.values is None


async def test_rows_added_meanwhile_move_no_page(store: Store) -> None:
    fill(store, [(f"r{n}", n, "m", None) for n in range(8)])
    query = replace(QUERY, order=Order("model"), limit=4)
    async with reading(store.target()) as reader:
        first = await reader.records.page(query)
        store.execute(
            "INSERT INTO responses VALUES ('r00', 1, 'm', NULL, '{}'), ('r9', 1, 'a', NULL, '{}'), ('r8', 1, 'm', NULL, '{}')"
        )
        rest = await reader.records.page(replace(query, after=first.next, limit=9))
    assert [record["id"] for record in first.records] == ["r0", "r1", "r2", "r3"]
    assert [record["id"] for record in rest.records] == ["r4", "r5", "r6", "r7", "r8"]


@pytest.mark.parametrize(
    ("column", "words_"), [("doc", "holds JSON and cannot be sorted"), ("nothing", "no column 'nothing'")]
)
async def test_what_cannot_be_sorted_is_refused(store: Store, column: str, words_: str) -> None:
    fill(store, [("a", 1, None, None)])
    async with reading(store.target()) as reader:
        with pytest.raises(UsageError, match=words_):
            await reader.records.page(replace(QUERY, order=Order(column)))


async def test_a_cursor_goes_with_its_column_and_direction_only(store: Store) -> None:
    fill(store, [(f"r{n}", n, "m", 0.5) for n in range(4)])
    asked = replace(QUERY, order=Order("size"), limit=2)
    async with reading(store.target()) as reader:
        page = await reader.records.page(asked)
        others: list[RecordOrder | Order] = [
            Order("size", is_descending=True),
            Order("model"),
            RecordOrder.NEWEST,
            RecordOrder.STORED,
        ]
        for order in others:
            with pytest.raises(UsageError, match="does not belong"):
                await reader.records.page(replace(asked, order=order, after=page.next))
