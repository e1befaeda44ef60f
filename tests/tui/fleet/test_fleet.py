"""Several configs in the app: one table, and the way into one of them and back."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import DataTable, Input

from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.findings.findings import FindingsScreen
from llama_storage_tui.tui.fleet.fleet import FleetScreen
from tests.configs import SQLITE
from tests.fleets import on_postgres
from tests.tui.gallery import NARROW, Stage, fleet_stage


def kind_of(found: Stage) -> type:
    """Return which screen is on show."""
    return type(found.app.screen)


def is_open(found: Stage) -> bool:
    """Tell whether readers of a config may be open."""
    return found.app._session is not None


async def test_every_config_is_listed_with_its_backends() -> None:
    async with fleet_stage() as found:
        for text in (
            "production.yaml",
            "ogx 1.5.0",
            "postgresql://db.example.org:5432/stack",
            "✗ unreadable",
        ):
            assert text in found.text
        assert "5 configs" in found.text
        assert "by the files alone" in found.text


async def test_enter_opens_the_catalog_of_one_config_and_escape_leads_back() -> None:
    async with fleet_stage() as found:
        await found.press("G")
        row = found.app.screen.query_one(DataTable).cursor_row
        await found.press("enter")
        assert kind_of(found) is CatalogScreen
        assert "staging.yaml" in found.text
        assert is_open(found)
        await found.press("f")
        assert kind_of(found) is FindingsScreen
        await found.press("escape", "escape")
        assert kind_of(found) is FleetScreen
        assert found.app.screen.query_one(DataTable).cursor_row == row
        assert not is_open(found)
        await found.press("escape")
        assert kind_of(found) is FleetScreen


async def test_another_config_can_be_opened_after_the_first() -> None:
    async with fleet_stage(texts={"a.yaml": SQLITE, "b.yaml": on_postgres()}) as found:
        await found.press("enter", "ctrl+r")
        assert "fleet/a.yaml" in found.text
        await found.press("escape", "G", "enter")
        assert kind_of(found) is CatalogScreen
        assert "fleet/b.yaml" in found.text
        await found.press("enter", "escape", "escape")
        assert kind_of(found) is FleetScreen


async def test_a_config_that_cannot_be_read_says_why_and_is_not_opened() -> None:
    async with fleet_stage() as found:
        assert "✗ fleet/broken.yaml, line 4" in found.text
        await found.press("enter")
        assert kind_of(found) is FleetScreen
        assert "This config cannot be read" in found.text


async def test_what_is_between_follows_the_cursor_or_shows_all() -> None:
    texts = {"a.yaml": on_postgres(), "b.yaml": on_postgres(password="two"), "c.yaml": SQLITE}
    async with fleet_stage((140, 90), texts=texts) as found:
        assert "between this config and the others" in found.text
        assert "2 passwords for stack" in found.text
        await found.press("G")
        assert "2 passwords for stack" not in found.text
        await found.press("f")
        assert "between all configs" in found.text
        assert "2 passwords for stack" in found.text


async def test_secrets_stay_masked() -> None:
    texts = {"a.yaml": on_postgres(password="hush-one"), "b.yaml": on_postgres(password="hush-two")}
    async with fleet_stage((140, 90), texts=texts) as found:
        await found.press("f")
        assert "another ********" in found.text
        assert "hush" not in found.text


async def test_servers_are_asked_on_demand_and_those_that_do_not_answer_are_named() -> None:
    text = on_postgres(host="127.0.0.1").replace("user: stack", "user: stack\n      port: 1")
    async with fleet_stage((140, 90), texts={"a.yaml": text, "b.yaml": text}) as found:
        assert "servers were asked" not in found.text
        await found.press("T")
        assert "servers were asked" in found.text
        assert "1 server gave no identifier" in found.text
        assert "▲ 127.0.0.1:1" in found.text


async def test_reloading_reads_the_files_again() -> None:
    async with fleet_stage(texts={"a.yaml": SQLITE, "notes.yaml": "x: 1\n"}) as found:
        assert "1 config" in found.text
        assert "1 file left out" in found.text
        Path("fleet/b.yaml").write_text(SQLITE)
        await found.press("ctrl+r")
        assert "2 configs" in found.text
        assert "b.yaml" in found.text


async def test_a_folder_without_run_configs_says_so() -> None:
    async with fleet_stage(texts={"notes.yaml": "x: 1\n"}) as found:
        assert "fleet holds no run config" in found.text
        Path("fleet/a.yaml").write_text(SQLITE)
        await found.press("ctrl+r")
        assert "a.yaml" in found.text


async def test_the_table_fits_a_narrow_terminal() -> None:
    async with fleet_stage(NARROW) as found:
        assert "production.yaml" in found.text
        assert max(len(line) for line in found.text.splitlines()) <= 80


async def test_a_change_of_a_password_begins_with_the_other_configs_that_hold_it() -> None:
    texts = {
        "a.yaml": on_postgres(),
        "b.yaml": on_postgres(name="other"),
        "c.yaml": on_postgres(password="two"),
    }
    async with fleet_stage(texts=texts) as found:
        await found.press("enter", "down", "r", "m")
        also = found.app.screen.query_one("#also", Input)
        assert also.value == "fleet/b.yaml"
