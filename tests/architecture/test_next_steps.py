"""The core knows no command, no option and no key: it names a step, and each front end words every step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Final

import click
import pytest

from llama_storage_tui.__main__ import cli
from llama_storage_tui.cli import next_steps as of_commands
from llama_storage_tui.next_steps import Step
from llama_storage_tui.tui.style import next_steps as of_keys
from tests.architecture.texts import PACKAGE, texts

FRONT_ENDS: Final = ("cli", "tui", "__main__.py")

PROGRAM: Final = re.compile(r"(?<!\.)\bllama-storage-tui \S")
_FOREIGN: Final = re.compile(r"\b(?:kubectl|helm|oc|docker|stack|ogx)\b[^.;]*$|this config only with $")
"""What comes before an option of somebody else's program."""
_KEY: Final = re.compile(
    r"\b(?:press|[Kk]ey) [`'\"]?(?:\w|ctrl\S*|enter|esc(?:ape)?|tab)[`'\"]?(?=[ .,;:]|$)|\bctrl\+\w"
    r"|^[a-zA-Z]: |(?:^|[.;] )[a-zA-Z] (?:shows|tests|goes|finishes|drops|makes|copies|opens|reads)\b|\b(?:enter|escape) (?:shows|opens|goes|takes)\b"
)


def _commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            each = command.get_command(context, name)
            assert each is not None
            yield from _commands(each)


OURS: Final = frozenset(
    option
    for command in _commands(cli)
    for parameter in command.params
    for option in parameter.opts
    if option.startswith("--")
)
NAMES: Final = frozenset(command.name or "" for command in _commands(cli)) - {""}
_CALL: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(NAMES)))}) (?:RUN_)?CONFIG\b")


@cache
def below() -> tuple[tuple[str, str], ...]:
    """Return (place, text) for each text below the front ends that is no docstring."""
    return tuple((each.place, each.text) for each in texts() if each.room not in FRONT_ENDS)


NAMED: Final = (
    Step.LIST_TABLES,
    Step.LIST_NAMESPACES,
    Step.LIST_RECORDS,
    Step.LIST_OBJECTS,
    Step.READ_OUTPUT,
)
"""Steps that are never given without what they are about."""


def _options(text: str) -> Iterator[str]:
    for found in re.finditer(r"(?<![\w-])--[a-z][a-z-]*", text):
        if found[0] in OURS and not _FOREIGN.search(text[: found.start()]):
            yield found[0]


def test_the_options_and_commands_of_the_program_are_known() -> None:
    assert {"--timeout", "--recover", "--env-file", "--key"} <= OURS
    assert {"rotate", "tables", "objects", "check"} <= NAMES


def test_no_sentence_below_the_front_ends_names_an_option() -> None:
    assert [(place, text) for place, text in below() if any(_options(text))] == []


def test_no_sentence_below_the_front_ends_names_a_command() -> None:
    assert [found for found in below() if PROGRAM.search(found[1]) or _CALL.search(found[1])] == []


def test_no_sentence_below_the_front_ends_names_a_key() -> None:
    assert [found for found in below() if _KEY.search(found[1])] == []


def test_both_front_ends_word_every_step() -> None:
    for step, words in product(Step, (of_commands.step_words, of_keys.step_words)):
        for named in ("", "what-it-is-about"):
            said = words(step, named)
            if not named and step in NAMED:
                continue
            assert said
            assert "{" not in said
            assert not re.search(r"  |\s$|--[\w-]+ $", said)


def test_a_step_of_the_command_line_names_options_that_there_are() -> None:
    for step in Step:
        said = f"{of_commands.step_words(step)} {of_keys.step_words(step)}"
        assert {*re.findall(r"(?<![\w-])--[a-z][a-z-]*", said)} <= OURS, step


def test_every_step_is_given_somewhere() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in FRONT_ENDS]
    sources = "".join(path.read_text(encoding="utf-8") for path in modules)
    assert [step for step in Step if f"Step.{step.name}" not in sources] == []


@pytest.mark.parametrize(
    ("text", "is_caught"),
    [
        ("Give the variables with --env-file.", True),
        ("kubectl patch secret SECRET --dry-run=client", False),
        ("kubectl get it. Then give --key", True),
    ],
)
def test_options_of_other_programs_are_told_apart(text: str, *, is_caught: bool) -> None:
    assert any(_options(text)) is is_caught
