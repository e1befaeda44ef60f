"""Points in time as an operator types them: a date, a time, epoch seconds, or how long ago. Pure functions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final

from llama_storage_tui.errors import UsageError

_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])(?:\s*ago)?")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH: Final = re.compile(r"\d{1,12}(?:\.\d+)?")


def parse_time(text: str, *, now: datetime, is_end: bool = False) -> float:
    """Return a point in time in epoch seconds; raises UsageError.

    A date alone is its beginning, or where `is_end` its last second. A time without a zone is UTC. `2h`, `3d` count back from
    `now`.
    """
    stripped = text.strip()
    if _EPOCH.fullmatch(stripped) and not _DATE.fullmatch(stripped):
        return float(stripped)
    try:
        if found := _AGO.fullmatch(stripped.lower()):
            return (now - timedelta(**{_UNITS[found[2]]: float(found[1])})).timestamp()
        if _DATE.fullmatch(stripped):
            day = datetime.combine(datetime.fromisoformat(stripped).date(), time(tzinfo=UTC))
            return (day + timedelta(days=1)).timestamp() - 1 if is_end else day.timestamp()
        moment = datetime.fromisoformat(stripped)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no time",
            help="Write 2026-11-25, 2026-11-25T14:30:00Z, epoch seconds, or how long ago: 90m, 2h, 3d.",
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
