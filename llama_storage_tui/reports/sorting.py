"""What a list is sorted by, and what that costs, in words."""

from __future__ import annotations

from llama_storage_tui.model.data import Count, Order


def sorted_by(order: Order) -> str:
    """Say what a list is sorted by."""
    return f"sorted by {order.column} {'descending' if order.is_descending else 'ascending'}"


def sort_cost(order: Order, rows: Count | None) -> str:
    """Say what a list is sorted by, and that all of its rows are read for that; None where nobody knows how many."""
    all_rows = "all rows" if rows is None else f"all {'' if rows.is_exact else '~'}{rows.value:,} rows"
    # Servers make an index for keys alone, but for five of the jobs table.
    return f"{sorted_by(order)}, which reads {all_rows} for each page where no index serves it"
