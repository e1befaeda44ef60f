"""JSON as servers read it: Python writes and reads NaN, Infinity and -Infinity, which SQLite takes for no JSON at all.

llama-stack and ogx store documents with `json.dumps` and load them with `json.loads` (SQLAlchemy's JSON type): a document with
such a number is whole to them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Expression
from llama_storage_tui.backends.outlines import LARGE, WantedParts, outline
from llama_storage_tui.model.records import Field, Measure

FUNCTION: Final = "python_json"
OUTLINE: Final = "json_outline"


def python_json(content: bytes | None) -> str | None:
    """Return a document that Python reads in words that SQLite reads, numbers that are none as null; None for anything else."""
    if not isinstance(content, bytes):
        return None
    try:
        return json.dumps(json.loads(content.decode(), parse_constant=lambda _word: None))
    except (ValueError, RecursionError):
        return None


def json_outline(content: bytes | None, fields: str) -> str | None:
    """Return the outline of a document by the fields that `outlined` wrote down; None for what Python does not read."""
    if not isinstance(content, bytes):
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return outline(text, _wanted(fields))


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


@lru_cache(maxsize=64)
def _wanted(fields: str) -> WantedParts:
    return WantedParts.by(
        Field("", "", tuple(path), Measure(measure), tuple(each))
        for path, each, measure in json.loads(fields)
    )
