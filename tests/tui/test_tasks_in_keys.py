"""What an operator comes for, in keys from the main screen: the count is what these tests hold."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from textual import events

from llama_storage_tui.tui.records.responses import ResponsesScreen
from llama_storage_tui.tui.response.reading import ReadingScreen
from llama_storage_tui.tui.response.response import ResponseScreen
from llama_storage_tui.tui.values.value import ValueScreen
from llama_storage_tui.tui.widgets.listing import Listing
from tests.tui.gallery import NOW, Stage, demo_stage

FAILED_OF_BOB = ("w", "equals_sign", "f", "equals_sign", "d", "slash", "down", "down", "down", "down")
"""And then the name, and enter."""


def as_of_today(folder: Path) -> None:
    """Let the demo's responses be stored until now."""
    (file,) = folder.rglob("sql_store.db")
    database = sqlite3.connect(file)
    with database:
        database.execute("UPDATE responses SET created_at = created_at + ?", (int(time.time() - NOW),))
    database.close()


async def paste(found: Stage, text: str) -> None:
    """Paste a text where the cursor is."""
    found.app.post_message(events.Paste(text))
    await found.settle()


async def test_failed_responses_of_one_owner_since_yesterday_take_at_most_twelve_keys() -> None:
    async with demo_stage(fill=as_of_today) as found:
        await found.press(*FAILED_OF_BOB)
        await found.type("bob")
        await found.press("enter")
        assert len(FAILED_OF_BOB) + 1 <= 12
        screen = found.app.screen
        assert isinstance(screen, ResponsesScreen)
        assert "only status failed" in found.text
        assert "only owner bob" in found.text
        assert "only since" in found.text
        rows = [line for line in found.text.splitlines() if "✗ failed" in line]
        assert rows
        assert all("bob" in row for row in rows)


async def test_an_id_from_a_ticket_takes_two_keys_and_the_paste() -> None:
    async with demo_stage() as found:
        await found.press("w")
        response = str(found.app.screen.query_one(Listing).current).rpartition("/")[2]
        await found.press("escape", "colon")
        await paste(found, response)
        await found.press("enter")
        assert isinstance(found.app.screen, ResponseScreen)
        assert response in found.text


async def test_the_value_of_a_key_by_its_prefix_takes_at_most_four_keys_and_the_prefix() -> None:
    async with demo_stage() as found:
        keys = 1
        await found.press("colon")
        await found.type("vector_stores:v3::")
        while not isinstance(found.app.screen, ValueScreen | ReadingScreen) and keys < 5:
            await found.press("enter")
            keys += 1
        assert isinstance(found.app.screen, ValueScreen | ReadingScreen)
        assert keys <= 4


async def test_a_response_leads_to_its_completions_and_each_back_to_it() -> None:
    async with demo_stage() as found:
        await found.press("w", "enter")
        screen = found.app.screen
        assert isinstance(screen, ResponseScreen)
        await found.press("L")
        assert isinstance(found.app.screen, ReadingScreen)
        await found.press("G", "enter")
        assert "chatcmpl" in found.text
        await found.press("enter")
        assert f"response     {screen._response_id}" in found.text
