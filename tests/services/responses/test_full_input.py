"""Whole inputs rebuilt from ancestors, as a server rebuilds them, and what is missing where it cannot."""

from __future__ import annotations

import pytest

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.chain import FullInput, Truncation
from llama_storage_tui.model.data import Cell
from llama_storage_tui.services.responses.full_input import full_input
from tests.response_rows import message, row
from tests.response_stores import create, insert, keeping
from tests.stores import SqliteStore, Store

Row = dict[str, Cell]


def turn(n: int, previous: int | None, *, mode: str | None = "incremental", **changes: object) -> Row:
    made: dict[str, object] = {
        "previous_response_id": None if previous is None else f"r{previous}",
        "input_storage_mode": mode,
        "input": [message(f"q{n}")],
        "output": [message(f"a{n}", role="assistant")],
    }
    return row(f"r{n}", mode=mode, **(made | changes))  # type: ignore[arg-type] # of the document


async def found(store: Store, id_: str) -> FullInput:
    async with keeping(store).session() as session:
        return await full_input(session, id_)


def texts(got: FullInput) -> list[str]:
    return [item["content"][0]["text"] for item in got.items]  # type: ignore[index] # messages


async def test_an_input_is_rebuilt_from_what_came_before(store: Store) -> None:
    create(store)
    insert(store, [turn(0, None, mode=None), turn(1, 0), turn(2, 1)])
    got = await found(store, "r2")
    assert texts(got) == ["q0", "a0", "q1", "a1", "q2"]
    assert (got.of, got.is_rebuilt, got.truncated) == (("r0", "r1", "r2"), True, None)


async def test_a_whole_snapshot_ends_the_way_up(store: Store) -> None:
    create(store)
    insert(store, [turn(0, None, mode=None), turn(1, 0, mode=None), turn(2, 1)])
    got = await found(store, "r2")
    assert (texts(got), got.truncated) == (["q1", "a1", "q2"], None)
    whole = await found(store, "r1")
    assert (texts(whole), whole.is_rebuilt) == (["q1"], False)


async def test_a_missing_parent_truncates_and_is_named(store: Store) -> None:
    create(store)
    insert(store, [turn(1, 0), turn(2, 1)])
    got = await found(store, "r2")
    assert texts(got) == ["q1", "a1", "q2"]
    assert (got.truncated, got.missing_parent) == (Truncation.MISSING_PARENT, "r0")


async def test_in_a_cycle_the_own_input_is_all(store: Store) -> None:
    create(store)
    insert(store, [turn(0, 1), turn(1, 0), turn(2, 1)])
    for asked in ("r1", "r2"):
        got = await found(store, asked)
        assert texts(got) == [f"q{asked[1]}"]
        assert got.truncated is Truncation.CYCLE


async def test_a_response_that_names_itself_has_its_own_input(store: Store) -> None:
    create(store)
    insert(store, [turn(0, 0)])
    assert texts(await found(store, "r0")) == ["q0"]


@pytest.mark.parametrize("depth", [20, 21, 1000])
async def test_deep_chains_are_rebuilt_whole(store: Store, depth: int) -> None:
    create(store)
    insert(store, [turn(n, n - 1 if n else None, mode="incremental" if n else None) for n in range(depth)])
    got = await found(store, f"r{depth - 1}")
    assert texts(got)[:3] == ["q0", "a0", "q1"]
    assert len(got.items) == 2 * depth - 1
    assert len(got.of) == depth


async def test_a_document_in_the_way_that_cannot_be_read_is_said(sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    rows = [turn(0, None, mode=None), turn(1, 0), turn(2, 1)]
    insert(sqlite_store, [rows[0], rows[1] | {"response_object": "{broken"}, rows[2]])
    got = await found(sqlite_store, "r2")
    assert (texts(got), got.truncated) == (["q2"], Truncation.UNREADABLE)


async def test_an_unknown_response_is_said(store: Store) -> None:
    create(store)
    with pytest.raises(NotFoundError):
        await found(store, "r0")
