"""Tables for people: aligned by the width that a terminal gives each character, and folded where the terminal is narrower."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from llama_storage_tui.text import ELLIPSIS

GAP: Final = "  "
INDENT: Final = "    "
NARROWEST: Final = 8
"""Columns of a cell, however narrow the terminal is: less says nothing."""
_NUMBER: Final = re.compile(r"\s*(?:[≥~]\s?)?-?\d[\d,]*(?:\.\d+)?(?:\s?(?:%|[kKMGT]i?B|B|ms|s))?")
_NOTHING: Final = frozenset({"", "-", "–", "NULL"})


Paint = Callable[[int, int, str], str]
"""Gives a shown cell its colour, by its row (0 for the headings) and column: what takes no place on the screen."""


def _plain(_row: int, _column: int, shown: str) -> str:
    return shown


def lines(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None, paint: Paint = _plain
) -> Iterator[str]:
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
    for row_at, row in enumerate((headings, *rows)):
        for number, band in enumerate(bands):
            line = ""
            at_end = 0
            for at in band:
                shown, before, after = _set(
                    row[at].strip() if rightward[at] else row[at], widths[at], is_right=rightward[at]
                )
                if shown:
                    line += " " * (at_end + before) + paint(row_at, at, shown)
                    at_end = after + len(GAP)
                else:
                    at_end += before + after + len(GAP)
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


def _set(cell: str, width: int, *, is_right: bool) -> tuple[str, int, int]:
    """Return what of a cell is shown, and the spaces before and after it."""
    shown = cut(cell, width).rstrip()
    padding = max(width - display_width(shown), 0)
    return (shown, padding, 0) if is_right else (shown, 0, padding)


def _is_numeric(cells: Sequence[str]) -> bool:
    told = [cell for cell in cells if cell.strip() not in _NOTHING]
    return bool(told) and all(_NUMBER.fullmatch(cell) for cell in told)
