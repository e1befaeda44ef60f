"""What a filter says of a value that was read: as an engine would answer."""

from __future__ import annotations

import pytest

from llama_storage_tui.backends.comparing import compares
from llama_storage_tui.model.data import Filter, Operator
from tests.every_case import hold_every_case


def test_values_compare_as_they_do_in_an_engine() -> None:
    cases: list[tuple[object, str, str | None, bool]] = [
        ("failed", "=", "failed", True),
        (True, "=", "true", True),
        (7, "in", "6, 7", True),
        ("a, b", "in", '"a, b",c', True),
        (None, "=", None, True),
        (None, "!=", "x", True),
        (None, "<", "x", False),
        (10, ">", "9", True),
        ("10", ">", "9", True),
        ("ten", ">", "9", False),
        ("b", ">=", "a", True),
        ({"a": [1]}, "~", "[1]", True),
        ("Failed", "~", "failed", False),
        (0, "!=", None, True),
        ("1_000", ">", "9", False),
        (" 10 ", ">", "9", False),
        ("007", "<", "9", False),
        ("a", "<", "b\x00", False),
        ("a", "!=", "b\x00", True),
    ]

    def check(value: object, sign: str, text: str | None, expected: bool) -> None:  # noqa: FBT001
        assert compares(value, Filter("x", text, Operator(sign))) is expected

    hold_every_case(
        (f"{value!r} {sign} {text!r}", lambda case=(value, sign, text, expected): check(*case))  # type: ignore[misc]
        for value, sign, text, expected in cases
    )


def test_a_list_of_too_many_values_is_refused() -> None:
    with pytest.raises(Exception, match="is not a list of at most"):
        compares("x", Filter("x", ",".join("x" * 300), Operator.IN))
