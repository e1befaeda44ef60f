"""JSON as servers read it: Python writes and reads NaN, Infinity and -Infinity, which SQLite takes for no JSON at all.

llama-stack and ogx store documents with `json.dumps` and load them with `json.loads` (SQLAlchemy's JSON type): a document with
such a number is whole to them.
"""

from __future__ import annotations

import json
import secrets
from functools import lru_cache
from typing import Final

from llama_storage_tui.backends.outlines import WantedParts, outline
from llama_storage_tui.model.records import Field, Measure

FUNCTION: Final = "python_json"
OUTLINE: Final = "json_outline"
LENGTHS: Final = f"length {secrets.token_hex(8)} "
"""What an outline's lengths are called, before the names of their lists; no stored document can know it."""


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
    return outline(text, _wanted(fields), lengths=LENGTHS)


@lru_cache(maxsize=64)
def _wanted(fields: str) -> WantedParts:
    return WantedParts.by(
        Field("", "", tuple(path), Measure(measure), tuple(each))
        for path, each, measure in json.loads(fields)
    )
