"""What the program says of conversation items is what a start of ogx 1.5.0 makes of them, before and after the advice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from llama_storage_tui.services.responses.item_tables import ItemUpgradeReport, said_of, upgrade_report
from llama_storage_tui.upstream.item_upgrade import STOPS_A_START, ItemUpgrade
from tests.oracle.item_upgrade_cases import ADVICE, STATES
from tests.stores import Store, reading

FOLDER: Final = Path(__file__).parent / "item_upgrade"
RECORDED: Final = {
    engine: json.loads((FOLDER / f"ogx-1.5.0-{engine}.json").read_text()) for engine in ("sqlite", "postgres")
}
ALL: Final = {"a1", "a2", "b1"}

FAILS: Final = STOPS_A_START
COPIES: Final = {ItemUpgrade.UNFINISHED}
LEAVES: Final = {ItemUpgrade.NOT_COPIED, ItemUpgrade.COPIED_IN_PART, ItemUpgrade.SKIPPED_NEXT}
TOLD: Final = [state for state in ItemUpgrade if state in FAILS | COPIES | LEAVES]
"""In one order, since several processes collect them."""


async def reported(store: Store, name: str) -> ItemUpgradeReport:
    script = STATES[name]
    store.execute(script.replace("; ", ";\n"))
    async with reading(store.target()) as reader:
        return await upgrade_report(reader)


@pytest.mark.parametrize("name", STATES)
async def test_each_state_is_told_as_a_start_finds_it(store: Store, name: str) -> None:
    report = await reported(store, name)
    recorded: dict[str, Any] = RECORDED[store.engine][name]
    assert (recorded["error"] is not None) == (report.state in FAILS)
    items = set(recorded["conversation_items"])
    if report.state in COPIES:
        assert items >= ALL
    if report.state in LEAVES:
        assert set(recorded["conversation_items_v1"]) - items
    if report.state is ItemUpgrade.COPIED:
        assert items >= ALL or name == "a conversation deleted since"


@pytest.mark.parametrize("name", ADVICE)
async def test_after_the_advice_a_start_succeeds_and_no_item_is_lost(store: Store, name: str) -> None:
    before, after = RECORDED[store.engine][name], RECORDED[store.engine][f"{name}, as advised"]
    assert after["error"] is None
    kept = {id_ for table in after.values() if isinstance(table, list) for id_ in table}
    assert kept >= {id_ for table in before.values() if isinstance(table, list) for id_ in table}
    report = await reported(store, name)
    if report.state in LEAVES:
        assert set(after["conversation_items"]) >= ALL


def test_the_advice_says_that_copying_again_brings_back_what_was_deleted() -> None:
    for engine in RECORDED.values():
        assert "b1" in engine["a conversation deleted since, as advised"]["conversation_items"]
    for state in (ItemUpgrade.NOT_COPIED, ItemUpgrade.COPIED_IN_PART):
        advice = said_of(ItemUpgradeReport(state), "sql_default").advice
        assert (
            "brings back each item that was deleted since, those of deleted conversations included. Where that is right: stop"
            in advice
        )


@pytest.mark.parametrize("state", TOLD)
def test_no_advice_removes_a_table_or_a_row_of_items(state: ItemUpgrade) -> None:
    advice = said_of(ItemUpgradeReport(state), "sql_default").advice
    words = advice.lower()
    assert "drop" not in words
    for sentence in words.split(". "):
        assert (
            "delete" not in sentence
            or "delete the row" in sentence
            or "delete that row" in sentence
            or "deleted" in sentence
        )
    assert "delete t" not in words or "stop the servers" in words.partition("delete t")[0]


@pytest.mark.parametrize("state", TOLD)
def test_a_list_shows_no_step_whose_end_it_may_have_no_room_for(state: ItemUpgrade) -> None:
    said = said_of(ItemUpgradeReport(state), "sql_default")
    assert said.state in said.notice
    assert said.keep in said.notice
    assert "delete t" not in said.notice
    assert "name of your own" not in said.notice


def test_the_engines_agree() -> None:
    for name, recorded in RECORDED["sqlite"].items():
        other = RECORDED["postgres"][name]
        assert {**recorded, "error": recorded["error"] is None} == {**other, "error": other["error"] is None}
