"""A scrolling sheet of short rows, each with a lead: a mark, a number or a word; long texts hang under their own beginning."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import Shown, Tone

LONGEST: Final = 2000
LEAST: Final = 16
"""Cells that a text gets at least, however far it is indented."""


NO_LEAD: Final = Shown("")


@dataclass(frozen=True, slots=True)
class Row:
    """A text, the lead before it, and by how much both are indented."""

    text: Shown
    lead: Shown = NO_LEAD
    indent: int = 0


def heading(text: str) -> Row:
    """Return the title of a group, with a line of air above it."""
    return Row(Shown(text, Tone.MUTED))


class RowGroups(VerticalScroll, can_focus=True):
    """Rows in groups; drawn anew for each width."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._groups: tuple[tuple[Row, ...], ...] = ()

    def compose(self) -> ComposeResult:
        yield Static()

    def show(self, groups: Iterable[Sequence[Row]], *, keeps_place: bool = False) -> None:
        """Replace the rows; begin at the top unless the place is to be kept."""
        self._groups = tuple(tuple(rows) for rows in groups if rows)
        self._draw()
        if not keeps_place:
            self.scroll_home(animate=False)

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.scrollable_content_region.width - self._padding
        if width > 0:
            blocks = [
                Content("\n").join([part for row in rows for part in _lines(row, width)])
                for rows in self._groups
            ]
            self.query_one(Static).update(Content("\n\n").join(blocks))

    @property
    def _padding(self) -> int:
        return int(self.query_one(Static).styles.padding.width)


def _lines(row: Row, width: int) -> Iterator[Content]:
    lead = line(row.lead.text, 60)
    hang = row.indent + (cell_len(lead) + 1 if lead else 0)
    text = line(row.text.text, LONGEST)
    folded = textwrap.wrap(
        text, max(width - hang, LEAST), drop_whitespace=True, break_on_hyphens=False, tabsize=4
    ) or [""]
    for number, part in enumerate(folded):
        before = (
            [" " * row.indent, (lead, row.lead.tone.style), " "] if number == 0 and lead else [" " * hang]
        )
        yield Content.assemble(*before, (part, row.text.tone.style))
