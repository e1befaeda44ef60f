"""The whole way down: a config file, SQLite stores, the real services."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from llama_storage_tui.demo.deployment import make_deployment
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.app import Dependencies
from tests.tui.gallery import GalleryApp, Stage


async def test_the_demo_is_tested_and_browsed_without_a_trace(tmp_path: Path) -> None:
    request = make_deployment(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    dependencies = Dependencies(
        open_session=Session,
        log_folder=lambda: tmp_path / "log",
        environ={"LLAMA_STORAGE_TUI_CONFIG": str(tmp_path / "none.toml")},
    )
    app = GalleryApp(request, dependencies=dependencies)
    async with app.run_test(size=(140, 42)) as pilot:
        found = Stage(pilot, app, {})
        await found.settle()
        await found.press("t")
        assert "● ok" in found.text
        await found.press("enter")
        assert "keys in all" in found.text
        await found.press("enter", "enter")
        assert app.is_running
        await found.press("escape", "escape", "escape", "down", "enter")
        assert "tables" in found.text
        await found.press("enter", "n", "s", "enter", "v", "i")
        assert app.is_running
    assert sorted(path.name for path in tmp_path.iterdir()) == before


async def test_a_view_of_more_rows_than_a_page_does_not_pretend_to_be_whole(tmp_path: Path) -> None:
    request = make_deployment(tmp_path)
    with closing(sqlite3.connect(tmp_path / "sql_store.db")) as connection:
        connection.executescript(
            "CREATE TABLE a0 (id INTEGER PRIMARY KEY, x TEXT);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO a0 SELECT i, 'x' FROM n;"
            "CREATE VIEW a1 AS SELECT * FROM a0;"
        )
    dependencies = Dependencies(log_folder=lambda: tmp_path / "log", environ={})
    app = GalleryApp(request, dependencies=dependencies)
    async with app.run_test(size=(140, 42)) as pilot:
        found = Stage(pilot, app, {})
        await found.settle()
        await found.press("down", "enter", "down", "enter")
        assert "These are all" not in found.text
        assert "More rows follow" in found.text
        assert "in key order" not in found.text
