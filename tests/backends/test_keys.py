"""Keys and values are counted, paged and streamed by namespace, alike on every engine."""

from __future__ import annotations

import sys
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llama_storage_tui.backends.batches import LARGEST_BATCH
from llama_storage_tui.backends.ranges import is_selected
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import NotFoundError, UsageError
from llama_storage_tui.model.data import Count, KeySelection, StoredValue
from tests.stores import KEY_VALUE_TABLE, KeyStore, SqliteStore, Store, all_keys, reading

EVERYTHING = KeySelection()


def filled(store: KeyStore, keys: list[str]) -> None:
    store.fill({key: f"v:{key}" for key in keys})


async def test_a_missing_table_is_explained_and_not_a_crash(store: Store) -> None:
    store.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    async with reading(store.target(table="kvstore")) as reader:
        for asked in (
            reader.key_values.count(EVERYTHING),
            reader.key_values.page(EVERYTHING),
            reader.key_values.value("x"),
        ):
            with pytest.raises(NotFoundError, match="no key-value table 'kvstore' yet") as caught:
                await asked
            assert "first use" in help_words(caught.value.help)
        assert "no key-value table" in " ".join((await reader.probe()).warnings)


async def test_a_sql_backend_has_no_keys(store: Store) -> None:
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    async with reading(store.target()) as reader:
        with pytest.raises(UsageError, match="tables, not keys"):
            _ = reader.key_values


async def test_a_namespace_is_paged_in_key_order_and_its_values_are_read(key_store: KeyStore) -> None:
    filled(key_store, [f"ns:{number:03}" for number in range(20)] + ["nsx", "ns", "nt:1", "a"])
    selection = KeySelection(include=("ns:",))
    async with reading(key_store.key_target()) as reader:
        keys = await all_keys(reader, selection)
        assert [entry.key for entry in keys] == [f"ns:{number:03}" for number in range(20)]
        # Redis tells what a key takes in memory: to ask for its value's size would count as an access.
        size = len("v:ns:000")
        assert keys[0].bytes is not None
        assert keys[0].bytes == size or (key_store.engine == "redis" and keys[0].bytes > size)
        assert await reader.key_values.count(selection) == Count(20, is_exact=True)
        assert await reader.key_values.count(selection, fast=True) == Count(20, is_exact=True)
        narrowed = await reader.key_values.page(selection, prefix="ns:01", limit=10)
        assert [entry.key for entry in narrowed.keys] == [f"ns:01{number}" for number in range(10)]
        assert narrowed.next is None
        found = await reader.key_values.value("ns:003")
        assert found is not None
        assert (found.value, found.is_cut) == ("v:ns:003", False)
        cut = await reader.key_values.value("ns:003", limit=3)
        assert cut is not None
        assert (cut.value, cut.is_cut, cut.entry.bytes) == ("v:n", True, 8)
        assert await reader.key_values.value("ns:999") is None
        assert await reader.key_values.value("\ud800") is None


key_texts = st.text(alphabet="ab:%_\\'é\uffff\U0001f642", min_size=1, max_size=5)
prefixes = st.lists(st.text(alphabet="ab:", min_size=1, max_size=3), max_size=3).map(tuple)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(key_texts, unique=True, max_size=30),
    selection=st.builds(KeySelection, include=prefixes, exclude=prefixes),
    prefix=st.text(alphabet="ab:", max_size=2),
    limit=st.integers(1, 8),
)
async def test_walking_all_pages_gives_the_selected_keys_once_in_order(
    key_store: KeyStore, keys: list[str], selection: KeySelection, prefix: str, limit: int
) -> None:
    filled(key_store, keys)
    selected = sorted(key for key in keys if is_selected(key, selection))
    async with reading(key_store.key_target()) as reader:
        walked = await all_keys(reader, selection, prefix=prefix, limit=limit)
        counted = await reader.key_values.count(selection)
        streamed: list[StoredValue] = []
        async with aclosing(reader.key_values.stream(selection)) as batches:
            async for batch in batches:
                streamed += batch
    assert [entry.key for entry in walked] == [key for key in selected if key.startswith(prefix)]
    assert counted == Count(len(selected), is_exact=True)
    assert [(value.entry.key, value.value) for value in streamed] == [(key, f"v:{key}") for key in selected]


async def test_expired_keys_are_listed_as_expired(store: Store) -> None:
    store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('past', '1', '2020-01-01 00:00:00'),"
        " ('future', '1', '2999-01-01 00:00:00'), ('never', '1', NULL)"
    )
    async with reading(store.target(table="kvstore")) as reader:
        found = {entry.key: entry for entry in (await reader.key_values.page(EVERYTHING)).keys}
    assert found["past"].is_expired
    assert found["past"].expires_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert not found["future"].is_expired
    assert not found["never"].is_expired
    assert found["never"].expires_at is None


async def test_a_cursor_of_another_selection_is_refused(key_store: KeyStore) -> None:
    filled(key_store, ["a:1", "a:2", "a:3"])
    async with reading(key_store.key_target()) as reader:
        page = await reader.key_values.page(EVERYTHING, limit=1)
        for selection, prefix in ((KeySelection(include=("a:",)), ""), (EVERYTHING, "a")):
            with pytest.raises(UsageError, match="does not belong to this list"):
                await reader.key_values.page(selection, prefix=prefix, limit=1, after=page.next)


async def test_a_stream_of_large_values_comes_in_small_batches(
    key_store: KeyStore, request: pytest.FixtureRequest
) -> None:
    if key_store.engine == "postgres":
        # Too long for a command line.
        key_store.fill(dict.fromkeys("abcdef", ""))
        request.getfixturevalue("postgres_store").execute("UPDATE kvstore SET value = repeat('x', 3000000)")
    else:
        key_store.fill(dict.fromkeys("abcdef", "x" * 3_000_000))
    async with (
        reading(key_store.key_target()) as reader,
        aclosing(reader.key_values.stream(EVERYTHING)) as batches,
    ):
        sizes = [[stored.entry.bytes for stored in batch] async for batch in batches]
    assert sizes == [[3_000_000] * 2] * 3


async def test_a_value_is_cut_between_characters_and_bytes_that_are_no_text_stay_bytes(
    key_store: KeyStore,
) -> None:
    key_store.fill({"ns:a": "é€\U0001f642" * 10, "ns:empty": ""})
    async with reading(key_store.key_target()) as reader:
        for limit in range(1, 9):
            found = await reader.key_values.value("ns:a", limit=limit)
            assert found is not None
            assert (found.value, found.is_cut) == (("é€\U0001f642" * 3)[:limit], True)
        empty = await reader.key_values.value("ns:empty", limit=5)
        assert empty is not None
        assert (empty.value, empty.is_cut) == ("", False)
        several = await reader.key_values.values_of(["ns:empty", "missing", "ns:a", "\ud800"], limit=2)
        assert [stored.entry.key for stored in several] == ["ns:empty", "ns:a"]


async def test_to_read_all_values_takes_few_calls_for_each(sqlite_store: SqliteStore) -> None:
    """Of hundreds of thousands of keys each call for one is a tenth of a second, whatever the machine."""
    keys = {f"key{number:05}": "{}" for number in range(3 * LARGEST_BATCH)}
    sqlite_store.fill(keys)
    calls = 0

    def counted(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    async with reading(sqlite_store.key_target()) as reader:
        assert [batch async for batch in reader.key_values.stream(KeySelection(("key00000",)))]
        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            batches = [batch async for batch in reader.key_values.stream(KeySelection())]
        finally:
            sys.setprofile(before)
    assert {str(stored.entry.key): stored.value for batch in batches for stored in batch} == keys
    assert calls / len(keys) < 15, calls / len(keys)
