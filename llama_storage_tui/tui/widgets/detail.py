"""Everything about one backend, in four tabs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import TabbedContent, TabPane, Tabs

from llama_storage_tui.tui.widgets.backends import BackendRow
from llama_storage_tui.tui.widgets.prose import Prose, connection_text, findings_text
from llama_storage_tui.tui.widgets.references import ReferencePane
from llama_storage_tui.tui.widgets.settings import SettingList

TABS = ("references", "settings", "findings", "connection")


class BackendDetail(Vertical):
    """References, settings, findings and connection of the backend under the cursor."""

    def compose(self) -> ComposeResult:
        """Four panes."""
        with TabbedContent():
            with TabPane("References", id="references"):
                yield ReferencePane()
            with TabPane("Settings", id="settings"):
                yield SettingList(id="settings-list")
            with TabPane("Findings", id="findings"):
                yield Prose(id="findings-text")
            with TabPane("Connection", id="connection"):
                yield Prose(id="connection-text")

    def on_mount(self) -> None:
        """Keys 1 to 4 choose a tab, so `tab` need not stop at the titles."""
        self.query_one(Tabs).can_focus = False

    def open(self, tab: str) -> None:
        """Show one of the tabs."""
        self.query_one(TabbedContent).active = tab

    def show(self, row: BackendRow) -> None:
        """Show one backend."""
        self.query_one(ReferencePane).show(row.references)
        settings = row.backend.settings if row.backend is not None else ()
        self.query_one(SettingList).show_settings(settings)
        self.query_one("#findings-text", Prose).put(findings_text(row.findings))
        self.show_connection(row)
        counts = {"references": len(row.references), "settings": len(settings), "findings": len(row.findings)}
        for number, name in enumerate(TABS, 1):
            title = f"{number} {name.capitalize()}" + (f" ({counts[name]})" if name in counts else "")
            self.query_one(TabbedContent).get_tab(name).label = title

    def show_connection(self, row: BackendRow) -> None:
        """Show what the test of a backend came to."""
        self.query_one("#connection-text", Prose).put(connection_text(row.state, row.result))
