"""Text for people in a real terminal: colours, a pager for what is long, letters as letters; and none of it anywhere else."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from llama_storage_tui.__main__ import main
from llama_storage_tui.services.values import with_letters
from tests import fork_server
from tests.cli.conftest import Run
from tests.tui.terminal import HEIGHT, Terminal

PAGER = "sed s/^/paged:/"
MUTED, BAD = b"\x1b[2m", b"\x1b[31m"
PLAIN = {"NO_COLOR": "", "FORCE_COLOR": "", "CLICOLOR_FORCE": "", "CLICOLOR": "", "LESS": ""}


def shown(*words: str, **environ: str) -> bytes:
    """Return all that a call writes to its terminal."""
    # How streams are encoded is decided where an interpreter starts.
    is_imported = "PYTHONIOENCODING" not in environ
    with Terminal(words, environ={**PLAIN, **environ}, is_imported=is_imported) as terminal:
        terminal.ended()
        return terminal.raw


def piped(*words: str, **environ: str) -> bytes:
    done = fork_server.call(main, words, folder=Path.cwd(), environ={**os.environ, **PLAIN, **environ})
    return (done.out + done.err).encode()


@pytest.fixture
def long(config: str, tmp_path: Path) -> str:
    """More keys and rows than the terminal has lines."""
    with closing(sqlite3.connect(tmp_path / "kv.db")) as keys, keys:
        keys.executemany(
            "INSERT INTO kvstore VALUES (?, '1', NULL)",
            [(f"registry:z:{at:03}",) for at in range(2 * HEIGHT)],
        )
    return config


def test_headings_and_severities_have_colours_in_a_terminal(config: str) -> None:
    assert MUTED + b"namespace" in shown("namespaces", config, "kv_default")
    missing = shown("show", "/nowhere.yaml")
    assert BAD + b"Error:\x1b[0m" in missing


@pytest.mark.parametrize(
    "environ",
    [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CLICOLOR": "0"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}],
    ids=str,
)
def test_colours_stay_out_where_the_environment_says_so(environ: dict[str, str], config: str) -> None:
    assert b"\x1b[" not in shown("namespaces", config, "kv_default", **environ)


@pytest.mark.parametrize(
    "words", [("namespaces", "CONFIG", "kv_default"), ("check", "CONFIG"), ("show", "CONFIG")]
)
def test_json_and_pipes_have_no_colours(words: tuple[str, ...], config: str) -> None:
    words = tuple(word.replace("CONFIG", config) for word in words)
    assert b"\x1b[" not in piped(*words)
    assert b"\x1b[" not in shown(*words, "--json")
    assert b"\x1b[" not in piped(*words, "--json", FORCE_COLOR="1")
    assert b"\x1b[" in piped(*words, FORCE_COLOR="1")


def test_colours_do_not_move_a_column(config: str) -> None:
    words = ("tables", config, "sql_default")
    coloured = piped(*words, FORCE_COLOR="1").decode()
    for code in ("0", "1", "2", "31", "32", "33"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == piped(*words).decode()


def test_an_answer_that_is_longer_than_the_screen_goes_to_the_pager(long: str) -> None:
    out = shown("keys", long, "kv_default", "registry", "--limit", "80", PAGER=PAGER).decode()
    assert "paged:registry:z:070" in out
    # What is said to the operator follows the text, and is not in it.
    assert "paged:More" not in out
    assert out.rindex("More: --after") > out.rindex("paged:")


def test_a_short_answer_does_not(long: str) -> None:
    assert b"paged:" not in shown("keys", long, "kv_default", "registry", "--limit", "20", PAGER=PAGER)


def test_less_ends_at_q_and_shows_colours(long: str) -> None:
    environ = {**PLAIN, "PAGER": "less"}
    environ.pop("LESS")
    with Terminal(["keys", long, "kv_default", "registry"], environ=environ) as terminal:
        terminal.expect("registry:z:010")
        assert MUTED + b"key" in terminal.raw
        assert "registry:z:080" not in terminal.text
        terminal.send("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize(
    ("more", "environ"),
    [
        (("--no-pager",), {}),
        (("--json",), {}),
        ((), {"PAGER": "cat"}),
        ((), {"PAGER": ""}),
        ((), {"PAGER": "/no/such/pager"}),
        ((), {"PAGER": "an 'unbalanced quote"}),
        ((), {"TERM": "dumb"}),
    ],
    ids=str,
)
def test_the_pager_stays_out(more: tuple[str, ...], environ: dict[str, str], long: str) -> None:
    out = shown("keys", long, "kv_default", "registry", *more, **{"PAGER": PAGER, **environ})
    assert b"paged:" not in out
    assert b"registry:z:080" in out


def test_what_a_failed_pager_did_not_show_is_printed(long: str) -> None:
    out = shown("keys", long, "kv_default", "registry", PAGER="false").decode()
    assert "registry:z:080" in out
    assert "The pager false ended with status 1" in out


def test_a_pager_that_ends_early_is_no_failure(long: str) -> None:
    out = shown("keys", long, "kv_default", "registry", PAGER="head -n 2").decode()
    assert "registry:z:080" not in out
    assert "The pager" not in out


def test_a_stream_of_all_rows_is_not_paged(config: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sql.db")) as tables, tables:
        tables.executemany("INSERT INTO prompts VALUES (?)", [(f"p{at:03}",) for at in range(2 * HEIGHT)])
    out = shown("rows", config, "sql_default", "prompts", "--all", PAGER=PAGER)
    assert out.count(b"p0") == 2 * HEIGHT
    assert b"paged:" not in out


def test_nothing_is_paged_where_stdin_or_stdout_is_no_terminal(long: str, tmp_path: Path) -> None:
    words = ["keys", long, "kv_default", "registry"]
    with (
        (tmp_path / "out").open("wb+") as file,
        Terminal(words, environ={"PAGER": PAGER}, streams={"stdout": file}) as terminal,
    ):
        assert terminal.ended() == 0
    assert b"paged:" not in (tmp_path / "out").read_bytes()
    with (
        Path(os.devnull).open("rb") as nothing,
        Terminal(words, environ={"PAGER": PAGER}, streams={"stdin": nothing}) as terminal,
    ):
        assert terminal.ended() == 0
    assert b"paged:" not in terminal.raw


def test_an_error_after_a_part_of_the_answer_keeps_both(long: str, tmp_path: Path) -> None:
    out = shown("check", long, str(tmp_path / "none.yaml"), PAGER=PAGER).decode()
    assert "loads" in out
    assert out.index("loads") < out.index("Error:")


LETTERS = {"a": "中文", "b": 'é "\\u4e2d" 😀', "c": "\u202e\x1b[31m\x9b"}


@pytest.fixture
def lettered(config: str, tmp_path: Path) -> str:
    """JSON as upstream's Python writes it: all but ASCII escaped."""
    with closing(sqlite3.connect(tmp_path / "sql.db")) as tables, tables:
        tables.execute("UPDATE inference_store SET choices = ?", (json.dumps(LETTERS),))
    with closing(sqlite3.connect(tmp_path / "kv.db")) as keys, keys:
        keys.execute("INSERT INTO kvstore VALUES ('registry:x', ?, NULL)", (json.dumps(LETTERS),))
    return config


def test_text_shows_letters_and_not_their_escapes(lettered: str, run: Run) -> None:
    out = run("rows", lettered, "sql_default", "inference_store", "--columns", "choices").out
    assert '{"a": "中文", "b": "é \\"\\\\u4e2d\\" 😀"' in out
    assert "\x9b" not in out
    assert "\u202e" not in out
    assert "中文" in shown("get", lettered, "kv_default", "registry", "registry:x").decode()


def test_machine_formats_keep_the_escapes(lettered: str, run: Run) -> None:
    for words in (("--json",), ("--all",)):
        out = run("rows", lettered, "sql_default", "inference_store", *words).out
        assert out.isascii()
        assert "\\u4e2d" in out
    assert json.loads(piped("get", lettered, "kv_default", "registry", "registry:x")) == LETTERS


def test_an_ascii_terminal_gets_escapes_instead_of_question_marks(lettered: str) -> None:
    environ = {"PYTHONIOENCODING": "ascii"}
    out = shown("rows", lettered, "sql_default", "inference_store", "--columns", "choices", **environ)
    assert b"\\u4e2d" in out


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        (r'["\u4e2d"]', '["中"]'),
        (r'["\\u4e2d"]', r'["\\u4e2d"]'),
        (r'["\\\u4e2d"]', '["\\\\中"]'),
        (r'["\ud83d\ude00"]', '["😀"]'),
        (r'["\ud83d"]', r'["\ud83d"]'),
        (r'["\u0000\u001b\u009b\u202e\u0022\u005c"]', r'["\u0000\u001b\u009b\u202e\u0022\u005c"]'),
        (r'["\u4e2d\u4e', r'["中\u4e'),
        (r"no JSON \u4e2d", r"no JSON \u4e2d"),
    ],
)
def test_only_escapes_of_letters_in_json_become_letters(stored: str, seen: str) -> None:
    assert with_letters(stored) == seen


def test_the_names_of_stored_columns_are_cleaned(config: str, tmp_path: Path, run: Run) -> None:
    hostile = "c\x1b[2J\u202e\x9b\nd"
    with closing(sqlite3.connect(tmp_path / "sql.db")) as tables, tables:
        tables.execute(f'CREATE TABLE odd ("{hostile}" TEXT)')
    words = ("rows", config, "sql_default", "odd")
    empty = run(*words)
    with closing(sqlite3.connect(tmp_path / "sql.db")) as tables, tables:
        tables.execute("INSERT INTO odd VALUES ('x')")
    listed = run("tables", config, "sql_default")
    for out in (empty.out, run(*words).out, listed.out):
        assert "c␛[2J\\u202e\\x9b␊d" in out
        assert not any(mark in out for mark in "\x1b\u202e\x9b")
    assert len(run(*words).out.splitlines()) == 2
    coloured = piped(*words, FORCE_COLOR="1").decode()
    assert f"{MUTED.decode()}c␛[2J" in coloured
    assert "\x1b[2J" not in coloured
