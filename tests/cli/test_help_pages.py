"""The pages of help: whole, true of the options there are, and the same text in both front ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from llama_storage_tui import help as help_room
from llama_storage_tui.__main__ import COMMANDS, cli
from tests.cli.conftest import Run
from tests.tui.gallery import NARROW, WIDE, stage

FOLDER = Path(help_room.__file__).parent


def parameters(command: click.Command, context: click.Context) -> Iterator[click.Parameter]:
    yield from command.params
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from parameters(found, context)


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in parameters(command, context):
        yield from parameter.opts


def test_help_names_what_a_number_is_and_not_its_type() -> None:
    context = click.Context(cli)
    numbers = [
        parameter
        for parameter in parameters(cli, context)
        if isinstance(parameter.type, click.types.IntParamType | click.types.FloatParamType)
    ]
    assert len(numbers) >= 5
    assert [found.opts for found in numbers if found.metavar is None] == []


@pytest.mark.parametrize("group", [(), ("responses",), ("conversations",), ("completions",)])
def test_a_list_of_commands_says_what_each_does_in_a_whole_sentence(run: Run, group: tuple[str, ...]) -> None:
    listed = run(*group, "--help").out.partition("Commands:")[2]
    assert "List" in listed
    assert "..." not in listed


def words(name: str) -> str:
    """All that a page says, in one line."""
    return " ".join(
        word for block in help_room.page(name).blocks for entry in block for word in (entry.term, entry.text)
    )


def test_every_page_is_listed_and_no_topic_hides_a_command() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {*help_room.NAMES}
    assert not {*help_room.NAMES} & {*COMMANDS}


@pytest.mark.parametrize("name", help_room.NAMES)
def test_nothing_of_a_page_is_lost_when_it_is_read(name: str) -> None:
    page = help_room.page(name)
    written = re.sub(r"\s+", " ", (FOLDER / f"{name}.txt").read_text()).strip()
    assert re.sub(r"\s+", " ", f"{page.about} {words(name)}").strip() == written


@pytest.mark.parametrize("name", help_room.NAMES)
def test_a_page_names_only_options_that_there_are(name: str) -> None:
    known = {*options(cli, click.Context(cli))}
    assert {*re.findall(r"(?<![\w-])--[a-z][a-z-]*", words(name))} <= known


@pytest.mark.parametrize("name", help_room.NAMES)
def test_the_command_prints_a_page_within_the_width(name: str, run: Run) -> None:
    answer = run("help", name)
    assert answer.code == 0
    assert max(map(len, answer.out.splitlines())) <= 100
    assert answer.out.split() == words(name).split()
    assert " ".join(run("help", name, "--json").json["text"].split()) == " ".join(words(name).split())


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_app_shows_the_pages_behind_its_keys(size: tuple[int, int]) -> None:
    async with stage(size) as found:
        await found.press("question_mark")
        assert "This screen" in found.text
        for name in help_room.NAMES:
            await found.press("n")
            assert f"Help: {name}" in found.text
            assert help_room.page(name).about.split(",")[0][:30] in found.text
        await found.press("n")
        assert "This screen" in found.text
        await found.press("p")
        assert f"Help: {help_room.NAMES[-1]}" in found.text


@pytest.mark.parametrize("name", ["upgrade-check", "migrate", "migrate-data", "move", "fleet"])
def test_every_option_of_a_command_that_is_more_than_a_question_stands_in_a_page(name: str) -> None:
    context = click.Context(cli)
    command, other = cli.get_command(context, name), cli.get_command(context, "left-behind")
    assert command is not None
    assert other is not None
    own = {*options(command, context)} - {*options(other, context)} - {"--yes"}
    said = {*re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join(map(words, help_room.NAMES)))}
    assert {found for found in own if found.startswith("--")} <= said
