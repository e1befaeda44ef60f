"""The main screen."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from dataclasses import replace

from llama_storage_tui.errors import ConfigError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Verdict
from llama_storage_tui.services.catalog import Opened
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.findings.findings import FindingsScreen
from llama_storage_tui.tui.messages import FindingsOpened
from tests.patience import PATIENCE
from tests.tui.gallery import NARROW, stage
from tests.tui.made_up import PASSWORD, made_up_catalog


async def test_every_backend_is_listed_with_its_state_and_the_numbers_that_matter() -> None:
    async with stage() as found:
        for text in (
            "kv_default",
            "sql_default",
            "kv_cache",
            "sql_archive",
            "○ untested",
            "▲ 1 warn",
            "✗ 1 error",
        ):
            assert text in found.text


async def test_a_name_that_is_referred_to_and_has_no_entry_is_listed_as_missing() -> None:
    async with stage() as found:
        assert "✗ missing" in found.text
        assert "kv_missing" in found.text


async def test_the_version_is_said_to_be_guessed_and_its_reasons_are_a_key_away() -> None:
    async with stage() as found:
        assert "ogx 1.5.0 (guessed)" in found.text
        await found.press("v")
        assert "the skills API exists since 1.1" in found.text
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_testing_all_backends_shows_each_result_as_it_comes() -> None:
    async with stage() as found:
        found.readers["sql_default"].gate.close()
        await found.press("T")
        assert "● ok" in found.text
        assert "✗ failed" in found.text
        assert "◌ testing" in found.text
        assert "Testing 4 backends" in found.text
        found.readers["sql_default"].gate.open()
        await found.settle()
        assert "◌ testing" not in found.text
        assert "4 backends tested, 1 failed" in found.text


async def test_escape_cancels_a_test_at_the_reader_and_keeps_what_was_answered() -> None:
    async with stage() as found:
        found.readers["sql_default"].gate.close()
        await found.press("T", "escape")
        assert found.readers["sql_default"].gate.cancelled == 1
        assert "◌ testing" not in found.text
        assert "● ok" in found.text
        assert "Cancelled" in found.text


async def test_testing_one_backend_shows_its_connection() -> None:
    async with stage() as found:
        await found.press("down", "t")
        for text in ("PostgreSQL 18.1", "TLSv1.3", "37 of 100", "leaves 33 for everyone else", "13 ms"):
            assert text in found.text


async def test_a_failed_test_says_why_and_what_to_do() -> None:
    async with stage(NARROW) as found:
        await found.press("down", "down", "down", "t")
        assert "refused the password of archivist" in found.text
        assert "Check ARCHIVE_PASSWORD" in found.text


async def test_a_missing_backend_can_be_neither_tested_nor_opened() -> None:
    async with stage() as found:
        await found.press("G", "t", "enter")
        assert isinstance(found.app.screen, CatalogScreen)
        assert "testing" not in found.text
        await found.press("4")
        assert "there is nothing to test" in found.text
        assert "Not tested yet" not in found.text


async def test_settings_show_where_each_value_comes_from_and_no_secret() -> None:
    async with stage() as found:
        await found.press("down", "2")
        for text in ("$PG_PASSWORD, prod.env:7", "default of $PG_PORT, line 94", "unknown field", "********"):
            assert text in found.text
        assert PASSWORD.reveal() not in found.text
        assert PASSWORD.reveal() not in found.picture


async def test_references_show_where_the_rows_really_are() -> None:
    async with stage() as found:
        await found.press("down")
        for text in (
            "openai_conversations, conversation_items",
            "nowhere: no server reads it",
            "queue 10000×4",
            "default",
        ):
            assert text in found.text


async def test_enter_on_a_reference_goes_to_its_table() -> None:
    async with stage() as found:
        await found.press("down", "tab", "down", "enter")
        assert "4 tables" in found.text
        assert "item json" in found.text or "created_at bigint" in found.text


async def test_a_config_that_does_not_load_still_shows_everything_it_can() -> None:
    async with stage() as found:
        assert "✗ does not load" in found.text
        assert "/var/lib/ogx/kvstore.db" in found.text


async def test_a_config_without_backends_says_so() -> None:
    empty = dataclasses.replace(
        made_up_catalog(), backends=(), references=(), findings=(), verdict=Verdict(loads=True, starts=True)
    )
    async with stage(catalog=empty, readers={}) as found:
        assert "This config has no storage backends." in found.text
        await found.press("t", "T", "enter", "down", "1", "4")
        assert "● loads" in found.text


async def test_a_config_of_before_the_catalog_is_called_so() -> None:
    async with stage(catalog=dataclasses.replace(made_up_catalog(), is_legacy=True)) as found:
        assert "v0.2 config" in found.text


async def test_a_config_that_cannot_be_read_is_explained_and_can_be_tried_again() -> None:
    answers: list[Catalog | ConfigError] = [
        ConfigError("config.yaml is no mapping but a list", where="config.yaml:1", help="Give a run config."),
        made_up_catalog(),
    ]

    async def load(_request: LoadRequest) -> Opened:
        answer = answers.pop(0)
        if isinstance(answer, ConfigError):
            raise answer
        return Opened(answer)

    async with stage(loader=load) as found:
        assert "config.yaml is no mapping but a list" in found.text
        assert "Give a run config." in found.text
        await found.press("ctrl+r")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_reloading_closes_what_was_open() -> None:
    async with stage() as found:
        await found.press("T", "ctrl+r")
        assert all(reader.is_closed for reader in found.readers.values())
        assert "○ untested" in found.text


async def test_the_four_tabs_are_a_key_away_and_tab_moves_into_the_pane() -> None:
    async with stage() as found:
        await found.press("down", "4")
        assert "Not tested yet" in found.text
        await found.press("up", "3")
        assert "Nothing is wrong here." in found.text
        await found.press("1", "tab")
        assert found.app.focused is not None
        assert found.app.focused.id == "references-list"


async def test_findings_arrive_after_the_first_screen_is_drawn() -> None:
    judged = made_up_catalog()
    early = replace(judged, findings=(), is_judged=False)
    go_on = threading.Event()

    def judge() -> Catalog:
        go_on.wait(PATIENCE)
        return judged

    async def load(_request: LoadRequest) -> Opened:
        return Opened(early, judge)

    async with stage(loader=load, waits=False) as found:
        await found.appears("kv_default")
        assert "checking" in found.text
        assert "error" not in found.text
        go_on.set()
        await found.goes("checking")
        assert "2 errors" in found.text
        await found.press("f")
        assert "findings" in found.text


async def test_findings_that_are_asked_for_early_open_when_they_are_there() -> None:
    judged = made_up_catalog()
    allowed = threading.Event()

    def judge() -> Catalog:
        allowed.wait(PATIENCE)
        return judged

    async def load(_request: LoadRequest) -> Opened:
        return Opened(replace(judged, findings=(), is_judged=False), judge)

    async with stage(loader=load, waits=False) as found:
        await found.appears("kv_default")
        await found.pilot.press("f")
        await found.appears("The findings open as soon as the config is checked.")
        allowed.set()
        session = found.app._session
        assert session is not None
        await found.until(lambda: session.catalog.is_judged)
        assert isinstance(found.app.screen, FindingsScreen)
        await found.press("escape")
        assert "as soon as" not in found.text


async def test_findings_that_are_asked_for_early_open_over_nothing_that_was_opened_meanwhile() -> None:
    judged = made_up_catalog()

    async def load(_request: LoadRequest) -> Opened:
        return Opened(replace(judged, findings=(), is_judged=False), lambda: judged)

    async with stage(loader=load, waits=False) as found:
        async with asyncio.timeout(PATIENCE):
            while not isinstance(found.app.screen, CatalogScreen):
                await asyncio.sleep(0)
        # Before its first frame.
        found.app.post_message(FindingsOpened())
        found.app.call_later(found.app.action_help)
        session = found.app._session
        assert session is not None
        await found.until(lambda: session.catalog.is_judged)
        assert "Next topic" in found.text
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen)
        assert "2 errors" in found.text
        assert "as soon as" not in found.text


async def test_another_version_that_fits_brings_its_own_backends_and_places() -> None:
    judged = made_up_catalog()
    moved = replace(judged.backends[0], location="/somewhere/else.db", target=None)
    gone = replace(judged.backends[1], name="only_guessed")
    early = replace(judged, findings=(), is_judged=False, backends=(moved, gone, *judged.backends[1:]))
    allowed = threading.Event()

    def judge() -> Catalog:
        allowed.wait(PATIENCE)
        return judged

    async def load(_request: LoadRequest) -> Opened:
        return Opened(early, judge)

    async with stage(loader=load, waits=False) as found:
        await found.appears("/somewhere/else.db")
        assert "only_guessed" in found.text
        allowed.set()
        await found.goes("checking")
        assert "only_guessed" not in found.text
        assert "/somewhere/else.db" not in found.text
        assert judged.backends[0].location in found.text
