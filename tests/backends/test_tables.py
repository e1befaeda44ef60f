"""Tables are listed, described and read page by page, alike on every engine."""

from __future__ import annotations

from contextlib import aclosing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.errors import BackendError, NotFoundError, UsageError
from llama_storage_tui.model.data import Cell, Count, Filter, Operator, Order, RowQuery
from tests.stores import Store, all_rows, literal, reading

MANY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO {} SELECT {} FROM n"


async def streamed(reader: Reader, query: RowQuery) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    async with aclosing(reader.tables.stream(query)) as batches:
        async for batch in batches:
            assert len(batch) <= 1000
            rows += batch
    return rows


async def test_tables_and_views_are_listed_with_columns_and_counts(store: Store) -> None:
    store.execute(
        "CREATE TABLE b (id TEXT NOT NULL PRIMARY KEY, n INTEGER, j JSON); INSERT INTO b VALUES ('x', 1, '{}');"
        "CREATE VIEW a AS SELECT id FROM b; CREATE TABLE empty (x INTEGER)"
    )
    async with reading(store.target()) as reader:
        tables = {table.name: table for table in await reader.tables.tables(fast=False)}
    assert list(tables) == ["a", "b", "empty"]
    assert tables["a"].is_view
    assert tables["b"].rows == Count(1, is_exact=True)
    assert tables["empty"].rows == Count(0, is_exact=True)
    columns = tables["b"].columns
    assert [column.name for column in columns] == ["id", "n", "j"]
    assert [column.is_primary_key for column in columns] == [True, False, False]
    assert [column.is_json for column in columns] == [False, False, True]
    assert [column.is_nullable for column in columns] == [False, True, True]


async def test_a_table_that_is_not_there_is_said_so(store: Store) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    async with reading(store.target()) as reader:
        assert await reader.tables.table("nothing") is None
        for name in ("nothing", "t; DROP TABLE t", 't"', "\ud800", "t\x00"):
            with pytest.raises(NotFoundError):
                await reader.tables.page(RowQuery(name))
        assert await reader.tables.table("t") is not None


async def test_pages_come_in_primary_key_order_and_end_exactly(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, n INTEGER);"
        + MANY.format(30, "t", "'k' || (100 - i), i")
    )
    async with reading(store.target()) as reader:
        rows = await all_rows(reader, RowQuery("t", limit=10))
        first = await reader.tables.page(RowQuery("t", limit=30))
        alone = await reader.tables.page(RowQuery("t", limit=29))
    assert [row[0] for row in rows] == [f"k{number}" for number in range(70, 100)]
    assert first.next is None
    assert alone.next is not None
    assert first.is_complete


@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("column", ["s", "n", "f"])
async def test_a_sort_with_nulls_and_ties_walks_every_row_once(
    store: Store,
    column: str,
    is_descending: bool,  # noqa: FBT001
) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, s TEXT, n INTEGER, f REAL);"
        + MANY.format(
            90,
            "t",
            "i, CASE WHEN i % 7 > 2 THEN 'v' || (i % 3) END, CASE WHEN i % 5 > 1 THEN i % 4 END,"
            " CASE WHEN i % 4 > 0 THEN (i % 3) / 2.0 END",
        )
    )
    order = Order(column, is_descending=is_descending)
    async with reading(store.target()) as reader:
        walked = await all_rows(reader, RowQuery("t", limit=7, order=order))
        at_once = await reader.tables.page(RowQuery("t", limit=1000, order=order))
        stream = await streamed(reader, RowQuery("t", order=order))
    assert walked == list(at_once.rows) == stream
    assert len({row[0] for row in walked}) == 90
    values = [row[("id", "s", "n", "f").index(column)] for row in walked]
    present = [value for value in values if value is not None]
    assert present == sorted(present, reverse=is_descending)
    is_nulls_first = (store.engine == "sqlite") != is_descending
    assert (values[0] is None) == is_nulls_first
    assert (values[-1] is None) != is_nulls_first


words = st.text(alphabet="aAéß:%_'\"\\ \U0001f642", max_size=3)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(words | st.none(), st.integers(-3, 3) | st.none()), max_size=40),
    limit=st.integers(1, 12),
    order=st.sampled_from(
        [None, Order("s"), Order("s", is_descending=True), Order("n"), Order("n", is_descending=True)]
    ),
    has_key=st.booleans(),
)
async def test_walking_all_pages_gives_the_whole_listing(
    store: Store,
    rows: list[tuple[str | None, int | None]],
    limit: int,
    order: Order | None,
    has_key: bool,  # noqa: FBT001
) -> None:
    key = "id INTEGER NOT NULL PRIMARY KEY" if has_key else "id INTEGER"
    values = ", ".join(f"({index}, {literal(s)}, {literal(n)})" for index, (s, n) in enumerate(rows))
    store.execute(
        f"DROP TABLE IF EXISTS t; CREATE TABLE t ({key}, s TEXT, n INTEGER);"
        + (f"INSERT INTO t VALUES {values}" if values else "")
    )
    async with reading(store.target()) as reader:
        walked = await all_rows(reader, RowQuery("t", limit=limit, order=order))
        at_once = await reader.tables.page(RowQuery("t", limit=100, order=order))
        stream = await streamed(reader, RowQuery("t", order=order))
    assert walked == list(at_once.rows) == stream
    assert sorted(row[0] for row in walked) == list(range(len(rows)))  # type: ignore[type-var]
    assert {row[1:] for row in walked} == set(rows)


async def test_filters_are_cast_to_the_columns_type(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, s TEXT, b BOOLEAN, f REAL);"
        "INSERT INTO t VALUES (1, '1', true, 0.5), (2, NULL, false, 2), (3, '', NULL, NULL)"
    )
    cases = {
        Filter("id", "1"): [1],
        Filter("id", " 2 "): [2],
        Filter("s", "1"): [1],
        Filter("s", None): [2],
        Filter("s", ""): [3],
        Filter("b", "true"): [1],
        Filter("b", "0"): [2],
        Filter("f", "2"): [2],
        Filter("f", "5e-1"): [1],
        Filter("s", "' OR '1'='1"): [],
    }
    async with reading(store.target()) as reader:
        for each, expected in cases.items():
            page = await reader.tables.page(RowQuery("t", filters=(each,)))
            assert [row[0] for row in page.rows] == expected, each
            assert await reader.tables.count("t", (each,)) == Count(len(expected), is_exact=True)
        both = (Filter("id", "1"), Filter("b", "true"))
        assert len((await reader.tables.page(RowQuery("t", filters=both))).rows) == 1


@pytest.mark.parametrize(
    "query",
    [
        RowQuery("t", filters=(Filter("id", "one"),)),
        RowQuery("t", filters=(Filter("id", ""),)),
        RowQuery("t", filters=(Filter("id", "99999999999999999999"),)),
        RowQuery("t", filters=(Filter("f", "much"),)),
        RowQuery("t", filters=(Filter("b", "perhaps"),)),
        RowQuery("t", filters=(Filter("s", "\ud800"),)),
        RowQuery("t", filters=(Filter("j", "{}"),)),
        RowQuery("t", filters=(Filter("J", "{}"),)),
        RowQuery("t", order=Order("j")),
        RowQuery("t", order=Order("nothing")),
        RowQuery("t", columns=("nothing",)),
        RowQuery("t", limit=0),
        RowQuery("t", after="nonsense"),
    ],
)
async def test_a_query_that_cannot_be_is_a_usage_error(store: Store, query: RowQuery) -> None:
    store.execute("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, s TEXT, b BOOLEAN, f REAL, j JSON)")
    async with reading(store.target()) as reader:
        if any(each.column == "j" for each in query.filters):
            query = RowQuery("t", filters=query.filters)
        with pytest.raises(UsageError):
            await reader.tables.page(query)


async def test_a_cursor_goes_with_its_table_filter_and_order_only(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, n INTEGER); CREATE TABLE u (id INTEGER NOT NULL PRIMARY KEY, n INTEGER);"
        + MANY.format(10, "t", "i, i")
        + ";"
        + MANY.format(10, "u", "i, i")
    )
    async with reading(store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", limit=2))
        others = [
            RowQuery("u", limit=2, after=page.next),
            RowQuery("t", limit=2, order=Order("n"), after=page.next),
            RowQuery("t", limit=2, filters=(Filter("n", "1"),), after=page.next),
            RowQuery("t", limit=2, after=page.row_cursors[0]),
        ]
        for query in others:
            with pytest.raises(UsageError, match="does not belong to this list"):
                await reader.tables.page(query)
        assert (await reader.tables.page(RowQuery("t", limit=5, after=page.next))).rows[0] == (3, 3)


async def test_long_cells_are_cut_at_the_server_and_read_whole_by_their_row(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, s TEXT, j JSON);"
        "INSERT INTO t VALUES (1, 'München, 12', '{\"k\": \"vvvvvvvvvvvvv\"}'), (2, 'München', '[1]')"
    )
    async with reading(store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", cell_limit=7))
        assert page.rows == ((1, "München", '{"k": "'), (2, "München", "[1]"))
        assert page.cut_cells == {(0, 1), (0, 2)}
        cursor = page.row_cursors[0]
        assert cursor is not None
        whole = await reader.tables.row("t", cursor)
        assert whole == {"id": 1, "s": "München, 12", "j": '{"k": "vvvvvvvvvvvvv"}'}
        store.execute("DELETE FROM t WHERE id = 1")
        assert await reader.tables.row("t", cursor) is None


async def test_chosen_columns_come_in_the_order_asked_for(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a TEXT, b TEXT); INSERT INTO t VALUES (1, 'a', 'b')"
    )
    async with reading(store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", columns=("b", "a", "b")))
    assert page.rows == (("b", "a", "b"),)
    assert [column.name for column in page.columns] == ["b", "a", "b"]


async def test_a_view_gives_its_first_page_and_says_that_there_is_more(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;"
        + MANY.format(5, "t", "i")
    )
    async with reading(store.target()) as reader:
        page = await reader.tables.page(RowQuery("v", limit=3, order=Order("id")))
        whole = await reader.tables.page(RowQuery("v", limit=5))
        stream = await streamed(reader, RowQuery("v", order=Order("id")))
        with pytest.raises(UsageError, match="no key"):
            await reader.tables.page(RowQuery("v", after="x"))
    assert (page.rows, page.next, page.is_complete) == (((1,), (2,), (3,)), None, False)
    assert page.row_cursors == (None, None, None)
    assert whole.is_complete
    assert stream == [(1,), (2,), (3,), (4,), (5,)]


async def test_a_composite_key_is_walked_in_its_order(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (a TEXT NOT NULL, b TEXT NOT NULL, n INTEGER, PRIMARY KEY (b, a));"
        + MANY.format(40, "t", "'a' || (i % 10), 'b' || (i / 10), i")
    )
    async with reading(store.target()) as reader:
        rows = await all_rows(reader, RowQuery("t", limit=3))
    assert rows == sorted(rows, key=lambda row: (str(row[1]), str(row[0])))
    assert len(set(rows)) == 40


@pytest.mark.parametrize(
    "name",
    [
        'quo"te',
        "quo'te",
        "semi; DROP TABLE x; --",
        "per%cent :colon $1 ?",
        "日本 🙂",
        "esc\x1b[31m",
        "select",
        " ",
    ],
)
async def test_hostile_names_are_names(store: Store, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    store.execute(
        f"CREATE TABLE {quoted} (id INTEGER NOT NULL PRIMARY KEY, {quoted} TEXT);"
        f"INSERT INTO {quoted} VALUES (1, 'x'), (2, 'y')"
    )
    async with reading(store.target()) as reader:
        query = RowQuery(
            name, filters=(Filter(name, "y"),), order=Order(name, is_descending=True), columns=(name,)
        )
        assert [table.name for table in await reader.tables.tables()] == [name]
        assert (await reader.tables.page(query)).rows == (("y",),)
        assert len(await all_rows(reader, RowQuery(name, limit=1, order=Order(name)))) == 2


async def test_three_hundred_columns_are_read(store: Store) -> None:
    columns = ", ".join(f"c{number} INTEGER" for number in range(300))
    store.execute(
        f"CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, {columns}); INSERT INTO t (id, c299) VALUES (1, 7), (2, 8)"
    )
    async with reading(store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", limit=1, cell_limit=80))
        assert len(page.columns) == 301
        assert page.rows[0][-1] == 7
        assert await reader.tables.row("t", page.row_cursors[0] or "") is not None


async def test_rows_added_meanwhile_move_nothing(store: Store) -> None:
    store.execute("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY);" + MANY.format(10, "t", "i * 10"))
    async with reading(store.target()) as reader:
        first = await reader.tables.page(RowQuery("t", limit=5))
        store.execute("INSERT INTO t VALUES (5), (55)")
        second = await reader.tables.page(RowQuery("t", limit=5, after=first.next))
    assert second.rows == ((55,), (60,), (70,), (80,), (90,))


async def test_a_stream_ends_early_without_leaving_anything_open(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, s TEXT);" + MANY.format(5000, "t", "i, 'x'")
    )
    async with reading(store.target()) as reader:
        for order in (None, Order("s")):
            async with aclosing(reader.tables.stream(RowQuery("t", order=order))) as batches:
                assert await anext(batches)
        assert len(await streamed(reader, RowQuery("t"))) == 5000


async def test_a_table_changed_between_pages_is_described_anew_on_its_first_page(store: Store) -> None:
    store.execute("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY); INSERT INTO t VALUES (1)")
    async with reading(store.target()) as reader:
        await reader.tables.page(RowQuery("t"))
        store.execute("ALTER TABLE t ADD COLUMN added TEXT")
        page = await reader.tables.page(RowQuery("t"))
    assert page.rows == ((1, None),)


async def test_a_table_dropped_while_it_is_paged_is_said_with_what_to_do(store: Store) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)")
    async with reading(store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", limit=1))
        store.execute("DROP TABLE t")
        with pytest.raises(BackendError, match=r"gone|no such table") as caught:
            await reader.tables.page(RowQuery("t", limit=1, after=page.next))
    assert caught.value.help == "Go back and list the tables again."


DOCUMENTS = (
    "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, s TEXT, n INTEGER, j JSON);"
    """INSERT INTO t VALUES (1, 'one', 1, '{"status": "failed", "usage": {"total": 9}, "output": [{"type": "a"}, {"type": "b"}]}'),"""
    """(2, 'two', 2, '{"status": "completed", "usage": {"total": 100}, "is": true}'),"""
    """(3, NULL, NULL, '{"usage": {"total": "many"}, "text": "caf\\u00e9"}'), (4, 'O''Neill, Pat', 4, NULL)"""
)


async def test_filters_compare_columns_and_places_inside_json_the_same_way_on_every_engine(
    store: Store,
) -> None:
    store.execute(DOCUMENTS)
    cases = {
        Filter("n", "2", Operator.NOT_EQUALS): [1, 3, 4],
        Filter("n", "2", Operator.LESS): [1],
        Filter("n", "2", Operator.AT_MOST): [1, 2],
        Filter("n", "1", Operator.MORE): [2, 4],
        Filter("n", "2", Operator.AT_LEAST): [2, 4],
        Filter("n", "1, 4", Operator.IN): [1, 4],
        Filter("s", None, Operator.NOT_EQUALS): [1, 2, 4],
        Filter("s", "n", Operator.CONTAINS): [1],
        Filter("s", "%", Operator.CONTAINS): [],
        Filter("s", "*", Operator.CONTAINS): [],
        Filter("s", '"O\'Neill, Pat",two', Operator.IN): [2, 4],
        Filter("s", "' OR '1'='1", Operator.NOT_EQUALS): [1, 2, 3, 4],
        Filter("j.status", "failed"): [1],
        Filter("j.status", "failed", Operator.NOT_EQUALS): [2, 3, 4],
        Filter("j.status", "failed,completed", Operator.IN): [1, 2],
        Filter("j.status", None): [3, 4],
        Filter("j.status", None, Operator.NOT_EQUALS): [1, 2],
        Filter("j.status", "complete", Operator.CONTAINS): [2],
        Filter("j.usage.total", "10", Operator.MORE): [2],
        Filter("j.usage.total", "10", Operator.LESS): [1],
        Filter("j.status", "d", Operator.LESS): [2],
        Filter("j.output.0.type", "a"): [1],
        Filter("j.output.-1.type", "b"): [1],
        Filter("j.is", "true"): [2],
        Filter("j.nothing.at.all", "x"): [],
        Filter("j", "completed", Operator.CONTAINS): [2],
        Filter("j", "café", Operator.CONTAINS): [3],
        Filter("j.status", "failed\x00"): [],
    }
    async with reading(store.target()) as reader:
        for each, expected in cases.items():
            page = await reader.tables.page(RowQuery("t", filters=(each,)))
            assert [row[0] for row in page.rows] == expected, each
            assert (await reader.tables.count("t", (each,))).value == len(expected), each


async def test_a_filter_that_cannot_be_asked_is_refused_and_says_what_can(store: Store) -> None:
    store.execute(DOCUMENTS)
    refused = {
        Filter("j", "{}"): "inside",
        Filter("j", None): "inside",
        Filter('j.a"b', "x"): "is not a path",
        Filter("j..a", "x"): "is not a path",
        Filter("j." + ".".join("a" * 21), "x"): "is not a path",
        Filter("s.a", "x"): "not JSON",
        Filter("nothing.a", "x"): "no column",
        Filter("n", "one", Operator.MORE): "not a value",
        Filter("n", "1,one", Operator.IN): "not a value",
        Filter("n", ",".join("1" * 201), Operator.IN): "is not a list",
        Filter("s", '"open', Operator.IN): "is not a list",
    }
    async with reading(store.target()) as reader:
        for each, words in refused.items():
            with pytest.raises(UsageError) as caught:
                await reader.tables.page(RowQuery("t", filters=(each,)))
            assert words in f"{caught.value.message} {caught.value.help}", each


async def test_a_number_in_a_path_is_a_position_or_a_name_on_every_engine(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, j JSON);"
        """INSERT INTO t VALUES (1, '{"n": {"0": "a", "-1": "z"}}'), (2, '{"n": ["a", "z"]}'), (3, '{"n": {"0": ["b", {"1": "c"}]}}'),"""
        """(4, '{"n": [["b", ["d", "c"]]]}'), (5, '{"n": "a"}'), (6, '{"0": "a"}')"""
    )
    cases = {
        Filter("j.n.0", "a"): [1, 2],
        Filter("j.n.-1", "z"): [1, 2],
        Filter("j.n.0.0", "b"): [3, 4],
        Filter("j.n.0.1.1", "c"): [3, 4],
        Filter("j.0", "a"): [6],
        Filter("j.n.0", None): [5, 6],
    }
    async with reading(store.target()) as reader:
        for each, expected in cases.items():
            page = await reader.tables.page(RowQuery("t", filters=(each,)))
            assert [row[0] for row in page.rows] == expected, each


async def test_a_date_is_compared_with_dates_and_with_no_other_number_on_every_engine(store: Store) -> None:
    store.execute(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP, day DATE);"
        "INSERT INTO t VALUES (1, '2024-01-01 10:00:00', '2024-01-01'), (2, '2026-01-01 10:00:00', '2026-01-01')"
    )
    compared = {
        Filter("at", "2025-01-01", Operator.MORE): [2],
        Filter("at", "20250101", Operator.LESS): [1],
        Filter("day", "20240101"): [1],
        Filter("day", "20240101, 2026-01-01", Operator.IN): [1, 2],
        Filter("day", "20240101", Operator.NOT_EQUALS): [2],
    }
    refused = [
        Filter(name, number, operator)
        for name in ("at", "day")
        for number in ("5", "1700000000", "17e8", "1.5", "20251301")
        for operator in (Operator.MORE, Operator.EQUALS, Operator.IN)
    ]
    async with reading(store.target()) as reader:
        for each, expected in compared.items():
            page = await reader.tables.page(RowQuery("t", filters=(each,)))
            assert [row[0] for row in page.rows] == expected, each
        for each in refused:
            with pytest.raises(UsageError, match="is not a value of column"):
                await reader.tables.page(RowQuery("t", filters=(each,)))
