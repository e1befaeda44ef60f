"""The list that all screens use: a table of safe, toned texts that fits its columns to the width at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.text import Text
from textual.binding import BindingType
from textual.coordinate import Coordinate
from textual.geometry import Region, Size

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import Shown
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.text_width import end, middle
from llama_storage_tui.tui.style.theme import tone_style
from llama_storage_tui.tui.widgets.line_table import LineTable
from llama_storage_tui.tui.widgets.list_cell import ListCell
from llama_storage_tui.tui.widgets.searching import hit_style

PADDING: Final = 1
LONGEST: Final = 200
"""Characters of one cell that are looked at at all: DataTable measures every cell of every new row."""


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column: `width` is fixed, or what the cells need up to `most`; `grows` shares out what is left of the line.

    Where a line has room for all that the growing columns need, the others are no longer held to their `most`.
    """

    title: str
    width: int | None = None
    most: int = 40
    least: int = 6
    grows: bool = False
    is_number: bool = False
    cuts_middle: bool = False
    gives_way: bool = False
    """Whether it is left out where the line has no room for it, the last such column first."""
    is_wide_only: bool = False
    """Left out where the list is narrower than 100 cells."""


WIDE: Final = 100


class Listing(LineTable):
    """Rows of `Shown`, one key each. The cursor keeps its row's key when the rows are shown anew.

    A list whose cursor is a row can let ← and → choose a column: its title is marked from the first of these keys on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("enter", "select_cursor", "Open", "list.open", "Open the selected row"),
        hidden_key("k", "cursor_up", "Up", "list.up"),
        hidden_key("j", "cursor_down", "Down", "list.down"),
        hidden_key("h", "cursor_left", "Left", "list.left"),
        hidden_key("l", "cursor_right", "Right", "list.right"),
        hidden_key("g", "scroll_top", "First", "list.first", "Go to the first row"),
        hidden_key("G", "scroll_bottom", "Last", "list.last", "Go to the last row"),
    ]

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
        cursor: str = "row",
        fixed: int = 0,
        chooses_column: bool = False,
    ) -> None:
        super().__init__(
            id=id,
            cursor_type="cell" if cursor == "cell" else "row",
            zebra_stripes=False,
            cell_padding=PADDING,
            cursor_foreground_priority="renderable",
            fixed_columns=fixed,
        )
        self._heads: tuple[ListColumn, ...] = ()
        self._lines: tuple[tuple[Shown, ...], ...] = ()
        self.can_open = True
        """Whether `enter` does something with the row under the cursor; the screen knows."""
        self._keys: tuple[str, ...] = ()
        self._fitted: int | None = None
        self._widest: dict[int, int] = {}
        """How wide the widest cell of each column is, as far as that was asked for."""
        self._pattern: re.Pattern[str] | None = None
        self._chooses_column = chooses_column
        self._chosen: int | None = None
        """The column that is marked, among those given to `show`."""

    def show(
        self, columns: Sequence[ListColumn], rows: Sequence[Sequence[Shown]], keys: Sequence[str] = ()
    ) -> None:
        """Replace everything that is listed; `keys` identify the rows, by default their numbers."""
        could_open = not self._heads or bool(self._lines)
        self._heads = tuple(columns)
        self._lines = tuple(tuple(row) for row in rows)
        self._widest = {}
        self._keys = tuple(keys) or tuple(str(index) for index in range(len(self._lines)))
        self._fitted = None
        self._fit()
        if could_open is not bool(self._lines) and self.is_attached:
            self.screen.refresh_bindings()

    @contextmanager
    def keeping_place(self, added: int) -> Iterator[None]:
        """Keep the row under the cursor where it is on the screen while so many rows are added above all others.

        On the first row, which is where the newest one is read, the cursor stays on the first row.
        """
        row, top = self.cursor_row, round(self.scroll_y)
        yield
        if row == 0 or not self.row_count:
            self.move_cursor(row=0, animate=False)
            return
        self.move_cursor(row=min(row + added, self.row_count - 1), animate=False, scroll=False)
        if top or row + added >= self.scrollable_content_region.height - self.header_height:
            # When the list knows how tall it is now, which it finds out at the end of a refresh.
            self.call_after_refresh(
                self.call_after_refresh, self.scroll_to, y=top + added, animate=False, immediate=True
            )

    @property
    def current(self) -> str | None:
        """The key of the row under the cursor."""
        return self._keys[self.cursor_row] if 0 <= self.cursor_row < len(self._keys) else None

    @property
    def current_column(self) -> int | None:
        """The index of the column under the cursor, among those given to `show`."""
        shown, _ = self._fitting()
        if self._chooses_column:
            return self._chosen if self._chosen in shown else next(iter(shown), None)
        return shown[self.cursor_column] if 0 <= self.cursor_column < len(shown) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to open a row where there is one that leads somewhere, and while the first ones are still to come."""
        if action == "select_cursor" and self._heads and not (self._lines and self.can_open):
            return False
        return super().check_action(action, parameters)

    def action_cursor_left(self) -> None:
        """Go to the column before; where a row is the cursor, choose it."""
        if self._chooses_column:
            self._choose(-1)
        else:
            super().action_cursor_left()

    def action_cursor_right(self) -> None:
        """Go to the next column; where a row is the cursor, choose it."""
        if self._chooses_column:
            self._choose(1)
        else:
            super().action_cursor_right()

    def _choose(self, by: int) -> None:
        shown, widths = self._fitting()
        before, now = self._chosen, self.current_column
        if now is None:
            return
        place = shown.index(now) + by
        self._chosen = shown[min(max(place, 0), len(shown) - 1)]
        for column, index, width in zip(self.ordered_columns, shown, widths, strict=True):
            if index in (before, self._chosen):
                column.label = self._label(index, width)
        # The titles alone: everything else stays as it is on the screen.
        self._clear_caches()
        self.refresh(Region(0, 0, self.size.width, self.header_height))

    def point(self, key: str) -> None:
        """Move the cursor to the row of that key, if there is one."""
        if key in self._keys and self.row_count:
            self.move_cursor(row=self._keys.index(key), animate=False)

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Mark what a search finds in the cells; None takes the marks off."""
        if pattern != self._pattern:
            self._pattern = pattern
            self._refit()

    def on_mount(self) -> None:
        """Colours come from the theme, so a new theme means new cells."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._refit())

    def on_resize(self) -> None:
        """Fit the columns anew where the width has changed."""
        if self._fitted != self._room:
            self._fit()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height of header and rows; Textual's own knows of new rows only when it is idle, a frame later."""
        del container, viewport, width
        return (self.header_height if self.show_header else 0) + len(self._lines)

    @property
    def _room(self) -> int:
        """The width at hand, a scrollbar's kept free: else its coming and going would move the columns."""
        return self._width - self.styles.gutter.width - self.styles.scrollbar_size_vertical

    @property
    def _width(self) -> int:
        # Before the first layout the terminal's, which is right for all that span it: their first frame has its rows.
        return self.outer_size.width or self.app.size.width

    def _refit(self) -> None:
        self._fitted = None
        self._fit()

    def _visible(self) -> list[int]:
        narrow = self._width < WIDE
        return [index for index, head in enumerate(self._heads) if not (narrow and head.is_wide_only)]

    def _fit(self) -> None:
        if not self._heads or self._room <= 0:
            return
        kept, column = self.current, self.cursor_column
        shown, widths = self._fitting()
        self._fitted = self._room
        with self.app.batch_update():
            self.clear(columns=True)
            for index, width in zip(shown, widths, strict=True):
                self.add_column(self._label(index, width), width=width)
            for row in self._lines:
                self.add_row(
                    *(self._cell(row[i], self._heads[i], w) for i, w in zip(shown, widths, strict=True))
                )
            if self._lines:
                row_index = self._keys.index(kept) if kept in self._keys else 0
                self.cursor_coordinate = Coordinate(row_index, min(column, len(shown) - 1))

    def _fitting(self) -> tuple[list[int], list[int]]:
        """Return the columns that the line has room for, and their widths."""
        shown = self._visible()
        while True:
            widths = self._widths(shown)
            is_too_wide = sum(widths) + 2 * PADDING * len(shown) > self._room
            last = next((index for index in reversed(shown) if self._heads[index].gives_way), None)
            if not is_too_wide or last is None:
                return shown, widths
            shown.remove(last)

    def _widths(self, shown: Sequence[int]) -> list[int]:
        widths = [self._natural(index) for index in shown]
        growing = [place for place, index in enumerate(shown) if self._heads[index].grows]
        room = self._room - 2 * PADDING * len(shown)
        self._yield_room(shown, widths, growing, room)
        self._share_room(shown, widths, room)
        if not growing:
            return widths
        left = room - sum(width for place, width in enumerate(widths) if place not in growing)
        wanted = {place: widths[place] for place in growing}
        for done, place in enumerate(sorted(growing, key=wanted.__getitem__)):
            share = left // (len(growing) - done)
            is_last = done == len(growing) - 1
            widths[place] = max(
                left if is_last else min(wanted[place], share), self._heads[shown[place]].least
            )
            left -= widths[place]
        return widths

    def _yield_room(self, shown: Sequence[int], widths: list[int], growing: Sequence[int], room: int) -> None:
        """Narrow the columns that are cut in their middle, the widest first, until the growing ones have their least."""
        heads = [self._heads[index] for index in shown]
        needed = sum(
            min(head.least, width) if head.grows else width for head, width in zip(heads, widths, strict=True)
        )
        yielding = [
            place
            for place, head in enumerate(heads)
            if head.cuts_middle and head.width is None and place not in growing
        ]
        while needed > room:
            place = max(yielding, key=lambda place: widths[place] - heads[place].least, default=None)
            if place is None or widths[place] <= heads[place].least:
                return
            widths[place] -= 1
            needed -= 1

    def _share_room(self, shown: Sequence[int], widths: list[int], room: int) -> None:
        """Widen the columns that are held to their most by room that nothing else needs, from the left."""
        spare = room - sum(widths)
        for place, index in enumerate(shown):
            if spare <= 0:
                return
            more = min(max(self._natural(index, is_held=False) - widths[place], 0), spare)
            widths[place] += more
            spare -= more

    def _natural(self, index: int, *, is_held: bool = True) -> int:
        head = self._heads[index]
        if head.width is not None:
            return head.width
        if (widest := self._widest.get(index)) is None:
            cells = (cell_len(line(row[index].text[:LONGEST], LONGEST)) for row in self._lines)
            widest = self._widest[index] = max(cells, default=0)
        most = LONGEST if head.grows or not is_held else head.most
        return max(min(widest, most), cell_len(line(head.title, head.most)), 1)

    def _label(self, index: int, width: int) -> Text:
        head = self._heads[index]
        return Text(
            end(line(head.title, LONGEST), width),
            style="reverse" if index == self._chosen else "",
            no_wrap=True,
            end="",
            justify="right" if head.is_number else "left",
        )

    def _cell(self, shown: Shown, head: ListColumn, width: int) -> Text:
        # One character of stored text can be shown as eight (`\\U…`), so the cut comes before the scan and after it.
        if head.cuts_middle:
            text = middle(line(shown.text[: 4 * LONGEST]), width)
        else:
            text = end(line(shown.text, max(width, 1) + 1), width)
        cell = ListCell(
            text,
            style=tone_style(shown.tone, self.app.theme_variables),
            no_wrap=True,
            end="",
            justify="right" if head.is_number else "left",
        )
        if self._pattern is not None:
            cell.highlight_regex(self._pattern, hit_style(self.app.theme_variables))
        return cell
