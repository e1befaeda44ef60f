"""What is stored, and what of it nobody needs, in words."""

from __future__ import annotations

from llama_storage_tui.reports.amounts import size
from llama_storage_tui.reports.upgrade import day
from llama_storage_tui.services.accumulation import StoredSpace


def name(space: StoredSpace) -> str:
    """Return what a place is: a table, a namespace, or the keys outside of every namespace."""
    if space.is_table:
        return f"table {space.name}"
    if space.name:
        return f"namespace {space.name}"
    return "all keys" if space.referenced_by else "keys outside of every namespace"


def items(space: StoredSpace) -> str:
    """Return how many rows or keys there are, with ~ where that is an estimate."""
    return "–" if space.items is None else f"{'' if space.items.is_exact else '~'}{space.items.value:,}"


def growth(space: StoredSpace) -> str:
    """Return how many rows a day there are among the newest ones; a dash where they have no time."""
    if space.per_day is None:
        return "–"
    return f"{space.per_day:,.0f}" if space.per_day >= 10 else f"{space.per_day:.1f}"


def newest(space: StoredSpace) -> str:
    """Return the day of the newest row; a dash where there is none."""
    return "–" if space.newest is None else day(space.newest)


def sentence(space: StoredSpace) -> str:
    """Return all of it in a sentence or two."""
    kind = "row" if space.is_table else "key"
    parts = [
        f"{name(space)} on {space.backend}: {items(space)} {kind}s, about {size(space.bytes)} of values."
    ]
    if space.per_day is not None:
        per_row = (space.bytes or 0) / max(space.items.value if space.items else 1, 1)
        parts.append(
            f"Among the newest rows {growth(space)} were written a day, about {size(space.per_day * per_row)}."
        )
    parts.append(
        f"Read through {', '.join(space.referenced_by)}."
        if space.referenced_by
        else "Nothing in this config refers to it."
    )
    return " ".join(parts)
