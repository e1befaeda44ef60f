"""How many there were of something in each hour, as columns of block characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.tui.style.glyphs import Shown, Tone

EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
FAILED: Final = "▒"


@dataclass(frozen=True, slots=True)
class HourColumn:
    """One hour: how many in all, and how many of them failed."""

    number: int
    failed: int = 0


def bars(columns: Sequence[HourColumn], rows: int) -> list[list[Shown]]:
    """Draw columns of a height, the top row first; what failed stands below, with a sign of its own, since colours can be off."""
    most = max((column.number for column in columns), default=0)
    drawn = [_column(column, most, rows) for column in columns]
    return [[each[row] for each in drawn] for row in range(rows)]


def _column(column: HourColumn, most: int, rows: int) -> list[Shown]:
    if not column.number:
        return [*[Shown(" ")] * (rows - 1), Shown(EIGHTHS[1], Tone.MUTED)]
    height = max(1, round(column.number / most * rows * 8))
    failed = 0 if not column.failed else max(1, round(column.failed / column.number * height / 8))
    cells = []
    for row in range(rows):
        filled = min(8, max(0, height - row * 8))
        if row < failed and filled:
            cells.append(Shown(FAILED, Tone.BAD))
        else:
            cells.append(Shown(EIGHTHS[filled], Tone.KEY))
    return cells[::-1]


class HourPlot(Static):
    """The columns of the last hours, as many as there is room for, with the times of the first and the last one below."""

    ROWS: Final = 4

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__("", id=id)
        self._columns: tuple[HourColumn, ...] = ()
        self._labels: tuple[str, ...] = ()

    def show(self, columns: Sequence[HourColumn], labels: Sequence[str]) -> None:
        """Replace what is drawn; a label for each column."""
        self._columns, self._labels = tuple(columns), tuple(labels)
        self._draw()

    def on_resize(self) -> None:
        """Draw as many columns as there is room for now."""
        self._draw()

    def _draw(self) -> None:
        room = max(1, (self.size.width or self.app.size.width) - 2)
        columns, labels = self._columns[-room:], self._labels[-room:]
        if not columns:
            self.update("")
            return
        most = max(column.number for column in columns)
        lines = [
            Content("").join([Content.styled(cell.text, cell.tone.style) for cell in row])
            for row in bars(columns, self.ROWS)
        ]
        lines[0] += Content.styled(f" {most:,}", Tone.MUTED.style)
        gap = max(2, len(columns) - len(labels[0]) - len(labels[-1]))
        axis = labels[0] + " " * gap + labels[-1] if len(columns) > 1 else labels[0]
        self.update(Content("\n").join([*lines, Content.styled(axis, Tone.MUTED.style)]))
