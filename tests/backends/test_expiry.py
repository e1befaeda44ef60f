"""Expirations of every server version are read as UTC times; what is none is kept as it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_storage_tui.backends import expiry
from llama_storage_tui.model.data import Cell

FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (2, 9998))
EXPECTED = datetime(2027, 11, 23, 1, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2027-11-23 01:00:00.123456+00:00",
        "2027-11-23T01:00:00.123456+00:00",
        "2027-11-23 01:00:00.123456",
        "2027-11-23 01:00:00.123456+00",
        "2027-11-23 06:30:00.123456+05:30",
        "2027-11-22 20:00:00.123456-05",
        "2027-11-23T01:00:00.123456Z",
        " 2027-11-23 01:00:00.123456 ",
    ],
)
def test_every_spelling_of_one_moment_is_that_moment(text: str) -> None:
    assert expiry.read(text) == (EXPECTED, None)


@pytest.mark.parametrize("text", ["2027-11-23 01:00:00+00", "2027-11-23 01:00:00", "2027-11-23T01:00:00Z"])
def test_fractions_may_be_missing(text: str) -> None:
    assert expiry.read(text) == (EXPECTED.replace(microsecond=0), None)


@pytest.mark.parametrize(
    "stored",
    [
        "infinity",
        "-infinity",
        "",
        "tomorrow",
        "0044-03-15 00:00:00 BC",
        "9999-12-31 23:59:59-12:00",
        "20000-01-01",
        1e300,
        -(10**20),
    ],
)
def test_what_is_no_time_is_kept_as_text_and_never_expires(stored: Cell) -> None:
    expires_at, text = expiry.read(stored)
    assert expires_at is None
    assert text == str(stored)
    assert not expiry.is_past(expires_at, datetime.now(UTC))


def test_no_expiration_is_neither_time_nor_text() -> None:
    assert expiry.read(None) == (None, None)


@given(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.binary(), st.booleans()))
def test_nothing_that_a_store_may_hold_raises(stored: Cell) -> None:
    expires_at, _ = expiry.read(stored)
    assert expires_at is None or expires_at.tzinfo is UTC


@given(st.datetimes(min_value=FIRST, max_value=LAST), st.integers(-14, 14))
def test_any_offset_gives_the_same_moment(naive: datetime, hours: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert expiry.read(moment.isoformat(" "))[0] == moment
    assert expiry.read(moment.isoformat())[0] == moment


def test_a_key_expires_at_its_second() -> None:
    assert expiry.is_past(EXPECTED, EXPECTED)
    assert not expiry.is_past(EXPECTED + timedelta(microseconds=1), EXPECTED)
