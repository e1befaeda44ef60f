"""JSON that is read a piece at a time is what it is when it is read at once, and is refused where that is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.services.json_in_pieces import loads

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=5),
    max_leaves=30,
)


def read_by(reader: object, text: str) -> object:
    try:
        return repr(reader(text))  # type: ignore[operator]
    except ValueError:
        return ValueError


@given(values, st.sampled_from([None, 1]), st.integers(0, 30))
def test_every_value_is_the_same_however_small_the_pieces(
    value: object, indent: int | None, large: int
) -> None:
    text = json.dumps(value, indent=indent)
    assert repr(loads(text, large=large)) == repr(json.loads(text))


@given(
    values,
    st.integers(0, 60),
    st.sampled_from(["", "{", "]", ",", '"', ":", " ", "\x00", "\\u12", "00", "nul"]),
)
def test_what_is_no_json_is_refused_as_json_itself_refuses_it(value: object, place: int, put: str) -> None:
    text = json.dumps(value)
    broken = text[:place] + put + text[place + 1 :]
    assert read_by(lambda given_: loads(given_, large=0), broken) == read_by(json.loads, broken)


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "a": 2}', " [ ] ", "{ }", '[1,{"a":[]}]', "[1,]", '{"a":1,}', '{"a" 1}', "[", "", "[1 2]"],
)
def test_the_edges_of_the_grammar_are_kept(text: str) -> None:
    assert read_by(lambda given_: loads(given_, large=0), text) == read_by(json.loads, text)
