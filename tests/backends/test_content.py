"""Rows that a server stores and cannot hand over or take apart, in each kind of encoding: marked, and the rest shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from llama_storage_tui.backends.engine import Engine
from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.records import SqlRecordReader
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape
from llama_storage_tui.backends.stored_rows import StoredRow
from llama_storage_tui.model.data import Cell, Column, Filter, KeySelection, RowQuery
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
    RecordOrder,
    RecordQuery,
)
from tests.servers import PASSWORD, ROLE, Server
from tests.stores import PostgresStore, all_keys, all_rows, reading

ENCODINGS = ("UTF8", "LATIN1", "SQL_ASCII")

STATUS = Field("status", "doc", ("status",))
OUTPUT = Field("output_ids", "doc", ("output",), Measure.EACH, ("id",))
SHAPE = Field("shape", "doc", measure=Measure.SHAPE)
FIELDS = (
    Field("id", "id"),
    Field("created_at", "created_at"),
    STATUS,
    Field("tokens", "doc", ("usage", "total_tokens")),
    Field("items", "doc", ("output",), Measure.ITEMS),
    OUTPUT,
    Field("bytes", "doc", measure=Measure.BYTES),
    SHAPE,
    Field("usage_shape", "doc", ("usage",), Measure.SHAPE),
    Field("usage", "doc", ("usage",)),
)
QUERY = RecordQuery("responses", FIELDS, limit=1000)
CONDITIONS: tuple[Condition, ...] = (
    Equals(STATUS, "failed"),
    Equals(STATUS, None),
    Not(Equals(STATUS, "failed")),
    Equals(SHAPE, "object"),
    OneOf(OUTPUT, ("msg_1", "é", "日")),
    OneOf(STATUS, ("failed", "é")),
    Between(Field("tokens", "doc", ("usage", "total_tokens")), 1, 100),
    Contains("doc", ("failed", "日")),
    NotJson("doc"),
    AnyOf((Equals(STATUS, "é"), Between(Field("created_at", "created_at"), 3, 4))),
    Equals(Field("model", "model"), "日"),
)


class Encoded(PostgresStore):
    """A database in an encoding of its own, written to with any bytes."""

    encoding = "UTF8"

    def create(self) -> None:
        self.server.execute(
            f"CREATE DATABASE {self.database} OWNER {ROLE} ENCODING '{self.encoding}' TEMPLATE template0"
            " LC_COLLATE 'C' LC_CTYPE 'C' STRATEGY FILE_COPY",
            database="postgres",
        )

    def put(self, table: str, *columns: bytes | None, last: str = "varchar") -> None:
        """Insert a row of texts by their bytes in the database's encoding; `last` is the type of the last column."""
        cells = ", ".join("NULL" if cell is None else as_stored(cell, self.encoding) for cell in columns)
        self.execute(f"INSERT INTO {table} VALUES ({cells}::{last})")

    def put_response(self, id_: bytes, document: bytes, *, model: bytes | None = None) -> None:
        """Insert a response whose document is of type json."""
        self.put("responses", id_, None, model, document, last="json")


def as_stored(cell: bytes, encoding: str) -> str:
    return f"convert_from('\\x{cell.hex()}', '{encoding}')"


def in_encoding(server: Server, encoding: str, name: str) -> Encoded:
    store = Encoded(server, name)
    store.encoding = encoding
    store.create()
    return store


@pytest.fixture(params=ENCODINGS)
def encoded(request: pytest.FixtureRequest, postgres_server: Server) -> Iterator[Encoded]:
    """A database of each kind of encoding."""
    store = in_encoding(postgres_server, request.param, f"in_{request.param.lower()}")
    try:
        yield store
    finally:
        store.drop()


@pytest.fixture
def any_bytes(postgres_server: Server) -> Iterator[Encoded]:
    """A database that takes any bytes as text, as initdb without a locale makes it."""
    store = in_encoding(postgres_server, "SQL_ASCII", "any_bytes")
    try:
        yield store
    finally:
        store.drop()


def make(store: PostgresStore, type_: str = "json") -> None:
    store.execute(
        f"CREATE TABLE responses (id VARCHAR PRIMARY KEY, created_at INTEGER, model VARCHAR, doc {type_})"
    )


async def records(reader: Reader, **changes: object) -> list[dict[str, object]]:
    page = await reader.records.page(replace(QUERY, **changes))  # type: ignore[arg-type]
    return [dict(record) for record in page.records]


ODD = {
    "resp_accent": r'{"status": "caf\u00e9", "output": []}',
    "resp_wide": r'{"status": "\u65e5", "output": [{"id": "\ud83d\ude00"}]}',
    "resp_nul": r'{"status": "a\u0000b"}',
    "resp_half": r'{"status": "\ud83d"}',
    "resp_slash_half": r'{"status": "\\ud83d\ude00"}',
    "resp_slashes": r'{"status": "\\\\\ud83d", "usage": {"a": "\\u0000"}}',
    "resp_key": r'{"\u00e9\u65e5": 1, "status": "ok"}',
    "resp_plain": '{"status": "ok"}',
}
SHOWN = {
    "resp_accent": "café",
    "resp_wide": "日",
    "resp_nul": "a\ufffdb",
    "resp_half": "\ufffd",
    "resp_slash_half": "\\ud83d\ufffd",
    "resp_slashes": "\\\\\ufffd",
    "resp_key": "ok",
    "resp_plain": "ok",
}


@pytest.mark.parametrize("order", RecordOrder)
async def test_every_row_is_shown_whatever_escapes_the_encoding_lacks(
    encoded: Encoded, order: RecordOrder
) -> None:
    make(encoded)
    for id_, document in ODD.items():
        encoded.put_response(id_.encode(), document.encode())
    async with reading(encoded.target()) as reader:
        found = await records(reader, order=order)
    assert {row["id"]: row["status"] for row in found} == SHOWN
    assert {row["shape"] for row in found} == {"object"}


async def test_every_odd_row_is_found_by_its_id(encoded: Encoded) -> None:
    make(encoded)
    for id_, document in ODD.items():
        encoded.put_response(id_.encode(), document.encode())
    async with reading(encoded.target()) as reader:
        found = await reader.records.find(QUERY, [*ODD, "日本"])
    assert {row["id"]: row["status"] for row in found} == SHOWN


async def test_a_text_column_marks_the_row_that_is_not_json(encoded: Encoded) -> None:
    make(encoded, "text")
    encoded.put("responses", b"resp_1", None, None, b'{"status": "ok"}')
    encoded.put("responses", b"resp_2", None, None, b'{"status": "cut of')
    async with reading(encoded.target()) as reader:
        found = await records(reader)
        broken = await records(reader, conditions=(NotJson("doc"),))
        async with aclosing(reader.records.search(replace(QUERY, conditions=(NotJson("doc"),)))) as batches:
            searched = [record["id"] async for batch in batches for record in batch.records]
        async with aclosing(reader.records.tally(QUERY, [(NotJson("doc"),), ()], examples=3)) as tallied:
            counts = [batch async for batch in tallied]
    assert [(row["id"], row["shape"], row["status"]) for row in found] == [
        ("resp_2", "broken", None),
        ("resp_1", "object", "ok"),
    ]
    assert [row["id"] for row in broken] == searched == ["resp_2"]
    assert [(batch.rows, batch.counts, batch.examples[0]) for batch in counts] == [(2, (1, 2), ("resp_2",))]


async def test_a_row_whose_bytes_are_not_text_is_marked_and_the_rest_is_shown(any_bytes: Encoded) -> None:
    make(any_bytes)
    any_bytes.put_response(b"resp_1", b'{"status": "ok"}', model=b"m")
    any_bytes.put_response(b"resp_2", b'{"status": "caf\xe9"}', model=b"\xe9")
    any_bytes.put_response(b"resp_\xff", '{"status": "日"}'.encode(), model="日".encode())
    async with reading(any_bytes.target()) as reader:
        found: list[dict[str, object]] = []
        after = None
        while True:
            page = await reader.records.page(replace(QUERY, limit=1, after=after))
            found += [dict(record) for record in page.records]
            if page.next is None:
                break
            after = page.next
        broken = await records(reader, conditions=(NotJson("doc"),))
        by_model = await records(reader, conditions=(Equals(Field("model", "model"), "日"),))
    assert [(row["id"], row["shape"], row["status"]) for row in found] == [
        (b"resp_\xff", "object", "日"),
        ("resp_2", "broken", None),
        ("resp_1", "object", "ok"),
    ]
    assert [row["id"] for row in broken] == ["resp_2"]
    assert [row["id"] for row in by_model] == [b"resp_\xff"]


async def test_rows_of_any_bytes_are_paged_counted_filtered_and_streamed(any_bytes: Encoded) -> None:
    any_bytes.execute("CREATE TABLE t (id text PRIMARY KEY, note varchar(50), n int)")
    rows = [
        (f"k{number:02}".encode() + (b"\xe9" if number % 3 else b""), b"\xff\xfe" * number)
        for number in range(9)
    ]
    for id_, note in rows:
        any_bytes.put("t", id_, note, None, last="int")
    expected = [(_text(id_), _text(note), None) for id_, note in rows]
    async with reading(any_bytes.target()) as reader:
        assert await all_rows(reader, RowQuery("t", limit=2)) == expected
        cut = await reader.tables.page(RowQuery("t", limit=100, cell_limit=3))
        first = await reader.tables.page(RowQuery("t", limit=2))
        assert first.row_cursors[1] is not None
        whole = await reader.tables.row("t", first.row_cursors[1])
        filtered = await reader.tables.page(RowQuery("t", filters=(Filter("id", "k00"),)))
        async with aclosing(reader.tables.stream(RowQuery("t"))) as batches:
            streamed = [row async for batch in batches for row in batch]
    assert streamed == expected
    assert whole == {"id": b"k01\xe9", "note": b"\xff\xfe", "n": None}
    assert filtered.rows == (("k00", "", None),)
    assert cut.rows[2][1] == b"\xff\xfe\xff"
    assert (2, 1) in cut.cut_cells


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


async def test_a_cut_never_splits_a_letter_of_a_database_without_an_encoding(any_bytes: Encoded) -> None:
    any_bytes.execute("CREATE TABLE t (note text)")
    any_bytes.put("t", ("é日😀" * 100).encode())
    async with reading(any_bytes.target()) as reader:
        for limit in range(1, 12):
            page = await reader.tables.page(RowQuery("t", cell_limit=limit))
            assert page.rows == ((("é日😀" * 100)[:limit],),)
            assert page.cut_cells == {(0, 0)}


async def test_keys_and_values_of_any_bytes_are_listed_read_and_streamed(any_bytes: Encoded) -> None:
    any_bytes.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
    stored = {b"a:1": b"x", b"a:\xe9": b"\xff", "b:日".encode(): "日".encode(), b"c\xff": b"y"}
    for key, value in stored.items():
        any_bytes.put("kvstore", key, value, None, last="timestamp")
    expected = {_text(key): _text(value) for key, value in stored.items()}
    async with reading(any_bytes.target(table="kvstore")) as reader:
        everything = await all_keys(reader, KeySelection(), limit=1)
        some = await all_keys(reader, KeySelection(include=("a:",)), limit=1)
        values = [await reader.key_values.value(entry.key) for entry in everything]
        async with aclosing(reader.key_values.stream(KeySelection())) as batches:
            streamed = {each.entry.key: each.value async for batch in batches for each in batch}
        count = await reader.key_values.count(KeySelection())
    assert {entry.key for entry in everything} == set(expected)
    assert {entry.key for entry in some} == {"a:1", b"a:\xe9"}
    assert {each.entry.key: each.value for each in values if each is not None} == expected
    assert streamed == expected
    assert count.value == 4


async def test_a_text_that_the_encoding_lacks_is_found_nowhere_and_fails_nothing(encoded: Encoded) -> None:
    make(encoded)
    encoded.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
    encoded.put_response(b"resp_1", b'{"status": "ok"}', model=b"m")
    encoded.put("kvstore", b"a", b"x", None, last="timestamp")
    async with reading(encoded.target(table="kvstore")) as reader:
        assert await records(reader, conditions=(Equals(Field("model", "model"), "日"),)) == []
        assert await records(reader, conditions=(Equals(STATUS, "日"),)) == []
        assert await records(reader, conditions=(Contains("doc", ("日",)),)) == []
        assert (await reader.tables.page(RowQuery("responses", filters=(Filter("model", "日"),)))).rows == ()
        assert (await reader.tables.count("responses", (Filter("model", "日"),))).value == 0
        assert await reader.tables.table("日") is None
        assert await reader.key_values.value("日") is None
        assert await reader.key_values.values_of(["日", "a"]) != ()
        assert (await reader.key_values.page(KeySelection(), prefix="日")).keys == ()
        assert (await reader.key_values.page(KeySelection(include=("日",)))).keys == ()
        assert (await reader.key_values.count(KeySelection(include=("日",)))).value == 0


TEXTS = st.text(st.sampled_from("ab\\\"'é日😀\x00\x7f\u2028\ud83d\ude00"), max_size=4)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["failed", "completed", "é"]) | VALUES,
        "output": st.lists(
            st.fixed_dictionaries({}, optional={"id": st.just("msg_1") | VALUES}) | VALUES, max_size=3
        )
        | VALUES,
        "usage": st.fixed_dictionaries({"total_tokens": st.integers(0, 200) | VALUES}) | VALUES,
        "é": VALUES,
    },
)
WRITTEN = st.builds(
    lambda value, ascii_: json.dumps(value, ensure_ascii=ascii_ or _is_held_as_escape(value)),
    DOCUMENTS | VALUES,
    st.booleans(),
)


def _is_held_as_escape(value: object) -> bool:
    """Whether a value has letters that only an escape can write: halves of pairs, NUL, and what LATIN1 lacks."""
    try:
        json.dumps(value, ensure_ascii=False).encode("latin-1")
    except UnicodeEncodeError:
        return True
    return False


SHAPES = {
    name: ColumnShape(Column(name, kind, is_primary_key=False, is_nullable=True), kind)
    for name, kind in (
        ("id", ColumnKind.TEXT),
        ("created_at", ColumnKind.INTEGER),
        ("model", ColumnKind.TEXT),
        ("doc", ColumnKind.JSON),
    )
}


def expected_row(number: int, document: str, size: int) -> StoredRow:
    cells: dict[str, Cell] = {"id": f"resp_{number}", "created_at": number, "model": "日", "doc": document}
    return StoredRow(cells, {"doc": size}, SHAPES)


def comparable(value: object) -> object:
    """Return JSON text as what it means: engines and Python space and escape it each their own way."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


@pytest.fixture
async def connection(encoded: Encoded) -> AsyncIterator[asyncpg.Connection]:
    make(encoded)
    made = await asyncpg.connect(
        host="127.0.0.1", port=encoded.server.port, user=ROLE, password=PASSWORD, database=encoded.database
    )
    try:
        yield made
    finally:
        await made.close()


@settings(
    max_examples=6,  # each is asked some thirty queries, whatever it holds: few examples of many documents
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(documents=st.lists(WRITTEN, min_size=8, max_size=16))
async def test_generated_documents_are_listed_found_searched_and_tallied_in_every_encoding(
    encoded: Encoded, connection: asyncpg.Connection, documents: list[str]
) -> None:
    await connection.execute("TRUNCATE responses")
    rows = [(f"resp_{number}", number, "m", document) for number, document in enumerate(documents)]
    await connection.executemany("INSERT INTO responses VALUES ($1, $2, $3, $4)", rows)
    sizes = dict(await connection.fetch("SELECT id, octet_length(doc::text) FROM responses"))
    wanted = [
        expected_row(number, document, sizes[f"resp_{number}"]) for number, document in enumerate(documents)
    ]
    every = {
        str(row.cells["id"]): {field.name: comparable(row.value(field)) for field in FIELDS} for row in wanted
    }
    async with reading(encoded.target()) as reader:
        for order in RecordOrder:
            listed = await records(reader, order=order)
            assert {str(row["id"]): _all_comparable(row) for row in listed} == every
        found = await reader.records.find(QUERY, [*every])
        assert {str(row["id"]): _all_comparable(dict(row)) for row in found} == every
        async with aclosing(
            reader.records.tally(QUERY, [(each,) for each in CONDITIONS], examples=1000)
        ) as tallied:
            (batch,) = [batch async for batch in tallied]
        for index, condition in enumerate(CONDITIONS):
            met = {
                str(row.cells["id"])
                for row in wanted
                if condition is not CONDITIONS[-1] and row.meets(condition)
            }
            assert set(batch.examples[index]) == met, condition
            assert batch.counts[index] == len(met)
            query = replace(QUERY, conditions=(condition,))
            async with aclosing(reader.records.search(query)) as batches:
                assert {record["id"] async for part in batches for record in part.records} == met, condition
            assert {row["id"] for row in await records(reader, conditions=(condition,))} == met


def _all_comparable(row: dict[str, object]) -> dict[str, object]:
    return {name: comparable(value) for name, value in row.items()}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(documents=st.lists(DOCUMENTS | VALUES, min_size=1, max_size=8))
@example(documents=[{"output": [{"id": {"\\\ud83d": None}}]}])
async def test_the_engine_and_this_program_take_the_same_out_of_a_document(
    postgres_store: PostgresStore, documents: list[object]
) -> None:
    postgres_store.execute("DROP TABLE IF EXISTS responses")
    make(postgres_store)
    values = ", ".join(
        f"('resp_{number}', {number}, 'm', '{json.dumps(document)}'::text::json)".replace("'''", "'")
        for number, document in ((n, _quoted(each)) for n, each in enumerate(documents))
    )
    postgres_store.execute(f"INSERT INTO responses VALUES {values}")
    async with reading(postgres_store.target()) as reader:
        by_engine = [_all_comparable(row) for row in await records(reader)]
        engine = reader.records.engine  # type: ignore[attr-defined] # of the reader of a SQL engine
        by_hand = SqlRecordReader(_raw(engine), reader.records.timeouts, reader.records.watch)  # type: ignore[attr-defined]
        page = await by_hand.page(QUERY)
    assert [_all_comparable(dict(row)) for row in page.records] == by_engine


def _quoted(value: object) -> object:
    """Return a value that stands in a literal of SQL."""
    return json.loads(json.dumps(value).replace("'", ""))


def _raw(engine: Engine) -> Engine:
    assert engine.raw is not None
    return engine.raw
