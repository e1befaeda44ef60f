"""The preview of an upgrade, the config beside its next one, and what is left behind, by their keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandPalette

from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.messages import ReloadRequested
from llama_storage_tui.tui.style.glyphs import ProbeState
from llama_storage_tui.tui.upgrades.left_behind import LeftBehindScreen
from llama_storage_tui.tui.upgrades.migrate import MigrateScreen
from llama_storage_tui.tui.upgrades.upgrade import UpgradeScreen
from llama_storage_tui.tui.values.tables import TablesScreen
from llama_storage_tui.tui.widgets.key_footer import KeyFooter
from llama_storage_tui.tui.widgets.listing import Listing
from tests.tui.gallery import NARROW, WIDE, Stage, demo_stage, stage


async def palette(found: Stage, title: str) -> None:
    await found.press("ctrl+p")
    await found.type(title)
    await found.press("enter")
    if isinstance(found.app.screen, CommandPalette):
        await found.press("enter")


async def test_a_key_previews_the_newest_version_and_another_can_be_chosen() -> None:
    async with demo_stage(demo="legacy") as found:
        await found.press("U")
        assert isinstance(found.app.screen, UpgradeScreen)
        assert "llama-stack 0.2.24 → ogx 1.5.0" in found.text
        assert "inference_store: 140 rows" in found.text
        await found.press("v")
        await found.type("0.3")
        await found.press("enter")
        assert "upgrade to 0.3.5" in found.text
        assert "llama-stack 0.3.5 does not load this file" in found.text


async def test_a_version_that_there_is_not_leaves_the_preview_as_it_was() -> None:
    async with demo_stage(demo="legacy") as found:
        await found.press("U", "v")
        await found.type("0.9")
        await found.press("enter")
        assert "0.9 is not a known release" in found.text
        assert "upgrade to 1.5.0" in found.text


@pytest.mark.parametrize(
    ("title", "screen"), [("go to upgrade", UpgradeScreen), ("go to left behind", LeftBehindScreen)]
)
async def test_the_palette_leads_there_too(title: str, screen: type[object]) -> None:
    async with demo_stage() as found:
        await palette(found, title)
        assert isinstance(found.app.screen, screen)


async def test_the_two_configs_stand_side_by_side_and_a_change_says_why() -> None:
    async with demo_stage(demo="legacy") as found:
        await found.press("U", "m")
        assert isinstance(found.app.screen, MigrateScreen)
        assert "image_name: helpdesk" in found.text
        assert "distro_name: helpdesk" in found.text
        assert "image_name is deprecated since 0.5" in found.text
        assert "layout merge" in found.text
        await found.press("m")
        assert "layout keep" in found.text


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_change_can_be_left_out_and_taken_again(size: tuple[int, int]) -> None:
    async with demo_stage(size, demo="legacy") as found:
        await found.press("U", "m", "space")
        assert "1 left out" in found.text
        assert "distro_name" not in found.text.split("Line", 1)[1].split("─", 1)[0]
        await found.press("enter")
        assert "left out" not in found.text
        assert "distro_name: helpdesk" in found.text


async def test_writing_asks_and_keeps_the_old_file_beside_the_new_one() -> None:
    folders: list[Path] = []
    async with demo_stage(demo="legacy", fill=folders.append) as found:
        config = folders[0] / "run.yaml"
        before = config.read_text()
        await found.press("U", "m", "w", "escape")
        assert config.read_text() == before
        await found.press("w")
        assert "The old file is kept beside it" in found.text
        await found.press("y")
        assert "distro_name: helpdesk" in config.read_text()
        assert (folders[0] / "run.yaml.before-1.5.0").read_text() == before
        assert isinstance(found.app.screen, CatalogScreen)
        assert "ogx 1.5.0" in found.text


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_where_the_old_file_is_and_what_may_come_next_stays_until_a_key_says_something_else(
    size: tuple[int, int],
) -> None:
    folders: list[Path] = []
    async with demo_stage(size, demo="legacy", fill=folders.append) as found:
        await found.press("U", "m", "w", "y", "down")
        screen = found.app.screen
        assert isinstance(screen, CatalogScreen)
        assert screen.row("sql_default").state is ProbeState.FAILED
        assert f"The config was written. The old file is {folders[0]}" in screen.status.text
        assert "U, then d, shows the plan." in " ".join(found.text.split())
        await found.press("t")
        assert "was written" not in screen.status.text


async def test_it_is_said_again_after_a_test_that_happens_by_itself(tmp_path: Path) -> None:
    environ = {"LLAMA_STORAGE_TUI_CONFIG": str(tmp_path / "config" / "config.toml")}
    async with stage(environ=environ) as found:
        await found.press("T")
        found.app.post_message(ReloadRequested("The config was written."))
        await found.settle()
        screen = found.app.screen
        assert isinstance(screen, CatalogScreen)
        assert "The config was written. " in screen.status.text
        assert " tested, " in screen.status.text
        await found.press("T")
        assert " tested, " in screen.status.text
        assert "was written" not in screen.status.text


async def test_what_is_left_behind_has_findings_first_and_then_places_by_size() -> None:
    async with demo_stage() as found:
        await found.press("L")
        lines = found.text.splitlines()
        first = next(number for number, line in enumerate(lines) if "▲" in line and "37 rows" in line)
        places = [number for number, line in enumerate(lines) if " table " in line and "MB" in line]
        assert first < places[0]
        assert "expired and is still there" in found.text
        assert "7 items on sql_default belong to 2 conversations" in found.text


async def test_enter_goes_to_the_table_that_a_place_is() -> None:
    async with demo_stage() as found:
        await found.press("L")
        listing = found.app.screen.query_one(Listing)
        listing.point("sql_default True responses")
        await found.press("enter")
        opened = found.app.screen
        assert isinstance(opened, TablesScreen)
        await found.press("escape")
        assert type(found.app.screen) is LeftBehindScreen


async def test_a_place_tells_its_size_and_who_reads_it() -> None:
    async with demo_stage() as found:
        await found.press("L")
        found.app.screen.query_one(Listing).point("sql_default True openai_responses")
        await found.settle()
        assert "Nothing in this config refers to it" in found.text


async def test_both_columns_follow_the_width_of_the_terminal() -> None:
    async with demo_stage(demo="legacy") as found:
        await found.press("U", "m")
        listing = found.app.screen.query_one(Listing)
        for width, height in (NARROW, WIDE, (100, 30)):
            await found.pilot.resize_terminal(width, height)
            await found.settle()
            shown = [column.get_render_width(listing) for column in listing.ordered_columns]
            assert sum(shown) <= width
            assert shown[2] == shown[4] > width // 3


async def test_keys_that_change_nothing_are_not_offered_where_the_release_takes_the_file_as_it_is() -> None:
    def offered(found: Stage) -> set[str]:
        return {key.description for key in found.app.screen.query_one(KeyFooter).keys}

    changing = {"Open", "Leave/take", "Next change", "Write"}
    async with demo_stage(demo="legacy") as found:
        await found.press("U", "m")
        assert changing <= offered(found)
        await found.press("w", "y", "U", "m")
        assert "This config already fits that release." in found.text
        assert not changing & offered(found)
        await found.press("w", "space", "n", "enter")
        assert isinstance(found.app.screen, MigrateScreen)


async def test_a_line_without_a_change_offers_nothing_to_open() -> None:
    async with demo_stage(demo="legacy") as found:
        await found.press("U", "m")
        found.app.screen.query_one(Listing).point("0")
        await found.settle()
        assert "⏎ Open" not in found.text
        await found.press("n")
        assert "⏎ Open" in found.text
