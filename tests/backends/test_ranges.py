"""Selections of keys become disjoint ranges that hold exactly the selected keys."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.backends.ranges import KeyRange, is_selected, ranges_of, selects_the_rest, successor
from llama_storage_tui.model.data import KeySelection

EDGES = "ab:\x00\x01\u007f\u0080\ud7ff\ue000\uffff\U00010000\U0010ffff"
texts = st.text(alphabet=EDGES, max_size=5)
prefixes = st.lists(texts, max_size=4).map(tuple)
selections = st.builds(KeySelection, include=prefixes, exclude=prefixes)


def holds(chosen: KeyRange, key: str) -> bool:
    return key >= chosen.low and (chosen.high is None or key < chosen.high)


@given(key=texts, selection=selections, prefix=texts)
def test_a_key_lies_in_a_range_exactly_where_it_is_selected(
    key: str, selection: KeySelection, prefix: str
) -> None:
    found = [chosen for chosen in ranges_of(selection, prefix=prefix) if holds(chosen, key)]
    assert len(found) == int(is_selected(key, selection) and key.startswith(prefix))


@given(selection=selections, prefix=texts)
def test_ranges_are_ascending_and_never_touch(selection: KeySelection, prefix: str) -> None:
    ranges = ranges_of(selection, prefix=prefix)
    for lower, upper in pairwise(ranges):
        assert lower.high is not None
        assert lower.high < upper.low
    assert all(chosen.high is None or chosen.low < chosen.high for chosen in ranges)


@given(prefix=texts, rest=texts)
def test_whatever_starts_with_a_prefix_lies_before_its_successor(prefix: str, rest: str) -> None:
    end = successor(prefix)
    assert end is None or prefix + rest < end
    if end is not None:
        assert not end.startswith(prefix)


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        ("a", "b"),
        ("a\ud7ff", "a\ue000"),
        ("a\U0010ffff", "b"),
        ("\U0010ffff", None),
        ("", None),
    ],
)
def test_successors_skip_surrogates_and_carry_at_the_last_code_point(prefix: str, end: str | None) -> None:
    assert successor(prefix) == end


def test_the_longer_prefix_decides_so_that_nested_namespaces_part() -> None:
    outer = KeySelection(include=("a:",), exclude=("a:b:",))
    inner = KeySelection(include=("a:", "a:b:c:"), exclude=("a:b:",))
    assert ranges_of(outer) == (KeyRange("a:", "a:b:"), KeyRange("a:b;", "a;"))
    assert is_selected("a:b:c:1", inner)
    assert not is_selected("a:b:x", inner)


def test_adjacent_prefixes_become_one_range() -> None:
    assert ranges_of(KeySelection(include=("a", "b"))) == (KeyRange("a", "c"),)


def test_everything_is_one_range_without_an_end_and_means_keys_that_are_no_text_too() -> None:
    assert ranges_of(KeySelection()) == (KeyRange("", None),)
    assert selects_the_rest(KeySelection(exclude=("a",)))
    assert not selects_the_rest(KeySelection(include=("a",)))


def test_a_prefix_that_no_store_can_hold_selects_nothing() -> None:
    assert ranges_of(KeySelection(include=("\ud800",))) == ()
    assert ranges_of(KeySelection(), prefix="\ud800") == ()
