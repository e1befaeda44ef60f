"""The list of findings, and the choice of a config."""

from __future__ import annotations

from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.catalog.picker import PickerScreen
from tests.tui.gallery import CANDIDATES, NARROW, stage


async def test_findings_come_the_worst_first_with_the_whole_text_of_one() -> None:
    async with stage() as found:
        await found.press("f")
        lines = [
            line for line in found.text.splitlines() if "unused-backend" in line or "unknown-backend" in line
        ]
        assert "✗ error" in lines[0]
        assert "Name one of kv_default, kv_cache" in found.text


async def test_the_filter_narrows_while_typing_and_escape_leaves_the_field() -> None:
    async with stage() as found:
        await found.press("f", "slash")
        await found.type("sslmode")
        assert "filter: sslmode (1 of 5)" in found.text
        assert "unused-backend" not in found.text
        await found.press("escape")
        assert found.app.focused is not None
        assert found.app.focused.id == "findings"


async def test_a_filter_that_nothing_matches_says_so() -> None:
    async with stage() as found:
        await found.press("f", "slash")
        await found.type("zzz")
        assert "No findings match" in found.text


async def test_enter_goes_to_the_backend_that_a_finding_stands_on() -> None:
    async with stage() as found:
        await found.press("f", "down", "enter")
        assert isinstance(found.app.screen, CatalogScreen)
        assert found.app.screen.backends.current == "sql_archive"
        assert "ARCHIVE_PASSWORD is not set" in found.text


async def test_escape_goes_back_to_the_catalog() -> None:
    async with stage() as found:
        await found.press("f", "escape")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_several_configs_are_offered_and_enter_opens_one() -> None:
    async with stage(request=None, candidates=CANDIDATES) as found:
        assert isinstance(found.app.screen, PickerScreen)
        assert "distribution starter" in found.text
        await found.press("down", "enter")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_the_at_sign_means_what_is_found() -> None:
    async with stage(request=LoadRequest("@", environ={}), candidates=CANDIDATES) as found:
        assert isinstance(found.app.screen, PickerScreen)
        await found.press("enter")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_a_single_config_is_opened_at_once() -> None:
    async with stage(request=None, candidates=CANDIDATES[:1]) as found:
        assert isinstance(found.app.screen, CatalogScreen)


async def test_where_no_config_is_found_the_next_steps_are_shown() -> None:
    async with stage(NARROW, request=None) as found:
        assert "No run config was found" in found.text
        assert "--demo" in found.text


async def test_another_config_can_be_chosen_from_the_catalog() -> None:
    async with stage(candidates=CANDIDATES) as found:
        await found.press("o")
        assert isinstance(found.app.screen, PickerScreen)
        await found.press("enter")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_escape_leads_back_from_a_search_that_finds_no_config() -> None:
    async with stage() as found:
        await found.press("o")
        assert "No run config was found" in found.text
        await found.press("escape")
        assert "kv_default" in found.text
