"""A list and the full text of what is under its cursor, side by side, or one above the other where the screen is narrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widgets import DataTable

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import LONGEST, ListColumn, Listing
from llama_storage_tui.tui.widgets.searching import Hit, Hits, text_hits
from llama_storage_tui.tui.widgets.text_pane import TextPane

MOST_ROWS: Final = 300
"""Rows that are listed at a time, the last ones: the list measures every cell of them before the next frame."""
EARLIER: Final = "earlier"
"""The key of the row that stands for all before those on show."""

Texts = Callable[[int], str]
"""Returns the full text of a row by its number."""


class ReadingPane(Container):
    """Rows with a text each, made when its row is reached."""

    class Read(Message):
        """Another row's text is on show."""

    @dataclass(eq=False)
    class Chosen(Message):
        """The operator pressed enter on a row."""

        row: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._columns: tuple[ListColumn, ...] = ()
        self._rows: tuple[tuple[Shown, ...], ...] = ()
        self._texts: Texts = str
        self._first = 0
        """The number of the first row that is listed."""
        self._read: int | None = None

    def compose(self) -> ComposeResult:
        yield Listing()
        yield TextPane(wraps_words=True)

    @property
    def text(self) -> TextPane:
        """The text."""
        return self.query_one(TextPane)

    @property
    def listing(self) -> Listing:
        """The list."""
        return self.query_one(Listing)

    def show(
        self, columns: Sequence[ListColumn], rows: Sequence[tuple[Shown, ...]], texts: Texts, *, at: int = 0
    ) -> None:
        """Show rows, the last of them where there are very many, with the cursor on one."""
        self._columns, self._rows, self._texts = tuple(columns), tuple(rows), texts
        self._first = max(0, min(at, len(self._rows) - MOST_ROWS))
        self._read = None
        self._list(at)

    def _list(self, at: int) -> None:
        shown = list(self._rows[self._first : self._first + MOST_ROWS])
        keys = [str(number) for number in range(self._first, self._first + len(shown))]
        if self._first:
            said = Shown(f"… {self._first:,} earlier: enter shows them", Tone.KEY)
            shown.insert(0, tuple(said if column.grows else Shown("") for column in self._columns))
            keys.insert(0, EARLIER)
        self.listing.show(self._columns, shown, keys)
        self.listing.point(str(at))
        self._tell()

    @property
    def current(self) -> int | None:
        """The number of the row under the cursor."""
        key = self.listing.current
        return None if key is None or key == EARLIER else int(key)

    @property
    def current_text(self) -> str | None:
        """The full text of the row under the cursor."""
        return None if self.current is None else self._texts(self.current)

    # Finding

    @property
    def place(self) -> Hit:
        """The row under the cursor."""
        return (self.current or 0,)

    def hits(self, pattern: re.Pattern[str]) -> Hits:
        """Return the hits in the texts of all rows; of a row whose text has none, itself where its cells have one."""
        for number, cells in enumerate(self._rows):
            is_found = False
            for hit in text_hits(pattern, self._texts(number)):
                is_found = is_found or hit is not None
                yield None if hit is None else (number, *hit)
            if not is_found and any(pattern.search(line(cell.text, LONGEST)) for cell in cells):
                yield (number,)

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Mark all hits on show."""
        self.listing.highlight(pattern)
        self.text.highlight(pattern)

    def go_to(self, hit: Hit) -> str:
        """Put the cursor on the row of a hit and show the hit in its text."""
        number, *inside = hit
        if number < self._first:
            self._first = max(0, number - MOST_ROWS // 2)
            self._list(number)
        elif number != self.current:
            self.listing.point(str(number))
        self._tell()
        return self.text.go_to(tuple(inside)) if inside else ""

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        current = self.current
        if current != self._read or current is None:
            self._read = current
            self.text.show("" if current is None else self._texts(current))
            self.post_message(self.Read())

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if self.listing.current == EARLIER:
            at = self._first - 1
            self._first = max(0, self._first - MOST_ROWS)
            self._list(at)
        elif self.current is not None:
            self.post_message(self.Chosen(self.current))
