"""Rows in COPY's binary form: what a server gives back of them, byte for byte, from the end of their table."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg

from llama_storage_tui.backends.postgres.appending import TableEnd
from llama_storage_tui.backends.postgres.connecting import connect
from llama_storage_tui.backends.postgres.packing import packed
from llama_storage_tui.backends.postgres.raw_rows import describe
from tests.stores import PostgresStore

KINDS = {
    "varchar": ("", "ü日本\U0001f600"),
    "text": ("a" * 200_000, "\t\\N\n"),
    "json": ('{"a" :  1,\n "a": 2}', '["\\u0000"]'),
    "int2": (-(2**15), 2**15 - 1),
    "int4": (-(2**31), 2**31 - 1),
    "int8": (-(2**63), 2**63 - 1),
    "float8": (-0.0, math.inf),
    "bool": (True, False),
    "bytea": (b"", bytes(range(256))),
    "timestamp": (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)),  # noqa: DTZ001 - the type has none
    "timestamptz": (datetime(1, 1, 2, tzinfo=UTC), datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
}


@asynccontextmanager
async def end_of(store: PostgresStore, definition: str) -> AsyncIterator[tuple[asyncpg.Connection, TableEnd]]:
    store.execute(f"CREATE TABLE things ({definition})")
    connection = await connect(store.server.target(database=store.database), seconds=3)
    try:
        await connection.execute("BEGIN")
        table = await describe(connection, "things")
        assert table is not None
        yield connection, TableEnd(connection, table)
    finally:
        await connection.close()


def ids(rows: Sequence[int]) -> list[bytes]:
    made = packed([[*rows]], ["int4"])
    assert made is not None
    return made


async def test_a_server_gives_back_every_type_as_it_was_packed(postgres_store: PostgresStore) -> None:
    names = [f"c_{kind}" for kind in KINDS]
    definition = ", ".join(f"{name} {kind}" for name, kind in zip(names, KINDS, strict=True))
    columns = [[*cells, None] for cells in KINDS.values()]
    async with end_of(postgres_store, definition) as (connection, end):
        data = packed(columns, [*KINDS])
        assert data is not None
        assert await end.append(names, data)
        found = await connection.fetch("SELECT * FROM things")
        assert [[*cells] for cells in zip(*found, strict=True)] == columns


async def test_a_type_whose_form_is_not_known_is_not_packed() -> None:
    assert packed([["a"], ["1.5"]], ["text", "numeric"]) is None


async def test_each_batch_is_found_behind_the_last_one(postgres_store: PostgresStore) -> None:
    async with end_of(postgres_store, "id int4") as (_, end):
        assert [await end.append(["id"], ids(range(size))) for size in (1, 3000, 1, 700)] == [True] * 4


async def test_a_value_that_the_server_changes_is_noticed(postgres_store: PostgresStore) -> None:
    async with end_of(postgres_store, "id int4") as (connection, end):
        await connection.execute(
            "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := NEW.id + 1; RETURN NEW; END';"
            "CREATE TRIGGER more BEFORE INSERT ON things FOR EACH ROW WHEN (NEW.id = 2500) EXECUTE FUNCTION more()"
        )
        assert await end.append(["id"], ids(range(2500)))
        assert not await end.append(["id"], ids(range(2500, 5000)))


async def test_a_row_that_the_server_drops_or_adds_is_noticed(postgres_store: PostgresStore) -> None:
    async with end_of(postgres_store, "id int4") as (connection, end):
        await connection.execute(
            "CREATE FUNCTION left_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            "CREATE TRIGGER left_out BEFORE INSERT ON things FOR EACH ROW WHEN (NEW.id = 9) EXECUTE FUNCTION left_out()"
        )
        assert not await end.append(["id"], ids([7, 8, 9]))
        await connection.execute("ALTER TABLE things DISABLE TRIGGER left_out")
        await connection.execute("INSERT INTO things VALUES (1)")
        assert not await end.append(["id"], ids([4, 5]))
