"""Transfers from the screen, over real stores: planned, carried out, stopped, finished and taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import asyncpg
import pytest
from textual.widgets import Input

from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui.app import Dependencies
from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.style.glyphs import ProbeState
from llama_storage_tui.tui.transfers.transfer import TransferScreen
from llama_storage_tui.tui.upgrades.left_behind import LeftBehindScreen
from llama_storage_tui.tui.upgrades.upgrade import UpgradeScreen
from llama_storage_tui.tui.widgets.choice import Choice
from tests.deployments import copy_demo
from tests.moves import ENVIRON, made, on_postgres, server_on
from tests.servers import PASSWORD, ROLE
from tests.stores import PostgresStore
from tests.tui.gallery import NARROW, WIDE, GalleryApp, Stage


@asynccontextmanager
async def opened(request: LoadRequest, size: tuple[int, int] = WIDE) -> AsyncIterator[Stage]:
    dependencies = Dependencies(environ={"LLAMA_STORAGE_TUI_CONFIG": "/dev/null/none.toml"})
    app = GalleryApp(request, dependencies=dependencies)
    async with app.run_test(size=size) as pilot:
        found = Stage(pilot, app, {})
        await found.settle()
        yield found


def request_of(config: Path, tmp_path: Path) -> LoadRequest:
    environ = {
        "HOME": str(tmp_path / "home"),
        "LLAMA_STORAGE_TUI_STATE_DIR": str(tmp_path / "state"),
        **ENVIRON,
    }
    return LoadRequest(str(config), environ=environ)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return made("llama-stack-0.7.3", tmp_path / "old")


@asynccontextmanager
async def another_session(store: PostgresStore) -> AsyncIterator[asyncpg.Connection]:
    """Have a session of another role."""
    made = await asyncpg.connect(
        host="127.0.0.1", port=store.server.port, user=ROLE, password=PASSWORD, database=store.database
    )
    try:
        yield made
    finally:
        await made.close()


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def fill(found: Stage, type_: str, fields: dict[str, str]) -> None:
    """Fill the form of a move, and make the plan."""
    screen = found.app.screen
    kind = screen.query_one("#type", Choice)
    while kind.chosen != type_:
        kind.action_turn(1)
    for name, text in fields.items():
        screen.query_one(f"#{type_}-{name}", Input).value = text
    await found.press("ctrl+s")


def fields_of(words: tuple[str, ...]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words[2::2])


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_what_an_upgrade_leaves_behind_is_brought_from_the_screen_and_taken_back(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    request = copy_demo(tmp_path, "legacy")
    async with opened(request, size) as found:
        await found.press("U", "m", "w", "y", "L", "d")
        assert isinstance(found.app.screen, TransferScreen)
        assert f"written with {tmp_path / 'run.yaml.before-1.5.0'}" in found.text.replace("\n ", "")
        assert not (tmp_path / "sql_store.db").exists()
        await found.press("a", "n")
        assert not (tmp_path / "sql_store.db").exists()
        await found.press("a", "y")
        assert "✓ The data is now where this version reads it." in found.text
        assert count(tmp_path / "sql_store.db", "responses") == 90
        await found.press("u", "y")
        assert "The transfer was undone." in found.text
        assert not (tmp_path / "sql_store.db").exists()
        await found.press("escape")
        assert isinstance(found.app.screen, LeftBehindScreen)


@pytest.mark.parametrize(("key", "screen"), [("U", UpgradeScreen), ("L", LeftBehindScreen)])
async def test_what_is_behind_a_transfer_that_ended_is_read_again(
    tmp_path: Path, key: str, screen: type[SessionScreen]
) -> None:
    async with opened(copy_demo(tmp_path, "legacy")) as found:
        await found.press("U", "m", "w", "y", key)
        behind = found.app.screen
        assert isinstance(behind, SessionScreen)
        assert type(behind) is screen
        before = found.text
        assert "responses" not in before if key == "L" else "90 rows" not in before
        await found.press("d", "a", "y")
        assert "✓ done" in found.text
        await found.press("escape")
        assert found.app.screen is behind
        assert ("sql_default  table responses" if key == "L" else "90 rows") in found.text
        await found.press("escape")
        catalog = found.app.screen
        assert isinstance(catalog, CatalogScreen)
        assert catalog.row("sql_default").state is ProbeState.OK
        assert "90" in found.text


async def test_rows_without_an_owner_are_made_public_where_the_options_say_so(tmp_path: Path) -> None:
    async with opened(copy_demo(tmp_path, "legacy")) as found:
        await found.press("U", "m", "w", "y", "U", "d", "m")
        found.app.screen.query_one("#owners", Choice).action_turn(1)
        await found.press("ctrl+s", "a", "y")
        with closing(sqlite3.connect(tmp_path / "sql_store.db")) as connection:
            query = "SELECT count(*) FROM responses WHERE owner_principal IS NULL"
            assert connection.execute(query).fetchone() == (0,)


async def test_a_backend_moves_to_another_file_and_back_from_the_screen(config: Path, tmp_path: Path) -> None:
    before, target = config.read_text(), tmp_path / "new" / "sql.db"
    rows = count(config.parent / "sql_store.db", "responses")
    async with opened(request_of(config, tmp_path)) as found:
        await found.press("down", "m")
        assert "Choose what the backend becomes" in found.text
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen), "there is no plan to look at"
        await found.press("m")
        await fill(found, "sql_sqlite", {"db_path": str(target)})
        assert "planned, nothing was changed" in found.text
        assert not target.exists()
        await found.press("a", "y")
        assert "The backend has moved" in found.text
        assert count(target, "responses") == rows
        assert str(target) in config.read_text()
        await found.press("u", "y")
        assert "The config leads to the source again" in found.text
        assert config.read_text() == before
        assert not target.exists()
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen), "the config is read again"


async def test_a_password_typed_into_the_form_of_a_move_is_masked_and_a_variables_name_is_not(
    config: Path, tmp_path: Path
) -> None:
    async with opened(request_of(config, tmp_path)) as found:
        await found.press("down", "m")
        screen = found.app.screen
        while screen.query_one("#type", Choice).chosen != "sql_postgres":
            screen.query_one("#type", Choice).action_turn(1)
        typed = screen.query_one("#sql_postgres-password", Input)
        for text, is_masked in (
            ("hunter2", True),
            ("${env.PGPASSWORD}", False),
            ("${env.PGPASSWORD:=", False),
            ("${env.PGPASSWORD:=hunter2}", True),
            ("$2b$12$hash", True),
        ):
            typed.value = text
            await found.press()
            assert (text in found.text) is not is_masked, text


async def test_a_move_that_waits_for_a_server_is_finished_from_the_main_screen(
    config: Path, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    source = config.parent / "sql_store.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
    rows = count(source, "responses")
    request = request_of(config, tmp_path)
    async with opened(request) as found:
        with server_on(source) as server:
            server("SELECT count(*) FROM responses")
            await found.press("down", "m")
            await fill(found, "sql_postgres", fields_of(on_postgres(postgres_store)))
            await found.press("a", "y")
            assert "▲ unfinished" in found.text
            assert "Everything was copied once." in found.text
            assert "1 of 1 target store has the rows of the transfer" in found.text
        assert "sql_postgres" not in config.read_text()
        await found.press("escape")
        assert "A move of one of this config's backends has been unfinished" in found.text
        await found.press("R", "f", "y")
        assert "The pending move was finished" in found.text
    assert "sql_postgres" in config.read_text()
    assert postgres_store.ask("SELECT count(*) FROM responses") == str(rows)


async def test_a_transfer_that_is_stopped_leaves_nothing_half_written(
    config: Path, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    before = config.read_text()
    async with opened(request_of(config, tmp_path)) as found:
        await found.press("down", "m")
        await fill(found, "sql_postgres", fields_of(on_postgres(postgres_store)))
        async with another_session(postgres_store) as other:
            # Who makes a table of that name has to wait for this one.
            await other.execute("BEGIN; CREATE TABLE openai_conversations (id VARCHAR)")
            await found.pilot.press("a")
            await found.pilot.press("y")
            await found.appears("◌ running")
            await found.pilot.press("q")
            assert found.app.is_running, "leaving waits for what runs"
            await found.pilot.press("escape")
            await found.appears("✗ nothing was changed")
            await other.execute("ROLLBACK")
        assert "everything was rolled back" in found.text
        assert postgres_store.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
        assert config.read_text() == before
        await found.press("ctrl+r", "a", "y")
        assert "The backend has moved" in found.text


async def test_what_cannot_be_moved_says_why_and_another_target_can_be_chosen(
    config: Path, tmp_path: Path
) -> None:
    async with opened(request_of(config, tmp_path)) as found:
        await found.press("m")
        await fill(found, "kv_postgres", {"host": "127.0.0.1", "port": "1", "user": "x", "password": "typed"})
        assert "password is a secret" in found.text
        await found.press("m")
        await fill(found, "kv_postgres", {"password": "${env.MOVED}"})
        assert "127.0.0.1:1" in found.text
        assert "✗ no plan" in found.text
        await found.press("a")
        assert isinstance(found.app.screen, TransferScreen), "there is nothing to carry out"
