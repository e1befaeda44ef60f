"""Tables whose rows lie in several: partitions, inheritance, foreign tables and views give every row exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import product

import pytest

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Filter, Order, RowQuery
from llama_storage_tui.model.records import Equals, Field, Measure, NotJson, RecordOrder, RecordQuery, Tallied
from tests.stores import PostgresStore, all_rows, reading

COLUMNS = "id VARCHAR, created_at INTEGER, doc JSON"
STATUS = Field("status", "doc", ("status",))
QUERY = RecordQuery("responses", (Field("id", "id"), Field("created_at", "created_at"), STATUS))
ROWS = 160

PARTITIONED = (
    f"CREATE TABLE responses ({COLUMNS}) PARTITION BY HASH (id);"
    "CREATE TABLE p0 PARTITION OF responses FOR VALUES WITH (MODULUS 3, REMAINDER 0);"
    "CREATE TABLE p1 PARTITION OF responses FOR VALUES WITH (MODULUS 3, REMAINDER 1) PARTITION BY RANGE (created_at);"
    "CREATE TABLE p1a PARTITION OF p1 FOR VALUES FROM (0) TO (80);"
    "CREATE TABLE p1b PARTITION OF p1 DEFAULT;"
    "CREATE TABLE p2 (doc JSON, created_at INTEGER, id VARCHAR);"
    "ALTER TABLE responses ATTACH PARTITION p2 FOR VALUES WITH (MODULUS 3, REMAINDER 2);"
)
INHERITED = (
    "CREATE TABLE responses (id VARCHAR PRIMARY KEY, created_at INTEGER, doc JSON);"
    "CREATE TABLE child () INHERITS (responses); CREATE TABLE grandchild (extra int) INHERITS (child);"
)
FILLED = (
    "INSERT INTO {table} (id, created_at, doc) SELECT 'resp_' || to_char(n, 'FM000'), n / 4,"
    " json_build_object('status', CASE WHEN n % 5 = 0 THEN 'failed' ELSE 'completed' END, 'pad', repeat('x', 700))"
    " FROM generate_series({first}, {last}) n;"
)


def partitioned(store: PostgresStore) -> None:
    store.execute(PARTITIONED + FILLED.format(table="responses", first=0, last=ROWS - 1))


def inherited(store: PostgresStore) -> None:
    """Fill a parent, a child and a grandchild; the key is the parent's alone, and ids repeat."""
    store.execute(
        INHERITED
        + FILLED.format(table="responses", first=0, last=60)
        + FILLED.format(table="child", first=61, last=120)
        + FILLED.format(table="grandchild", first=121, last=ROWS - 1)
    )


def guarded(store: PostgresStore) -> None:
    """Let only the whole be read, and no partition by its own name."""
    partitioned(store)
    tables = "responses, p0, p1, p1a, p1b, p2"
    for name in tables.split(", "):
        store.ask(f"ALTER TABLE {name} OWNER TO postgres")
    store.ask("GRANT SELECT ON responses TO operator")


TREES = {"partitioned": partitioned, "inherited": inherited, "guarded": guarded}
IDS = [f"resp_{n:03}" for n in range(ROWS)]


@pytest.fixture(params=TREES)
def tree(request: pytest.FixtureRequest, postgres_store: PostgresStore) -> PostgresStore:
    """Make a table whose rows lie in several."""
    TREES[request.param](postgres_store)
    return postgres_store


async def walked(reader: Reader, query: RecordQuery) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = await reader.records.page(replace(query, after=after))
        found += [str(record["id"]) for record in page.records]
        if page.next is None:
            return found
        after = page.next


LIMITS = (1, 7, 53, 1000)


async def test_pages_of_a_tree_give_every_record_once(tree: PostgresStore) -> None:
    async with reading(tree.target()) as reader:
        for order, limit in product(RecordOrder, LIMITS):
            query = replace(QUERY, order=order, limit=limit)
            if limit > 1:  # pages of one are those of what failed, which every part of the tree has
                assert sorted(await walked(reader, query)) == IDS, (order, limit)
            failed = replace(query, conditions=(Equals(STATUS, "failed"),))
            assert sorted(await walked(reader, failed)) == IDS[::5], (order, limit)


async def test_pages_of_rows_of_a_tree_give_every_row_once(tree: PostgresStore) -> None:
    async with reading(tree.target()) as reader:
        for order in (None, Order("id"), Order("created_at", is_descending=True)):
            for limit in LIMITS:
                # pages of one are those of what failed, which every part of the tree has
                filters = (Filter("doc.status", "failed"),) if limit == 1 else ()
                query = RowQuery("responses", columns=("id",), filters=filters, order=order, limit=limit)
                rows = await all_rows(reader, query)
                wanted = IDS[::5] if filters else IDS
                assert sorted(str(row[0]) for row in rows) == wanted, (order, limit)


async def test_a_key_that_repeats_among_tables_that_inherit_loses_no_row(
    postgres_store: PostgresStore,
) -> None:
    inherited(postgres_store)
    postgres_store.execute(
        "INSERT INTO child SELECT * FROM ONLY responses; INSERT INTO child SELECT * FROM ONLY responses"
    )
    async with reading(postgres_store.target()) as reader:
        rows = await all_rows(reader, RowQuery("responses", columns=("id",), limit=5))
        newest = await walked(reader, replace(QUERY, limit=5))  # a page ends between three of one id, too
    assert len(rows) == len(newest) == ROWS + 2 * 61


async def test_a_search_and_a_tally_of_a_tree_meet_every_row_once(tree: PostgresStore) -> None:
    async with reading(tree.target()) as reader:
        assert await searched(reader, QUERY) == IDS
        counts, rows, examples = await tallied(reader, QUERY)
        extent = await reader.records.extent("responses")
    assert (counts, rows) == ([32, 0], ROWS)
    assert len(set(examples)) == 5
    assert extent is not None
    assert extent.positions > 10


async def searched(reader: Reader, query: RecordQuery) -> list[str]:
    async with aclosing(reader.records.search(query)) as batches:
        return sorted([str(record["id"]) async for batch in batches for record in batch.records])


async def tallied(reader: Reader, query: RecordQuery) -> tuple[list[int], int, Sequence[object]]:
    tallies: list[Tallied] = [(Equals(STATUS, "failed"),), (NotJson("doc"),)]
    counts, rows, examples = [0, 0], 0, list[object]()
    async with aclosing(reader.records.tally(query, tallies, examples=5)) as batches:
        async for batch in batches:
            counts = [old + new for old, new in zip(counts, batch.counts, strict=True)]
            rows += batch.rows
            examples += batch.examples[0]
    return counts, rows, examples[:5]


async def test_a_search_of_a_tree_goes_on_after_a_cursor(tree: PostgresStore) -> None:
    query = replace(QUERY, order=RecordOrder.STORED, limit=1000)
    async with reading(tree.target()) as reader:
        page = await reader.records.page(query)
        order = [str(record["id"]) for record in page.records]
        for place in (0, 40, 100, ROWS - 2):
            rest = await searched(reader, replace(query, after=page.cursors[place]))
            assert rest == sorted(order[place + 1 :])


async def test_a_row_of_a_tree_that_breaks_the_fast_way_is_shown_with_the_rest(
    postgres_store: PostgresStore,
) -> None:
    partitioned(postgres_store)
    postgres_store.execute(
        "ALTER TABLE responses ALTER doc TYPE text; UPDATE responses SET doc = '{' WHERE id = 'resp_007'"
    )
    shape = Field("shape", "doc", measure=Measure.SHAPE)
    query = replace(QUERY, fields=(*QUERY.fields, shape), limit=1000)
    async with reading(postgres_store.target()) as reader:
        for order in RecordOrder:
            page = await reader.records.page(replace(query, order=order))
            shapes = {str(record["id"]): record["shape"] for record in page.records}
            assert shapes == dict.fromkeys(IDS, "object") | {"resp_007": "broken"}
        counts, rows, _ = await tallied(reader, QUERY)
    assert (counts, rows) == ([32, 1], ROWS)


@pytest.mark.parametrize("order", RecordOrder)
async def test_rows_that_nobody_changes_come_once_while_others_are_written(
    tree: PostgresStore, order: RecordOrder
) -> None:
    """What is updated between two pages moves, and may come twice or not at all in stored order; no other row does."""
    async with reading(tree.target()) as reader:
        found: list[str] = []
        after, page_number = None, 0
        while True:
            page = await reader.records.page(replace(QUERY, order=order, limit=11, after=after))
            found += [str(record["id"]) for record in page.records]
            if page.next is None:
                break
            after, page_number = page.next, page_number + 1
            tree.ask(
                f"UPDATE responses SET doc = json_build_object('status', 'moved', 'n', {page_number}) WHERE id LIKE '%3';"
                f"INSERT INTO responses VALUES ('new_{page_number:03}', 1, '{{}}');"
                f"DELETE FROM responses WHERE id = 'resp_{page_number:02}9'"
            )
    unchanged = [id_ for id_ in IDS if id_[-1] not in "39"]
    assert [id_ for id_ in sorted(found) if id_ in unchanged] == unchanged


async def test_a_part_that_is_detached_between_two_pages_ends_nothing(postgres_store: PostgresStore) -> None:
    partitioned(postgres_store)
    async with reading(postgres_store.target()) as reader:
        query = replace(QUERY, order=RecordOrder.STORED, limit=10)
        first = await reader.records.page(query)
        kept = set(postgres_store.ask("SELECT id FROM p0").split())
        postgres_store.execute("ALTER TABLE responses DETACH PARTITION p2; DROP TABLE p2")
        rest = await walked_from(reader, query, first.next)
    assert kept <= set(rest) | {str(record["id"]) for record in first.records}
    assert len(rest) == len(set(rest))


async def walked_from(reader: Reader, query: RecordQuery, after: str | None) -> list[str]:
    found: list[str] = []
    while after is not None:
        page = await reader.records.page(replace(query, after=after))
        found += [str(record["id"]) for record in page.records]
        after = page.next
    return found


async def test_a_view_is_searched_and_tallied_without_a_stored_order(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        f"CREATE TABLE t ({COLUMNS});"
        + FILLED.format(table="t", first=0, last=ROWS - 1)
        + "CREATE VIEW responses AS SELECT * FROM t; CREATE MATERIALIZED VIEW kept AS SELECT * FROM t"
    )
    async with reading(postgres_store.target()) as reader:
        for table in ("responses", "kept"):
            query = replace(QUERY, table=table, order=RecordOrder.STORED)
            assert await searched(reader, query) == IDS
            counts, rows, examples = await tallied(reader, query)
            assert (counts, rows, len(set(examples))) == ([32, 0], ROWS, 5)
            assert sorted(await walked(reader, replace(query, order=RecordOrder.NEWEST, limit=7))) == IDS
        assert (
            sorted(await walked(reader, replace(QUERY, table="kept", order=RecordOrder.STORED, limit=7)))
            == IDS
        )
        with pytest.raises(UsageError, match="no stored order"):
            await reader.records.page(replace(QUERY, order=RecordOrder.STORED))


async def test_a_foreign_table_and_a_tree_with_one_have_no_stored_order(
    postgres_store: PostgresStore,
) -> None:
    """The position of a foreign row is whatever its wrapper says: file_fdw gives all the same one."""
    postgres_store.ask(
        "CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER other FOREIGN DATA WRAPPER elsewhere;"
        f"CREATE FOREIGN TABLE far ({COLUMNS}) SERVER other;"
        f"CREATE TABLE whole ({COLUMNS}) PARTITION BY RANGE (created_at);"
        "CREATE TABLE near PARTITION OF whole DEFAULT;"
        "CREATE FOREIGN TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (1000) SERVER other"
    )
    async with reading(postgres_store.target()) as reader:
        for table in ("far", "whole"):
            with pytest.raises(UsageError, match="no stored order"):
                await reader.records.page(replace(QUERY, table=table, order=RecordOrder.STORED))
