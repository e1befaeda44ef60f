"""Texts of a column that begin alike, by its index: one suite for every engine."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.stores import Store, literal, reading

IDS = ["resp_a1", "resp_a2", "resp_b", "Resp_a3", "respA4", "resp%a5", "resp_é", "other"]


def fill(store: Store, ids: Sequence[str]) -> None:
    values = ", ".join(f"({literal(id_)}, 1)" for id_ in ids)
    store.execute(f"CREATE TABLE t (id VARCHAR PRIMARY KEY, n INTEGER); INSERT INTO t VALUES {values}")


@pytest.mark.parametrize(
    ("beginning", "found"),
    [
        ("resp_a", {"resp_a1", "resp_a2"}),
        ("resp_a1", {"resp_a1"}),
        ("resp_é", {"resp_é"}),
        ("resp%", {"resp%a5"}),
        ("none", set()),
        ("\x00", set()),
        ("\ud83d", set()),
    ],
)
async def test_what_begins_with_a_text_is_found_letter_by_letter(
    store: Store, beginning: str, found: set[str]
) -> None:
    fill(store, IDS)
    async with reading(store.target()) as reader:
        assert {*await reader.records.ids("t", "id", beginning, limit=10)} == found


async def test_no_more_are_found_than_asked_for_and_none_where_there_is_no_text(store: Store) -> None:
    fill(store, IDS)
    async with reading(store.target()) as reader:
        assert len(await reader.records.ids("t", "id", "resp", limit=3)) == 3
        assert await reader.records.ids("t", "n", "1", limit=3) == ()
        assert await reader.records.ids("t", "nothing", "1", limit=3) == ()
        assert await reader.records.ids("nothing", "id", "1", limit=3) == ()
