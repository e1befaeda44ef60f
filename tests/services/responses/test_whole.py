"""A response that holds only what was new is examined with the input of its ancestors."""

from __future__ import annotations

from llama_storage_tui.model.resume import Comparison
from llama_storage_tui.reports.resume import losses
from llama_storage_tui.services.responses.reading import examine_whole, read_response, whole_difference
from tests import items
from tests.items import Json
from tests.response_stores import create, insert, keeping
from tests.stores import SqliteStore, Store

SENT: list[Json] = [items.said("user", "How is Oslo?"), items.said("assistant", "Wet.")]


def turn(number: int, **changes: object) -> dict[str, object]:
    """Make the row of a turn: the first holds everything, the others what was new."""
    later = (
        {"previous_response_id": f"resp_{number - 1}", "input_storage_mode": "incremental"} if number else {}
    )
    return items.row(
        items.response(**({"id": f"resp_{number}", "messages": SENT * (number + 1)} | later | changes))
    )


async def test_the_messages_of_a_chain_agree_with_the_items_of_all_its_responses(store: Store) -> None:
    create(store)
    insert(store, [turn(number) for number in range(4)])  # type: ignore[misc] # as above
    async with keeping(store).session() as session:
        examined = await examine_whole(session, await read_response(session, "resp_3"))
    assert examined.comparison == Comparison()
    assert examined.resume.is_checked


async def test_what_ancestors_hold_counts_among_what_is_lost(sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    insert(sqlite_store, [turn(0, output=[items.web_search()]), turn(1, messages=None)])  # type: ignore[list-item] # as above
    async with keeping(sqlite_store).session() as session:
        examined = await examine_whole(session, await read_response(session, "resp_1"))
    assert [loss.what for loss in losses(examined.resume)] == ["web searches and what they found"]


async def test_a_missing_ancestor_is_named(sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    insert(sqlite_store, [turn(2, messages=None)])  # type: ignore[list-item] # as above
    async with keeping(sqlite_store).session() as session:
        examined = await examine_whole(session, await read_response(session, "resp_2"))
    [loss] = losses(examined.resume)
    assert "resp_1 is not stored" in loss.reason


async def test_a_cycle_is_said(sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    rows = [turn(1, previous_response_id="resp_2", messages=None), turn(2, messages=None)]
    insert(sqlite_store, rows)  # type: ignore[arg-type] # as above
    async with keeping(sqlite_store).session() as session:
        examined = await examine_whole(session, await read_response(session, "resp_2"))
    assert "form a cycle" in losses(examined.resume)[0].reason


async def test_a_difference_over_several_turns_is_told_by_whole_inputs(sqlite_store: SqliteStore) -> None:
    create(sqlite_store)
    insert(sqlite_store, [turn(number) for number in range(4)])  # type: ignore[misc] # as above
    async with keeping(sqlite_store).session() as session:
        first, last = [await read_response(session, f"resp_{number}") for number in (1, 3)]
        added = await whole_difference(session, first, last)
    assert added.is_chained
    assert [entry.summary for entry in added.input] == ["How is Oslo?", "Wet.", "How is Oslo?"]
    assert added.dropped == ()
