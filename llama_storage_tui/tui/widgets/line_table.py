"""Textual's table for rows of one line in columns of fixed width: such a row is drawn as one piece, and measured not at all."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.coordinate import Coordinate
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey


class LineTable(DataTable[Text]):
    """A table that draws what is on the screen in a fifth of the time; without these overrides it looks the same.

    Each look of a followed list has every row on the screen drawn again. Textual draws each cell as a text that might be wrapped,
    justified and split, and measures every cell of every new row, on the screen or not, though the columns have fixed widths.
    """

    def _update_dimensions(self, new_rows: Iterable[RowKey]) -> None:
        """Leave the rows unmeasured: no column is as wide as its cells, and no row higher than a line."""
        del new_rows
        super()._update_dimensions(())

    def _render_line_in_row(
        self,
        row_key: RowKey,
        line_no: int,
        base_style: Style,
        cursor_location: Coordinate,
        hover_location: Coordinate,
    ) -> tuple[list[list[Segment]], list[list[Segment]]]:
        """Return the line of a row as few pieces; a header, a row with highlighted parts and a list of cells as Textual does."""
        cells = list(self._data.get(row_key, {}).values())
        styles = [cell.style for cell in cells if isinstance(cell.style, Style) and not cell.spans]
        row = self._row_locations.get(row_key)
        is_plain = self.cursor_type == "row" and not self.fixed_columns and len(styles) == len(cells)
        if row is None or not is_plain:
            return super()._render_line_in_row(row_key, line_no, base_style, cursor_location, hover_location)
        component, _ = self._get_styles_to_render_cell(
            is_header_cell=False,
            is_row_label_cell=False,
            is_fixed_style_cell=False,
            hover=row == hover_location.row,
            cursor=row == cursor_location.row,
            show_cursor=self.show_cursor,
            show_hover_cursor=self._show_hover_cursor,
            has_css_foreground_priority=False,
            has_css_background_priority=False,
        )
        style = self._get_row_style(row, base_style) + component
        segments: list[Segment] = []
        left = self.size.width
        padding = " " * self.cell_padding
        for index, (column, cell, tone) in enumerate(zip(self.ordered_columns, cells, styles, strict=True)):
            here = _here(style, row, index)
            blanks = " " * max(0, column.width - cell.cell_len)
            text = f"{blanks}{cell.plain}" if cell.justify == "right" else f"{cell.plain}{blanks}"
            blank = Segment(padding, here)
            segments += (blank, Segment(text, _toned(here, tone) if cell.plain else here), blank)
            left -= column.width + 2 * self.cell_padding
        segments.append(Segment(" " * max(0, left), style + _beyond(row)))
        return [], [segments]


@lru_cache(maxsize=8192)
def _here(style: Style, row: int, column: int) -> Style:
    """Return a style with what tells a click where it is. Rich keeps too few of such sums for a screen of cells."""
    return style + Style.from_meta({"row": row, "column": column})


@lru_cache(maxsize=8192)
def _toned(here: Style, tone: Style) -> Style:
    return here + tone


@lru_cache(maxsize=512)
def _beyond(row: int) -> Style:
    return Style.from_meta({"row": row, "column": 0, "out_of_bounds": True})
