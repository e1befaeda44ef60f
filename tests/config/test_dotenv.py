"""Env files are read in the dialect that compose and shells share."""

import pytest

from llama_storage_tui.config.dotenv import parse_env_file
from llama_storage_tui.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=word", "word"),
        ("A = word ", "word"),
        ("export A=word", "word"),
        ("\ufeffA=word", "word"),
        ("A=word # comment", "word"),
        ("A=word#no-comment", "word#no-comment"),
        ("A=#x", "#x"),
        ("A= # comment", ""),
        ("A=", ""),
        ("A=''", ""),
        ("A='it is # $HOME'", "it is # $HOME"),
        ("A='a\\nb'", "a\\nb"),
        ('A="a\\nb"', "a\nb"),
        ('A="say \\"hi\\" \\\\"', 'say "hi" \\'),
        ('A="two\nlines" # comment', "two\nlines"),
        ("A=$HOME/${X}", "$HOME/${X}"),
        ("A=a=b", "a=b"),
        ("A=word\r\nB=1", "word"),
        ("A=1\nA=word", "word"),
        ("# A=1\n\n  \nA=word", "word"),
        ("A=it's", "it's"),
        ("A=p@:/%#x", "p@:/%#x"),
    ],
)
def test_an_assignment_gives_its_value(text: str, value: str) -> None:
    assert parse_env_file(text, ".env")["A"].value == value


def test_lines_are_counted_over_quoted_values_of_several_lines() -> None:
    variables = parse_env_file('A="1\n2"\n\nB=3\r\nC=4', ".env")
    assert {name: variable.line for name, variable in variables.items()} == {"A": 1, "B": 4, "C": 5}


@pytest.mark.parametrize(
    ("text", "line"),
    [("A=1\nhunter22", 2), ("A='hunter22", 1), ('\nA="hunter22', 2), ("A='x' hunter22", 1), ("=hunter22", 1)],
)
def test_anything_else_is_one_sentence_with_the_line_and_without_the_text(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_env_file(text, ".env")
    assert raised.value.message.startswith(f".env, line {line}: ")
    assert "hunter22" not in f"{raised.value.message} {raised.value.help}"
