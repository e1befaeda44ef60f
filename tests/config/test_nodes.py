"""What is composed quickly is what servers read: PyYAML's parser in Python."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.config import nodes
from llama_storage_tui.config.document import parse
from llama_storage_tui.errors import ConfigError

WORDS = (
    *(
        "a",
        "key",
        "http://h:80/x",
        "${env.A:=b}",
        "${env.A:+?}",
        "1",
        "null",
        "~",
        "<<",
        "=",
        "@",
        "`",
        "%",
        "%YAML 1.1",
        "é",
        "😀",
    ),
    *(
        '"q"',
        "'s'",
        '"a\\n\\x41"',
        "'it''s'",
        "x y",
        "-",
        "--",
        "---",
        "...",
        ".",
        "\\",
        "\t",
        "\r\n",
        "\x85",
        "\x7f",
        "?x",
        "x?",
    ),
    *(
        ": ",
        ":",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ",",
        "#",
        " #",
        "&a ",
        "*a",
        "! ",
        "!!str ",
        "!x ",
        "|\n",
        ">\n",
        "|-\n",
        ">+\n",
    ),
    *("|2\n", "? ", "?", '"', "'", "\n", "\n  ", "\n    ", " ", "\nkey: ", "\n- ", "\n  - ", "\n  a: "),
)
ORIGIN = nodes.DocumentOrigin("run.yaml", 0)
Shown = tuple[object, ...] | None


def shown(node: yaml.Node | None, seen: dict[int, int]) -> Shown:
    """Return all of a node that this program reads."""
    if node is None or id(node) in seen:
        return None if node is None else ("alias", seen[id(node)])
    seen[id(node)] = len(seen)
    start = node.start_mark
    found = (type(node), node.tag, start.line, start.column, start.index)
    if isinstance(node, yaml.ScalarNode):
        end = node.end_mark
        return (*found, node.value, node.style, end.line, end.column, end.index)
    if isinstance(node, yaml.SequenceNode):
        return (*found, bool(node.flow_style), *(shown(child, seen) for child in node.value))
    assert isinstance(node, yaml.MappingNode)
    return (
        *found,
        bool(node.flow_style),
        *((shown(key, seen), shown(value, seen)) for key, value in node.value),
    )


def exactly(text: str) -> list[yaml.Node | None] | None:
    loader = nodes._Loader(text, ORIGIN)
    found = []
    try:
        while loader.check_node():
            found.append(loader.get_node())
    except (yaml.YAMLError, ConfigError):
        return None
    return found


@given(st.lists(st.sampled_from(WORDS), max_size=16).map("".join), st.sampled_from(("", "\n")))
def test_what_is_composed_quickly_is_what_the_parser_of_servers_makes(text: str, end: str) -> None:
    quickly = nodes._quickly(text + end, ORIGIN)
    if quickly is not None:
        slowly = exactly(text + end)
        assert slowly is not None
        assert [shown(node, {}) for node in quickly] == [shown(node, {}) for node in slowly]


@pytest.mark.parametrize("text", ["a: {b: x?}\n", "a: ! \n", "a:\t1\n", "a: 1", "a: \x7f\n", "a: 1\r\n"])
def test_what_the_parsers_may_read_differently_is_left_to_that_of_servers(text: str) -> None:
    assert nodes._quickly(text, ORIGIN) is None


def test_what_ends_in_an_error_is_told_by_the_parser_of_servers() -> None:
    with pytest.raises(ConfigError, match="line 2, column 3: not YAML: mapping values are not allowed here"):
        parse("a: b\n c: d\n", "run.yaml")


def test_lists_in_each_other_are_refused_by_both_parsers() -> None:
    text = "[" * 101 + "]" * 101 + "\n"
    assert nodes._quickly(text, ORIGIN) is None
    with pytest.raises(ConfigError, match="nested too deeply"):
        parse(text, "run.yaml")


def test_a_plain_config_is_composed_quickly() -> None:
    if not yaml.__with_libyaml__:
        pytest.skip("this PyYAML was built without the parser in C")
    assert nodes._quickly("version: 2\napis: [inference]\nproviders: {}\n", ORIGIN) is not None
