"""Tables for people fit the terminal and lose nothing that fits on a line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.cli.table import cut, display_width, lines

HEADINGS = ("name", "rows", "where")
ROWS = [("responses", "1,234", "storage"), ("会話", "–", "storage.stores.conversations")]


def test_numbers_stand_to_the_right_and_wide_letters_take_two_columns() -> None:
    assert [*lines(HEADINGS, ROWS, width=None)] == [
        "name        rows  where",
        "responses  1,234  storage",
        "会話           –  storage.stores.conversations",
    ]


def test_what_does_not_fit_is_folded_and_not_cut() -> None:
    assert [*lines(HEADINGS, ROWS, width=40)] == [
        "name        rows",
        "    where",
        "responses  1,234",
        "    storage",
        "会話           –",
        "    storage.stores.conversations",
    ]


def test_a_cell_wider_than_the_terminal_is_cut_with_a_mark() -> None:
    found = [*lines(("value",), [("x" * 100,)], width=20)]
    assert found[1] == "x" * 15 + "…"


def test_a_column_with_a_word_in_it_is_no_column_of_numbers() -> None:
    assert [*lines(("a", "b"), [("1", "x"), ("unknown", "x")], width=None)][1] == "1        x"


@given(
    st.lists(st.tuples(*[st.text(st.characters(categories=("L", "N", "P")), max_size=90)] * 4), max_size=5),
    st.integers(20, 140),
)
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, ...]], width: int) -> None:
    for line in lines(("one", "two", "three", "four"), rows, width=width):
        assert display_width(line) <= width


@given(st.text(st.characters(categories=("L", "M", "N"))), st.integers(1, 40))
def test_a_cut_text_is_as_wide_as_asked_at_most(text: str, width: int) -> None:
    assert display_width(cut(text, width)) <= width
