"""Everything about one backend, in four tabs."""

from __future__ import annotations

from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import ContentSwitcher, Static

from llama_storage_tui.tui.widgets.backends import BackendRow
from llama_storage_tui.tui.widgets.prose import Prose, connection_text, findings_text
from llama_storage_tui.tui.widgets.references import ReferencePane
from llama_storage_tui.tui.widgets.settings import SettingList

TABS: Final = ("references", "settings", "findings", "connection")


class TabTitle(Static):
    """A tab's number, name and count."""

    class Clicked(Message):
        """The mouse chose this tab."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, tab: str) -> None:
        super().__init__("", id=f"title-{tab}", markup=False)
        self._tab = tab

    def on_click(self) -> None:
        """Choose this tab."""
        self.post_message(self.Clicked(self._tab))


class BackendDetail(Vertical):
    """References, settings, findings and connection of the backend under the cursor.

    Textual's own tabs animate a line under the titles: each change of tab would cost kilobytes over SSH.
    """

    def compose(self) -> ComposeResult:
        """Titles and panes."""
        with Horizontal(id="titles"):
            for tab in TABS:
                yield TabTitle(tab)
        with ContentSwitcher(initial=TABS[0]):
            yield ReferencePane(id="references")
            yield SettingList(id="settings")
            yield Prose(id="findings")
            yield Prose(id="connection")

    def on_mount(self) -> None:
        """Begin with the references."""
        self.open(TABS[0])

    def open(self, tab: str) -> None:
        """Show one of the tabs."""
        self.query_one(ContentSwitcher).current = tab
        for title in self.query(TabTitle):
            title.set_class(title.id == f"title-{tab}", "-active")

    @property
    def current(self) -> str | None:
        """The tab on show."""
        return self.query_one(ContentSwitcher).current

    def show(self, row: BackendRow) -> None:
        """Show one backend."""
        settings = row.backend.settings if row.backend is not None else ()
        self.query_one("#references", ReferencePane).show(row.references)
        self.query_one("#settings", SettingList).show_settings(settings)
        self.query_one("#findings", Prose).put(findings_text(row.findings))
        self.show_connection(row)
        counts = {"references": len(row.references), "settings": len(settings), "findings": len(row.findings)}
        for number, tab in enumerate(TABS, 1):
            count = f" {counts[tab]}" if tab in counts else ""
            self.query_one(f"#title-{tab}", TabTitle).update(f"{number} {tab.capitalize()}{count}")

    def show_connection(self, row: BackendRow) -> None:
        """Show what the test of a backend came to."""
        self.query_one("#connection", Prose).put(connection_text(row.state, row.result))

    @on(TabTitle.Clicked)
    def _title_clicked(self, message: TabTitle.Clicked) -> None:
        self.open(message.tab)
