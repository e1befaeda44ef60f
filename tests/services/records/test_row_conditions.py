"""Conditions on rows as they are typed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Filter, Operator
from llama_storage_tui.services.records.row_conditions import (
    as_lines,
    condition_text,
    parse_condition,
    parse_conditions,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CASES = {
    "status=failed": Filter("status", "failed"),
    "status= failed ": Filter("status", " failed "),
    "status = failed": Filter("status", "failed"),
    "a=b=c": Filter("a", "b=c"),
    "a=x<y": Filter("a", "x<y"),
    "a=born in 1990": Filter("a", "born in 1990"),
    "status!=failed": Filter("status", "failed", Operator.NOT_EQUALS),
    "n <= 5": Filter("n", "5", Operator.AT_MOST),
    "n>5": Filter("n", "5", Operator.MORE),
    "model ~ gpt": Filter("model", "gpt", Operator.CONTAINS),
    "status in failed, incomplete": Filter("status", "failed, incomplete", Operator.IN),
    "owner is null": Filter("owner", None),
    "owner IS NOT NULL": Filter("owner", None, Operator.NOT_EQUALS),
    "response_object.status=failed": Filter("response_object.status", "failed"),
    "created_at > yesterday": Filter("created_at", "1795478400", Operator.MORE),
    "response_object.completed_at >= 2h": Filter(
        "response_object.completed_at", "1795600800", Operator.AT_LEAST
    ),
    "created_at > 1763942400": Filter("created_at", "1763942400", Operator.MORE),
    "model > yesterday": Filter("model", "yesterday", Operator.MORE),
    "s=": Filter("s", ""),
}


def test_every_way_to_write_a_condition_is_read_and_written_back_to_the_same() -> None:
    wrong = {
        text: found for text, wanted in CASES.items() if (found := parse_condition(text, now=NOW)) != wanted
    }
    assert wrong == {}
    for wanted in CASES.values():
        assert parse_condition(condition_text(wanted), now=NOW) == wanted


def test_several_conditions_are_read_back_with_every_line_break_within_a_value() -> None:
    texts = ("a=x\ny", "b=1\n\tc=2\n", "d=x\u2028y\x85z\r", "e=x and f=y")
    assert parse_conditions(as_lines(texts)) == tuple(map(parse_condition, texts))
    assert parse_conditions("a=1 and b=2") == (Filter("a", "1"), Filter("b", "2"))


def test_a_column_whose_name_holds_an_operator_is_found_where_it_is_known() -> None:
    assert parse_condition("a=b=c", ["a=b", "a"]) == Filter("a=b", "c")
    assert parse_condition("is null is null", ["is null"]) == Filter("is null", None)


def test_what_is_no_condition_is_refused_and_says_how_one_is_written() -> None:
    for text in ("", "status", "=x", "created_at > yestrday", "a is nothing"):
        with pytest.raises(UsageError) as caught:
            parse_condition(text, now=NOW)
        assert caught.value.help
