"""Edits of YAML scalars: the value reads back, and not a byte around it changes."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llama_storage_tui.config.document import ConfigDocument, Path, get, parse
from llama_storage_tui.config.edit.scalar import differences, document_splice
from llama_storage_tui.config.edit.splice import Splice, check_writable
from llama_storage_tui.config.locate import read_document
from llama_storage_tui.errors import RefusedError

PASSWORD: Path = ("a", "password")
NEW = "Zq8xkPW0aV7sD3mTn5yLbR2cH4gJ6fE9"

STYLES = {
    "plain": ("a:\n  password: OLD\n  b: 1\n", "a:\n  password: NEW\n  b: 1\n"),
    "plain with a comment": ("a:\n  password:   OLD   # why\n", "a:\n  password:   NEW   # why\n"),
    "single quotes": ("a: {'password': 'OLD', b: 1}\n", "a: {'password': 'NEW', b: 1}\n"),
    "double quotes": ('a: {"password": "OLD"}', 'a: {"password": "NEW"}'),
    "flow": ("a: {password: OLD, b: [1, 2]}", "a: {password: NEW, b: [1, 2]}"),
    "literal block": ("a:\n  password: |-\n    OLD\n  b: 1\n", "a:\n  password: |-\n    NEW\n  b: 1\n"),
    "folded block": (
        "a:\n  password: >-\n      OLD\n\n  b: 1\n",
        "a:\n  password: >-\n      NEW\n\n  b: 1\n",
    ),
    "a block that keeps its line feed": (
        "a:\n  password: | # c\n    OLD\n  b: 1\n",
        "a:\n  password: 'NEW' # c\n  b: 1\n",
    ),
    "anchored": (
        "a:\n  password: &pw OLD\n  b: *x\n".replace("*x", "1"),
        "a:\n  password: &pw NEW\n  b: 1\n",
    ),
    "anchored and quoted": ("a:\n  password: &pw 'OLD'\n", "a:\n  password: &pw 'NEW'\n"),
    "tagged": ("a:\n  password: !!str   OLD\n", "a:\n  password: !!str   NEW\n"),
    "tagged and anchored on a line above": (
        "a:\n  password: &p !!str # why\n    OLD\n",
        "a:\n  password: &p !!str # why\n    NEW\n",
    ),
    "the last of two": ("a:\n  password: OLD\n  password: OLD\n", "a:\n  password: OLD\n  password: NEW\n"),
    "no final line feed": ("a:\n  password: OLD", "a:\n  password: NEW"),
    "CR LF": ("a:\r\n  password: OLD\r\n  b: 1\r\n", "a:\r\n  password: NEW\r\n  b: 1\r\n"),
    "behind wide characters": (
        "# ümläut 😀\na: {b: 😀, password: OLD}",
        "# ümläut 😀\na: {b: 😀, password: NEW}",
    ),
    "with a merge key": (
        "d: &d {x: 1, b: 2}\na:\n  <<: *d\n  password: OLD\n",
        "d: &d {x: 1, b: 2}\na:\n  <<: *d\n  password: NEW\n",
    ),
    "plain over two lines": ("a:\n  password: OLD\n    more\n  b: 1\n", "a:\n  password: NEW\n  b: 1\n"),
}


def edited(text: str, new: str, path: Path = PASSWORD, *, shared_with: tuple[Path, ...] = ()) -> str:
    document = parse(text, "run.yaml")
    value = get(document.data, *path)
    assert isinstance(value, str)
    return document_splice(document, path, Splice(0, len(value), new), shared_with=shared_with).apply(text)


@pytest.mark.parametrize("name", STYLES)
def test_only_the_value_changes(name: str) -> None:
    before, after = STYLES[name]
    assert edited(before, NEW) == after.replace("NEW", NEW)


def test_a_plain_value_is_quoted_where_it_would_be_read_as_something_else() -> None:
    for new in (
        "12345",
        "true",
        "null",
        "a: b",
        "x #y",
        "- z",
        "1.5e3",
        "2026-01-01",
        "*x",
        "&x",
        "!x",
        "~",
        " x ",
    ):
        text = edited("a:\n  password: OLD\n", new)
        assert parse(text, "f").data == {"a": {"password": new}}


def test_an_alias_of_something_else_refuses() -> None:
    text = "a:\n  password: &pw OLD\nb: *pw\n"
    with pytest.raises(RefusedError, match="b takes it over"):
        edited(text, NEW)
    assert edited(text, NEW, shared_with=(("b",),)) == f"a:\n  password: &pw {NEW}\nb: *pw\n"


def test_an_alias_is_edited_at_its_anchor() -> None:
    text = "b: &pw OLD\na:\n  password: *pw\n"
    assert edited(text, NEW, shared_with=(("b",),)) == f"b: &pw {NEW}\na:\n  password: *pw\n"


def test_a_value_of_a_merged_mapping_is_edited_where_it_is_written() -> None:
    text = "d: &d {password: OLD}\na:\n  <<: *d\n  b: 1\n"
    assert edited(text, NEW, shared_with=(("d", "password"),)) == text.replace("OLD", NEW)


@pytest.mark.parametrize("text", ["a: {password: 12}", "a: {password: }", "a: {password: [x]}", "a: {b: 1}"])
def test_what_is_no_text_refuses(text: str) -> None:
    with pytest.raises(RefusedError):
        document_splice(parse(text, "f"), PASSWORD, Splice(0, 0, NEW))


def test_a_part_changes_without_touching_escapes_beside_it() -> None:
    text = 'a:\n  password: "\\u0070re\\x20OLD\\tpost"\n'
    document = parse(text, "f")
    splice = document_splice(document, PASSWORD, Splice(4, 7, 'n"\\'))
    assert splice.apply(text) == 'a:\n  password: "\\u0070re\\x20n\\"\\\\\\tpost"\n'


def test_a_part_of_a_folded_text_in_double_quotes_changes_and_its_lines_stay() -> None:
    text = 'a:\n  password: "one\n    two"\n'
    splice = document_splice(parse(text, "f"), PASSWORD, Splice(0, 3, "new"))
    assert splice.apply(text) == 'a:\n  password: "new\n    two"\n'


def test_a_part_of_a_folded_text_in_single_quotes_refuses() -> None:
    document = parse("a:\n  password: 'one\n    two'\n", "f")
    with pytest.raises(RefusedError, match="cannot carry"):
        document_splice(document, PASSWORD, Splice(0, 3, NEW))


def manifest(entry: str) -> ConfigDocument:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  run.yaml: {entry}  other: 'x'\n"
    return read_document(text.encode(), "cm.yaml", key="run.yaml")


def test_a_literal_block_of_a_manifest_keeps_everything_around_the_value() -> None:
    entry = "|\n    # a comment\n    a:\n\n      password: 'OLD'   # why\n    b: 1\n"
    document = manifest(entry)
    assert document.manifest is not None
    text = document.manifest.document.text
    splice = document_splice(document, PASSWORD, Splice(0, 3, NEW))
    assert splice.apply(text) == text.replace("OLD", NEW)
    crlf = read_document(text.replace("\n", "\r\n").encode(), "cm.yaml", key="run.yaml")
    assert crlf.manifest is not None
    text = crlf.manifest.document.text
    assert document_splice(crlf, PASSWORD, Splice(0, 3, NEW)).apply(text) == text.replace("OLD", NEW)


def test_a_quoted_line_of_a_manifest_keeps_everything_around_the_value() -> None:
    document = manifest('"a:\\n  password: \\"OLD\\"\\n  b: \\u0031\\n"\n')
    assert document.manifest is not None
    text = document.manifest.document.text
    splice = document_splice(document, PASSWORD, Splice(0, 3, NEW))
    assert splice.apply(text) == text.replace("OLD", NEW)


def test_a_folded_manifest_refuses() -> None:
    document = manifest(">\n    a: {password: OLD,\n      b: 1}\n")
    with pytest.raises(RefusedError):
        document_splice(document, PASSWORD, Splice(0, 3, NEW))


def test_a_splice_never_shows_its_replacement() -> None:
    assert NEW not in repr(Splice(0, 1, NEW))


@pytest.mark.parametrize("value", ["", "a\nb", "a\0b", "a\x85b", "a\u2028b", "\ud800", "tab\t"])
def test_what_no_file_should_carry_refuses(value: str) -> None:
    with pytest.raises(RefusedError) as refused:
        check_writable(value)
    assert not value or value not in str(refused.value)


passwords = st.text(
    st.one_of(
        st.sampled_from("'\"\\#:{}[],&*!|>%@`~$- =+?/"), st.characters(exclude_categories=("Cs", "Cc"))
    ),
    min_size=1,
    max_size=20,
)
others = st.text(st.sampled_from(string.ascii_letters + string.digits + " 'é\"\\😀"), min_size=0, max_size=10)


def written(value: str, style: str) -> str:
    match style:
        case "single":
            return "'" + value.replace("'", "''") + "'"
        case "double":
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case "literal":
            return "|-\n    " + value
        case _:
            return "word"


@settings(max_examples=300, deadline=None)
@given(
    new=passwords,
    old=st.text(st.sampled_from(string.ascii_letters + "'\"\\é😀"), min_size=1, max_size=8),
    style=st.sampled_from(["single", "double", "literal", "plain"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    neighbour=others,
)
def test_any_password_reads_back_and_nothing_else_changes(
    new: str, old: str, style: str, ending: str, neighbour: str
) -> None:
    text = (
        f"# {neighbour}\na:\n  b: &b {written(neighbour, 'single')} # c\n  password: {written(old, style)}\n  c: *b\n"
    ).replace("\n", ending)
    before = parse(text, "f")
    try:
        check_writable(new)
        after = edited(text, new)
    except RefusedError:
        return
    data = parse(after, "f").data
    assert get(data, *PASSWORD) == new
    assert list(differences(before.data, data)) in ([], [PASSWORD])
    head, tail = text.index("password: "), text.index("  c: *b")
    assert after[:head] == text[:head]
    assert after.endswith(text[tail:])


@settings(max_examples=200, deadline=None)
@given(
    new=st.text(st.sampled_from(string.ascii_letters + string.digits), min_size=1, max_size=40),
    name=st.sampled_from(sorted(STYLES)),
)
def test_generated_passwords_go_everywhere(new: str, name: str) -> None:
    text = edited(STYLES[name][0], new)
    assert get(parse(text, "f").data, *PASSWORD) == new
