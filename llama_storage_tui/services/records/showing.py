"""Values of objects as text for people; whoever prints it makes it safe. Pure functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from llama_storage_tui.model.families import Show
from llama_storage_tui.services.values import with_letters

NOTHING = "–"


def shown(value: object, show: Show) -> str:
    """Write a value on as few lines as it has: times in UTC, numbers with separators, objects as compact JSON."""
    if value is None:
        return NOTHING
    match show:
        case Show.TIME if isinstance(value, int | float) and not isinstance(value, bool):
            return _time(value)
        case Show.BYTES | Show.NUMBER if isinstance(value, int) and not isinstance(value, bool):
            return f"{value:,}"
        case Show.FLAG if isinstance(value, bool):
            return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.hex(" ") if isinstance(value, bytes) else with_letters(str(value))


def _time(value: float) -> str:
    """Write epoch seconds; 0 is what servers write for no time."""
    if not value:
        return NOTHING
    try:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return str(value)
