"""From one record to the next: in the order of the list that it was opened from, over the end of a page, and no further."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from llama_storage_tui.tui.records.records import RecordsScreen
from llama_storage_tui.tui.records.responses import ResponsesScreen
from llama_storage_tui.tui.response.reading import ReadingScreen
from llama_storage_tui.tui.response.response import ResponseScreen
from llama_storage_tui.tui.screens.detail import DetailScreen
from llama_storage_tui.tui.values.keys import KeysScreen
from llama_storage_tui.tui.values.rows import RowsScreen
from llama_storage_tui.tui.values.value import ValueScreen
from tests.tui.gallery import Stage, demo_stage, stage


def name(shown: Stage) -> str:
    """Return the first line: the name of what is open."""
    return shown.text.splitlines()[0]


@pytest.mark.parametrize(
    ("keys", "list_", "detail"),
    [
        (("w", "enter"), ResponsesScreen, ResponseScreen),
        (("C", "enter"), RecordsScreen, ReadingScreen),
        (("M", "enter"), RecordsScreen, ReadingScreen),
        (("O", "enter", "enter"), RecordsScreen, ReadingScreen),
        (("enter", "enter", "enter"), KeysScreen, ValueScreen),
        (("down", "enter", "down", "enter", "enter"), RowsScreen, ValueScreen),
    ],
)
async def test_the_next_record_takes_the_place_of_the_one_that_is_open(
    keys: tuple[str, ...], list_: type, detail: type
) -> None:
    async with demo_stage() as shown:
        await shown.press(*keys)
        await shown.settle()
        assert isinstance(shown.app.screen, detail)
        depth, first = len(shown.app.screen_stack), name(shown)
        await shown.press("right_square_bracket")
        assert name(shown) != first
        await shown.press("left_square_bracket")
        assert name(shown) == first
        assert len(shown.app.screen_stack) == depth
        await shown.press("left_square_bracket")
        assert name(shown) == first
        assert "This is the first record of the list." in shown.text
        await shown.press("escape")
        assert isinstance(shown.app.screen, list_)


async def until(shown: Stage, *, other_than: str) -> None:
    """Wait for another record: the list below reads its page behind what is on show."""
    await shown.until(lambda: name(shown) != other_than)


async def test_a_step_goes_over_the_end_of_a_page_and_back() -> None:
    async with demo_stage() as shown:
        await shown.press("w", "G", "enter")
        first = name(shown)
        await shown.press("right_square_bracket")
        await until(shown, other_than=first)
        assert isinstance(shown.app.screen, ResponseScreen)
        assert isinstance(shown.app.screen.origin, ResponsesScreen)
        assert shown.app.screen.origin.page_number == 2
        second = name(shown)
        await shown.press("left_square_bracket")
        await until(shown, other_than=second)
        assert name(shown) == first


async def test_the_last_record_says_so() -> None:
    async with stage() as shown:
        await shown.press("enter", "G", "enter", "G", "enter", "right_square_bracket")
        assert isinstance(shown.app.screen, ValueScreen)
        assert "This is the last record of the list." in shown.text


async def test_a_page_that_cannot_be_read_is_said_where_the_step_was_asked_for() -> None:
    folders: list[Path] = []
    async with demo_stage(fill=folders.append) as shown:
        await shown.press("w", "G", "enter")
        first = name(shown)
        with closing(sqlite3.connect(folders[0] / "sql_store.db")) as file, file:
            file.execute("ALTER TABLE responses RENAME TO gone")
        await shown.press("right_square_bracket")
        await shown.appears("✗")
        assert name(shown) == first
        assert isinstance(shown.app.screen, DetailScreen)


async def test_what_was_opened_from_elsewhere_has_no_neighbours() -> None:
    async with demo_stage() as shown:
        await shown.press("w", "enter", "c", "enter")
        assert isinstance(shown.app.screen, ResponseScreen)
        first = name(shown)
        await shown.press("right_square_bracket")
        assert name(shown) == first
        assert "Next record" not in shown.text
