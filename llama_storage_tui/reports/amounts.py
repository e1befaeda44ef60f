"""Sizes, times, what was counted and what a sort costs, as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from llama_storage_tui.text import plural

if TYPE_CHECKING:
    # Names of annotations only: sizes are on the first screen.
    from llama_storage_tui.model.data import Count, Order
    from llama_storage_tui.model.statistics import Sample

_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def size(number: float | None) -> str:
    """Return a size with two digits that matter; a dash where it is not known."""
    if number is None:
        return "–"
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:,.0f} {_UNITS[unit]}" if number >= 10 or unit == 0 else f"{number:.1f} {_UNITS[unit]}"


def moment(stamp: str) -> str:
    """Return a time of ISO 8601 to the second, in UTC; what is no such time as it is."""
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return (
        (found if found.tzinfo else found.replace(tzinfo=UTC))
        .astimezone(UTC)
        .strftime("%Y-%m-%d %H:%M:%S UTC")
    )


def scope(seen: Sample) -> str:
    """Return which responses were looked at, inside of a sentence."""
    if seen.is_exact:
        return f"in all {plural(seen.rows, 'response')}"
    return f"in the last {plural(seen.rows, 'response')} stored"


def sorted_by(order: Order) -> str:
    """Say what a list is sorted by."""
    return f"sorted by {order.column} {'descending' if order.is_descending else 'ascending'}"


def sort_cost(order: Order, rows: Count | None) -> str:
    """Say what a list is sorted by, and that all of its rows are read for that; None where nobody knows how many."""
    all_rows = "all rows" if rows is None else f"all {'' if rows.is_exact else '~'}{rows.value:,} rows"
    # Servers make an index for keys alone, but for five of the jobs table.
    return f"{sorted_by(order)}, which reads {all_rows} for each page where no index serves it"
