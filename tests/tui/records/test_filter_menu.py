"""Filters that need no typing, and those that an operator gave a name."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

from llama_storage_tui.tui.records.responses import ResponsesScreen
from llama_storage_tui.tui.screens.filter_menu import FilterMenu
from llama_storage_tui.tui.widgets.listing import Listing
from llama_storage_tui.tui.widgets.status_line import StatusLine
from tests.tui.gallery import Stage, demo_stage


def keep_filters_in(found: Stage, folder: Path) -> Path:
    """Let the app keep its filters in a folder; return the file."""
    dependencies = found.app._dependencies
    found.app._dependencies = replace(
        dependencies,
        environ={**dependencies.environ, "LLAMA_STORAGE_TUI_CONFIG": str(folder / "config.toml")},
    )
    return found.app.filters_file


async def test_only_failed_and_what_is_under_the_cursor_are_two_keys_away_and_add_up() -> None:
    async with demo_stage() as found:
        await found.press("w", "equals_sign", "f")
        assert "only status failed" in found.text
        await found.press("equals_sign", "o")
        assert "only status failed" in found.text
        assert "only owner" in found.text
        await found.press("equals_sign", "escape", "X")
        assert "only status" not in found.text


async def test_a_filter_is_saved_by_name_with_its_words_of_time_and_is_there_after_a_restart(
    tmp_path: Path,
) -> None:
    async with demo_stage() as found:
        file = keep_filters_in(found, tmp_path / "made")
        await found.press("w", "equals_sign", "f", "equals_sign", "d", "equals_sign", "plus")
        await found.type("nightly")
        await found.press("enter")
        assert "nightly" in found.text
        saved = json.loads(file.read_text())["filters"]
        assert saved == [
            {"list": "responses", "name": "nightly", "conditions": ["status=failed", "since=yesterday"]}
        ]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with demo_stage() as found:
        keep_filters_in(found, tmp_path / "made")
        await found.press("w", "equals_sign", "1")
        screen = found.app.screen
        assert isinstance(screen, ResponsesScreen)
        assert "only status failed" in found.text
        assert "only since" in found.text
        await found.press("equals_sign", "G", "delete")
        assert json.loads(file.read_text()) == {"filters": []}
        assert "nightly" not in found.text.split("Deleted")[0]


async def test_a_file_of_filters_that_is_broken_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    async with demo_stage() as found:
        file = keep_filters_in(found, tmp_path)
        file.write_text('{"filters": [{"list": 1}]}')
        await found.press("w", "equals_sign")
        assert isinstance(found.app.screen, FilterMenu)
        assert "is not a file of saved filters" in found.app.screen.query_one(StatusLine).text
        await found.press("f")
        assert "only status failed" in found.text
        assert file.read_text() == '{"filters": [{"list": 1}]}'


async def test_rows_are_filtered_by_the_value_under_the_cursor_and_by_a_path_into_json(
    tmp_path: Path,
) -> None:
    async with demo_stage() as found:
        keep_filters_in(found, tmp_path)
        await found.press("down", "enter")
        listing = found.app.screen.query_one(Listing)
        listing.point("responses")
        await found.press("enter", "slash", "ctrl+u")
        await found.type("response_object.status=failed")
        await found.press("enter")
        rows = found.app.screen.query_one(Listing).row_count
        assert "only response_object.status=failed" in found.text
        assert 0 < rows < 100
        await found.press("equals_sign", "enter")
        assert found.app.screen.query_one(Listing).row_count == 1
        assert "and id=" in found.text or "only id=" in found.text
