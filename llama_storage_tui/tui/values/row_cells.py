"""Rows of a table as a list shows them: heads, what a sort costs, and the value under the cursor as a condition. Pure functions."""

from __future__ import annotations

from llama_storage_tui.model.data import Filter, Order, RowPage, Table
from llama_storage_tui.reports.amounts import sort_cost, sorted_by
from llama_storage_tui.services.records.row_conditions import condition_text
from llama_storage_tui.services.values import epoch_time
from llama_storage_tui.tui.widgets.listing import ListColumn


def heads(page: RowPage, order: Order | None) -> list[ListColumn]:
    """Return the columns of a page, the one that it is sorted by with an arrow."""
    found = []
    for place, column in enumerate(page.columns):
        arrow = ""
        if order is not None and order.column == column.name:
            arrow = " ▼" if order.is_descending else " ▲"
        is_time = any(epoch_time(column.name, row[place]) is not None for row in page.rows)
        is_number = not is_time and _is_number(page, place)
        found.append(ListColumn(column.name + arrow, most=44, is_number=is_number))
    return found


def sort_words(order: Order, table: Table) -> str:
    """Say what rows are sorted by, and what that costs."""
    column = table.column(order.column)
    is_key = column is not None and column.is_primary_key
    return sorted_by(order) if is_key else sort_cost(order, table.rows)


def value_condition(page: RowPage, row: int, place: int) -> str | None:
    """Return the condition that holds for rows with the same value there; None where only its beginning is here, or it is JSON."""
    if row >= len(page.rows) or page.columns[place].is_json or (row, place) in page.cut_cells:
        return None
    cell = page.rows[row][place]
    if isinstance(cell, bytes):
        return None
    text = None if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)
    return condition_text(Filter(page.columns[place].name, text))


def _is_number(page: RowPage, place: int) -> bool:
    cells = [row[place] for row in page.rows if row[place] is not None]
    return bool(cells) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)
