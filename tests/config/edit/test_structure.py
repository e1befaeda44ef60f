"""Edits of a document's structure: what they change, and that they change nothing else."""

import json

import pytest

from llama_storage_tui.config.edit.layout import TextLayout
from llama_storage_tui.config.edit.operations import (
    AddEntry,
    DropEntry,
    NestEntries,
    Operation,
    PutValue,
    RenameKey,
    ReplaceText,
    edited_data,
    is_same,
)
from llama_storage_tui.config.edit.structure import edit_structure
from llama_storage_tui.errors import RefusedError

TEXT = """\
# head

version: 2   # the version
name: "x"
providers:
  agents:
  # about it
  - id: a   # its id
    config:   # settings
      # the store
      store:
        type: sqlite   # the engine
        path: 'x: y'

  # the other
  - id: b
models:
# m
- text: |
    one
   # not in the text

  n: 1
shields: []   # none
last: {a: 1, b: [1, 2], c: 3}
"""


def edited(text: str, *operations: Operation) -> str:
    return edit_structure(TextLayout(text, "x"), "x", operations)[0].text


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [
        (RenameKey(("name",), "called"), 'name: "x"', 'called: "x"'),
        (PutValue(("name",), "y"), 'name: "x"', "name: y"),
        (PutValue(("version",), 3), "version: 2   # the", "version: 3   # the"),
        (ReplaceText(("providers", "agents", 0, "config", "store", "path"), "y", "z"), "'x: y'", "'x: z'"),
        (DropEntry(("last", "b")), "{a: 1, b: [1, 2], c: 3}", "{a: 1, c: 3}"),
        (DropEntry(("last", "c")), ", c: 3}", "}"),
        (AddEntry(("last",), "d", "x: y"), "c: 3}", "c: 3, d: 'x: y'}"),
        (AddEntry(("last", "b"), None, 3), "[1, 2]", "[1, 2, 3]"),
        (DropEntry(("providers", "agents", 1)), "  # the other\n  - id: b\n", ""),
        (AddEntry(("providers", "agents", 1), "m", value=True), "- id: b\n", "- id: b\n    m: true\n"),
        (PutValue(("shields",), [{"a": 1}]), "shields: []   # none\n", "shields:   # none\n- a: 1\n"),
        (
            PutValue(("providers", "agents", 0, "config", "store"), {"b": 1}, keeps_comments=True),
            "        type: sqlite   # the engine\n        path: 'x: y'\n",
            "        # the engine\n        b: 1\n",
        ),
        (DropEntry(("providers", "agents", 0, "id")), "- id: a   # its id\n    config:", "- config:"),
    ],
)
def test_an_operation_changes_its_own_characters_alone(operation: Operation, before: str, after: str) -> None:
    assert TEXT.count(before) == 1
    assert edited(TEXT, operation) == TEXT.replace(before, after)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a:\n  b: null # none\n  c: 1\n", "a:\n  b: # none\n    d: 1\n  c: 1\n"),
        ("a:\n  c: 1\n  b:\n", "a:\n  c: 1\n  b:\n    d: 1\n"),
        ("a: {b: ~, c: 1}\n", "a: {b: {d: 1}, c: 1}\n"),
        ('{"a": {"b": null}}', '{"a": {"b": {"d": 1}}}'),
    ],
)
def test_a_key_that_is_there_without_a_value_is_not_written_twice(text: str, after: str) -> None:
    assert edited(text, AddEntry(("a",), "b", {"d": 1})) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a:\n  old: 1 # one\n  new: null # none\n  c: 1\n", "a:\n  new: 1 # one\n  c: 1\n"),
        ("a:\n  new:\n  old: 1\n", "a:\n  new: 1\n"),
        ("a: {new: ~, old: 1}\n", "a: {new: 1}\n"),
    ],
)
def test_a_renamed_key_takes_the_place_of_one_without_a_value(text: str, after: str) -> None:
    assert edited(text, RenameKey(("a", "old"), "new")) == after


def test_a_key_is_not_renamed_to_one_that_has_a_value() -> None:
    with pytest.raises(RefusedError, match="old is called new now, and both are there"):
        edited("a: {new: 2, old: 1}\n", RenameKey(("a", "old"), "new"))


def test_mappings_that_are_written_to_one_place_become_one() -> None:
    added = [AddEntry(("a",), "new", {key: {"x": 1}}) for key in ("b", "c")]
    assert edited("a:\n  d: 1\n", *added) == "a:\n  d: 1\n  new:\n    b:\n      x: 1\n    c:\n      x: 1\n"
    put = [PutValue(("a",), {key: 1}) for key in ("b", "c")]
    assert edited("a:\n", *put) == "a:\n  b: 1\n  c: 1\n"
    with pytest.raises(RefusedError, match="Two changes write to one place"):
        edited("a: 1\n", PutValue(("a",), 2), PutValue(("a",), 3))
    with pytest.raises(RefusedError, match="Two changes write to one place"):
        edited("a: 1\nb: 2\n", RenameKey(("a",), "c"), RenameKey(("b",), "c"))


@pytest.mark.parametrize(
    "operation", [PutValue(("a", "b"), 3), RenameKey(("a", "b"), "c"), DropEntry(("a", "b"))]
)
def test_what_is_there_twice_is_not_changed(operation: Operation) -> None:
    with pytest.raises(RefusedError, match="b is there 2 times: leave one"):
        edited("a:\n  b: 1\n  b: 2\n", operation)


@pytest.mark.parametrize("properties", ["&x", "!!map", "!!map &x", "&x !!map  "])
def test_a_comment_behind_an_anchor_or_a_tag_stays_one(properties: str) -> None:
    text = f"a: {properties} # ours\n  b: 1\n"
    assert edited(text, PutValue(("a",), {"c": 2})).split() == ["a:", "#", "ours", "c:", "2"]


def test_entries_that_are_nested_keep_their_comments_and_blank_lines() -> None:
    found = edited(TEXT, NestEntries(("models", "shields"), "registered"))
    start, end = TEXT.index("models:"), TEXT.index("last:")
    moved = "".join(
        f"  {line}" if line.strip() else line for line in TEXT[start:end].splitlines(keepends=True)
    )
    assert found == TEXT[:start] + "registered:\n" + moved + TEXT[end:]


def test_the_last_entry_that_goes_leaves_an_empty_mapping() -> None:
    assert edited("a:\n  b: 1\nc: 2\n", DropEntry(("a", "b"))) == "a: {}\nc: 2\n"


def test_line_ends_and_a_missing_last_one_stay() -> None:
    assert edited("a: 1\r\nb: 2\r\n", AddEntry((), "c", {"d": 3})) == "a: 1\r\nb: 2\r\nc:\r\n  d: 3\r\n"
    assert edited("a: 1", AddEntry((), "b", 2)) == "a: 1\nb: 2\n"


@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_in_json_stays_one(indent: int | None) -> None:
    data = {"version": 2, "p": {"a": [{"id": 1, "c": {}}, 2]}, "models": [1], "shields": []}
    operations = (
        RenameKey(("version",), "v"),
        DropEntry(("p", "a", 1)),
        AddEntry(("p", "a", 0, "c"), "k", {"z": True}),
        NestEntries(("models", "shields"), "r"),
        AddEntry((), "s", {"q": "r: x"}),
    )
    found = edited(json.dumps(data, indent=indent), *operations)
    assert json.loads(found) == edited_data(data, operations)


def test_an_anchor_that_goes_is_written_out_where_an_alias_stays() -> None:
    found = edited("a: &x\n  b: 1\nc: *x\nd: *x\n", DropEntry(("a",)))
    assert found == "c: &x {b: 1}\nd: *x\n"


def test_a_change_that_would_reach_an_alias_is_refused() -> None:
    with pytest.raises(RefusedError):
        edited("a: &x {b: 1}\nc: *x\n", PutValue(("c", "b"), 2))


def test_a_key_with_a_question_mark_is_refused_and_not_damaged() -> None:
    with pytest.raises(RefusedError):
        edited("? a\n: b\n? c\n: d\n", RenameKey(("a",), "e"), AddEntry((), "f", 1))


def test_data_is_the_same_only_in_type_and_value() -> None:
    assert is_same({"a": [1, float("nan")]}, {"a": [1, float("nan")]})
    assert not is_same({"a": 1}, {"a": True})
    assert not is_same([1], [1, 2])
