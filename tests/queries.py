"""What a list is asked, by the names of its filters."""

from __future__ import annotations

from llama_storage_tui.model.data import Cursor, Order
from llama_storage_tui.model.families import Query
from llama_storage_tui.model.records import Condition, RecordOrder


def asking(
    *,
    order: RecordOrder | Order | None = RecordOrder.NEWEST,
    limit: int = 100,
    after: Cursor | None = None,
    conditions: tuple[Condition, ...] = (),
    **filters: str | float | None,
) -> Query:
    """Make a query, the newest first; a filter that is None is not set."""
    chosen = {name: value for name, value in filters.items() if value is not None}
    return Query(chosen, conditions=conditions, order=order, limit=limit, after=after)
