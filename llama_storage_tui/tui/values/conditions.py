"""Conditions on rows as an operator types them, and as they are written back."""

from __future__ import annotations

import re
from typing import Final

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Filter, Table

_CONDITION: Final = re.compile(
    r"\s*(?P<column>[^=]+?)\s*(?:=(?P<value>.*)|\s(?P<null>is\s+null))\s*", re.IGNORECASE | re.DOTALL
)


def condition_text(found: Filter) -> str:
    """Write a filter as it is typed."""
    return f"{found.column} is null" if found.text is None else f"{found.column}={found.text}"


def parse_condition(text: str, table: Table) -> tuple[Filter, ...]:
    """Read `COLUMN=VALUE` or `COLUMN is null`; empty text is no filter. Raises UsageError for anything else.

    A column whose own name holds `=` or `is null` is found as long as the table has it.
    """
    if not text.strip():
        return ()
    names = ", ".join(column.name for column in table.columns[:12])
    for column in sorted((column.name for column in table.columns), key=len, reverse=True):
        if text.startswith(f"{column}="):
            return (Filter(column, text[len(column) + 1 :]),)
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is neither COLUMN=VALUE nor COLUMN is null", help=f"Columns: {names}.")
    if table.column(match["column"]) is None:
        raise UsageError(f"Table {table.name} has no column {match['column']!r}", help=f"Columns: {names}.")
    return (Filter(match["column"], None if match["null"] else match["value"]),)
