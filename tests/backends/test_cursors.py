"""A cursor survives a command line and goes with its own listing only."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.backends import cursors
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import KeySelection, RowQuery
from tests.stores import KEY_VALUE_TABLE, SqliteStore, reading

parts = st.one_of(st.none(), st.tuples(st.sampled_from("tribx"), st.text()))


@given(st.lists(parts, min_size=1, max_size=4))
def test_a_position_survives_as_plain_ascii(position: list[cursors.Part]) -> None:
    cursor = cursors.encode("listing", position)
    assert cursor.isascii()
    assert not set(cursor) & set("+/= \n")
    assert cursors.decode(cursor, "listing", length=len(position)).parts == tuple(position)


@given(st.text(max_size=60))
def test_no_text_that_is_no_cursor_gets_through(text: str) -> None:
    with pytest.raises(UsageError, match="does not belong to this list"):
        cursors.decode(text, "listing", length=1)


@pytest.mark.parametrize(
    "document",
    [
        b"[]",
        b"null",
        b'{"l":"listing"}',
        b'{"l":"listing","p":{}}',
        b'{"l":"listing","p":[]}',
        b'{"l":"listing","p":[["t"]]}',
        b'{"l":"listing","p":[[1,"x"]]}',
        b'{"l":"listing","p":["tx"]}',
        b'{"l":"other","p":[["t","x"]]}',
        b'{"l":"listing","p":[["t","x"],["t","x"]]}',
        b"[" * 20_000,
    ],
)
def test_a_forged_cursor_is_refused(document: bytes) -> None:
    with pytest.raises(UsageError, match="does not belong to this list"):
        cursors.decode(base64.urlsafe_b64encode(document).decode(), "listing", length=1)


def test_listings_are_told_apart_by_all_that_makes_them() -> None:
    assert cursors.fingerprint("a", ["b"]) == cursors.fingerprint("a", ("b",))
    assert cursors.fingerprint("a", ["b"]) != cursors.fingerprint("ab", [])


async def test_a_cursor_of_another_database_with_the_same_table_is_refused(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / name) for name in ("one.db", "two.db")]
    for store in stores:
        store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)")
        store.execute(KEY_VALUE_TABLE + "; INSERT INTO kvstore (key, value) VALUES ('a', '1'), ('b', '2')")
    async with (
        reading(stores[0].target(table="kvstore")) as one,
        reading(stores[1].target(table="kvstore")) as two,
    ):
        rows = await one.tables.page(RowQuery("t", limit=1))
        keys = await one.key_values.page(KeySelection(), limit=1)
        assert (await one.tables.page(RowQuery("t", limit=1, after=rows.next))).rows
        with pytest.raises(UsageError, match="does not belong"):
            await two.tables.page(RowQuery("t", limit=1, after=rows.next))
        with pytest.raises(UsageError, match="does not belong"):
            await two.tables.row("t", rows.row_cursors[0] or "")
        with pytest.raises(UsageError, match="does not belong"):
            await two.key_values.page(KeySelection(), limit=1, after=keys.next)
