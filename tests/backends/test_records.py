"""Records by what is inside their documents: one suite for every engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.errors import BackendError, NotFoundError, UsageError
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Condition,
    Contains,
    Equals,
    Field,
    Measure,
    Not,
    NotJson,
    OneOf,
    Record,
    RecordOrder,
    RecordQuery,
)
from tests.stores import SqliteStore, Store, literal, reading

TABLE = "CREATE TABLE responses (id VARCHAR PRIMARY KEY, created_at INTEGER, model VARCHAR, doc JSON);"
STATUS = Field("status", "doc", ("status",))
TOKENS = Field("tokens", "doc", ("usage", "total_tokens"))
OUTPUT_IDS = Field("output_ids", "doc", ("output",), Measure.EACH, ("id",))
FIELDS = (
    Field("id", "id"),
    Field("created_at", "created_at"),
    STATUS,
    TOKENS,
    Field("items", "doc", ("output",), Measure.ITEMS),
    OUTPUT_IDS,
    Field("bytes", "doc", measure=Measure.BYTES),
    Field("shape", "doc", measure=Measure.SHAPE),
    Field("usage", "doc", ("usage",), Measure.SHAPE),
)
QUERY = RecordQuery("responses", FIELDS)


def document(number: int, **changes: object) -> str:
    found: dict[str, object] = {
        "status": "failed" if number % 5 == 0 else "completed",
        "output": [{"id": f"msg_{number}_{part}"} for part in range(number % 3)],
        "usage": {"total_tokens": number},
    }
    return json.dumps(found | changes)


def fill(store: Store, rows: Sequence[tuple[str | None, int | None, str | None, str | None]]) -> None:
    values = ", ".join(f"({', '.join(literal(cell) for cell in row)})" for row in rows)
    store.execute(f"{TABLE} INSERT INTO responses VALUES {values};")


def numbered(store: Store, count: int = 50) -> None:
    fill(store, [(f"resp_{n:03}", 1000 + n // 4, f"m{n % 2}", document(n)) for n in range(count)])


async def ids(reader: Reader, *conditions: Condition, order: RecordOrder = RecordOrder.NEWEST) -> list[str]:
    query = replace(QUERY, conditions=conditions, order=order, limit=1000)
    return [str(record["id"]) for record in (await reader.records.page(query)).records]


async def walked(reader: Reader, query: RecordQuery) -> list[Record]:
    records: list[Record] = []
    after = None
    while True:
        page = await reader.records.page(replace(query, after=after))
        records += page.records
        assert len(page.cursors) == len(page.records)
        if page.next is None:
            return records
        after = page.next


@pytest.mark.parametrize("limit", [1, 7, 49, 50, 51])
async def test_pages_of_the_newest_come_by_time_then_id_and_miss_nothing(store: Store, limit: int) -> None:
    numbered(store)
    async with reading(store.target()) as reader:
        found = await walked(reader, replace(QUERY, limit=limit))
    wanted = sorted(((1000 + n // 4, f"resp_{n:03}") for n in range(50)), reverse=True)
    assert [(record["created_at"], record["id"]) for record in found] == wanted


@pytest.mark.parametrize("limit", [1, 7, 50])
async def test_pages_as_stored_come_from_the_end_and_miss_nothing(store: Store, limit: int) -> None:
    numbered(store)
    async with reading(store.target()) as reader:
        found = await walked(reader, replace(QUERY, limit=limit, order=RecordOrder.STORED))
    assert [record["id"] for record in found] == [f"resp_{n:03}" for n in reversed(range(50))]


@pytest.mark.parametrize("order", RecordOrder)
async def test_rows_added_meanwhile_move_no_page(store: Store, order: RecordOrder) -> None:
    numbered(store, 20)
    query = replace(QUERY, order=order, limit=5)
    async with reading(store.target()) as reader:
        first = await reader.records.page(query)
        store.execute(f"INSERT INTO responses VALUES ('resp_new', 9999, 'm', {literal(document(1))})")
        second = await reader.records.page(replace(query, after=first.next))
    assert [record["id"] for record in (*first.records, *second.records)] == [
        f"resp_{n:03}" for n in reversed(range(10, 20))
    ]


async def test_fields_inside_a_document_are_taken_out_by_the_engine(store: Store) -> None:
    numbered(store, 6)
    async with reading(store.target()) as reader:
        (record,) = await reader.records.find(QUERY, ["resp_005"])
    assert record["status"] == "failed"
    assert record["tokens"] == "5"
    assert record["items"] == 2
    assert json.loads(str(record["output_ids"])) == ["msg_5_0", "msg_5_1"]
    assert record["bytes"] == len(document(5))
    assert (record["shape"], record["usage"]) == ("object", "object")


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        (Equals(STATUS, "failed"), [0, 5, 10]),
        (Equals(Field("model", "model"), "m1"), [1, 3, 5, 7, 9, 11]),
        (Equals(Field("x", "doc", ("nothing", "there")), None), list(range(12))),
        (OneOf(OUTPUT_IDS, ("msg_4_0", "msg_5_1", "none")), [4, 5]),
        (OneOf(Field("id", "id"), ("resp_001", "resp_011", "none")), [1, 11]),
        (Between(TOKENS, 3, 5), [3, 4, 5]),
        (Between(TOKENS, 10), [10, 11]),
        (Between(Field("created_at", "created_at"), None, 1000), [0, 1, 2, 3]),
        (Contains("doc", ("msg_7_",)), [7]),
        (Contains("doc", ("MSG_7_",)), []),
        (Contains("doc", ("msg_7_0", "msg_8_0")), [7, 8]),
        (NotJson("doc"), []),
        (AnyOf((Equals(STATUS, "failed"), Between(TOKENS, 11))), [0, 5, 10, 11]),
        (AnyOf(()), []),
        (Not(Equals(STATUS, "completed")), [0, 5, 10]),
    ],
    ids=repr,
)
async def test_each_condition_selects_what_it_says(
    store: Store, condition: Condition, numbers: list[int]
) -> None:
    numbered(store, 12)
    async with reading(store.target()) as reader:
        for order in RecordOrder:
            found = await ids(reader, condition, order=order)
            assert sorted(found) == [f"resp_{n:03}" for n in numbers]


async def test_letters_that_patterns_use_are_letters_in_a_search(store: Store) -> None:
    texts = ["a*b", "a?b", "a[b", "a]b", "a%b", "a_b", "axb"]
    fill(store, [(text, 1, "m", json.dumps({"t": text})) for text in texts])
    async with reading(store.target()) as reader:
        for text in texts:
            assert await ids(reader, Contains("doc", (text,))) == [text]


async def test_documents_that_the_server_stores_and_cannot_read_give_their_other_parts(store: Store) -> None:
    broken = ["\\u0000", "\\ud83d", "\\ude00", "x\\ud83d\\ud83d\\ude00", "\\UDE00".replace("U", "u")]
    rows = [
        (f"resp_{n}", n, "m", f'{{"text": "{text}", "status": "failed", "output": [{{"id": "msg_{n}"}}]}}')
        for n, text in enumerate(broken)
    ]
    fill(store, rows)
    async with reading(store.target()) as reader:
        found = (await reader.records.page(QUERY)).records
        assert [(record["status"], record["items"]) for record in found] == [("failed", 1)] * len(broken)
        assert len(await ids(reader, Equals(STATUS, "failed"))) == len(broken)
        assert await ids(reader, OneOf(OUTPUT_IDS, ("msg_3",))) == ["resp_3"]


async def test_documents_of_another_shape_have_nothing_at_a_path(store: Store) -> None:
    documents = [
        "null", "[]", '"text"', "5", "true", "{}",
        '{"usage": null}',
        '{"status": null, "output": {"id": "msg"}, "usage": []}',
        '{"status": {"a": 1}, "output": [1, "a", null, [], {"id": null}, {"id": 7}], "usage": 3}',
    ]  # fmt: skip
    fill(store, [(f"resp_{n}", n, "m", text) for n, text in enumerate(documents)])
    async with reading(store.target()) as reader:
        *plain, last = sorted(
            (await reader.records.page(QUERY)).records, key=lambda record: str(record["id"])
        )
        assert {(record["status"], record["tokens"], record["items"]) for record in plain} == {
            (None, None, None)
        }
        assert [record["shape"] for record in (*plain, last)] == [
            "null", "list", "scalar", "scalar", "scalar", "object", "object", "object", "object",
        ]  # fmt: skip
        assert [record["usage"] for record in (*plain[-3:], last)] == ["absent", "null", "list", "scalar"]
        assert json.loads(str(last["status"])) == {"a": 1}
        assert last["items"] == 6
        assert json.loads(str(last["output_ids"])) == [None] * 5 + ["7"]
        assert await ids(reader, OneOf(OUTPUT_IDS, ("msg", "7"))) == ["resp_8"]


async def test_what_is_no_json_is_found_and_breaks_nothing(sqlite_store: SqliteStore) -> None:
    rows: list[Sequence[object]] = [
        ("resp_text", 1, "m", "{not json"),
        ("resp_null", 2, "m", None),
        ("resp_blob", 3, "m", b"\x00\xff\xfe"),
        ("resp_number", 4, "m", 5),
        ("resp_empty", 5, "m", ""),
        (None, None, None, "{}"),
        ("resp_late", "tomorrow", "m", document(5)),
        ("resp_fine", 6, "m", document(5)),
    ]
    sqlite_store.execute(TABLE)
    sqlite_store.insert("INSERT INTO responses VALUES (?, ?, ?, ?)", rows)
    async with reading(sqlite_store.target()) as reader:
        broken = await ids(reader, NotJson("doc"))
        assert set(broken) == {"resp_text", "resp_null", "resp_blob", "resp_empty"}
        assert await ids(reader, Equals(STATUS, "failed")) == ["resp_late", "resp_fine"]
        shapes = {r["id"]: r["shape"] for r in (await reader.records.page(QUERY)).records}
        assert {shapes[name] for name in broken} == {"broken", "absent"}
        assert shapes["resp_number"] == "scalar"
        for order in RecordOrder:
            for limit in (1, 3):
                found = await walked(reader, replace(QUERY, order=order, limit=limit))
                assert len(found) == len(rows)
        assert found[-1]["status"] is None


async def test_a_search_finds_everything_and_says_how_far_it_is(store: Store) -> None:
    numbered(store, 500)
    query = replace(QUERY, conditions=(Equals(STATUS, "failed"),), order=RecordOrder.STORED)
    async with reading(store.target()) as reader:
        batches = [batch async for batch in reader.records.search(query)]
        found = [record["id"] for batch in batches for record in batch.records]
        assert found == [f"resp_{n:03}" for n in reversed(range(0, 500, 5))]
        assert batches[-1].done == batches[-1].total > 0
        middle = next(batch for batch in batches if batch.records)
        rest = [b async for b in reader.records.search(replace(query, after=middle.cursors[-1]))]
        assert [r["id"] for b in rest for r in b.records] == found[
            found.index(middle.records[-1]["id"]) + 1 :
        ]


async def test_a_search_hands_over_a_thousand_at_most_and_cursors_only_where_they_are_wanted(
    store: Store,
) -> None:
    numbered(store, 500)
    for times in (1, 2):
        store.execute(f"INSERT INTO responses SELECT id || '_{times}', created_at, model, doc FROM responses")
    query = replace(QUERY, order=RecordOrder.STORED, with_cursors=False)
    async with reading(store.target()) as reader:
        batches = [batch async for batch in reader.records.search(query)]
    assert len({r["id"] for b in batches for r in b.records}) == 2000
    assert max(len(batch.records) for batch in batches) <= 1000
    assert not any(batch.cursors for batch in batches)


async def test_a_search_that_is_left_stops_what_it_had_begun(store: Store) -> None:
    numbered(store, 300)
    async with reading(store.target()) as reader:
        search = reader.records.search(replace(QUERY, order=RecordOrder.STORED))
        await anext(search)
        await search.aclose()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert all(task.done() for task in running)


async def test_a_table_without_rows_has_a_page_and_a_search(store: Store) -> None:
    store.execute(TABLE)
    async with reading(store.target()) as reader:
        for order in RecordOrder:
            page = await reader.records.page(replace(QUERY, order=order))
            assert (page.records, page.next) == ((), None)
        assert [b.records async for b in reader.records.search(replace(QUERY, order=RecordOrder.STORED))] == [
            ()
        ]
        assert await reader.records.find(QUERY, ["resp_1"]) == ()
        assert await reader.records.find(QUERY, []) == ()


async def test_deleted_rows_leave_no_gap_in_pages_as_stored(store: Store) -> None:
    numbered(store, 400)
    store.execute("DELETE FROM responses WHERE id < 'resp_390' AND id > 'resp_009'")
    async with reading(store.target()) as reader:
        found = await walked(reader, replace(QUERY, order=RecordOrder.STORED, limit=3))
    assert [r["id"] for r in found] == [
        *(f"resp_{n:03}" for n in reversed(range(390, 400))),
        *(f"resp_{n:03}" for n in reversed(range(10))),
    ]


async def test_ids_are_found_in_any_number(store: Store) -> None:
    numbered(store, 1000)
    names = [f"resp_{n:03}" for n in range(1000)]
    async with reading(store.target()) as reader:
        found = await reader.records.find(QUERY, [*names, "resp_none"])
    assert sorted(str(record["id"]) for record in found) == names


async def test_an_extent_tells_small_from_large_without_counting(store: Store) -> None:
    numbered(store, 1000)
    async with reading(store.target()) as reader:
        found = await reader.records.extent("responses")
        assert found is not None
        assert 20 < found.rows < 20_000
        assert await reader.records.extent("none") is None


async def test_unknown_tables_columns_and_cursors_are_said(store: Store) -> None:
    numbered(store, 10)
    async with reading(store.target()) as reader:
        with pytest.raises(NotFoundError):
            await reader.records.page(replace(QUERY, table="none"))
        with pytest.raises(UsageError, match="no column"):
            await reader.records.page(replace(QUERY, fields=(Field("x", "absent"),)))
        first = await reader.records.page(replace(QUERY, limit=2))
        for broken in ("nonsense", first.next):
            with pytest.raises(UsageError, match="cursor"):
                await reader.records.page(replace(QUERY, after=broken, order=RecordOrder.STORED))


async def test_a_page_stops_at_its_time_limit_and_with_its_task(store: Store) -> None:
    store.execute(TABLE)
    slow = "SELECT 'r' || n, n, 'm', '{}' FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60000) SELECT n FROM c) AS numbers"
    store.execute(f"INSERT INTO responses {slow}")
    wide = AnyOf(tuple(Contains("doc", (f"absent{n}" * 20,)) for n in range(150)))
    query = replace(QUERY, conditions=(wide,))
    async with reading(store.target()) as reader:
        with pytest.raises(BackendError):
            await reader.records.page(query, seconds=0.05)
        task = asyncio.create_task(reader.records.page(query))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len((await reader.records.page(replace(QUERY, limit=3))).records) == 3


async def test_a_cursor_holds_while_the_bounds_of_a_time_move(store: Store) -> None:
    numbered(store, 20)
    created = Field("created_at", "created_at")
    async with reading(store.target()) as reader:
        first = await reader.records.page(
            replace(QUERY, conditions=(AnyOf((Between(created, 1000.0),)),), limit=5)
        )
        moved = replace(QUERY, conditions=(AnyOf((Between(created, 1000.5),)),), limit=5, after=first.next)
        second = await reader.records.page(moved)
        other = replace(QUERY, conditions=(Equals(STATUS, "failed"),), limit=5, after=first.next)
        with pytest.raises(UsageError):
            await reader.records.page(other)
    assert [record["id"] for record in second.records] == [f"resp_{n:03}" for n in reversed(range(10, 15))]
