"""Rows as they are stored, by reads that do not grow with the table: on every engine that has positions."""

from __future__ import annotations

import asyncpg
import pytest

from llama_storage_tui.backends.postgres import watch
from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.data import Filter, Operator, RowQuery
from llama_storage_tui.model.following import Mark, StoredSince
from llama_storage_tui.model.records import Compares, Equals, Field, RecordOrder, RecordQuery
from tests.servers import PASSWORD
from tests.stores import PostgresStore, SqliteStore, Store, reading

TABLE = "CREATE TABLE notes (id VARCHAR PRIMARY KEY, created_at INTEGER, doc JSON);"
KIND = Field("kind", "doc", ("kind",))
QUERY = RecordQuery("notes", (Field("id", "id"), KIND))


def add(store: Store, *ids: str, kind: str = "plain") -> None:
    values = ", ".join(f"('{id_}', 1, '{{\"kind\": \"{kind}\"}}')" for id_ in ids)
    store.execute(f"INSERT INTO notes VALUES {values};")


class Follow:
    """Looks one after the other, as a screen that follows does."""

    def __init__(self, reader: Reader, query: RecordQuery = QUERY) -> None:
        self.reader, self.query = reader, query
        self.mark: Mark | None = None

    async def look(self, limit: int = 100) -> list[str]:
        return [str(record["id"]) for record in (await self.found(limit)).records]

    async def found(self, limit: int = 100) -> StoredSince:
        found = await self.reader.records.stored_since(self.query, self.mark, limit=limit)
        self.mark = found.mark
        return found


async def test_a_look_gives_what_was_stored_since_the_one_before_and_nothing_twice(store: Store) -> None:
    store.execute(TABLE)
    add(store, "a", "b")
    async with reading(store.target()) as reader:
        follow = Follow(reader)
        assert await follow.look() == []
        assert await follow.look() == []
        add(store, "d", "c")
        assert await follow.look() == ["d", "c"]
        assert await follow.look() == []
        add(store, "e")
        assert await follow.look() == ["e"]


async def test_of_many_new_rows_only_the_last_are_read_where_no_more_are_wanted(store: Store) -> None:
    store.execute(TABLE)
    async with reading(store.target()) as reader:
        first = await reader.records.stored_since(QUERY, None, limit=100)
        add(store, "a", "b", "c", "d")
        add(store, "other", kind="other")
        found = await reader.records.stored_since(QUERY, first.mark, limit=100, newest=2)
        assert [record["id"] for record in found.records] == ["d", "other"]
        assert found.unread == 3
        again = await reader.records.stored_since(QUERY, found.mark, limit=100, newest=2)
        assert (again.records, again.unread) == ((), 0)
        # Which of them a condition wants is not known before they are read.
        plain = RecordQuery("notes", QUERY.fields, (Equals(KIND, "plain"),))
        begun = await reader.records.stored_since(plain, None, limit=100, newest=2)
        add(store, "e")
        add(store, "f", "g", kind="other")
        filtered = await reader.records.stored_since(plain, begun.mark, limit=100, newest=2)
        assert [record["id"] for record in filtered.records] == ["e"]
        assert filtered.unread == 0


async def test_more_rows_than_a_look_takes_come_with_the_next_ones_in_their_order(store: Store) -> None:
    store.execute(TABLE)
    async with reading(store.target()) as reader:
        follow = Follow(reader)
        await follow.look()
        ids = [f"n{number:02}" for number in range(12)]
        add(store, *ids[:7])
        add(store, *ids[7:])
        seen: list[str] = []
        found = await follow.found(5)
        while found.is_cut:
            seen += [str(record["id"]) for record in found.records]
            found = await follow.found(5)
        assert seen + [str(record["id"]) for record in found.records] == ids


async def test_only_rows_that_meet_the_conditions_are_given_and_the_others_are_passed(store: Store) -> None:
    store.execute(TABLE)
    async with reading(store.target()) as reader:
        follow = Follow(reader, RecordQuery("notes", QUERY.fields, (Equals(KIND, "odd"),)))
        await follow.look()
        add(store, "a")
        add(store, "b", kind="odd")
        assert await follow.look() == ["b"]
        assert await follow.look() == []


async def test_a_table_that_was_emptied_is_followed_from_its_new_beginning(store: Store) -> None:
    store.execute(TABLE)
    add(store, "a", "b", "c")
    async with reading(store.target()) as reader:
        follow = Follow(reader)
        await follow.look()
        store.execute("DELETE FROM notes;")
        assert await follow.look() == []
        add(store, "d")
        assert await follow.look() == ["d"]


async def test_a_row_that_only_python_can_read_is_given_like_any_other(store: Store) -> None:
    store.execute(TABLE)
    async with reading(store.target()) as reader:
        follow = Follow(reader)
        await follow.look()
        store.execute("INSERT INTO notes VALUES ('nul', 1, '{\"kind\": \"a\\u0000b\"}');")
        found = await follow.found()
        assert [record["id"] for record in found.records] == ["nul"]
        assert str(found.records[0]["kind"]).startswith("a")


VALUES = (
    "1", "0.10", "1e3", "-0.0", "12345678901234567890", '"1_000"', '" 5 "', '"007"', '"+5"', '"1e400"', "true", "null", '""',
    '{"a": 1}', '[1, "x"]', '"a\\nb"', '"50%_x"', '"*?["',
)  # fmt: skip
CONDITIONS = (
    ("doc", ("v",), "=", "0.10"), ("doc", ("v",), "=", "1e3"), ("doc", ("v",), "~", '"a":'), ("doc", ("v",), ">", "4"),
    ("doc", ("v",), "<", "1000.5"), ("doc", ("v",), ">=", "a"), ("doc", ("v",), "~", "%_"), ("doc", ("v",), "~", "z" * 50_000),
    ("doc", ("v",), "<", "b\x00"), ("doc", ("v",), "!=", "true"), ("id", (), ">", "10"), ("id", (), "<=", "7"),
    ("created_at", (), ">", "05"), ("created_at", (), "!=", "5"), ("doc", (), "~", "x"),
)  # fmt: skip


async def test_a_condition_holds_for_the_same_rows_when_they_are_followed_as_when_they_are_listed(
    store: Store,
) -> None:
    store.execute(TABLE)
    queries = [
        RecordQuery(
            "notes",
            (Field("id", "id"), Field("v", "doc", ("v",))),
            (Compares(Field("x", column, path), Operator(sign), text),),
            order=RecordOrder.STORED,
        )
        for column, path, sign, text in CONDITIONS
    ]
    async with reading(store.target()) as reader:
        follows = [Follow(reader, query) for query in queries]
        for follow in follows:
            await follow.look()
        rows = ", ".join(
            f"('{index + 1}', {index}, '{{\"v\": {value}}}')" for index, value in enumerate(VALUES)
        )
        store.execute(f"INSERT INTO notes VALUES {rows}, ('none', NULL, '{{}}');")
        for follow in follows:
            listed = [*reversed((await reader.records.page(follow.query)).records)]
            assert [*(await follow.found()).records] == listed, follow.query.conditions


async def test_a_condition_that_cannot_be_asked_is_refused_before_the_first_row_comes(store: Store) -> None:
    store.execute(TABLE)
    async with reading(store.target()) as reader:
        for column, sign, text in (("created_at", "<", "soon"), ("doc", "<", "x"), ("id", "in", "")):
            condition = Compares(Field("x", column), Operator(sign), text)
            with pytest.raises(UsageError):
                await Follow(reader, RecordQuery("notes", QUERY.fields, (condition,))).look()


async def test_a_view_is_refused_with_the_reason(store: Store) -> None:
    store.execute(f"{TABLE} CREATE VIEW seen AS SELECT * FROM notes;")
    async with reading(store.target()) as reader:
        with pytest.raises(BackendError, match="its rows have no position") as caught:
            await reader.records.stored_since(RecordQuery("seen", QUERY.fields), None, limit=10)
        assert caught.value.failure is FailureKind.UNSUPPORTED


async def test_new_rows_of_any_table_come_as_they_were_stored_and_can_be_read_whole(store: Store) -> None:
    store.execute(TABLE)
    add(store, "a")
    query = RowQuery("notes", columns=("doc", "id"), filters=(Filter("doc.kind", "odd"),), cell_limit=5)
    async with reading(store.target()) as reader:
        first = await reader.tables.rows_since(query, None, limit=10)
        assert first.page.rows == ()
        add(store, "d", kind="odd")
        add(store, "c")
        add(store, "b", kind="odd")
        found = await reader.tables.rows_since(query, first.mark, limit=10)
        assert [row[1] for row in found.page.rows] == ["d", "b"]
        assert found.page.rows[0][0] == '{"kin'
        whole = [await reader.tables.row("notes", str(cursor)) for cursor in found.page.row_cursors]
        assert [row["id"] for row in whole if row is not None] == ["d", "b"]
        again = await reader.tables.rows_since(query, found.mark, limit=10)
        assert again.page.rows == ()


async def test_rows_of_a_view_and_a_column_that_is_not_there_are_refused_at_the_first_look(
    store: Store,
) -> None:
    store.execute(f"{TABLE} CREATE VIEW seen AS SELECT * FROM notes;")
    async with reading(store.target()) as reader:
        with pytest.raises(BackendError, match="its rows have no position"):
            await reader.tables.rows_since(RowQuery("seen"), None, limit=10)
        with pytest.raises(UsageError, match="nothing"):
            await reader.tables.rows_since(RowQuery("notes", columns=("nothing",)), None, limit=10)


async def test_sqlite_reads_no_row_before_the_last_one(sqlite_store: SqliteStore) -> None:
    sqlite_store.execute(TABLE)
    add(sqlite_store, *(f"n{number}" for number in range(200)))
    async with reading(sqlite_store.target()) as reader:
        follow = Follow(reader)
        await follow.look()
        # A row before the mark that cannot be read as JSON would be in the answer if it were looked at.
        sqlite_store.execute("UPDATE notes SET doc = 'broken' WHERE id = 'n3';")
        add(sqlite_store, "new")
        assert await follow.look() == ["new"]


async def test_a_row_that_was_committed_late_is_not_missed(postgres_store: PostgresStore) -> None:
    postgres_store.execute(TABLE)
    writer = await _connect(postgres_store)
    try:
        async with reading(postgres_store.target()) as reader:
            follow = Follow(reader)
            await follow.look()
            transaction = writer.transaction()
            await transaction.start()
            await writer.execute("INSERT INTO notes VALUES ('late', 1, '{}')")
            add(postgres_store, "early")
            assert await follow.look() == ["early"]
            await transaction.commit()
            assert await follow.look() == ["late"]
            assert await follow.look() == []
    finally:
        await writer.close()


async def test_a_row_in_space_that_removed_rows_have_left_near_the_end_is_seen(
    postgres_store: PostgresStore,
) -> None:
    postgres_store.execute(TABLE)
    add(postgres_store, *(f"n{number:03}" for number in range(300)))
    postgres_store.execute("DELETE FROM notes WHERE id < 'n100'; ")
    postgres_store.ask("VACUUM (TRUNCATE FALSE) notes")
    async with reading(postgres_store.target()) as reader:
        follow = Follow(reader)
        await follow.look()
        add(postgres_store, "again")
        where = postgres_store.ask("SELECT ctid FROM notes WHERE id = 'again'")
        assert where.startswith("(0,"), "the server has put it at the end"
        assert await follow.look() == ["again"]


async def test_rows_put_where_no_look_reaches_are_counted(postgres_store: PostgresStore) -> None:
    fill_large(postgres_store)
    postgres_store.execute("DELETE FROM notes WHERE created_at < 20; ")
    postgres_store.ask("VACUUM notes")
    async with reading(postgres_store.target()) as reader:
        follow = Follow(reader)
        await follow.look()
        postgres_store.execute("INSERT INTO notes VALUES ('hidden', 1, '{}')")
        unseen = 0
        for _ in range(20):
            found = await follow.found()
            assert found.records == ()
            unseen = max(unseen, found.unseen)
        assert unseen == 1


async def test_a_look_does_not_read_more_of_a_table_that_is_larger(postgres_store: PostgresStore) -> None:
    fill_large(postgres_store)
    read = "SELECT heap_blks_read + heap_blks_hit FROM pg_statio_all_tables WHERE relname = 'notes'"
    async with reading(postgres_store.target()) as reader:
        follow = Follow(reader)
        await follow.look()
        before = int(postgres_store.ask(f"SELECT pg_stat_force_next_flush(); {read}").split()[-1])
        add_one = "INSERT INTO notes VALUES ('new', 1, '{}', '')"
        postgres_store.execute(add_one)
        assert await follow.look() == ["new"]
    # The connection is closed now, and what it read is counted.
    after = before
    for _ in range(50):
        after = int(postgres_store.ask(read).split()[-1])
        if after > before + 200:
            break
    blocks = int(postgres_store.ask("SELECT pg_relation_size('notes') / 8192"))
    assert blocks > 1400
    assert 0 < after - before < 2 * watch.WINDOW


def fill_large(store: PostgresStore) -> None:
    """Make a table of 12 MB, two rows to a block."""
    store.execute("CREATE TABLE notes (id VARCHAR PRIMARY KEY, created_at INTEGER, doc JSON, pad TEXT);")
    store.execute("ALTER TABLE notes ALTER pad SET STORAGE PLAIN")
    store.execute(
        "INSERT INTO notes SELECT 'n' || n, n, '{}', repeat('x', 3000) FROM generate_series(1, 3000) n"
    )


async def _connect(store: PostgresStore) -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1", port=store.server.port, database=store.database, user="operator", password=PASSWORD
    )
