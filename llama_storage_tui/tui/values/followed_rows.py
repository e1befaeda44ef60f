"""The rows of a table as they are stored: new ones on top of the page that is on show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llama_storage_tui.model.data import Cursor, RowPage, RowQuery
from llama_storage_tui.model.following import NewRow
from llama_storage_tui.services.records.following import RowFollower
from llama_storage_tui.tui.screens.followed import FollowedPages


class FollowedRows(FollowedPages[RowQuery]):
    """Pages of rows whose first one can be followed. Subclasses fill the list from `_page`."""

    followed_noun = "rows"

    _backend: str
    _page: RowPage | None = None

    def fill(self) -> None:
        """Show the rows that are there now."""
        raise NotImplementedError

    @property
    def page_size(self) -> int:
        """How many rows a page has."""
        return self._shown.limit

    def follower(self) -> RowFollower:
        """Return what follows the rows on show."""
        return RowFollower(self._session, self._backend, self._shown)

    def add(self, records: Sequence[NewRow], deepest: int) -> int:
        """Put rows on top, the last stored first; one that is there already is shown as it is now."""
        page = self._page
        if page is None:
            return 0
        there = {cursor: place for place, cursor in enumerate(page.row_cursors) if cursor is not None}
        rows, cursors = [*page.rows], [*page.row_cursors]
        new: list[NewRow] = []
        for each in records:
            place = there.get(each.cursor) if each.cursor is not None else None
            if place is None:
                new.append(each)
                self.note_new(row_key(each.cells, each.cursor))
            else:
                rows[place] = each.cells
        rows = [*(each.cells for each in reversed(new)), *rows]
        cursors = [*(each.cursor for each in reversed(new)), *cursors]
        self._has_lost_rows = self._has_lost_rows or len(rows) > deepest
        # Which cells are cut is asked of no page on show.
        self._page = replace(
            page, rows=tuple(rows[:deepest]), row_cursors=tuple(cursors[:deepest]), cut_cells=frozenset()
        )
        with self.listing.keeping_place(len(new)):
            self.fill()
        return len(new)


def row_key(cells: Sequence[object], cursor: Cursor | None) -> str:
    """Return what tells a row from others: its cursor, or what is in it."""
    return cursor or repr(cells)
