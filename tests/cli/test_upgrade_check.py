"""`upgrade-check` and the legacy demo, as a script and as a person use them."""

from __future__ import annotations

import os
import pty
import shlex
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def legacy(tmp_path: Path, run: Run) -> list[str]:
    """The words that open the legacy demo, as the program prints them."""
    answer = run("--demo", "legacy", "--demo-folder", str(tmp_path / "legacy"))
    assert answer.code == 0
    return shlex.split(answer.out)


def test_a_legacy_deployment_would_lose_its_rows(run: Run, legacy: list[str]) -> None:
    answer = run("upgrade-check", *legacy, "--to", "1.5.0", "--json")
    assert answer.code == 1
    found = answer.json
    assert (found["from"], found["to"], found["loads"], found["starts"]) == ("0.2.24", "1.5.0", True, False)
    invisible = {store["path"]: store["invisible"] for store in found["stores"]}
    assert invisible["inference_store"] == 140
    assert all(store["exact"] for store in found["stores"])


def test_each_command_of_the_steps_reads_the_config_as_this_one_did(run: Run, legacy: list[str]) -> None:
    found = run("upgrade-check", *legacy, "--to", "1.5.0", "--json").json
    commands = [step["command"] for step in found["steps"] if step["command"]]
    assert [shlex.split(command)[1] for command in commands] == [
        "migrate",
        "migrate-data",
        "migrate-data",
        "migrate-data",
        "check",
    ]
    config, options = legacy[0], legacy[1:]
    new = config.replace(".yaml", "-1.5.0.yaml")
    for command in commands:
        assert shlex.split(command)[-len(options) :] == options
        assert new in command
    assert shlex.split(commands[0])[2:5] == [config, "--to", "1.5.0"]


def test_the_text_says_what_is_lost_and_the_steps(run: Run, legacy: list[str]) -> None:
    answer = run("upgrade-check", *legacy, "--to", "1.5")
    assert answer.code == 1
    assert "inference_store: 140 rows, the newest of " in answer.out
    assert "Stays visible" not in answer.out
    assert ": 8 keys, no longer served" in answer.out
    assert "agents with their sessions and turns (8)" in answer.out
    assert "1. Stop every server that uses these stores." in answer.out
    assert "from llama-stack 0.2.24 (guessed: " in answer.out


def test_an_upgrade_that_loses_nothing_is_done(run: Run, config: str) -> None:
    answer = run("upgrade-check", config, "--from", "1.4.0", "--to", "1.4.1")
    assert answer.code == 0, answer.out
    assert "nothing would be lost" in answer.out


def test_a_config_on_stdin_is_read_once(run: Run, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(config).open() as file:
        monkeypatch.setattr("sys.stdin", file)
        answer = run("upgrade-check", "-", "--from", "1.4.0", "--to", "1.4.1", "--json")
    assert answer.code == 0, answer.out
    assert answer.json["config"] == "-"


def test_the_next_config_of_one_on_stdin_has_a_name_of_its_own(
    run: Run, legacy: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(legacy[0]).open() as file:
        monkeypatch.setattr("sys.stdin", file)
        found = run("upgrade-check", "-", *legacy[1:], "--to", "1.5.0", "--json").json
    command = shlex.split(next(step["command"] for step in found["steps"] if step["command"]))
    assert command[1:7] == ["migrate", "-", "--to", "1.5.0", "--output", "config-1.5.0.yaml"]


@pytest.mark.parametrize(
    "words", [["--to", "9.9"], [], ["--to", "nonsense"], ["--to", "1.5.0", "--from", "0.9"]]
)
def test_a_version_that_there_is_not_is_a_wrong_call(run: Run, config: str, words: list[str]) -> None:
    answer = run("upgrade-check", config, *words, "--json")
    assert answer.code == 2
    assert answer.json["error"]["kind"] == "usage"


def test_a_store_that_cannot_be_read_is_not_called_safe(run: Run, config: str) -> None:
    text = (
        Path(config)
        .read_text()
        .replace(
            "type: sql_sqlite", "type: sql_postgres\n      host: 127.0.0.1\n      port: 9\n      user: u"
        )
    )
    Path(config).write_text(text.replace("      db_path: ${env.STORE}/sql.db\n", ""))
    answer = run("upgrade-check", config, "--from", "1.4.0", "--to", "1.4.1", "--json")
    assert answer.code == 3
    assert "was not read" in " ".join(answer.json["notices"])
    problems = [store for store in answer.json["stores"] if store["problem"]]
    assert {store["visible"] for store in problems} == {None}


def test_a_first_answer_may_be_estimated(run: Run, legacy: list[str]) -> None:
    assert (
        run("upgrade-check", *legacy, "--to", "1.5.0", "--fast", "--json").json["stores"][0]["visible"]
        is not None
    )


def test_the_legacy_demo_is_a_deployment_of_0_2(run: Run, legacy: list[str]) -> None:
    answer = run("check", *legacy, "--data", "--json")
    assert answer.code == 0
    assert answer.json["version"]["guess"] == "0.2.24"
    assert answer.json["verdict"] == {"load": "accept", "start": "ok"}
    assert {finding["rule"] for finding in answer.json["findings"]} <= {"temporary-folder"}


def test_a_demo_is_not_written_over_other_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    answer = run("--demo", "--demo-folder", str(tmp_path))
    assert answer.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_without_a_demo_is_a_wrong_call(run: Run) -> None:
    assert run("--demo-folder", "somewhere").code == 2


def test_what_is_left_behind_stands_in_a_table(run: Run, config: str) -> None:
    answer = run("left-behind", config)
    assert answer.code == 0
    assert "table inference_store" in answer.out
    assert "1 key on kv_default has expired" in answer.out


def test_what_could_not_be_read_is_said_with_the_rest(run: Run, config: str) -> None:
    text = (
        Path(config)
        .read_text()
        .replace(
            "type: sql_sqlite", "type: sql_postgres\n      host: 127.0.0.1\n      port: 9\n      user: u"
        )
    )
    Path(config).write_text(text.replace("      db_path: ${env.STORE}/sql.db\n", ""))
    answer = run("left-behind", config)
    assert answer.code == 3
    assert "namespace registry" in answer.out
    assert "Backend sql_default was not read" in answer.err


@pytest.mark.parametrize(
    "words", [("--to", ""), ("--to", "1.5.0", "--from", ""), ("--to", "1.5.0", "--for", " ")]
)
def test_an_empty_version_is_no_version(run: Run, config: str, words: tuple[str, ...]) -> None:
    answer = run("upgrade-check", config, *words)
    assert (answer.code, "The version is empty" in answer.err) == (2, True)


def test_a_person_who_waits_for_exact_counts_sees_bounded_ones_meanwhile(
    run: Run, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "sql.db")) as store, store:
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
        store.execute(f"INSERT INTO inference_store {numbers} SELECT 'm' || i, i, 'm', '{{}}' FROM n")
        # A file of more than 32 MiB, whose tables are not counted as a whole at first.
        store.execute("CREATE TABLE large AS SELECT zeroblob(40000000) AS x")
        store.execute("ANALYZE")
    own, end = pty.openpty()
    words = ("upgrade-check", config, "--from", "0.7.3", "--to", "1.5.0")
    quiet = run(*words)
    with os.fdopen(end, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        answers = [run(*words), run(*words, "--json")]
        monkeypatch.undo()
        print("the end", file=terminal, flush=True)
        read = b""
        while b"the end" not in read:
            read += os.read(own, 100_000)
    said = read.decode()
    os.close(own)
    assert answers[0].out == quiet.out
    assert said.count("Counting exactly") == 1, "none beside a document"
    assert "about " in said.partition("Everything is being counted")[0]
    assert answers[1].json["stores"]


def test_rows_that_were_not_transferred_after_a_migration_are_a_step_with_its_command(
    run: Run, legacy: list[str]
) -> None:
    assert run("migrate", *legacy, "--to", "1.5.0", "--write", "--yes").code == 1, (
        "agents are not carried over"
    )
    answer = run("upgrade-check", *legacy, "--to", "1.5.0", "--json")
    assert answer.code == 0
    assert not any(store["there"] for store in answer.json["stores"])
    step = next(step for step in answer.json["steps"] if "kept beside" in step["text"])
    words = shlex.split(step["command"])
    assert words[1:5] == ["migrate-data", legacy[0], "--from", f"{legacy[0]}.before-1.5.0"]
    assert "not there: nothing is stored in it yet" in run("upgrade-check", *legacy, "--to", "1.5.0").out
    plan = run(*words[1:])
    assert "90 rows" in plan.out
