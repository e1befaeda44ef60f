"""JSON as servers read it: Python writes and reads NaN, Infinity and -Infinity, which SQLite takes for no JSON at all.

llama-stack and ogx store documents with `json.dumps` and load them with `json.loads` (SQLAlchemy's JSON type): a document with
such a number is whole to them.
"""

from __future__ import annotations

import json
from typing import Final

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Expression

FUNCTION: Final = "python_json"


def python_json(content: bytes | None) -> str | None:
    """Return a document that Python reads in words that SQLite reads, numbers that are none as null; None for anything else."""
    if not isinstance(content, bytes):
        return None
    try:
        return json.dumps(json.loads(content.decode(), parse_constant=lambda _word: None))
    except (ValueError, RecursionError):
        return None


def readable(element: Expression) -> Expression:
    """Return a column's document as SQLite can read it; what not even Python reads as it is stored."""
    # As bytes: text that is no UTF-8 would fail on its way into the function, and the whole statement with it.
    by_python = sa.func.python_json(sa.cast(element, sa.LargeBinary()))
    return sa.case(
        (sa.func.json_valid(element) == 1, element),
        (sa.func.typeof(element) == "text", sa.func.coalesce(by_python, element)),
        else_=element,
    )
