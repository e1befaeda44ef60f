"""Plain text of any size: lines are cut to the width at hand and only those on show are drawn."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import ClassVar, Final

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from llama_storage_tui.tui.style.keys import hidden_key
from llama_storage_tui.tui.widgets.searching import WINDOW, Hit, Hits, hit_style, shown_window, text_hits

_WORD: Final = re.compile(r"( *)([^ ]+|$)")


class TextPane(ScrollView, can_focus=True):
    """One window of a text, since wrapping more would hold the event loop; `window` is its number from 0, `windows` how many."""

    BINDINGS: ClassVar[list[BindingType]] = [
        hidden_key("k", "scroll_up", "Up", "text.up"),
        hidden_key("j", "scroll_down", "Down", "text.down"),
        hidden_key("g", "scroll_home", "First", "text.first"),
        hidden_key("G", "scroll_end", "Last", "text.last"),
    ]

    def __init__(self, *, wraps_words: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._cut = _by_words if wraps_words else _by_cells
        self._whole = ""
        self._drawn: list[str] = []
        self._drawn_width = 0
        self._starts: list[int] = []
        """Where each drawn line begins in the window; made where hits are marked."""
        self._pattern: re.Pattern[str] | None = None
        self._marked: list[tuple[int, int]] = []
        self._current: Hit | None = None
        self.window = 0

    @property
    def windows(self) -> int:
        """How many windows the text has."""
        return max(1, -(-len(self._whole) // WINDOW))

    def show(self, text: str) -> None:
        """Show the first window of a text."""
        self._whole = text
        self._current = None
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
        text = shown_window(self._whole, self.window)
        self._drawn, self._starts, self._marked = [], [], []
        start = 0
        for row in text.split("\n"):
            parts = self._cut(row, width)
            self._drawn += parts
            if self._pattern is not None:
                self._starts += (start + place for place in _places(row, parts))
            start += len(row) + 1
        if self._pattern is not None:
            self._marked = [found.span() for found in self._pattern.finditer(text)]
        self.virtual_size = Size(width, len(self._drawn))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        place = y + self.scroll_offset.y
        style = self.rich_style
        text = self._drawn[place] if place < len(self._drawn) else ""
        segments = [Segment(text, style)] if not self._starts else list(self._segments(place, text, style))
        return Strip(segments, cell_len(text)).adjust_cell_length(self.size.width, style)

    # Finding

    @property
    def place(self) -> Hit:
        """The first line on show; before any hits are marked, the beginning of the window."""
        top = self.scroll_offset.y
        return self.window, self._starts[top] if top < len(self._starts) else 0

    def hits(self, pattern: re.Pattern[str]) -> Hits:
        """Return every hit in the text, whichever window it is in."""
        return text_hits(pattern, self._whole)

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Mark all hits on show."""
        self._pattern, self._current = pattern, None
        self._wrap()

    def go_to(self, hit: Hit) -> str:
        """Show a hit with some lines around it."""
        window, start, _ = hit
        if window != self.window:
            self.move(window)
        self._current = hit
        row = max(bisect_left(self._starts, start + 1) - 1, 0)
        height = self.scrollable_content_region.height
        if not self.scroll_offset.y <= row < self.scroll_offset.y + height:
            self.scroll_to(y=max(row - height // 3, 0), animate=False)
        self.refresh()
        return ""

    def _segments(self, place: int, text: str, style: Style) -> Iterator[Segment]:
        first = self._starts[place] if place < len(self._starts) else 0
        last, done = first + len(text), 0
        marked = list(self._marked)
        if self._current is not None and self._current[0] == self.window:
            # One that ends in the next window is none of this one alone.
            marked = sorted({*marked, self._current[1:]})  # type: ignore[arg-type] # two numbers
        variables = self.app.theme_variables
        for start, end in marked[max(bisect_left(marked, (first, 0)) - 1, 0) :]:
            if start >= last:
                break
            low, high = max(start - first, done), min(end, last) - first
            if high > low:
                is_current = self._current == (self.window, start, end)
                yield Segment(text[done:low], style)
                yield Segment(text[low:high], style + hit_style(variables, is_current=is_current))
                done = high
        yield Segment(text[done:], style)


def _places(row: str, parts: list[str]) -> Iterator[int]:
    """Yield where in a line each of the parts that it was cut into begins."""
    place = 0
    for part in parts:
        place = row.index(part, place)
        yield place
        place += len(part)


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
