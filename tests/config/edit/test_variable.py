"""Edits of env files: one value of one line, byte for byte."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llama_storage_tui.config.dotenv import parse_env_file
from llama_storage_tui.config.edit.splice import Splice
from llama_storage_tui.config.edit.uri import decode_password, encode_password, password_span
from llama_storage_tui.config.edit.variable import effective_assignment, variable_splice
from llama_storage_tui.errors import RefusedError

NEW = "Zq8xkPW0aV7sD3mTn5yLbR2cH4gJ6fE9"

LINES = [
    "PW=OLD\n",
    "PW=OLD",
    "export PW=OLD   # why\n",
    "  export\tPW = OLD\r\nB=1\r\n",
    "PW='OLD' # why\n",
    'PW="OLD"\n',
    'export PW="OLD"\r\n',
    '# PW=OLDER\nA="one\nPW=not this\n"\nPW=OLD\nB=${PW}\n',
    "PW=first\nB=1\nPW=OLD\nC=2\n",
    "\n\n  # c\n\tPW=OLD",
]


def edited(text: str, new: str, variable: str = "PW") -> str:
    assignment = effective_assignment(text, ".env", variable)
    assert assignment is not None
    return variable_splice(text, ".env", variable, Splice(0, len(assignment.value), new)).apply(text)


@pytest.mark.parametrize("text", LINES)
def test_only_the_value_changes(text: str) -> None:
    assert edited(text, NEW) == "OLD".join(text.rsplit("OLD", 1)).replace(
        "OLD", NEW, text.count("OLD")
    ).replace(f"{NEW}ER", "OLDER")


def test_a_part_of_a_value_changes() -> None:
    text = 'URL="postgresql://u:OLD\\x@h/d" # c\n'
    assert variable_splice(text, ".env", "URL", Splice(15, 18, "n%40w")).apply(text) == text.replace(
        "OLD", "n%40w"
    )
    escaped = 'URL="a\\"b\\\\OLD"\n'
    assert variable_splice(escaped, ".env", "URL", Splice(4, 7, "new")).apply(escaped) == escaped.replace(
        "OLD", "new"
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("PW=OLD", "a b"),
        ("PW=OLD", "a$B"),
        ("PW=OLD", "#x"),
        ("PW=OLD", "~x"),
        ("PW=OLD", "it's"),
        ("PW=OLD", "😀"),
        ("PW='OLD'", "it's"),
        ("PW='OLD'", "a\\b"),
        ("PW='OLD'", "${A}"),
        ('PW="OLD"', "a$B"),
        ('PW="OLD"', 'a"b'),
        ('PW="OLD"', "a`b`"),
    ],
)
def test_what_readers_would_not_read_alike_refuses(line: str, value: str) -> None:
    with pytest.raises(RefusedError, match="read the new password alike") as refused:
        edited(line + "\n", value)
    assert value not in refused.value.message


@pytest.mark.parametrize(
    ("line", "value"),
    [("PW=OLD", "p@ss"), ("PW=OLD", "p%41"), ("PW='OLD'", "a $B #x"), ('PW="OLD"', "it's #1 😀")],
)
def test_what_all_readers_read_alike_is_taken(line: str, value: str) -> None:
    assert parse_env_file(edited(line, value), "f")["PW"].value == value


def test_a_variable_that_is_not_there_refuses() -> None:
    with pytest.raises(RefusedError, match="does not set"):
        variable_splice("A=1\n", ".env", "PW", Splice(0, 0, NEW))


words = st.text(st.sampled_from(string.ascii_letters + string.digits + "@%/ é😀'\"$#\\"), max_size=8)


@settings(max_examples=300, deadline=None)
@given(
    old=words,
    new=st.text(min_size=1, max_size=12),
    quote=st.sampled_from(["", "'", '"']),
    around=st.lists(
        st.sampled_from(["# c", "A=1", "export B='x y'", 'C="a\nb"', "", "PW=early"]), max_size=5
    ),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_any_password_reads_back_or_refuses(
    old: str, new: str, quote: str, around: list[str], ending: str
) -> None:
    old = "".join(character for character in old if character not in "'\"\\# ")
    head = "".join(line + ending for line in around)
    text = f"{head}export PW={quote}{old}{quote}  # end{ending}Z=1{ending}"
    try:
        after = edited(text, new)
    except RefusedError:
        return
    before_values, after_values = parse_env_file(text, "f"), parse_env_file(after, "f")
    assert after_values.pop("PW").value == new
    before_values.pop("PW")
    assert after_values == before_values
    assert after == f"{head}export PW={quote}{new}{quote}  # end{ending}Z=1{ending}"


@pytest.mark.parametrize(
    ("uri", "password"),
    [
        ("postgresql://u:p@h/d", "p"),
        ("postgres://u:p%40ss@h:5432/d?sslmode=require", "p@ss"),
        ("postgresql://u:a@b@h/d", "a@b"),
        ("postgresql://u@h/d?sslmode=require&password=a+b%2B", "a b+"),
        ("postgresql:///d?user=u&password=x#f", "x"),
        ("postgresql://u:p@[::1]:5432/d", "p"),
    ],
)
def test_a_password_in_a_uri_is_found(uri: str, password: str) -> None:
    span = password_span(uri)
    assert span is not None
    assert decode_password(uri, span) == password


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://u@h/d",
        "postgresql://u:@h/d",
        "mysql://u:p@h/d",
        "postgresql://u:p\n@h/d",
        "p",
        "postgresql://h/d?password=a&password=b",
    ],
)
def test_a_uri_without_one_password_has_none(uri: str) -> None:
    assert password_span(uri) is None


@settings(max_examples=300, deadline=None)
@given(
    new=st.text(st.characters(codec="utf-8"), min_size=1),
    uri=st.sampled_from(["postgresql://u:p%20@h:1/d?x=y", "postgresql://u@h/d?password=p&x=y"]),
)
def test_any_password_goes_into_a_uri_and_comes_back(new: str, uri: str) -> None:
    span = password_span(uri)
    assert span is not None
    after = Splice(*span, encode_password(new)).apply(uri)
    found = password_span(after)
    assert found is not None
    assert decode_password(after, found) == new
    assert after[: span[0]] == uri[: span[0]]
    assert after.endswith(uri[span[1] :])
