from __future__ import annotations

from datetime import UTC, datetime

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.services.records.times import parse_time

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-25", "2026-11-25T00:00:00+00:00"),
        ("2026-11-25T14:30:00Z", "2026-11-25T14:30:00+00:00"),
        ("2026-11-25 14:30", "2026-11-25T14:30:00+00:00"),
        ("2026-11-25T14:30:00+02:00", "2026-11-25T12:30:00+00:00"),
        ("1795395374", "2026-11-23T00:56:14+00:00"),
        ("90m", "2026-11-25T10:30:00+00:00"),
        ("2h ago", "2026-11-25T10:00:00+00:00"),
        ("3d", "2026-11-22T12:00:00+00:00"),
        ("1.5 w", "2026-11-15T00:00:00+00:00"),
        ("3 days ago", "2026-11-22T12:00:00+00:00"),
        ("10 min", "2026-11-25T11:50:00+00:00"),
        ("now", "2026-11-25T12:00:00+00:00"),
        ("today", "2026-11-25T00:00:00+00:00"),
        ("Yesterday", "2026-11-24T00:00:00+00:00"),
        ("yesterday 14:30", "2026-11-24T14:30:00+00:00"),
        ("wednesday", "2026-11-25T00:00:00+00:00"),
        ("Thursday", "2026-11-19T00:00:00+00:00"),
        ("fri at 9:05", "2026-11-20T09:05:00+00:00"),
        ("2026-11-25t14:30z", "2026-11-25T14:30:00+00:00"),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, moment: str) -> None:
    assert parse_time(text, now=NOW) == datetime.fromisoformat(moment).timestamp()


def test_a_date_that_ends_a_range_is_the_end_of_that_day() -> None:
    assert (
        parse_time("monday", now=NOW, is_end=True)
        == datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC).timestamp()
    )
    assert (
        parse_time("2026-11-25", now=NOW, is_end=True)
        == datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC).timestamp()
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "yestrday",
        "mo",
        "yesterday 25:00",
        "2026-13-01",
        "5 years",
        "99999999999999999999",
        "9" * 12 + "w",
    ],
)
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="Cannot read") as refused:
        parse_time(text, now=NOW)
    assert all(word in str(refused.value.help) for word in ("2026-11-25", "yesterday", "weekday", "2h"))
