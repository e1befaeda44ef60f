"""What screens share that show one report: a plan, the steps of a change, a preview."""

from __future__ import annotations

from textual.app import ComposeResult

from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.widgets.sheet import RowGroups


class ReportScreen(SessionScreen):
    """Rows in groups between a headline and the status line; the keys scroll the rows."""

    def body(self) -> ComposeResult:
        yield RowGroups()

    def on_mount(self) -> None:
        self.rows.focus()

    @property
    def rows(self) -> RowGroups:
        """The rows of the report."""
        return self.query_one(RowGroups)
