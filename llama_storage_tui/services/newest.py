"""How new the rows of a table are: by the row that was stored last, or by its time."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.model.data import Table
from llama_storage_tui.model.records import Field, RecordOrder, RecordQuery

_TIMES: Final = ("created_at", "created", "completed_at")


def time_column(table: Table) -> str | None:
    """Return the column with the time of a table's rows; None where it has none that is known."""
    return next((name for name in _TIMES if table.column(name) is not None), None)


async def newest_time(reader: Reader, table: Table, *, exact: bool = False) -> float | None:
    """Return the time of the row that was stored last, which is the newest or close to it, or the newest time if `exact`.

    None where the table has no time or no row. Raises BackendError.
    """
    time = time_column(table)
    if time is None:
        return None
    key = next((column.name for column in table.columns if column.is_primary_key), time)
    order = RecordOrder.NEWEST if exact else RecordOrder.STORED
    query = RecordQuery(table.name, (Field("time", time),), order=order, limit=1, id=key, time=time)
    page = await reader.records.page(query)
    found = page.records[0]["time"] if page.records else None
    return float(found) if isinstance(found, int | float) else None
