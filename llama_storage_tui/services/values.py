"""What a stored value is: JSON, text, or bytes; and how JSON inside JSON strings unfolds. Pure functions."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.services import json_in_pieces
from llama_storage_tui.text import is_safe

if TYPE_CHECKING:
    from llama_storage_tui.model.data import Cell

LARGEST_PARSED: Final = 20_000_000
"""Characters of JSON that are parsed for display; a larger value is shown as text."""

DEEPEST: Final = 100
"""Levels of nesting that are parsed for display: what walks a value by recursion, pydantic too (255), then never meets its limit,
not even where JSON stands in strings of JSON. A deeper value is shown as its text."""

_LOOKS_LIKE_JSON: Final = re.compile(r'\s*[\[{"]')
_TIME_NAMES: Final = re.compile(r"(^|_)(at|created|updated|expires|completed|timestamp)$")
_EPOCH_SECONDS: Final = (0, 253_402_300_799)
"""1970 to 9999: what datetime can show."""


class ValueKind(StrEnum):
    """How a value is best shown."""

    JSON = "json"
    TEXT = "text"
    NUMBER = "number"
    BINARY = "binary"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A value with its kind; `data` is parsed JSON where the kind is JSON, else the value itself."""

    kind: ValueKind
    data: object


def decode(value: Cell) -> Decoded:
    """Tell what a stored value is; never raises."""
    if value is None:
        return Decoded(ValueKind.NULL, None)
    if isinstance(value, bytes):
        return Decoded(ValueKind.BINARY, value)
    if not isinstance(value, str):
        return Decoded(ValueKind.NUMBER, value)
    found = parse_json(value) if _LOOKS_LIKE_JSON.match(value) else None
    return Decoded(ValueKind.TEXT, value) if found is None else Decoded(ValueKind.JSON, found.data)


@dataclass(frozen=True, slots=True)
class Json:
    """Parsed JSON, wrapped because `null` is JSON too."""

    data: object


def parse_json(text: str) -> Json | None:
    """Parse JSON text; None where it is none, too deep or too large."""
    if len(text) > LARGEST_PARSED:
        return None
    try:
        data = json_in_pieces.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if _is_deeper(data, DEEPEST) else Json(data)


def is_too_deep(text: str) -> bool:
    """Tell whether a text is JSON that `parse_json` leaves alone because it is nested too deeply."""
    try:
        return _is_deeper(json_in_pieces.loads(text), DEEPEST)
    except ValueError:
        return False
    except RecursionError:
        return True


def _is_deeper(data: object, levels: int) -> bool:
    """Tell whether a value has more levels of objects and lists. Walks without recursion."""
    level = [data] if isinstance(data, dict | list) else []
    for _ in range(levels):
        if not level:
            return False
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def unfold(data: object, *, depth: int = 4) -> object:
    """Replace strings that hold JSON objects or lists by what they hold, to a depth: JSON inside JSON strings.

    Nothing is unfolded where the whole would be nested more deeply than a value may be.
    """
    found = _unfolded(data, depth)
    return data if _is_deeper(found, DEEPEST) else found


def _unfolded(data: object, depth: int) -> object:
    if depth < 0:
        return data
    if isinstance(data, dict):
        return {key: _unfolded(item, depth) for key, item in data.items()}
    if isinstance(data, list):
        return [_unfolded(item, depth) for item in data]
    if isinstance(data, str) and data[:1] in ("{", "[") and (found := parse_json(data)) is not None:
        return _unfolded(found.data, depth - 1)
    return data


def iso(time: datetime) -> str:
    """Write a time of the program's own: ISO 8601 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_time_name(name: str) -> bool:
    """Tell whether a column or a key of that name holds a point in time, by what servers call those."""
    return bool(_TIME_NAMES.search(name))


def epoch_time(column: str, value: Cell) -> datetime | None:
    """Return the time that an epoch-seconds column means, None where the name or the number does not say one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not is_time_name(column):
        return None
    low, high = _EPOCH_SECONDS
    if not low < value <= high:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def cell_text(value: Cell) -> str | None:
    """Return a cell as text, None for NULL; of bytes, which no server writes where text belongs, what of them is text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)


def stored_bytes(value: Cell) -> bytes:
    """Return a value as it is stored; nothing for NULL."""
    if isinstance(value, bytes):
        return value
    return str("" if value is None else value).encode("utf-8", "surrogatepass")


def is_storable(id_: str) -> bool:
    """Tell whether an id can stand in a text column at all: one taken out of a document need not (half a surrogate pair, NUL)."""
    return "\x00" not in id_ and not any("\ud800" <= letter <= "\udfff" for letter in id_)


def time_rank(value: Cell) -> float:
    """Return a stored time for a comparison; what is no number comes after all that is."""
    return float(value) if isinstance(value, int | float) else float("inf")


def is_later(time: Cell, than: Cell) -> bool:
    """Tell whether a stored time lies after another one; False where one of them is no number."""
    return isinstance(time, int | float) and isinstance(than, int | float) and time > than


def hex_dump(value: bytes, *, limit: int = 4096) -> str:
    """Write bytes as lines of offset, hex and printable ASCII, up to `limit` bytes."""
    lines = [
        f"{offset:08x}  {chunk.hex(' '):<47}  {''.join(chr(b) if 0x20 <= b < 0x7F else '.' for b in chunk)}"
        for offset in range(0, min(len(value), limit), 16)
        for chunk in [value[offset : min(offset + 16, limit)]]
    ]
    if len(value) > limit:
        lines.append(f"… {len(value) - limit:,} more bytes")
    return "\n".join(lines)


LARGEST_EXACT: Final = 2**53
"""Integers up to here survive every JSON reader."""


def to_json(value: object) -> object:
    """Turn parsed JSON or a plain cell into what every JSON reader takes: numbers that would lose digits become text."""
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_EXACT else {"$number": str(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$number": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    return str(value)


def cell_to_json(value: Cell, *, is_json: bool) -> object:
    """Turn a cell into a JSON value; of a JSON column the parsed value, or its text marked as invalid."""
    if not is_json or not isinstance(value, str):
        return to_json(value)
    parsed = parse_json(value)
    return _unparsed(value) if parsed is None else to_json(parsed.data)


def _unparsed(text: str) -> object:
    """Return a JSON column's text with the reason why it was not parsed: it is no JSON, or nested too deeply, or too large."""
    if len(text) > LARGEST_PARSED:
        return {"$text": text, "$too_large": True}
    return {"$text": text, "$too_deep": True} if is_too_deep(text) else {"$text": text, "$invalid_json": True}


def stored_to_json(value: Cell) -> object:
    """Turn a stored key-value value into a JSON value: parsed where it is JSON."""
    parsed = parse_json(value) if isinstance(value, str) else None
    return to_json(value if parsed is None else parsed.data)


LONGEST_LETTER: Final = len(r"\ud83d\ude00")
"""Characters that JSON may need for one letter."""

FIRST_BEYOND_ASCII: Final = 0x80
_ESCAPED: Final = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|.)", re.DOTALL
)


def with_letters(text: str) -> str:
    """Return the same JSON with each escape of a letter beyond ASCII written as the letter; any other text as it is.

    The text may be the beginning of JSON. Escapes of what a terminal must not obey (control characters, bidi marks, halves of
    pairs) stay: they are what is shown for it anyway.
    """
    return _ESCAPED.sub(_letter, text) if "\\u" in text and _LOOKS_LIKE_JSON.match(text) else text


def _letter(found: re.Match[str]) -> str:
    high, low, single = found.groups()
    if high is not None:
        letter = (bytes.fromhex(high) + bytes.fromhex(low)).decode("utf-16-be")
    elif single is not None and int(single, 16) >= FIRST_BEYOND_ASCII:
        letter = chr(int(single, 16))
    else:
        return found[0]
    return letter if is_safe(letter) else found[0]


def json_text(value: object, *, indent: int | None = None) -> str:
    """Write JSON with everything but ASCII escaped: C1 and bidi characters would pass to a terminal otherwise."""
    return json.dumps(value, ensure_ascii=True, indent=indent, allow_nan=False)


def record_json(row: Mapping[str, Cell]) -> str:
    """Write a row as indented JSON, JSON columns parsed."""
    found = {
        name: cell_to_json(cell, is_json=decode(cell).kind is ValueKind.JSON) for name, cell in row.items()
    }
    return json_text(found, indent=2)
