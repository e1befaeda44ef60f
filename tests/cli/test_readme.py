"""The README: what it says to type works, and its lines fit a screen."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from llama_storage_tui.__main__ import COMMANDS
from tests.cli.conftest import Run

README = Path(__file__).parents[2] / "README.md"
LONGEST = 160

CALLS = re.findall(r"^\| `([a-z][^`]*)` \|", README.read_text(encoding="utf-8"), re.MULTILINE)
"""The first column of the table of commands."""

FILLED = {
    "BACKEND": "kv_default",
    "NAMESPACE": "registry",
    "KEY": "registry:model:1",
    "TABLE": "inference_store",
    "COMMAND": "check",
    "VERSION": "1.5.0",
    "[BACKEND…]": "kv_default",
    "[FAMILY": "registry",
    "[ID]]": "",
    "[ID]": "",
    "[TOPIC]": "",
}
"""What stands in for the words in capitals; an ID is one that no store has."""


def test_no_line_is_too_long_for_a_screen() -> None:
    assert [line for line in README.read_text(encoding="utf-8").splitlines() if len(line) > LONGEST] == []


def test_every_command_stands_in_the_table() -> None:
    assert {call.split()[0] for call in CALLS} == {*COMMANDS}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_of_the_table_is_one_that_the_program_takes(call: str, run: Run, config: str) -> None:
    words = shlex.split(call.replace("RUN_CONFIG…", "RUN_CONFIG"))
    if words[0] == "rotate":
        pytest.skip("changes a password of a server: its own tests run it")
    tables = words[0] in ("tables", "rows")
    filled = [
        config
        if word == "RUN_CONFIG"
        else "sql_default"
        if word == "BACKEND" and tables
        else FILLED.get(word, "nobody" if word == "ID" else word)
        for word in words
    ]
    answer = run(*filter(None, filled))
    # What this config does not have is an answer, too; 2 would be a call that the program does not understand.
    assert answer.code in (0, 1), (filled, answer.err)
