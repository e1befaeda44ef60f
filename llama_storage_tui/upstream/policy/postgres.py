"""The SQL filter on PostgreSQL, worked out as PostgreSQL does with a column of type json.

It keeps such a column's text as written: `->` returns a piece of that text, spaces and escapes included; of two equal keys the
last counts. Source: observed on PostgreSQL 18.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from llama_storage_tui.upstream.policy.dialect import PublicRows
from llama_storage_tui.upstream.policy.filters import AttributeCondition, SqlFilter

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_DECODER: Final = json.JSONDecoder()


class PostgresAttributes:
    """Applies one filter to access attributes."""

    def __init__(self, sql_filter: SqlFilter) -> None:
        self._filter = sql_filter
        texts = (
            *sql_filter.owners,
            *(text for category in sql_filter.categories for text in category.wanted),
        )
        self.failure = next(("PostgreSQL refuses a text with U+0000" for text in texts if "\0" in text), None)

    def matches(self, attributes: str | None) -> bool | str:
        """Tell whether attributes let a row through; a text says why the statement fails at them."""
        if self._is_public(attributes):
            return True
        try:
            matches = (self._matches(category, attributes) for category in self._filter.categories)
            if self._filter.needs_all:
                return bool(self._filter.categories) and all(matches)
            return any(matches)
        except ValueError as error:
            return str(error)

    def _is_public(self, attributes: str | None) -> bool:
        match self._filter.public:
            case PublicRows.JSON_NULL:
                return attributes == "null"
            case PublicRows.ANY_NULL:
                return attributes is None or attributes == "null"
            case PublicRows.UNOWNED:
                return False

    def _matches(self, category: AttributeCondition, attributes: str | None) -> bool:
        piece = None if attributes is None else field_of(attributes, category.key)
        if piece is None:
            return self._filter.needs_all
        if self._filter.is_exact:
            return _contains(piece, category.wanted)
        text = _as_text(piece)
        return text is not None and any(like(pattern).fullmatch(text) for pattern in category.wanted)


def field_of(text: str, key: str) -> str | None:
    """Return the text of an object's value, None where there is none; raises ValueError for escapes that cannot be text."""
    _refuse_broken_escapes(text)
    found = None
    for name, piece in _fields(text):
        if name == key:
            found = piece
    return found


def _fields(text: str) -> Iterator[tuple[str, str]]:
    place = _skip(text, 0)
    if text[place : place + 1] != "{":
        return
    place = _skip(text, place + 1)
    while text[place : place + 1] == '"':
        name, place = _DECODER.raw_decode(text, place)
        start = _skip(text, _skip(text, place) + 1)
        _, place = _DECODER.raw_decode(text, start)
        yield name, text[start:place]
        place = _skip(text, _skip(text, place) + 1)


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match is not None else place


def _refuse_broken_escapes(text: str) -> None:
    if "\\u" not in text:
        return
    for match in _STRING.finditer(text):
        decoded = json.loads(match[0])
        if "\0" in decoded:
            raise ValueError("PostgreSQL stops at the escape \\u0000 in the access attributes")
        try:
            decoded.encode()
        except UnicodeEncodeError:
            raise ValueError("PostgreSQL stops at half a surrogate pair in the access attributes") from None


def _as_text(piece: str) -> str | None:
    if piece == "null":
        return None
    return json.loads(piece) if piece.startswith('"') else piece


def _contains(piece: str, wanted: tuple[str, ...]) -> bool:
    values = json.loads(piece)
    return isinstance(values, list) and any(value in wanted for value in values if isinstance(value, str))


@lru_cache(maxsize=256)
def like(pattern: str) -> re.Pattern[str]:
    r"""Return what a LIKE pattern matches: `%` anything, `_` one character, a backslash the next character itself."""
    parts = []
    place = 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\" and place + 1 < len(pattern):
            place += 1
            parts.append(re.escape(pattern[place]))
        else:
            parts.append({"%": ".*", "_": "."}.get(letter, re.escape(letter)))
        place += 1
    return re.compile("".join(parts), re.DOTALL)
