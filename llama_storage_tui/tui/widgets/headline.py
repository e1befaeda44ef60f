"""The lines at the top of a screen: where we are, and the state of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.widgets import Static

from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.text_width import end, halves, middle

SEPARATOR: Final = "  "
OUTER: Final = 24
"""Cells that a name before the subject may take."""
LEAST_PLACE: Final = 8
AGE: Final = len("read 59 min ago")
"""Cells that an age takes at most."""
LONGEST_NAME: Final = 1000
LONGEST_FACT: Final = 300


class Headline(Static):
    """A path of names, the last one the subject, a place beside it, and below them facts with their tones."""

    def __init__(self, *, id: str | None = "headline") -> None:  # noqa: A002 - Textual's word
        super().__init__("", id=id)
        self._names: tuple[str, ...] = ()
        self._place = ""
        self._facts: tuple[Shown, ...] = ()
        self._age = ""
        self._height = 0

    def show(self, names: Sequence[str], *, place: str = "", facts: Sequence[Shown] = ()) -> None:
        """Replace what is said; `names` lead from the outermost to the subject."""
        before = self._names, self._place, self._facts
        self._names, self._place, self._facts = tuple(names), place, tuple(facts)
        if before != (self._names, self._place, self._facts):
            self._draw()

    def show_age(self, text: str) -> None:
        """Say at the right end of the first line how old what is on show is; of the terminal only these cells are written."""
        if text == self._age:
            return
        had_room, self._age = bool(self._age), text
        if not had_room:
            self._draw()
        else:
            self.refresh(Region(self._width - AGE, 0, AGE, 1))

    def render(self) -> Content:
        """Return the lines, the age at the end of the first one."""
        content: Content = self.visual  # type: ignore[assignment] # `_draw` makes nothing else
        head, *rest = content.split("\n", allow_blank=True)
        room = self._width - head.cell_length
        if not self._age or room < AGE:
            return content
        head += Content.styled(self._age.rjust(room), Tone.MUTED.style)
        return Content("\n").join([head, *rest])

    @property
    def _width(self) -> int:
        # Before the first layout the terminal's width, which a headline spans: its place is in the first frame.
        return (self.size.width or self.app.size.width) - (
            0 if self.size.width else self.styles.padding.width
        )

    def on_resize(self) -> None:
        """Cut the place to what is left of the line."""
        self._draw()

    def _draw(self) -> None:
        width = self._width
        *outer, subject = [line(name, LONGEST_NAME) for name in self._names] or [""]
        path = "".join(f"{end(name, OUTER)} › " for name in outer)
        line_ = width - (AGE + len(SEPARATOR) if self._age else 0)
        subject = middle(subject, max(line_ - cell_len(path), OUTER))
        head = Content.assemble((path, Tone.MUTED.style), (subject, f"bold {Tone.KEY.style}"))
        room = line_ - head.cell_length - len(SEPARATOR)
        if self._place and room > LEAST_PLACE:
            head += Content.styled(
                SEPARATOR + middle(line(self._place, LONGEST_NAME), room), Tone.MUTED.style
            )
        rows = [head, *_rows(self._facts, width)]
        # The screen is laid out anew only where there is another number of lines: with every fact, all would be sent again.
        self.update(Content("\n").join(rows), layout=len(rows) != self._height)
        self._height = len(rows)


def _rows(facts: Sequence[Shown], width: int) -> list[Content]:
    """Lay facts out in rows, none broken that fits one; a longer one takes two."""
    rows: list[Content] = []
    for fact in facts:
        text, more = halves(line(fact.text, LONGEST_FACT), width)
        content = Content.styled(text, fact.tone.style)
        if rows and rows[-1].cell_length + len(SEPARATOR) + content.cell_length <= width:
            rows[-1] += Content(SEPARATOR) + content
        else:
            rows.append(content)
        if more:
            rows.append(Content.styled(more, fact.tone.style))
    return rows
