"""Points in time as an operator types them: a date, a time, a day's name, epoch seconds, or how long ago. Pure functions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from llama_storage_tui.errors import UsageError

ACCEPTED: Final = (
    "Accepted are today, yesterday, now, a weekday (monday, fri: the latest one), 90m, 2h, 3d or 1w for how long ago, "
    "2026-11-25, 2026-11-25T14:30:00Z, and epoch seconds. Days and times without a zone are UTC."
)
SHORT: Final = "yesterday, friday, 2h, 3d, 2026-11-25, 2026-11-25T14:30Z"
"""Examples that fit into a form."""

_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)(?:\s+ago)?")
_UNITS: Final = {
    name: unit
    for unit, names in {
        "seconds": "s sec secs second seconds",
        "minutes": "m min mins minute minutes",
        "hours": "h hr hrs hour hours",
        "days": "d day days",
        "weeks": "w week weeks",
    }.items()
    for name in names.split()
}
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LEAST_OF_A_NAME: Final = 3
_DAY_AND_TIME: Final = re.compile(r"([a-z]+)(?:(?:\s+at)?\s+(\d{1,2}:\d{2}(?::\d{2})?))?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH: Final = re.compile(r"\d{1,12}(?:\.\d+)?")


def parse_time(text: str, *, now: datetime, is_end: bool = False) -> float:
    """Return a point in time in epoch seconds; raises UsageError, whose help lists what is accepted.

    A day alone (a date, `yesterday`, `friday`) is its beginning, or where `is_end` its last second. Days and times without a
    zone are UTC. A weekday is the latest one, today included. `2h`, `3 days ago` count back from `now`.
    """
    stripped = text.strip().lower()
    try:
        found = _parsed(stripped, now.astimezone(UTC), is_end=is_end)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise UsageError(f"Cannot read {text!r} as a time", help=ACCEPTED)
    return found


def _parsed(text: str, now: datetime, *, is_end: bool) -> float | None:
    if _EPOCH.fullmatch(text):
        return float(text)
    if text == "now":
        return now.timestamp()
    if found := _AGO.fullmatch(text):
        unit = _UNITS.get(found[2])
        return None if unit is None else (now - timedelta(**{unit: float(found[1])})).timestamp()
    if _DATE.fullmatch(text):
        return _of_day(date.fromisoformat(text), is_end=is_end)
    if found := _DAY_AND_TIME.fullmatch(text):
        day = _day_of(found[1], now.date())
        if day is None:
            return None
        if found[2] is None:
            return _of_day(day, is_end=is_end)
        return datetime.combine(day, time.fromisoformat(found[2].zfill(5)), UTC).timestamp()
    moment = datetime.fromisoformat(text.upper())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _day_of(name: str, today: date) -> date | None:
    if name in ("today", "yesterday"):
        return today - timedelta(days=name == "yesterday")
    if len(name) < _LEAST_OF_A_NAME:
        return None
    weekday = next((place for place, day in enumerate(_DAYS) if day.startswith(name)), None)
    return None if weekday is None else today - timedelta(days=(today.weekday() - weekday) % 7)


def _of_day(day: date, *, is_end: bool) -> float:
    start = datetime.combine(day, time(tzinfo=UTC))
    return (start + timedelta(days=1)).timestamp() - 1 if is_end else start.timestamp()
