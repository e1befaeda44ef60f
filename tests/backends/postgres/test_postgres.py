"""Reading PostgreSQL: read-only, named, limited, cancelled at the server; its types, privileges and details."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.postgres.engine import PostgresEngine
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.program_name import SESSION_NAME
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.data import Count, Filter, KeySelection, Order, RowQuery
from tests.patience import PATIENCE, PATIENT
from tests.stores import KEY_VALUE_TABLE, PostgresStore, all_keys, all_rows, reading

SLEEPING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE"
    " '%slow%' AND state = 'active' AND pid <> pg_backend_pid()"
)


def target_of(store: PostgresStore, **changes: object) -> PostgresTarget:
    target = store.target()
    assert isinstance(target, PostgresTarget)
    return replace(target, **changes)  # type: ignore[arg-type]


async def test_every_transaction_is_read_only_and_named(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        "CREATE TABLE t (id int); CREATE VIEW seen AS SELECT application_name,"
        " current_setting('transaction_read_only') AS ro, current_setting('statement_timeout') AS lim,"
        " backend_type FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    )
    async with reading(postgres_store.target(), query=7) as reader:
        page = await reader.tables.page(RowQuery("seen"))
        async with aclosing(reader.tables.stream(RowQuery("seen"))) as batches:
            (streamed,) = [batch async for batch in batches]
    assert page.rows == ((SESSION_NAME, "on", "7s", "client backend"),)
    assert list(streamed) == [(SESSION_NAME, "on", "0", "client backend")]


async def test_no_statement_is_left_prepared_for_a_pooler_to_mix_up(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        "CREATE TABLE t (id int); CREATE VIEW seen AS SELECT name FROM pg_prepared_statements"
    )
    async with reading(postgres_store.target()) as reader:
        for query in (RowQuery("t"), RowQuery("t", filters=(Filter("id", "1"),)), RowQuery("seen")):
            assert (await reader.tables.page(query)).rows == ()


async def test_a_write_is_refused_by_the_server(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        "CREATE TABLE t (id int); CREATE FUNCTION write() RETURNS int LANGUAGE sql AS 'INSERT INTO t"
        " VALUES (1) RETURNING id'; CREATE VIEW v AS SELECT write() AS id"
    )
    engine = PostgresEngine(target_of(postgres_store), timeouts=PATIENT)

    async def insert(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("INSERT INTO t VALUES (1)"))

    with pytest.raises(BackendError) as caught:
        await engine.run(insert, seconds=5)
    await engine.close()
    assert caught.value.failure is FailureKind.READ_ONLY
    async with reading(postgres_store.target()) as reader:
        with pytest.raises(BackendError) as through_view:
            await reader.tables.page(RowQuery("v"))
    assert through_view.value.failure is FailureKind.READ_ONLY
    assert postgres_store.ask("SELECT count(*) FROM t") == "0"


async def test_a_query_past_its_limit_is_stopped_by_the_server(postgres_store: PostgresStore) -> None:
    postgres_store.execute("CREATE VIEW v AS SELECT pg_sleep(600)::text AS slow")
    async with reading(postgres_store.target(), query=0.3) as reader:
        started = time.monotonic()
        with pytest.raises(BackendError) as caught:
            await reader.tables.page(RowQuery("v"))
        assert caught.value.failure is FailureKind.TIMEOUT
        assert time.monotonic() - started < PATIENCE
        assert (await reader.probe()).server


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_cancelled_query_stops_at_the_server(postgres_store: PostgresStore, is_stream: bool) -> None:  # noqa: FBT001
    postgres_store.execute("CREATE VIEW v AS SELECT pg_sleep(600)::text AS slow; CREATE TABLE t (id int)")

    async def endless() -> None:
        if not is_stream:
            await reader.tables.page(RowQuery("v"))
        async with aclosing(reader.tables.stream(RowQuery("v"))) as batches:
            await anext(batches)

    async with reading(postgres_store.target(), query=None) as reader:
        task = asyncio.create_task(endless())
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(postgres_store.ask, SLEEPING) != "1":
                assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(postgres_store.ask, SLEEPING) != "0":
                pass
        assert await reader.tables.page(RowQuery("t"))


async def test_a_server_that_dropped_its_connections_is_connected_to_anew(
    postgres_store: PostgresStore,
) -> None:
    postgres_store.execute("CREATE TABLE t (id int)")
    async with reading(postgres_store.target()) as reader:
        await reader.tables.page(RowQuery("t"))
        postgres_store.ask(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname ="
            " current_database() AND pid <> pg_backend_pid()"
        )
        assert (await reader.tables.page(RowQuery("t"))).rows == ()


async def test_many_questions_share_a_few_connections(postgres_store: PostgresStore) -> None:
    postgres_store.execute(f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('a', '1', NULL)")
    async with reading(postgres_store.target(table="kvstore")) as reader:
        await asyncio.gather(*(reader.key_values.value("a") for _ in range(30)))
        held = int(
            postgres_store.ask(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'llama-storage-tui%' AND datname"
                " = current_database()"
            )
        )
    assert 1 <= held <= 3


async def test_values_of_every_type_come_as_something_that_can_be_shown(
    postgres_store: PostgresStore,
) -> None:
    postgres_store.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);"
        " CREATE TYPE pair AS (a int, b text);"
        "CREATE TABLE t (id bigint PRIMARY KEY, r real, d double precision, n numeric, b boolean, bin"
        " bytea, j json, jb jsonb, ts timestamp,"
        " tz timestamptz, da date, ti time, iv interval, u uuid, ip inet, arr text[], m mood, p positive, pr pair, tv tsvector,"
        " bits bit(3), pt point, rg int4range, c char(5), nm name, mo money, o oid);"
        "INSERT INTO t VALUES (9223372036854775807, 'NaN', '-Infinity', 'NaN', true, '\\x00ff',"
        " '{\"a\": 1e400}', '{\"b\":[]}', '294276-12-31',"
        " 'infinity', '4713-01-01 BC', '24:00', '1 mon -2 days',"
        " '00000000-0000-0000-0000-000000000001', '::1/64', '{a,NULL,\"x,y\"}', 'ok', 5,"
        " '(1,x)', 'a:1 b:2', '101', '(1,2)', '[1,5)', 'ab', 'name', '1.5', 7);"
        "INSERT INTO t (id) VALUES (1)"
    )
    async with reading(postgres_store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", cell_limit=60))
        values = dict(zip([column.name for column in page.columns], page.rows[1], strict=True))
        assert values["id"] == 2**63 - 1
        assert values["r"] != values["r"]
        assert values["d"] == float("-inf")
        assert (values["n"], values["b"], values["bin"], values["j"], values["jb"]) == (
            "NaN",
            True,
            b"\x00\xff",
            '{"a": 1e400}',
            '{"b": []}',
        )
        assert (values["ts"], values["tz"], values["da"]) == (
            "294276-12-31 00:00:00",
            "infinity",
            "4713-01-01 BC",
        )
        assert (values["arr"], values["m"], values["p"], values["pr"]) == ('{a,NULL,"x,y"}', "ok", 5, "(1,x)")
        for column in page.columns:
            if column.is_json:
                continue
            sorted_by = RowQuery("t", limit=1, order=Order(column.name), columns=("id",))
            assert len(await all_rows(reader, sorted_by)) == 2, column
            if column.name not in {"r", "n", "bin", "mo"}:
                text = str(values[column.name])
                found = await reader.tables.page(RowQuery("t", filters=(Filter(column.name, text),)))
                assert len(found.rows) == 1, column
        assert await reader.tables.row("t", page.row_cursors[1] or "") is not None
        for column_name, text in (
            ("ts", "yesterday-ish"),
            ("u", "x"),
            ("n", "1,5"),
            ("p", "many"),
            ("ip", "here"),
            ("c", "a\x00b"),
        ):
            with pytest.raises(UsageError, match="is not a value of column"):
                await reader.tables.page(RowQuery("t", filters=(Filter(column_name, text),)))


async def test_a_filter_is_not_cut_to_the_columns_length(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        "CREATE TABLE t (v varchar(3), c char(3), n numeric(3, 1)); INSERT INTO t VALUES ('abc', 'abc', 1.5)"
    )
    async with reading(postgres_store.target()) as reader:
        for each in (Filter("v", "abcd"), Filter("c", "abcd"), Filter("n", "1.54")):
            assert (await reader.tables.page(RowQuery("t", filters=(each,)))).rows == ()


async def test_a_table_without_a_key_is_walked_in_its_physical_order(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        "CREATE TABLE t (i int, s text); INSERT INTO t SELECT i, repeat('x', 500) FROM"
        " generate_series(1, 3000) i; DELETE FROM t WHERE i % 100 < 98"
    )
    async with reading(postgres_store.target()) as reader:
        rows = await all_rows(reader, RowQuery("t", limit=7, columns=("i",)))
        filtered = await all_rows(
            reader, RowQuery("t", limit=7, columns=("i",), filters=(Filter("i", "2999"),))
        )
        page = await reader.tables.page(RowQuery("t", limit=1))
        row = await reader.tables.row("t", page.row_cursors[0] or "")
    assert [row[0] for row in rows] == [i for i in range(1, 3001) if i % 100 >= 98]
    assert filtered == [(2999,)]
    assert row is not None
    assert row["i"] == 98


async def test_tables_of_the_search_path_are_listed_and_no_others(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        "CREATE SCHEMA app; CREATE SCHEMA hidden; CREATE TABLE app.t (a int);"
        " CREATE TABLE public.t (b int); CREATE TABLE hidden.u (c int);"
        "CREATE TABLE public.parts (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        " CREATE TABLE public.part1 PARTITION OF public.parts FOR VALUES FROM (0) TO (10);"
        "INSERT INTO parts VALUES (1), (2); CREATE MATERIALIZED VIEW public.mat AS SELECT 1 AS x"
    )
    postgres_store.ask(
        f"ALTER ROLE operator IN DATABASE {postgres_store.database} SET search_path = app, public, nowhere"
    )
    async with reading(postgres_store.target()) as reader:
        tables = {table.name: table for table in await reader.tables.tables(fast=False)}
        assert list(tables) == ["mat", "part1", "parts", "t"]
        assert [column.name for column in tables["t"].columns] == ["a"]
        assert tables["parts"].rows == Count(2, is_exact=True)
        assert await all_rows(reader, RowQuery("parts", limit=1)) == [(1,), (2,)]
        assert (await reader.probe()).details["schema"] == "app"


async def test_estimates_of_large_tables_are_labelled(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        "CREATE TABLE big (i int, s text) WITH (autovacuum_enabled = off);"
        " INSERT INTO big SELECT i, repeat('x', 400) FROM generate_series(1, 30000) i;"
        " CREATE TABLE small (i int)"
    )
    async with reading(postgres_store.target()) as reader:
        rows = {table.name: table.rows for table in await reader.tables.tables()}
        assert rows == {"big": None, "small": Count(0, is_exact=True)}
        postgres_store.execute("ANALYZE big")
        estimate = {table.name: table.rows for table in await reader.tables.tables()}["big"]
        assert estimate is not None
        assert not estimate.is_exact
        assert 29_000 < estimate.value < 31_000
        exact = {table.name: table.rows for table in await reader.tables.tables(fast=False)}["big"]
        assert exact == Count(30_000, is_exact=True)
        assert {table.rows for table in await reader.tables.tables(counts=False)} == {None}


async def test_a_role_without_privileges_is_told_so_and_sees_what_it_may(
    postgres_store: PostgresStore,
) -> None:
    postgres_store.execute(
        f"{KEY_VALUE_TABLE}; CREATE TABLE open (i int); GRANT SELECT ON open TO nobody_special"
    )
    async with reading(target_of(postgres_store, user="nobody_special", table="kvstore")) as reader:
        probe = await reader.probe()
        assert probe.is_writable is False
        for fast in (True, False):
            rows = {table.name: table.rows for table in await reader.tables.tables(fast=fast)}
            assert rows == {"kvstore": None, "open": Count(0, is_exact=True)}
        with pytest.raises(BackendError) as caught:
            await reader.key_values.page(KeySelection())
    assert caught.value.failure is FailureKind.PERMISSION


async def test_the_probe_tells_what_an_operator_wants(postgres_store: PostgresStore) -> None:
    postgres_store.execute(KEY_VALUE_TABLE)
    async with reading(target_of(postgres_store, table="kvstore", pool_budget=60)) as reader:
        probe = await reader.probe()
    assert probe.is_writable
    assert probe.details["max connections"] == 40
    assert probe.details["server is"] == "the primary"
    assert probe.details["schema"] == "public"
    assert probe.details["tables"] == 1
    assert probe.details["behind a pooler"] is False
    assert int(str(probe.details["database bytes"])) > 1_000_000
    assert int(str(probe.details["connections to this database"])) == 1
    assert "may open 60 connections" in probe.warnings[0]


async def test_a_database_that_is_read_only_by_default_is_said_to_be(postgres_store: PostgresStore) -> None:
    postgres_store.ask(f"ALTER DATABASE {postgres_store.database} SET default_transaction_read_only = on")
    async with reading(postgres_store.target()) as reader:
        probe = await reader.probe()
    assert probe.is_writable is False
    assert "read-only by default" in probe.obstacles[0].message


async def test_keys_under_another_collation_are_found_by_looking_up_to_a_budget(
    postgres_store: PostgresStore,
) -> None:
    # Only C-like collations are sure to exist in this server; C.utf8 of libc is not taken for one, and goes the long way.
    postgres_store.execute(
        'CREATE TABLE kvstore (key text COLLATE "C.utf8" PRIMARY KEY, value text, expiration timestamptz);'
        "INSERT INTO kvstore SELECT 'a:' || i, 'v', NULL FROM generate_series(100000, 149999) i;"
        "INSERT INTO kvstore SELECT 'a:' || i, 'v', NULL FROM generate_series(200, 299) i;"
        "INSERT INTO kvstore SELECT 'b:' || i, 'v', NULL FROM generate_series(100, 109) i"
    )
    async with reading(postgres_store.target(table="kvstore")) as reader:
        page = await reader.key_values.page(KeySelection(exclude=("a:",)), limit=5)
        assert (page.keys, page.is_complete, page.scanned) == ((), False, 50_000)
        assert page.next is not None
        exact = await reader.key_values.page(KeySelection(exclude=("a:",)), limit=5, exact=True)
        assert [entry.key for entry in exact.keys] == [f"b:{number}" for number in range(100, 105)]
        assert exact.next is not None
        following = await reader.key_values.page(
            KeySelection(exclude=("a:",)), limit=9, after=exact.next, exact=True
        )
        assert [entry.key for entry in following.keys] == [f"b:{number}" for number in range(105, 110)]
        assert (following.next, following.is_complete) == (None, True)
        unassigned = await all_keys(reader, KeySelection(exclude=("a:",)), limit=3)
        assert [entry.key for entry in unassigned] == [f"b:{number}" for number in range(100, 110)]
        named = await all_keys(reader, KeySelection(include=("a:2",)), limit=30)
        assert [entry.key for entry in named] == [f"a:{number}" for number in range(200, 300)]
        assert (await reader.key_values.count(KeySelection(include=("b:",)))).value == 10


async def test_text_is_data_whatever_it_says(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES (E'a''; DROP TABLE kvstore;"
        f" --', E'\\x1b]52;c;x\\x07', 'infinity'), ('%_\\', '{{', NULL)"
    )
    async with reading(postgres_store.target(table="kvstore")) as reader:
        keys = (await reader.key_values.page(KeySelection())).keys
        assert [entry.key for entry in keys] == ["%_\\", "a'; DROP TABLE kvstore; --"]
        assert (keys[1].expiration_text, keys[1].is_expired) == ("infinity", False)
        found = await reader.key_values.value("a'; DROP TABLE kvstore; --")
        assert found is not None
        assert found.value == "\x1b]52;c;x\x07"
        assert [entry.key for entry in await all_keys(reader, KeySelection(include=("%",)))] == ["%_\\"]


async def test_values_of_fifty_megabytes_are_previewed_and_read(postgres_store: PostgresStore) -> None:
    postgres_store.execute(
        "CREATE TABLE t (id int PRIMARY KEY, s text, b bytea);"
        " INSERT INTO t SELECT 1, repeat('xy', 25000000), decode(repeat('00ff', 1000000), 'hex')"
    )
    async with reading(postgres_store.target()) as reader:
        page = await reader.tables.page(RowQuery("t", cell_limit=4))
        assert page.rows == ((1, "xyxy", b"\x00\xff\x00\xff"),)
        assert page.cut_cells == {(0, 1), (0, 2)}
        row = await reader.tables.row("t", page.row_cursors[0] or "")
    assert row is not None
    assert isinstance(row["s"], str)
    assert len(row["s"]) == 50_000_000


async def test_rows_of_a_table_without_columns_are_paged_and_streamed(postgres_store: PostgresStore) -> None:
    postgres_store.execute("CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES")
    async with reading(postgres_store.target()) as reader:
        page = await reader.tables.page(RowQuery("t"))
        async with aclosing(reader.tables.stream(RowQuery("t"))) as batches:
            streamed = [row async for batch in batches for row in batch]
    assert page.rows == ((), ())
    assert streamed == [(), ()]
