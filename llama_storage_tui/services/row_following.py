"""Rows of any table as they are stored. Nothing here writes."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.data import RowQuery
from llama_storage_tui.model.following import NewRow
from llama_storage_tui.services.records.following import Followed, Polling, no_sort
from llama_storage_tui.services.session import Session

MOST: Final = 100
"""Rows of one look, which may be whole and large; where more were stored, the next look follows at once."""


class RowFollower(Polling[NewRow]):
    """Follows one table."""

    def __init__(self, session: Session, backend: str, query: RowQuery) -> None:
        """Follow what a query selects; its limit and cursor do not matter.

        Raises UsageError for an unknown backend or a sort; a look raises as `TableReader.rows_since` does.
        """
        session.backend(backend)
        if query.order is not None:
            raise no_sort("A table that is sorted by a column", "rows")
        super().__init__()
        self._session, self._backend, self._query = session, backend, query

    async def look(self) -> Followed[NewRow]:
        """Return the rows that were stored since the last look; the first one finds none."""
        tables = (await self._session.reader(self._backend)).tables
        found = await tables.rows_since(self._query, self._marks.get(None), limit=MOST)
        self._marks[None] = found.mark
        page = found.page
        rows = tuple(
            NewRow(page.columns, cells, cursor)
            for cells, cursor in zip(page.rows, page.row_cursors, strict=True)
        )
        return Followed(rows, (), found.is_cut, found.unseen, (found.way,))
