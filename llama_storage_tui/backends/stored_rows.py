r"""What a row's documents hold, told on this side: for rows whose content an engine stores and cannot take apart.

The same fields and conditions as in `documents`, with the same results: text of scalars as it is written, U+FFFD in place of
`\u0000` and halves of pairs, nothing inside what is not JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field as dataclass_field
from enum import Enum, auto
from typing import Final

from llama_storage_tui.backends.comparing import compares, spellings, stored_number
from llama_storage_tui.backends.outlines import LARGE, WantedParts, outline
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell, Filter, Operator
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Compares,
    Condition,
    Contains,
    DocumentShape,
    Equals,
    Field,
    Measure,
    Not,
    NotJson,
    OneOf,
    Path,
    Tallied,
)

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_ESCAPE: Final = re.compile(
    r"\\\\|\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\u0000"
)
_PAIR: Final = len(r"\ud83d\ude00")
_TRUE: Final = frozenset({"true", "t", "yes", "on", "1"})


class _Odd(Enum):
    ABSENT = auto()
    BROKEN = auto()


class _Written(float):
    """A number that is shown as it was written."""

    text: str


@dataclass(slots=True)
class StoredRow:
    """One row: the cells of the columns that are asked about, and the sizes of those whose size is."""

    cells: Mapping[str, Cell]
    sizes: Mapping[str, Cell]
    shapes: Mapping[str, ColumnShape]
    wanted: Mapping[str, WantedParts] = dataclass_field(default_factory=dict)
    """What is asked of the document in a column, by which the outline of a large one is made."""
    separators: tuple[str, str] = (", ", ": ")
    """What the engine writes between the parts of an object or a list that it takes out of a document."""
    _parsed: dict[str, object] = dataclass_field(default_factory=dict)

    def value(self, field: Field) -> Cell:
        """Return a field."""
        match field.measure:
            case Measure.BYTES:
                return self.sizes[field.column]
            case Measure.SHAPE:
                return self._shape(field)
            case Measure.ITEMS:
                items = self._at(field)
                return len(items) if isinstance(items, list) else None
            case Measure.EACH:
                texts = self._each(field)
                return None if texts is None else json.dumps(texts, separators=self.separators)
            case _ if field.path:
                return _text(self._at(field), self.separators)
            case _:
                return self.cells[field.column]

    def meets(self, condition: Condition) -> bool:
        """Tell whether a condition holds; one that cannot be told does not."""
        match condition:
            case Equals(field, text):
                return self._equals(field, text)
            case OneOf(Field(measure=Measure.EACH) as field, texts):
                return any(each in texts for each in self._each(field) or ())
            case OneOf(field, texts):
                return any(self._equals(field, text) for text in texts)
            case Between(field, low, high):
                number = _number(self.value(field))
                is_above = low is None or (number is not None and number >= low)
                return number is not None and is_above and (high is None or number <= high)
            case Compares(field, operator, text):
                return self._compares(field, Filter(field.column, text, operator))
            case Contains(column, texts):
                return any(_is_within(text, self.cells[column]) for text in texts)
            case NotJson(column):
                return isinstance(self._document(column), _Odd)
            case AnyOf(conditions):
                return any(self.meets(each) for each in conditions)
            case Not(inner):
                return not self.meets(inner)

    def meets_all(self, conditions: Tallied) -> bool:
        """Tell whether every condition holds."""
        return all(self.meets(each) for each in conditions)

    def _compares(self, field: Field, found: Filter) -> bool:
        is_whole = not field.path and field.measure is Measure.VALUE
        if is_whole and found.text is not None and found.operator is Operator.CONTAINS:
            is_document = self.shapes[field.column].kind is ColumnKind.JSON
            return any(
                _is_within(text, self.cells[field.column]) for text in spellings(found.text, is_document)
            )
        return compares(self.value(field), found)

    def _equals(self, field: Field, text: str | None) -> bool:
        value = self.value(field)
        if text is None or value is None:
            return value is None and text is None
        match self.shapes[field.column].kind:
            case ColumnKind.BOOLEAN if not field.path and field.measure is Measure.VALUE:
                return (text.lower() in _TRUE) is bool(value)
            case ColumnKind.FLOAT if not field.path and field.measure is Measure.VALUE:
                return _number(text) == value
            case _:
                return str(value) == text

    def _shape(self, field: Field) -> Cell:
        document = self._document(field.column)
        found = document if isinstance(document, _Odd) else _inside(document, field.path)
        match found:
            case _Odd.BROKEN:
                return DocumentShape.BROKEN.value
            case _Odd.ABSENT:
                return DocumentShape.ABSENT.value
            case dict():
                return DocumentShape.OBJECT.value
            case list():
                return DocumentShape.LIST.value
            case None:
                return DocumentShape.NULL.value
            case _:
                return DocumentShape.SCALAR.value

    def _each(self, field: Field) -> list[str | None] | None:
        items = self._at(field)
        if not isinstance(items, list):
            return None
        return [_text(_inside(item, field.each), self.separators) for item in items[: field.most]]

    def _at(self, field: Field) -> object:
        return _inside(self._document(field.column), field.path)

    def _document(self, column: str) -> object:
        if column not in self._parsed:
            self._parsed[column] = self._parse(column)
        return self._parsed[column]

    def _parse(self, column: str) -> object:
        cell = self.cells[column]
        if isinstance(cell, str) and len(cell) > LARGE and column in self.wanted:
            made = outline(cell, self.wanted[column])
            return _Odd.BROKEN if made is None else _parse(made)
        return _parse(cell)


def _parse(cell: Cell) -> object:
    if cell is None:
        return _Odd.ABSENT
    if not isinstance(cell, str):
        return _Odd.BROKEN
    try:
        return _DECODER.decode(cell)
    except (ValueError, RecursionError):
        return _Odd.BROKEN


def _written(text: str) -> _Written:
    made = _Written(text)
    made.text = text
    return made


def _integer(text: str) -> object:
    # Python refuses to read or write whole numbers of more than 4,300 digits.
    return int(text) if len(text) < 4000 and text != "-0" else _written(text)


_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_float=_written, parse_constant=_written)


def _inside(document: object, path: Path) -> object:
    found = document
    for step in path:
        match found, step:
            case dict(), str() if step in found:
                found = found[step]
            case list(), int() if -len(found) <= step < len(found):
                found = found[step]
            case _:
                return _Odd.ABSENT
    return found


def _text(value: object, separators: tuple[str, str]) -> str | None:
    """Return a scalar's text, or the JSON of an object or a list."""
    match value:
        case None | _Odd():
            return None
        case str():
            return _UNSTORABLE.sub("\ufffd", value)
        case bool():
            return "true" if value else "false"
        case _Written():
            return value.text
        case dict() | list():
            try:
                return _ESCAPE.sub(_stand_in, json.dumps(value, separators=separators))
            except RecursionError:
                return None
        case _:
            return str(value)


def _stand_in(escape: re.Match[str]) -> str:
    is_whole = escape[0] == "\\\\" or len(escape[0]) == _PAIR
    return escape[0] if is_whole else "\\ufffd"


def _number(value: Cell) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    return stored_number(value) if isinstance(value, str) else None


def _is_within(text: str, cell: Cell) -> bool:
    match cell:
        case None:
            return False
        case bytes():
            return text.encode("utf-8", "surrogatepass") in cell
        case _:
            return text in str(cell)
