"""One cell of a list: a line of one style that fits its column, drawn without the work that Rich does for any text."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.text import Text


class ListCell(Text):
    """A text that measures itself at once and is drawn as one piece.

    Each new row of a followed list has every cell that is on the screen drawn again: wrapping, justifying and splitting a line that
    fits took half of the time. With highlighted parts, or where it does not fit, it is drawn as any text.
    """

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the width of the line."""
        del console, options
        width = self.cell_len
        return Measurement(width, width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        """Yield the line as one piece, as wide as its column."""
        room = options.max_width - self.cell_len
        if self.spans or room < 0 or not isinstance(self.style, Style):
            yield from super().__rich_console__(console, options)
            return
        left = room if self.justify == "right" else 0
        yield Segment(f"{' ' * left}{self.plain}{' ' * (room - left)}", self.style)
