"""The main screen beyond the config: what lies in the stores, what deserves a look, and who is asked for it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from llama_storage_tui.services.overview.activity import Activity
from llama_storage_tui.services.remembered_choices import ConfigChoice
from llama_storage_tui.tui.catalog.activity import ActivityPane
from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.style.glyphs import ProbeState
from tests.tui.gallery import NARROW, NOW, Stage, demo_stage, stage
from tests.tui.made_up import MemoryReader, made_up_readers


def asked(readers: dict[str, MemoryReader]) -> set[str]:
    return {name for name, reader in readers.items() if reader.probes}


def line_of(found: Stage, text: str) -> str:
    return next(line for line in found.text.splitlines() if text in line)


async def test_files_of_this_machine_are_looked_into_at_once_and_no_server_is() -> None:
    async with stage() as found:
        assert asked(found.readers) == {"kv_default"}
        assert "● ok" in line_of(found, "kv_default   kv_sqlite")
        assert "○ untested" in line_of(found, "sql_default  sql_postgres")
        await found.press("T")
        assert asked(found.readers) == set(made_up_readers())


async def test_sizes_ages_rows_and_what_deserves_a_look_are_on_the_main_screen() -> None:
    async with demo_stage() as found:
        assert "8 h ago" in line_of(found, "sql_default ")
        assert "MB" in line_of(found, "sql_default ")
        for text in (
            "14 of 322",
            "✗ failed               6",
            "✗ stuck > 15 min       2",
            "Last 24 h",
            "7 orphaned items",
        ):
            assert text in found.text
        for text in ("Conversations 21", "Completions 307", "Summarise the incident", "server_error: "):
            assert text in found.text
        await found.press("down")
        row = line_of(found, "responses/builtin")
        assert "322" in row
        assert "8 h ago" in row


async def test_a_small_terminal_has_attention_as_one_line_and_no_location() -> None:
    async with demo_stage(NARROW) as found:
        assert "A Attention  ✗ 6 failed  ▲ 5 incomplete" in found.text
        assert "Latest responses" not in found.text
        assert "/var/lib/ogx" not in found.text.split("References")[0].partition("\n")[2]


async def test_which_backend_is_broken_and_why_takes_one_key() -> None:
    async with demo_stage() as found:
        assert "missing-file" in line_of(found, "sql_archive")
        await found.press("T")
        assert "unreachable" in line_of(found, "sql_analytics")
        assert "sql_analytics: The connection is refused: nothing listens there." in found.text


async def test_a_file_that_is_missing_says_why_without_a_key(tmp_path: Path) -> None:
    del tmp_path
    async with demo_stage() as found:
        screen = found.app.screen
        assert isinstance(screen, CatalogScreen)
        assert "sql_archive: " in screen.status.text
        assert screen.row("sql_archive").state is ProbeState.FAILED


async def test_a_file_of_responses_that_is_missing_says_so_and_no_key_asks_it_again() -> None:
    async with demo_stage(fill=lambda folder: (folder / "sql_store.db").unlink()) as found:
        assert "missing-file" in line_of(found, "sql_default ")
        assert "The file of sql_default is not there." in found.text
        assert "asks the servers" not in found.text


async def test_a_table_of_many_rows_is_counted_up_to_a_bound() -> None:
    def fill(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "sql_store.db")) as connection, connection:
            connection.execute("DELETE FROM openai_files")
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 11000) "
                "INSERT INTO openai_files (id, filename) SELECT 'file-' || i, zeroblob(3500) FROM n"
            )

    async with demo_stage(fill=fill) as found:
        await found.press("down")
        assert "≥ 10,000" in line_of(found, "openai_files")


async def test_servers_once_tested_are_tested_at_the_next_start_until_that_is_cancelled(
    tmp_path: Path,
) -> None:
    environ = {"LLAMA_STORAGE_TUI_CONFIG": str(tmp_path / "config" / "config.toml")}
    async with stage(environ=environ) as found:
        await found.press("T")
    readers = made_up_readers()
    async with stage(environ=environ, readers=readers):
        assert asked(readers) == set(readers)
    readers = made_up_readers()
    readers["sql_default"].gate.close()
    async with stage(environ=environ, readers=readers) as found:
        await found.press("escape")
        assert "Cancelled" in found.text
    readers = made_up_readers()
    async with stage(environ=environ, readers=readers):
        assert asked(readers) == {"kv_default"}


def test_a_choice_in_a_file_that_holds_something_else_is_none_and_can_be_made(tmp_path: Path) -> None:
    path = tmp_path / "remembered.json"
    for text in ("", "[]", "{", '{"servers": 7}'):
        path.write_text(text)
        choice = ConfigChoice(path, "servers", "run.yaml")
        assert [choice.is_made, choice.make(is_made=True), choice.is_made] == [False, True, True]
        assert json.loads(path.read_text())["servers"] == [str(Path("run.yaml").absolute())]
    assert not ConfigChoice(Path("/dev/null/x/remembered.json"), "servers", "run.yaml").make(is_made=True)


async def test_what_arrives_while_the_screen_is_left_changes_nothing() -> None:
    async with stage() as found:
        pane = ActivityPane()
        await found.app.screen.mount(pane)
        leaving = pane.remove()
        pane.show(Activity(), NOW, {})
        assert not pane.children
        await leaving
