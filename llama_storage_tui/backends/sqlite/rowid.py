"""What a SQLite table calls its rowid."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TableShape
from llama_storage_tui.model.data import Column

_ROWID_NAMES: Final = ("rowid", "_rowid_", "oid")


def rowid_of(shape: TableShape) -> tuple[ColumnShape, ...]:
    """Return the rowid as a column; none for a view and for a table that has none."""
    if shape.is_view or not shape.key:
        return ()
    if shape.hidden:
        return shape.hidden[:1]
    taken = {column.name.lower() for column in shape.columns}
    is_alias = len(shape.key) == 1 and shape.key[0].column.type.upper() == "INTEGER"
    free = [name for name in _ROWID_NAMES if name not in taken]
    if not is_alias or not free:
        return ()
    return (
        ColumnShape(Column(free[0], "INTEGER", is_primary_key=True, is_nullable=False), ColumnKind.INTEGER),
    )
