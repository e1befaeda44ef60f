"""What a filter is written as, and how it compares what is told on this side: as `row_filters` has an engine compare it."""

from __future__ import annotations

import csv
import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Filter, Operator
from llama_storage_tui.model.records import Path

MOST_STEPS: Final = 20
MOST_TEXTS: Final = 200
"""Texts of one `in`."""
_POSITION: Final = re.compile(r"-?\d{1,9}")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
"""A number as JSON writes it. No text beside that counts as one: Python and the engines read more, and each of them other ones."""

_UNSAFE_STEP: Final = re.compile(r'["\\\x00-\x1f\x7f\ud800-\udfff]')

_ORDERED: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def compares(value: object, found: Filter) -> bool:
    """Tell whether a value, None where there is nothing, compares as a filter says; raises UsageError for a list that is none."""
    if found.text is None:
        return (value is None) is (found.operator is Operator.EQUALS)
    if value is None or _UNSTORABLE.search(found.text):
        return found.operator is Operator.NOT_EQUALS
    text = written(value)
    match found.operator:
        case Operator.EQUALS:
            return text == found.text
        case Operator.NOT_EQUALS:
            return text != found.text
        case Operator.IN:
            return text in texts_of(found)
        case Operator.CONTAINS:
            return found.text in text
        case _:
            bound = finite_number(found.text)
            if bound is None:
                return _ORDERED[found.operator](text, found.text)
            number = stored_number(text)
            return number is not None and _ORDERED[found.operator](number, bound)


def written(value: object) -> str:
    """Return a value of a document as a filter sees it: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def texts_of(found: Filter) -> tuple[str, ...]:
    """Return what a filter compares with: of `in` each of its texts, as a line of CSV gives them."""
    if found.text is None:
        return ()
    if found.operator is not Operator.IN:
        return (found.text,)
    try:
        rows = list(csv.reader([found.text], skipinitialspace=True, strict=True))
    except csv.Error:
        rows = []
    texts = tuple(each for row in rows for each in row)
    if not 0 < len(texts) <= MOST_TEXTS:
        raise UsageError(
            f"{found.text[:60]!r} is not a list of at most {MOST_TEXTS} values.",
            help='Separate values with commas: a,b,c. Quote a value that contains one: "a, b",c.',
        )
    return texts


def path_of(text: str) -> Path:
    """Return the path that is written with dots between its steps; raises UsageError where a step cannot be one."""
    steps = text.split(".")
    if len(steps) > MOST_STEPS or not all(steps) or any(_UNSAFE_STEP.search(step) for step in steps):
        raise UsageError(
            f"{text[:60]!r} is not a path.",
            help="Write names and list positions with dots between: usage.total_tokens, output.0.type.",
        )
    return tuple(int(step) if _POSITION.fullmatch(step) else step for step in steps)


def spellings(text: str, is_document: bool) -> tuple[str, ...]:  # noqa: FBT001 - of one caller
    """Return how a text can be written where it is stored: in a JSON document as Python escapes it, too."""
    return tuple(dict.fromkeys((text, json.dumps(text)[1:-1]))) if is_document else (text,)


def stored_number(text: str) -> float | None:
    """Return the number that a stored text counts as, by the same rule in every engine; None for any other text."""
    return float(text) if _NUMBER.fullmatch(text) else None


def finite_number(text: str) -> float | None:
    """Return the number that a text is; None for any other text."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
