"""Cells as PostgreSQL's columns take them, and why one is not taken.

What COPY would change without a word is refused here (engines differ: a float for an integer column is cut); the rest is left to
the server, whose refusal names no value, and explained afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from llama_storage_tui.backends import expiry
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.raw_rows import RawRow, UndecodableText
from llama_storage_tui.model.transfer import NotConvertibleError

DriverRow = tuple[object, ...]
Encode = Callable[[Cell], object]

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_TEXTS: Final = {str, type(None)}
_BITS: Final = {"int2": 16, "int4": 32, "int8": 64}


def encoder(kind: str) -> Encode | None:
    """Return what makes a cell one that a column of that type takes; None where every cell is taken as it is.

    What it returns raises NotConvertibleError.
    """
    return _ENCODERS.get(kind)


def encoded(rows: Sequence[RawRow], encoders: Sequence[Encode | None]) -> list[DriverRow]:
    """Return rows as the driver takes them; raises NotConvertibleError."""
    return list(zip(*encoded_columns(rows, encoders), strict=True))


def encoded_columns(rows: Sequence[RawRow], encoders: Sequence[Encode | None]) -> list[Sequence[object]]:
    """Return the columns of rows as the driver takes them; raises NotConvertibleError."""
    return [
        _encoded(column, encode) for encode, column in zip(encoders, zip(*rows, strict=True), strict=True)
    ]


def _encoded(column: Sequence[Cell], encode: Encode | None) -> Sequence[object]:
    # Texts, which most cells are, are not looked at one by one.
    kinds = set(map(type, column))
    if encode is None or (encode in (_text, _json) and kinds <= _TEXTS):
        return column
    return [None if cell is None else encode(cell) for cell in column]


def why_refused(row: RawRow, kinds: Sequence[str]) -> str | None:
    """Return why PostgreSQL takes no such row, by what is known of it; None where that is not known."""
    for cell, kind in zip(row, kinds, strict=True):
        reason = _why(cell, kind)
        if reason is not None:
            return reason
    return None


def _why(cell: Cell, kind: str) -> str | None:
    if not isinstance(cell, str):
        return None
    if "\x00" in cell:
        return "a text holds the character U+0000, which PostgreSQL does not store"
    if _SURROGATE.search(cell):
        return "a text holds half of a surrogate pair, which is not valid UTF-8"
    if kind not in ("json", "jsonb"):
        return None
    try:
        json.loads(cell, parse_constant=_no_constant)
    except _NotFiniteError:
        return "its JSON holds NaN or Infinity, which PostgreSQL's json does not take"
    except ValueError:
        return "its JSON is not valid, and PostgreSQL's json takes nothing else"
    except RecursionError:
        return "its JSON is nested deeper than PostgreSQL takes"
    if kind == "jsonb":
        return "its JSON holds an escape that PostgreSQL's jsonb does not take"
    return None


class _NotFiniteError(Exception):
    """A number that JSON has no form for."""


def _no_constant(name: str) -> object:
    raise _NotFiniteError(name)


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, UndecodableText):
        raise NotConvertibleError("a text is not valid UTF-8")
    raise NotConvertibleError("a text column would get a number or a binary value")


def _json(cell: Cell) -> str:
    # SQLite keeps a JSON text that is a number as that number.
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool | int | float):
        return json.dumps(cell)
    raise NotConvertibleError("a JSON column would get a binary value")


def _integer(bits: int) -> Encode:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1)

    def encode(cell: Cell) -> int:
        if type(cell) is not int:
            raise NotConvertibleError("an integer column would get another kind of value")
        if not low <= cell < high:
            raise NotConvertibleError(f"a number is larger than the {bits} bits of its column")
        return cell

    return encode


def _boolean(cell: Cell) -> bool:
    if cell in (0, 1) and isinstance(cell, bool | int):
        return bool(cell)
    raise NotConvertibleError("a boolean column would get another value than true or false")


def _float(cell: Cell) -> float:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    raise NotConvertibleError("a numeric column would get another kind of value")


def _aware(cell: Cell) -> datetime:
    found, _ = expiry.read(cell)
    if found is None:
        raise NotConvertibleError("a time cannot be read as one")
    return found


def _naive(cell: Cell) -> datetime:
    return _aware(cell).astimezone(UTC).replace(tzinfo=None)


def _binary(cell: Cell) -> bytes:
    if isinstance(cell, bytes) and not isinstance(cell, UndecodableText):
        return cell
    raise NotConvertibleError("a binary column would get another kind of value")


_ENCODERS: Final[dict[str, Encode]] = {
    "text": _text,
    "varchar": _text,
    "bpchar": _text,
    "json": _json,
    "jsonb": _json,
    **{kind: _integer(bits) for kind, bits in _BITS.items()},
    "bool": _boolean,
    "float8": _float,
    "timestamp": _naive,
    "timestamptz": _aware,
    "bytea": _binary,
}
