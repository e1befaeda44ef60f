"""What SQLite's statements say of a column's document so that SQLite can read it: the SQL beside the functions of `python_json`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Expression
from llama_storage_tui.backends.outlines import LARGE
from llama_storage_tui.model.records import Field


def readable(element: Expression) -> Expression:
    """Return a column's document as SQLite can read it; what not even Python reads as it is stored."""
    return sa.case(*_readings(element), else_=element)


def outlined(element: Expression, fields: Sequence[Field]) -> Expression:
    """Return a document as `readable` does; of a large one its outline by some fields, the empty text where it is no JSON."""
    written = json.dumps([[*map(list, (field.path, field.each)), field.measure] for field in fields])
    made = sa.func.json_outline(sa.cast(element, sa.LargeBinary()), written)
    # The type first, which costs no look at the value.
    is_large = sa.and_(sa.func.typeof(element) == "text", sa.func.length(element) > LARGE)
    return sa.case((is_large, sa.func.coalesce(made, "")), *_readings(element), else_=element)


def _readings(element: Expression) -> tuple[tuple[sa.ColumnElement[bool], Expression], ...]:
    # As bytes: text that is no UTF-8 would fail on its way into the function, and the whole statement with it.
    by_python = sa.func.python_json(sa.cast(element, sa.LargeBinary()))
    return (
        (sa.func.json_valid(element) == 1, element),
        (sa.func.typeof(element) == "text", sa.func.coalesce(by_python, element)),
    )
