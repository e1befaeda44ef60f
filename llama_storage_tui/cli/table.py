"""Tables for people: aligned by the width that a terminal gives each character, and folded where the terminal is narrower."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from llama_storage_tui.text import ELLIPSIS

GAP: Final = "  "
INDENT: Final = "    "
NARROWEST: Final = 8
"""Columns of a cell, however narrow the terminal is: less says nothing."""
_NUMBER: Final = re.compile(r"\s*(?:[≥~]\s?)?-?\d[\d,]*(?:\.\d+)?(?:\s?(?:%|[kKMGT]i?B|B|ms|s))?")
_NOTHING: Final = frozenset({"", "-", "–", "NULL"})


def lines(headings: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None) -> Iterator[str]:
    """Yield the lines of a table of clean cells, the headings first.

    Columns that hold nothing but numbers are set to the right. `width` is the terminal's: what does not fit goes to lines of its
    own below, indented, so that an id can still be copied; only a cell wider than the terminal is cut. None: one line a row.
    """
    columns = [*zip(headings, *rows, strict=True)]
    widths = [max(map(display_width, column)) for column in columns]
    if width is not None:
        widths = [min(each, max(width - len(INDENT), NARROWEST)) for each in widths]
    rightward = [_is_numeric(column[1:]) for column in columns]
    bands = folded(widths, width)
    for row in (headings, *rows):
        for number, band in enumerate(bands):
            cells = [
                _set(row[at].strip() if rightward[at] else row[at], widths[at], is_right=rightward[at])
                for at in band
            ]
            line = GAP.join(cells).rstrip()
            if line or number == 0:
                yield (INDENT if number else "") + line


def folded(widths: Sequence[int], width: int | None) -> list[list[int]]:
    """Return which columns stand on which line of a row: one line where they fit."""
    bands: list[list[int]] = [[]]
    used = 0
    for at, each in enumerate(widths):
        needed = each + (len(GAP) if bands[-1] else 0)
        if width is not None and bands[-1] and used + needed > width:
            bands.append([])
            used, needed = len(INDENT), each
        bands[-1].append(at)
        used += needed
    return bands


def display_width(text: str) -> int:
    """Return how many columns of a terminal a clean text takes: two for CJK, none for marks that combine."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # here: most tables are ASCII

    width: int = wcswidth(text)
    return width if width >= 0 else len(text)


def cut(text: str, width: int) -> str:
    """Cut a text to a display width, with an ellipsis where something is missing."""
    if display_width(text) <= width:
        return text
    kept = text[: max(width - 1, 0)]
    while kept and display_width(kept) > width - 1:
        kept = kept[:-1]
    return kept + ELLIPSIS


def _set(cell: str, width: int, *, is_right: bool) -> str:
    shown = cut(cell, width)
    padding = " " * max(width - display_width(shown), 0)
    return padding + shown if is_right else shown + padding


def _is_numeric(cells: Sequence[str]) -> bool:
    told = [cell for cell in cells if cell.strip() not in _NOTHING]
    return bool(told) and all(_NUMBER.fullmatch(cell) for cell in told)
