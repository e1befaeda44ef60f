"""What stands on the terminal, so that only what is other is written: Textual draws whole widgets again for one changed row.

A cursor move that makes a note a line longer has the list above it laid out anew, and every row of it written again as it was; over
a slow line that is most of what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from rich.cells import cell_len

from llama_storage_tui.tui.terminal.renditions import blank_rendition, change, merged

_TOKEN: Final = re.compile(
    r"\x1b\[(?P<rendition>[0-9;]*)m"
    r"|\x1b\[(?P<row>\d+);(?P<column>\d+)H"
    r"|(?P<line>\r?\n)"
    r"|(?P<silent>\x1b\[\?(?:25|2026)[hl])"
    r"|(?P<other>[\x00-\x1f\x7f-\x9f])"
)
_UNKNOWN: Final = "\0"
"""A cell of which nothing is known, or with a part of a wider character: it is written whenever it is drawn."""
SHORT: Final = 10
"""Cells that are written again rather than passed over, which takes as many bytes."""


class _Row:
    """The characters of a row, one a cell, and the rendition of each."""

    def __init__(self) -> None:
        self.cells = ""
        self.renditions: list[str] = []

    def put(self, column: int, cells: str, rendition: str) -> list[tuple[int, int]]:
        """Put characters of one rendition there; return the beginning and end of each run that is not there already."""
        end = column + len(cells)
        if missing := max(0, end - len(self.cells)):
            self.cells += _UNKNOWN * missing
            self.renditions += [""] * missing
        before, renditions = self.cells[column:end], self.renditions[column:end]
        is_there = before == cells and renditions.count(rendition) == len(cells)
        if is_there and _UNKNOWN not in cells:
            return []
        self.cells = self.cells[:column] + cells + self.cells[end:]
        self.renditions[column:end] = [rendition] * len(cells)
        runs: list[tuple[int, int]] = []
        for place, (old, new, how) in enumerate(zip(before, cells, renditions, strict=True), column):
            if old != new or how != rendition or new == _UNKNOWN:
                first = runs.pop()[0] if runs and place - runs[-1][1] < SHORT else place
                runs.append((first, place + 1))
        return runs


class DrawnScreen:
    """What was written to the terminal so far, as far as it is known."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self.forget()

    def forget(self) -> None:
        """Know nothing any more: something else may have drawn."""
        self._rows: dict[int, _Row] = {}
        self._at: tuple[int, int] | None = None
        """Column and row of the cursor."""

    def changes(self, text: str, size: tuple[int, int]) -> str:
        """Return what draws the same as a text on what stands there, on a terminal of so many columns and rows.

        A whole screen is written as it is, so that opening any screen mends what another program has left on the terminal.
        """
        if size != self._size:
            self.forget()
            self._size = size
        cells = size[0] * size[1]
        if len(text) >= cells <= len(_TOKEN.sub("", text)):
            self._rows = {}
        found = _Changes(self._rows, self._at)
        at, wanted, end = self._at, "", 0
        for token in _TOKEN.finditer(text):
            at = found.draw(at, text[end : token.start()], wanted)
            end = token.end()
            if token["other"] is not None or (token["line"] and at is None):
                self.forget()
                return merged(text)
            if token["rendition"] is not None:
                is_reset = token["rendition"] in ("", "0")
                wanted = "" if is_reset else ";".join(filter(None, (wanted, token["rendition"])))
            elif token["row"] is not None:
                at = int(token["column"]) - 1, int(token["row"]) - 1
            elif token["line"] and at is not None:
                at = 0, at[1] + 1
            else:
                found.written.append(token[0])
        at = found.draw(at, text[end:], wanted)
        if found.is_lost:
            self.forget()
            return merged(text)
        found.end(at)
        self._at = at
        return "".join(found.written)


class _Changes:
    """What is written of one text."""

    def __init__(self, rows: dict[int, _Row], at: tuple[int, int] | None) -> None:
        self._rows = rows
        self._at = at
        self._now = ""
        """The rendition of what was drawn last."""
        self.written: list[str] = []
        self.is_lost = False
        """Whether something was drawn nobody knows where."""

    def end(self, at: tuple[int, int] | None) -> None:
        """Leave the cursor there, and the terminal drawing plainly."""
        self.move(at)
        if self._now:
            self.written.append(change(self._now, ""))
            self._now = ""

    def move(self, at: tuple[int, int] | None) -> None:
        """Move the cursor there, if it is elsewhere."""
        if at is not None and at != self._at:
            self.written.append(f"\x1b[{at[1] + 1};{at[0] + 1}H")
            self._at = at

    def draw(self, at: tuple[int, int] | None, text: str, rendition: str) -> tuple[int, int] | None:
        """Draw a text of one rendition and return where the cursor is then."""
        if not text:
            return at
        if at is None:
            self.is_lost = True
            return None
        column, row = at
        for part, how in _parts_of(text, rendition):
            width = cell_len(part)
            is_simple = _is_simple(part)
            runs = self._rows.setdefault(row, _Row()).put(
                column, part if is_simple else _UNKNOWN * width, how
            )
            for first, last in runs:
                self.move((first, row))
                self._write(part[first - column : last - column] if is_simple else part, how)
                self._at = last, row
            column += width
        return column, row

    def _write(self, text: str, rendition: str) -> None:
        # Blanks between two texts need no rendition of their own.
        if rendition != self._now and (text.strip(" ") or rendition != blank_rendition(self._now)):
            self.written.append(change(self._now, rendition))
            self._now = rendition
        self.written.append(text)


@lru_cache(maxsize=4096)
def _is_simple(text: str) -> bool:
    """Tell whether each character takes one cell."""
    return text.isascii() or all(cell_len(character) == 1 for character in text)


def _parts_of(text: str, rendition: str) -> Iterator[tuple[str, str]]:
    """Yield the blanks around a text with what shows of a rendition where nothing is written, and the text."""
    bare = blank_rendition(rendition)
    core = text.strip(" ")
    if bare == rendition or not text:
        yield text, rendition
    elif not core:
        yield text, bare
    else:
        first = text.index(core)
        for part, how in ((text[:first], bare), (core, rendition), (text[first + len(core) :], bare)):
            if part:
                yield part, how
