"""Words in the wrong order, or misspelt, are answered with the right order."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (("responses", "list", "CONFIG"), "responses CONFIG list"),
        (("responses", "show", "CONFIG", "resp_1"), "responses CONFIG show resp_1"),
        (("conversations", "orphans", "CONFIG"), "conversations CONFIG orphans"),
        (("completions", "list", "CONFIG"), "completions CONFIG list"),
        (("CONFIG", "check"), "check CONFIG"),
        (("CONFIG", "keys", "kv_default"), "keys CONFIG kv_default"),
        (("chekc", "CONFIG"), "check CONFIG"),
        (("respones", "CONFIG", "list"), "responses CONFIG list"),
    ],
    ids=str,
)
def test_the_right_order_is_said(words: tuple[str, ...], right: str, run: Run, config: str) -> None:
    answer = run(*(word.replace("CONFIG", config) for word in words))
    assert answer.code == 2
    assert answer.out == ""
    assert f"Did you mean: llama-storage-tui {right.replace('CONFIG', config)}\n" in answer.err


@pytest.mark.parametrize(
    "words", [("namespaces", "kv_default"), ("objects", "files"), ("rows", "sql_default", "t")]
)
def test_a_config_that_stands_elsewhere_is_named(words: tuple[str, ...], run: Run, config: str) -> None:
    answer = run(*words, config) if words[0] != "rows" else run("rows", "sql_default", config, "t")
    assert answer.code == 2
    assert f"The config comes right behind the command: {config}" in answer.err


@pytest.mark.parametrize(
    "words",
    [("keys", "kv_default"), ("get", "kv_default"), ("rows", "t")],
)
def test_the_place_of_the_config_is_said_before_what_else_is_missing(
    words: tuple[str, ...], run: Run, config: str
) -> None:
    answer = run(words[0], words[1], config, *words[2:])
    assert answer.code == 2
    assert answer.err == (
        f"Error: {words[0]} takes the config first\n  The config comes right behind the command: {config}.\n"
    )


def test_a_missing_word_is_named_where_the_config_is_in_its_place(run: Run, config: str) -> None:
    assert "A namespace is missing" in run("keys", config, "kv_default").err
    assert "Missing argument 'BACKEND'" in run("keys", config).err


def test_missing_choices_are_listed_on_one_line(run: Run) -> None:
    answer = run("schema")
    assert answer.code == 2
    assert "Choose from: check, show, test," in answer.err


def test_a_word_that_is_near_to_no_command_gets_the_list(run: Run, config: str) -> None:
    answer = run("bogus", config)
    assert answer.code == 2
    assert "There is no command 'bogus'" in answer.err
    assert "check, show, test" in answer.err
    assert "There are: list, show" in run("responses", config, "xyz").err


def test_the_line_of_a_config_that_is_not_yaml_is_said_once(run: Run, config: str) -> None:
    with open(config, "w") as file:  # noqa: PTH123 - as short as it gets
        file.write("storage: {\n")
    answer = run("check", config)
    assert answer.code == 2
    assert answer.err.count(config) == 1
    assert ", line " in answer.err
