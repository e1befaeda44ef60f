"""Lists of records sorted by a column: chosen and turned by the keys of a table's rows, with what it costs."""

from __future__ import annotations

import pytest

from llama_storage_tui.tui.widgets.listing import Listing
from tests.tui.gallery import NARROW, Stage, demo_stage, fill_in
from tests.tui.paced import Pacing

COST = "which reads all {} rows for each page where no index serves it"


def _titles(found: Stage) -> list[str]:
    return [str(column.label) for column in found.app.screen.query_one(Listing).ordered_columns]


def _cells(found: Stage, title: str) -> list[str]:
    listing = found.app.screen.query_one(Listing)
    place = next(place for place, each in enumerate(_titles(found)) if each.startswith(title))
    return [str(listing.get_row_at(row)[place]).strip() for row in range(listing.row_count)]


async def test_responses_turn_from_ascending_to_descending_to_newest_first() -> None:
    async with demo_stage() as found:
        await found.press("w", "right", "right", "s")
        assert f"sorted by model ascending, {COST.format(322)}" in found.text
        assert "newest first" not in found.text
        assert "Model ▲" in _titles(found)
        models = _cells(found, "Model")
        assert models == sorted(models)
        await found.press("s")
        assert "sorted by model descending" in found.text
        assert _cells(found, "Model") != models
        await found.press("n")
        assert "responses 101–200  sorted by model descending" in found.text
        await found.press("s")
        assert "newest first" in found.text
        assert not any("▼" in title or "▲" in title for title in _titles(found))


async def test_the_column_that_is_chosen_is_marked_in_the_title_alone() -> None:
    async with demo_stage() as found:
        await found.press("w")
        listing = found.app.screen.query_one(Listing)
        assert all(column.label.style == "" for column in listing.ordered_columns)
        await found.press("l", "l", "h")
        assert [
            str(column.label) for column in listing.ordered_columns if column.label.style == "reverse"
        ] == ["Status"]
        assert listing.cursor_type == "row"


async def test_what_cannot_be_sorted_is_said_and_the_list_stays() -> None:
    async with demo_stage() as found:
        await found.press("w", "right", "s")
        assert "Responses cannot be sorted by 'status', which is inside the JSON" in found.text
        assert "newest first" in found.text
        assert "● completed" in found.text


async def test_a_filter_and_a_sort_hold_together_and_are_remembered() -> None:
    async with demo_stage() as found:
        await found.press("w", "s", "slash")
        await fill_in(found, status="failed")
        assert "responses 1–6  sorted by created_at ascending" in found.text
        assert "only status failed" in found.text
        assert "● completed" not in found.text
        created = _cells(found, "Created")
        assert created == sorted(created)
        await found.press("escape", "w")
        assert "sorted by created_at ascending" in found.text
        await found.press("o")
        assert "newest first" in found.text


async def test_a_sorted_list_is_not_followed() -> None:
    async with demo_stage() as found:
        await found.press("w", "s", "F")
        assert "sorted by a column cannot be followed" in found.text
        assert "● following" not in found.text
        await found.press("s", "s", "F")
        assert "● following" in found.text


async def test_a_sort_that_is_being_read_is_not_lost_by_following_what_is_still_on_show() -> None:
    async with demo_stage() as found:
        await found.press("w")
        for key in ("s", "F"):
            found.app.simulate_key(key)
        await found.appears("sorted by a column cannot be followed")
        assert "sorted by created_at ascending" in found.text
        assert "● following" not in found.text


async def test_a_sorted_table_is_not_followed() -> None:
    async with demo_stage() as found:
        await found.press("down", "enter", "down", "down", "down", "enter")
        await found.press("s", "F")
        assert "sorted by a column cannot be followed" in found.text
        assert "● following" not in found.text
        await found.press("s", "s", "F")
        assert "● following" in found.text
        await found.press("s")
        assert "sorted by a column cannot be followed" in found.text
        assert "● following" not in found.text


async def test_a_very_large_table_is_sorted_on_request_and_comes_back_as_stored() -> None:
    async with demo_stage(pacing=Pacing()) as found:
        await found.press("w", "s")
        assert "sorted by created_at ascending" in found.text
        await found.press("s", "s")
        assert "as stored, close to newest first" in found.text


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("C",), "created_at"),
        (("M",), "created"),
    ],
)
async def test_other_lists_are_sorted_by_the_same_keys(keys: tuple[str, ...], words: str) -> None:
    async with demo_stage(NARROW) as found:
        await found.press(*keys)
        newest = _cells(found, "Created")
        assert newest == sorted(newest, reverse=True)
        await found.press("s")
        assert f"sorted by {words} ascending" in found.text
        assert _titles(found)[0] == "Created ▲"
        created = _cells(found, "Created")
        assert created == sorted(created)
