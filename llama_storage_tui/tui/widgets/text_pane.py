"""Plain text of any size: lines are cut to the width at hand and only those on show are drawn."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from llama_storage_tui.text import block

WINDOW: Final = 100_000
"""Characters that are shown at a time: wrapping more would hold the event loop."""
TAB: Final = 4
_WORD: Final = re.compile(r"( *)([^ ]+|$)")


class TextPane(ScrollView, can_focus=True):
    """One window of a text; `window` is its number from 0, `windows` how many there are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False, id="text.up"),
        Binding("j", "scroll_down", "Down", show=False, id="text.down"),
        Binding("g", "scroll_home", "First", show=False, id="text.first"),
        Binding("G", "scroll_end", "Last", show=False, id="text.last"),
    ]

    def __init__(self, *, wraps_words: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._cut = _by_words if wraps_words else _by_cells
        self._whole = ""
        self._drawn: list[str] = []
        self._drawn_width = 0
        self.window = 0

    @property
    def windows(self) -> int:
        """How many windows the text has."""
        return max(1, -(-len(self._whole) // WINDOW))

    def show(self, text: str) -> None:
        """Show the first window of a text."""
        self._whole = text
        self.move(0)

    def move(self, window: int) -> None:
        """Show another window."""
        self.window = min(max(window, 0), self.windows - 1)
        self._drawn_width = 0
        self._wrap()
        self.scroll_home(animate=False)

    def on_resize(self, event: events.Resize) -> None:
        """Cut the lines anew where the width has changed."""
        if event.size.width != self._drawn_width:
            self._wrap()

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width
        if width < 1:
            return
        self._drawn_width = self.size.width
        start = self.window * WINDOW
        text = block(self._whole[start : start + WINDOW]).expandtabs(TAB)
        self._drawn = [part for row in text.split("\n") for part in self._cut(row, width)]
        self.virtual_size = Size(width, len(self._drawn))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        place = y + self.scroll_offset.y
        style = self.rich_style
        text = self._drawn[place] if place < len(self._drawn) else ""
        return Strip([Segment(text, style)], cell_len(text)).adjust_cell_length(self.size.width, style)


def _by_cells(row: str, width: int) -> list[str]:
    if not row:
        return [""]
    if row.isascii():
        return [row[start : start + width] for start in range(0, len(row), width)]
    return chop_cells(row, width)


def _by_words(row: str, width: int) -> list[str]:
    """Cut a line between words; what is longer than a line is cut anywhere. A cut drops the blanks at its place."""
    if len(row) <= width and cell_len(row) <= width:
        return [row]
    parts: list[str] = []
    current, used = "", 0
    for match in _WORD.finditer(row):
        blanks, word = match.groups()
        cells = cell_len(word)
        if used + len(blanks) + cells <= width:
            current, used = current + blanks + word, used + len(blanks) + cells
            continue
        if current.strip():
            parts.append(current)
            blanks = ""
        *full, current = _by_cells(blanks + word, width)
        parts += full
        used = cell_len(current)
    return [*parts, current]
