"""What screens share that show one report: a plan, the steps of a change, a preview."""

from __future__ import annotations

from textual.app import ComposeResult

from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.widgets.headline import Headline
from llama_storage_tui.tui.widgets.key_footer import KeyFooter
from llama_storage_tui.tui.widgets.sheet import RowGroups
from llama_storage_tui.tui.widgets.status_line import StatusLine


class ReportScreen(SessionScreen):
    """Rows in groups between a headline and the status line; the keys scroll the rows."""

    def compose(self) -> ComposeResult:
        yield Headline()
        yield RowGroups()
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.rows.focus()

    @property
    def rows(self) -> RowGroups:
        """The rows of the report."""
        return self.query_one(RowGroups)
