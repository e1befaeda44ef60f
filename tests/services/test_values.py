"""A stored value is told for what it is, and every JSON reader can take what is made of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.services.values import (
    ValueKind,
    cell_to_json,
    decode,
    epoch_time,
    hex_dump,
    json_text,
    stored_to_json,
    to_json,
    unfold,
)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ('{"a": 1}', ValueKind.JSON),
        (" [1]", ValueKind.JSON),
        ('"text"', ValueKind.JSON),
        ("{broken", ValueKind.TEXT),
        ("plain", ValueKind.TEXT),
        ("", ValueKind.TEXT),
        ("[" * 100_000, ValueKind.TEXT),
        (b"\xff", ValueKind.BINARY),
        (None, ValueKind.NULL),
        (5, ValueKind.NUMBER),
    ],
)
def test_a_value_is_told_for_what_it_is(value: str | bytes | int | None, kind: ValueKind) -> None:
    assert decode(value).kind is kind


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (2**53, 2**53),
        (2**53 + 1, {"$number": "9007199254740993"}),
        (float("inf"), {"$number": "inf"}),
        (b"\xff", {"$bytes": "/w=="}),
        ({1: [float("nan")]}, {"1": [{"$number": "nan"}]}),
        (True, True),
    ],
)
def test_what_json_readers_would_lose_is_text(value: object, result: object) -> None:
    assert to_json(value) == result


def test_a_json_column_is_parsed_or_marked_as_invalid() -> None:
    assert cell_to_json("null", is_json=True) is None
    assert cell_to_json("{bad", is_json=True) == {"$text": "{bad", "$invalid_json": True}
    assert cell_to_json("{bad", is_json=False) == "{bad"


def test_a_stored_value_is_parsed_where_it_is_json() -> None:
    assert [stored_to_json(value) for value in ("2", "plain", '{"a": 1}', None, b"\x00")] == [
        2,
        "plain",
        {"a": 1},
        None,
        {"$bytes": "AA=="},
    ]


def test_json_inside_json_strings_unfolds_to_a_depth() -> None:
    inner = json.dumps({"b": json.dumps([1])})
    assert unfold({"a": inner}) == {"a": {"b": [1]}}
    assert unfold({"a": inner}, depth=0) == {"a": {"b": "[1]"}}


def test_times_are_read_from_columns_that_hold_them_only() -> None:
    time = epoch_time("created_at", 1700000000)
    assert time is not None
    assert time.isoformat() == "2023-11-14T22:13:20+00:00"
    assert epoch_time("tokens", 1700000000) is None
    assert epoch_time("created_at", 10**18) is None
    assert epoch_time("created_at", float("nan")) is None


def test_bytes_are_shown_as_hex_up_to_a_limit() -> None:
    assert hex_dump(b"ab\x00").startswith("00000000  61 62 00")
    assert hex_dump(bytes(5000)).endswith("… 904 more bytes")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_whatever_is_made_is_ascii_that_reads_back(value: object) -> None:
    text = json_text(to_json(value))
    assert text.isascii()
    assert json.loads(text) == to_json(value)
