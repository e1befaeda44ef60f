"""The last step of a move is the config's: what others have written meanwhile is never lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from llama_storage_tui.errors import PendingError, RefusedError, UsageError
from llama_storage_tui.files.transfer_journal import TransferJournals
from llama_storage_tui.model.move import MoveChange
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.services.move.entry import edit_config
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.transfer.apply import Transfer
from tests.move_runner import service
from tests.moves import add_hard_values, content, made
from tests.patience import PATIENT
from tests.transfers import Killed, ignore


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Make a deployment of 0.7.3 on SQLite."""
    path = made("llama-stack-0.7.3", tmp_path / "old")
    add_hard_values(path.parent)
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": "/nowhere", "LLAMA_STORAGE_TUI_STATE_DIR": str(tmp_path / "state")}


async def test_a_config_that_is_edited_while_rows_are_brought_is_not_written_over(
    config: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    moving = service(config, environ)
    change = MoveChange("sql", "sqlite", {"db_path": str(tmp_path / "new.db")})
    edited = config.read_text() + "# edited meanwhile\n"

    def edit(step: str) -> None:
        if step == "committed":
            config.write_text(edited)

    with pytest.raises(PendingError, match="was edited since the plan was made"):
        await moving.apply(await moving.plan(change), change, ignore, edit)
    assert config.read_text() == edited
    done = await moving.resume(ignore, ignore_step)
    assert done.outcome is Outcome.RECOVERED
    assert config.read_text() == edited.replace(
        f'"{config.parent / "sql_store.db"}"', str(tmp_path / "new.db")
    )
    assert content(tmp_path / "new.db") == content(config.parent / "sql_store.db")


async def test_a_config_that_was_edited_after_the_move_is_not_put_back(
    config: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    moving = service(config, environ)
    change = MoveChange("sql", "sqlite", {"db_path": str(tmp_path / "new.db")})
    await moving.apply(await moving.plan(change), change, ignore, ignore_step)
    config.write_text(config.read_text() + "# edited later\n")
    with pytest.raises(RefusedError, match="was edited since its backend moved"):
        await moving.undo(ignore, ignore_step)
    assert config.read_text().endswith("# edited later\n")
    assert content(tmp_path / "new.db") == content(config.parent / "sql_store.db")


async def test_a_backend_written_as_a_block_keeps_the_comments_around_it(
    config: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    old = config.read_text()
    line = next(each for each in old.splitlines() if each.startswith("    sql: "))
    block = (
        "    sql:  # all rows\n      type: sql_sqlite  # for now\n      # where\n"
        f"      db_path: {config.parent / 'sql_store.db'}\n    # below"
    )
    config.write_text(old.replace(line, block))
    moving = service(config, environ)
    change = MoveChange("sql", "sqlite", {"db_path": "${env.MOVED_TO:=" + str(tmp_path / "new.db") + "}"})
    await moving.apply(await moving.plan(change), change, ignore, ignore_step)
    wanted = block.replace(str(config.parent / "sql_store.db"), change.fields["db_path"])
    assert config.read_text() == old.replace(line, wanted)


async def test_a_table_that_a_server_makes_while_rows_are_brought_is_not_left_behind(
    config: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    old, before = config.parent / "sql_store.db", config.read_text()
    with closing(sqlite3.connect(old)) as connection, connection:
        (statement,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'responses'").fetchone()
        connection.execute("ALTER TABLE responses RENAME TO kept")
    moving = service(config, environ)
    change = MoveChange("sql", "sqlite", {"db_path": str(tmp_path / "new.db")})

    def make(step: str) -> None:
        if step == "committed":
            with closing(sqlite3.connect(old)) as connection, connection:
                connection.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
                connection.execute("INSERT OR IGNORE INTO responses (id) VALUES ('late')")

    plan = await moving.plan(change)
    with pytest.raises(PendingError, match="responses appeared after the move began"):
        await moving.apply(plan, change, ignore, make)
    with pytest.raises(PendingError, match="responses appeared after the move began"):
        await moving.resume(ignore, ignore_step)
    assert config.read_text() == before
    assert (await moving.undo(ignore, ignore_step)).outcome is Outcome.UNDONE
    assert not (tmp_path / "new.db").exists()
    await moving.apply(await moving.plan(change), change, ignore, ignore_step)
    assert [row[0] for row in rows_of(tmp_path / "new.db", "responses")] == ["late"]


async def test_a_move_that_another_process_finished_meanwhile_is_not_gone_on_with(
    config: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    moving = service(config, environ)
    change = MoveChange("sql", "sqlite", {"db_path": str(tmp_path / "new.db")})

    def stop(step: str) -> None:
        if step == "marked":
            raise Killed

    with pytest.raises(Killed):
        await moving.apply(await moving.plan(change), change, ignore, stop)
    stale = moving.pending()
    assert stale is not None
    assert (await moving.resume(ignore, ignore_step)).outcome is Outcome.RECOVERED
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection, connection:
        connection.execute("INSERT INTO responses (id) VALUES ('of a server there')")
    works = Transfer(TransferJournals(environ), PATIENT, ignore, ignore_step)
    with pytest.raises(RefusedError, match="was finished or undone meanwhile"):
        await works.resume(stale, ())
    assert moving.pending() is None
    assert ("of a server there",) in [row[:1] for row in rows_of(tmp_path / "new.db", "responses")]


def rows_of(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT id FROM {table}").fetchall()


def ignore_step(_: str) -> None:
    """Hear of a step and do nothing."""


@pytest.mark.parametrize(
    "host",
    ["u:known-secret@h", "u:other-secret@h", "u:${env.UNSET:=known-secret}@h", "h?sslpassword=known-secret"],
)
def test_a_password_inside_of_another_field_is_refused_though_the_config_holds_it_elsewhere(
    environ: dict[str, str], tmp_path: Path, host: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "version: 2\ndistro_name: x\napis: []\nproviders: {}\nstorage:\n  backends:\n"
        "    sql: {type: sql_postgres, host: a, db: d, user: u, password: known-secret}\n  stores: {}\n"
    )
    load = LoadRequest(str(path), environ={**environ, "PW": "typed"})
    with pytest.raises(UsageError, match="host holds a secret"):
        edit_config(load, path.read_bytes(), MoveChange("sql", "postgres", {"host": host}))
    allowed = MoveChange("sql", "postgres", {"host": "h", "db": "${env.USERNAME:=u}-${env.PW}"})
    assert "known-secret" not in edit_config(load, path.read_bytes(), allowed).diff
