"""Conditions on rows as an operator types them, and as they are written back: the same in the app and on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from llama_storage_tui.backends.comparing import texts_of
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import ORDERED, Filter, Operator
from llama_storage_tui.model.records import Compares, Condition, Equals, Field, Not, OneOf
from llama_storage_tui.services.records.times import parse_time
from llama_storage_tui.services.values import is_time_name

SHORT: Final = "COLUMN=VALUE, also != < > ~ (contains), in A,B, is null; COLUMN.key for JSON"
"""What a condition can be, for a line to type on."""
HELP: Final = (
    "Write COLUMN=VALUE, with = != < <= > >= or ~ (contains); COLUMN in A,B; COLUMN is null. COLUMN.status is a key inside a "
    "JSON column."
)
_OPERATOR: Final = re.compile(
    r"(?P<sign>!=|<=|>=|=|<|>|~)|\s(?P<word>in)\s|\s(?P<null>is\s+(?:(?P<not>not)\s+)?null)\s*\Z",
    re.IGNORECASE,
)
_WORD_OF_TIME: Final = re.compile(
    r"\s*(?:[a-z]{3,}.*|\d+(?:\.\d+)?\s*[a-z]+(?:\s+ago)?|\d{4}-\d\d-\d\d.*)", re.IGNORECASE
)
_AND: Final = re.compile(r"\s+and\s+(?=[^\s=!<>~]+\s*(?:!=|<=|>=|=|<|>|~|\sin\s|\sis\s))", re.IGNORECASE)
"""Between two conditions: what follows is one, so that `salt and pepper` stays a text."""

_TEXT: Final = re.compile(r"(?P<sign>!=|<=|>=|=|<|>|~)(?P<text>.*)", re.DOTALL)
_IN: Final = re.compile(r"in\s+(?P<texts>.*,.*)", re.IGNORECASE | re.DOTALL)
"""With a comma: `in progress` is a text."""
_FOLDED: Final = "\n\t"
_LINE_END: Final = re.compile(r"\n(?!\t)")


def condition_text(found: Filter) -> str:
    """Write a filter as it is typed."""
    if found.text is None:
        return f"{found.column} is {'not ' if found.operator is Operator.NOT_EQUALS else ''}null"
    if found.operator is Operator.IN:
        return f"{found.column} in {found.text}"
    return f"{found.column}{found.operator}{found.text}"


def parse_conditions(text: str, *, now: datetime | None = None) -> tuple[Filter, ...]:
    """Read conditions with AND between them; a line is one. Raises UsageError where one of them is none."""
    parts = (_LINE_END if "\n" in text else _AND).split(text)
    return tuple(parse_condition(each.replace(_FOLDED, "\n"), now=now) for each in parts if each.strip())


def as_lines(conditions: Iterable[str]) -> str:
    """Return conditions as `parse_conditions` reads them, each as it was written: a line break within one is followed by a tab."""
    return "".join(each.lstrip().replace("\n", _FOLDED) + "\n" for each in conditions)


def parse_condition(text: str, columns: Iterable[str] = (), *, now: datetime | None = None) -> Filter:
    """Read a condition. Raises UsageError where it is none, or compares with a time that cannot be read.

    The first operator parts column and value, but for a column whose own name holds one and that is among `columns`. Blanks
    around an operator are no part of either. After `<` and `>` a time column takes words: `created_at > yesterday`.
    """
    start = max((len(name) for name in columns if text.startswith(name)), default=0)
    match = _OPERATOR.search(text, start)
    name = "" if match is None else text[: match.start()].strip()
    if match is None or not name:
        raise UsageError(f"{text!r} is not a condition", help=HELP)
    if match["null"]:
        return Filter(name, None, Operator.NOT_EQUALS if match["not"] else Operator.EQUALS)
    operator = Operator(match["sign"] or "in")
    value = text[match.end() :]
    if match["word"] or text[: match.start()].endswith(" "):
        # Written with air around the operator; without it every blank is a part of the value.
        value = value.strip()
    if operator in ORDERED and is_time_name(name.rpartition(".")[2]) and _WORD_OF_TIME.fullmatch(value):
        value = f"{parse_time(value, now=now or datetime.now(UTC)):.0f}"
    return Filter(name, value, operator)


def parse_text(written: str) -> Filter:
    """Read a filter of one thing, which has no column: a text, or an operator and a text; `=TEXT` is the text as it stands."""
    found = _TEXT.fullmatch(written)
    if found is not None:
        operator = Operator(found["sign"])
        return Filter("", found["text"] if operator is Operator.EQUALS else found["text"].strip(), operator)
    among = _IN.fullmatch(written.strip())
    return Filter("", written) if among is None else Filter("", among["texts"], Operator.IN)


def condition_on(field: Field, written: str) -> Condition:
    """Return a filter of one thing as a condition on a field; `!=` holds also where nothing is stored."""
    found = parse_text(written)
    match found.operator:
        case Operator.EQUALS:
            return Equals(field, found.text)
        case Operator.NOT_EQUALS:
            return Not(Equals(field, found.text))
        case Operator.IN:
            return OneOf(field, texts_of(found))
        case _:
            return Compares(field, found.operator, found.text)
