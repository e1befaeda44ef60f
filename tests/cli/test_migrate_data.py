"""`migrate-data` as it is called: what it prints, what it asks, its exit codes, and what it says of a transfer that is half done."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.transfer_document import MigrateDataDocument
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.transfer_result import TransferTerms
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.transfer.service import DataMigration
from tests.cli.conftest import Run
from tests.oracle.migrating import config_of
from tests.oracle.migration_stores import restore, saved
from tests.patience import PATIENT
from tests.transfers import ignore, transfer

OLD, NEW = "llama-stack-0.7.3", "ogx-1.5.0"


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Make an old store, its config and a new one; return the call that plans what to bring."""
    monkeypatch.setenv("LLAMA_STORAGE_TUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    restore(saved(OLD), tmp_path / "old")
    written = []
    for release, folder in ((NEW, tmp_path), (OLD, tmp_path / "old")):
        path = folder / "config.yaml"
        path.write_text(config_of(release, str(folder), str(folder / "files")))
        written.append(str(path))
    return "migrate-data", written[0], "--for", "1.5.0", "--from", written[1]


def documented(out: str) -> dict[str, object]:
    document: dict[str, object] = json.loads(out)
    jsonschema.validate(document, MigrateDataDocument.model_json_schema())
    return document


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    run: Run, called: tuple[str, ...], tmp_path: Path
) -> None:
    before = files(tmp_path)
    answer = run(*called, "--dry-run")
    assert answer.code == ExitCode.DONE
    assert "registered objects" in answer.out
    assert "rows to bring" in answer.out
    document = documented(run(*called, "--dry-run", "--json").out)
    assert document["outcome"] == "none"
    plan = document["plan"]
    assert isinstance(plan, dict)
    assert {"what", "source", "target", "rows", "bytes", "conflicts", "reason"} <= set(plan["items"][0])
    assert set(plan["stays"][0]) == {"what", "count", "reason"}
    assert files(tmp_path) == before


def test_it_is_brought_once_and_taken_back_once(run: Run, called: tuple[str, ...]) -> None:
    document = documented(run(*called, "--yes", "--json").out)
    assert document["outcome"] == "applied"
    items = document["items"]
    assert isinstance(items, list)
    assert all(item["verified"] == item["written"] > 0 for item in items)
    again = run(*called, "--yes")
    assert again.code == ExitCode.DONE
    assert "there already" in again.out
    undone = run(*called[:2], "--undo", "--yes", "--for", "1.5.0")
    assert (undone.code, "taken away" in undone.out) == (ExitCode.DONE, True)
    nothing = run(*called[:2], "--undo", "--yes", "--for", "1.5.0")
    assert nothing.code == ExitCode.REFUSED


def test_without_a_terminal_it_has_to_be_told_to_go_on(
    run: Run, called: tuple[str, ...], tmp_path: Path
) -> None:
    before = files(tmp_path)
    answer = run(*called)
    assert (answer.code, "--yes" in answer.err) == (ExitCode.REFUSED, True)
    assert files(tmp_path) == before


def test_a_conflict_is_shown_and_nothing_is_touched_until_somebody_chooses(
    run: Run, called: tuple[str, ...], tmp_path: Path
) -> None:
    run(*called, "--yes")
    with closing(sqlite3.connect(tmp_path / "sql_store.db")) as store, store:
        store.execute("UPDATE responses SET model = 'another' WHERE rowid = 1")
    answer = run(*called, "--yes", "--json")
    assert answer.code == ExitCode.REFUSED
    document = documented(answer.out)
    plan = document["plan"]
    assert isinstance(plan, dict)
    assert document["outcome"] == "refused"
    assert sum(item["conflicts"] for item in plan["items"]) == 1
    kept = run(*called, "--yes", "--on-conflict", "keep")
    assert (kept.code, "kept as they were" in kept.out) == (ExitCode.WRONG, True)
    assert run(*called, "--yes", "--on-conflict", "replace").code == ExitCode.DONE


def test_what_is_half_done_is_said_by_every_command_and_finished(
    run: Run, called: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "sql_store.db", isolation_level=None)) as writer:
        writer.execute("CREATE TABLE mine (a)")
        writer.execute("BEGIN IMMEDIATE")
        answer = run(*called, "--yes")
        writer.execute("ROLLBACK")
    assert answer.code == ExitCode.PENDING
    assert f"migrate-data {called[1]} --resume" in answer.err
    assert run(*called, "--yes").code == ExitCode.PENDING
    shown = run("show", called[1])
    assert (shown.code, "--resume" in shown.err) == (ExitCode.DONE, True)
    monkeypatch.chdir(tmp_path / "old")
    unlike = run(
        "migrate-data", "../config.yaml", "--resume", "--yes", "--json"
    )  # how it was read is remembered
    resumed = documented(unlike.out)
    assert resumed["outcome"] == "recovered"
    assert transfer(tmp_path / "state").journals.pending(called[1]) is None
    assert "--resume" not in run("show", called[1]).err


@pytest.mark.parametrize(
    "words",
    [
        ("--resume", "--undo"),
        ("--dry-run", "--resume"),
        ("--undo", "--on-conflict", "keep"),
        ("--resume", "--remove-source"),
    ],
)
def test_options_that_exclude_each_other_are_2(
    run: Run, called: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert run(*called, *words, "--yes").code == ExitCode.USAGE


def test_rows_that_were_changed_in_place_are_put_back(
    run: Run, called: tuple[str, ...], tmp_path: Path
) -> None:
    """No plan names them any more, once they are as they should be."""
    run(*called, "--yes")
    path = tmp_path / "sql_store.db"
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("UPDATE responses SET owner_principal = NULL")
    call = (*called[:4], "--yes")
    assert run(*call).code == ExitCode.DONE
    assert run(*call, "--public-rows").code == ExitCode.DONE
    assert owners(path) == {""}
    assert run(*called[:4], "--undo", "--yes").code == ExitCode.DONE
    assert owners(path) == {None}


def owners(path: Path) -> set[str | None]:
    with closing(sqlite3.connect(path)) as store:
        return {row[0] for row in store.execute("SELECT owner_principal FROM responses")}


def test_files_of_the_old_config_that_are_not_there_are_said(
    run: Run, called: tuple[str, ...], tmp_path: Path
) -> None:
    kept = tmp_path / "old" / "kvstore.db"
    kept.unlink()
    answer = run(*called, "--dry-run")
    assert (
        answer.code,
        f"Not there, or empty, so nothing is transferred from them: {kept}" in answer.err,
    ) == (
        ExitCode.DONE,
        True,
    )
    (tmp_path / "old" / "sql_store.db").write_bytes(b"")
    before = files(tmp_path)
    answer = run(*called, "--yes")
    assert (answer.code, "sql_store.db (of" in answer.err) == (ExitCode.WRONG, True)
    assert files(tmp_path) == before


def test_a_store_that_cannot_be_read_is_left_out_and_named(
    run: Run, called: tuple[str, ...], tmp_path: Path
) -> None:
    damaged = tmp_path / "old" / "kvstore.db"
    damaged.write_bytes(b"no database " * 100)
    answer = run(*called, "--yes", "--json")
    document = documented(answer.out)
    plan = document["plan"]
    assert isinstance(plan, dict)
    assert (answer.code, document["outcome"]) == (ExitCode.WRONG, "applied")
    assert [each["location"] for each in plan["unseen"]] == [str(damaged)]
    assert damaged.read_bytes() == b"no database " * 100


def test_what_cannot_be_found_again_is_not_begun(run: Run, called: tuple[str, ...]) -> None:
    answer = run("migrate-data", "-", *called[2:], "--yes")
    assert (answer.code, "from stdin" in answer.err) == (ExitCode.USAGE, True)


@pytest.mark.parametrize("word", ["--resume", "--undo"])
def test_a_config_that_is_not_there_is_said_also_where_nothing_is_pending(
    run: Run, called: tuple[str, ...], word: str
) -> None:
    Path(called[1]).unlink()
    answer = run(*called[:2], word, "--yes")
    assert (answer.code, "no such file" in answer.err) == (ExitCode.USAGE, True)


def test_where_one_store_cannot_be_reached_the_rest_is_brought_and_it_is_named(
    run: Run, called: tuple[str, ...], tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    whole = config.read_text()
    away = "{type: sql_postgres, host: 127.0.0.1, port: 1, db: ogx, user: ogx, password: made-up}"
    config.write_text(whole.replace(f'{{type: sql_sqlite, db_path: "{tmp_path}/sql_store.db"}}', away))
    assert away in config.read_text()
    planned = run(*called, "--dry-run")
    assert planned.code == ExitCode.WRONG
    assert "postgresql://127.0.0.1:1/ogx: The connection is refused" in planned.out
    assert "which could not be read" in planned.out
    document = documented(run(*called, "--yes", "--json").out)
    plan = document["plan"]
    assert isinstance(plan, dict)
    assert [each["backend"] for each in plan["unseen"]] == ["sql"]
    assert {item["target"]["backend"] for item in plan["items"]} == {"kv"}
    assert document["outcome"] == "applied"
    again = run(*called, "--yes")
    assert (again.code, "there already" in again.out) == (ExitCode.WRONG, True)
    assert run(*called[:2], "--undo", "--yes", "--for", "1.5.0").code == ExitCode.DONE
    config.write_text(whole)
    assert run(*called, "--yes").code == ExitCode.DONE
    # Taken back only as a whole: what of it cannot be seen is not forgotten.
    config.write_text(whole.replace(f'db_path: "{tmp_path}/sql_store.db"', 'db_path: "${env.NOWHERE}"'))
    refused = run(*called[:2], "--undo", "--yes", "--for", "1.5.0")
    assert refused.code == ExitCode.REFUSED
    assert "sql could not be read" in refused.err


def test_where_no_store_can_be_reached_it_is_refused(
    run: Run, called: tuple[str, ...], tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    for name in ("kvstore.db", "sql_store.db"):
        (tmp_path / name).write_text("this is no database, as anybody sees who looks at it")
        (tmp_path / "old" / name).write_text(
            "nor is this one, although it is long enough to be one, is it not"
        )
    answer = run("migrate-data", str(config), "--for", "1.5.0", "--from", called[-1], "--yes")
    assert answer.code == ExitCode.REFUSED


async def test_a_plan_is_not_carried_out_after_its_config_came_to_mean_something_else(
    called: tuple[str, ...], tmp_path: Path
) -> None:
    request = LoadRequest(called[1], version="1.5.0", environ=dict(os.environ))
    migration = DataMigration(request, PATIENT, old=called[5])
    plan = await migration.plan(TransferTerms())
    config = Path(called[1])
    text = config.read_text()
    config.write_text(text.replace("sql_store.db", "another.db"))
    before = files(tmp_path)
    with pytest.raises(RefusedError, match="was edited since the plan was made"):
        await migration.apply(plan, TransferTerms(), ignore, lambda _: None)
    assert files(tmp_path) == before
    config.write_text(f"# a comment\n{text}")
    result = await migration.apply(plan, TransferTerms(), ignore, lambda _: None)
    assert result.items
