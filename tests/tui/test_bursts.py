"""Keys that come faster than the program follows: sent in one go through a real terminal, on every screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from llama_storage_tui.tui.terminal.typeahead import looks_pasted
from tests.deployments import copy_demo
from tests.tui.terminal import Terminal

AGAIN = 3.0
"""Seconds after which a hand presses again what did nothing: a key so close behind a burst may go the way of it."""
STEADY = 30.0
"""The same for a key that does harm where both are heard after all."""


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    request = copy_demo(tmp_path)
    ((server, here),) = request.path_map
    words = [request.config, "--env-file", request.env_files[0], "--map-path", f"{server}={here}"]
    environ = {
        "XDG_STATE_HOME": str(tmp_path),
        "HOME": str(tmp_path),
        "LLAMA_STORAGE_TUI_CONFIG": str(tmp_path / "config.toml"),
    }
    monkeypatch.chdir(tmp_path)  # where an export would go
    with Terminal(words, environ=environ, is_imported=True) as found:
        found.expect("sql_default", "1 error")
        yield found


@dataclass(frozen=True)
class Place:
    """A screen: the way to it in steps, each with what then stands there."""

    name: str
    steps: tuple[tuple[str, str], ...]
    is_field: bool = True
    """Whether `/` opens something to type in there."""
    pastes: bool = False
    """Whether `e` or `q` does there what cannot be taken back, in a way that no place before it has."""


TO_TABLES = (("\x1b[B", "rows in inference_store"), ("\r", "enter shows the rows"))
TO_NAMESPACES = (("\r", "vector_io::faiss:*"),)
PLACES = (
    Place("catalog", (), is_field=False, pastes=True),
    Place("findings", (("f", "shared-table"),)),
    Place("responses", (("w", "responses 1–100"),), pastes=True),
    Place("conversations", (("C", "topic"),)),
    Place("completions", (("M", "tool calls"),)),
    Place("attention", (("A", "incomplete"),), is_field=False),
    Place("object types", (("O", "Skills"),), is_field=False),
    Place("response", (("w", "responses 1–100"), ("\r", "Messages")), is_field=False, pastes=True),
    Place("namespaces", TO_NAMESPACES, is_field=False),
    Place("keys", (*TO_NAMESPACES, ("\r", "keys 1–")), pastes=True),
    Place("tables", TO_TABLES, is_field=False),
    Place("rows", (*TO_TABLES, ("\r", "This table is empty"))),
)


def go(terminal: Terminal, place: Place) -> None:
    for keys, shown in place.steps:
        terminal.send(keys)
        terminal.expect(shown)


def lives(terminal: Terminal) -> None:
    """Nothing has ended the program: it opens help, and closes it."""
    # The line of keys is drawn before what was behind the box.
    for key, shown, is_open, after in (("?", "esc Close", True, AGAIN), ("\x1b", "─ Keys ─", False, STEADY)):
        while (shown in terminal.text) is not is_open:
            assert terminal.process.poll() is None
            terminal.send(key)
            until = time.monotonic() + after
            while (shown in terminal.text) is not is_open and time.monotonic() < until:
                terminal.read(0.1)
    while terminal.read(0.3):
        pass


def goes_back(terminal: Terminal) -> None:
    """Nothing has ended the program: it goes back to the catalog, from box to box."""
    while "A Attention" not in terminal.text:
        assert terminal.process.poll() is None
        before = terminal.text
        terminal.send("\x1b")
        until = time.monotonic() + AGAIN
        while terminal.text == before and time.monotonic() < until:
            terminal.read(0.1)
    lives(terminal)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_what_follows_slash_at_once_is_text_and_never_a_command(
    place: Place, terminal: Terminal, tmp_path: Path
) -> None:
    before = set(tmp_path.rglob("*"))
    go(terminal, place)
    terminal.send("/qwe")
    if place.is_field:
        terminal.expect("qwe", "esc Close")
        terminal.send("\x1b")
        terminal.expect_gone("esc Close")
    lives(terminal)
    assert {path for path in set(tmp_path.rglob("*")) - before if path.suffix in (".jsonl", ".json")} == set()


@pytest.mark.parametrize("place", [place for place in PLACES if place.is_field], ids=lambda place: place.name)
def test_a_paste_of_several_lines_ends_with_the_field_that_took_the_first(
    place: Place, terminal: Terminal
) -> None:
    go(terminal, place)
    terminal.send("/zzzz\rqqq\teee\rq\r")
    terminal.expect("zzzz")
    lives(terminal)


@pytest.mark.parametrize("place", [place for place in PLACES if place.pastes], ids=lambda place: place.name)
def test_a_paste_on_a_list_neither_leaves_the_program_nor_writes_a_file(
    place: Place, terminal: Terminal, tmp_path: Path
) -> None:
    go(terminal, place)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    terminal.send("q\rquit\ry\re\r")
    terminal.expect(IGNORED)
    lives(terminal)
    terminal.send("e\rq\r")
    goes_back(terminal)
    after = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.suffix for path in after - before} <= {".db-shm", ".db-wal"}


def test_a_paste_into_the_name_of_a_file_does_not_write_it(terminal: Terminal, tmp_path: Path) -> None:
    terminal.send("w")
    terminal.expect("responses 1–100")
    terminal.send("e")
    terminal.expect("Format")
    terminal.send("zz\rq\r")
    terminal.expect("jsonlzz")
    terminal.send("\x1b")
    terminal.expect_gone("jsonlzz")
    lives(terminal)
    assert not list(tmp_path.glob("*zz*"))


def test_a_dialog_gets_what_follows_the_key_that_opens_it(terminal: Terminal) -> None:
    terminal.send("w")
    terminal.expect("responses 1–100")
    terminal.send("e" + 3 * "q")
    terminal.expect("jsonlqqq")
    terminal.send("\x1b")
    terminal.expect_gone("jsonlqqq")


def test_the_palette_runs_what_was_typed_and_not_what_it_listed_before(terminal: Terminal) -> None:
    terminal.send("\x10findings\r")
    terminal.expect("shared-table")


def test_a_paste_into_the_palette_does_not_leave_the_program(terminal: Terminal) -> None:
    terminal.send("\x10")
    terminal.expect("Search")
    terminal.send("quit\r")
    terminal.expect_gone("Search")
    lives(terminal)


def test_a_list_that_is_still_being_opened_lets_no_key_through(terminal: Terminal) -> None:
    terminal.send("w/qqq\rq")
    terminal.expect("Servers write completed")
    lives(terminal)


IGNORED = "Ignored pasted text: no"
"""The beginning: a narrow terminal breaks the notice into two lines."""


def test_a_bracketed_paste_outside_a_field_does_nothing_and_says_so(terminal: Terminal) -> None:
    terminal.send("\x1b[200~q\rq\r\x1b[201~")
    terminal.expect(IGNORED)
    lives(terminal)


PASTES = (
    "quit this and read what I wrote",
    "echo one\recho two\r",
    "wrong place\nq\n",
    "resp_f8c93630-4a00-4334-9b83-28990b04941a",
    "t" + 300 * "word q e r y\r",
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_raw_paste_on_a_screen_without_a_field_is_no_command(
    place: Place, terminal: Terminal, tmp_path: Path
) -> None:
    before = set(tmp_path.rglob("*"))
    go(terminal, place)
    terminal.send(PASTES[1])
    terminal.expect(IGNORED)
    lives(terminal)
    terminal.expect(*(shown for _, shown in place.steps[-1:]))
    assert {path for path in set(tmp_path.rglob("*")) - before if path.suffix in (".jsonl", ".json")} == set()


@pytest.mark.parametrize("paste", PASTES, ids=lambda paste: paste[:10])
def test_no_kind_of_raw_paste_is_a_command(paste: str, terminal: Terminal) -> None:
    terminal.send(paste)
    terminal.expect(IGNORED)
    lives(terminal)
    terminal.expect("sql_analytics")


def test_a_raw_paste_into_an_open_field_is_its_text(terminal: Terminal) -> None:
    terminal.send("w")
    terminal.expect("responses 1–100")
    terminal.send("/")
    terminal.expect("esc Close form")
    terminal.send("some words that match nothing")
    terminal.expect("some words that match nothing")
    assert IGNORED not in terminal.text


def test_a_long_text_behind_slash_in_one_burst_is_the_text_of_the_field(terminal: Terminal) -> None:
    go(terminal, next(place for place in PLACES if place.name == "findings"))
    terminal.send("/shared-table of two stores")
    terminal.expect("filter: shared-table of two stores")
    assert IGNORED not in terminal.text


def test_keys_that_repeat_and_short_ways_in_one_burst_are_keys(terminal: Terminal) -> None:
    terminal.send(40 * "j" + "kj" + 40 * "k" + "jjj")
    terminal.expect("Nothing refers to this backend")
    terminal.send("w/failed\r")
    terminal.expect("only status failed")
    assert IGNORED not in terminal.text


@pytest.mark.parametrize(
    ("text", "is_pasted"),
    [
        ("/qwen\r", False),
        ("w/failed\r", False),
        (60 * "j", False),
        ("jjjjkkkkjjjjkkkkllllhhhh\r", False),
        ("\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B", False),
        ("\x10findings and more\r", False),
        ("one line of text", True),
        ("rm -rf x\ry", True),
        ("two\nlines here", True),
        ("中文字符也是文本的一部分而且很长很长", True),
    ],
)
def test_what_looks_pasted(text: str, *, is_pasted: bool) -> None:
    assert looks_pasted(text) is is_pasted
