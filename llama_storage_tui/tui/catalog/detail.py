"""Everything about one backend, in four tabs; a tab's pane is made when it is opened, the first after the first frame."""

from __future__ import annotations

from typing import Final

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from llama_storage_tui.tui.catalog.backends import BackendRow
from llama_storage_tui.tui.catalog.references import ReferencePane
from llama_storage_tui.tui.catalog.settings import SettingList
from llama_storage_tui.tui.widgets.prose import Prose, connection_text, findings_text
from llama_storage_tui.tui.widgets.tab_title import TabTitle

TABS: Final = ("references", "settings", "findings", "connection")


class BackendDetail(Vertical):
    """References, settings, findings and connection of the backend under the cursor.

    Textual's own tabs animate a line under the titles: each change of tab would cost kilobytes over SSH.
    """

    def __init__(self) -> None:
        super().__init__()
        self._row: BackendRow | None = None
        self._now = 0.0
        self._tab = TABS[0]

    def on_mount(self) -> None:
        """Leave the room empty in the first frame, which is for the backends."""
        self.call_after_refresh(self._lay_out)

    async def _lay_out(self) -> None:
        if not self.is_attached:  # the program was left before its second frame
            return
        with self.app.batch_update():
            await self.mount(
                Horizontal(*(TabTitle(tab) for tab in TABS), id="titles"),
                ContentSwitcher(ReferencePane(id=TABS[0]), initial=TABS[0]),
            )
            self.open(self._tab)
            if self._row is not None:
                self.show(self._row, self._now)

    def open(self, tab: str) -> None:
        """Show one of the tabs."""
        self._tab = tab
        if not self.children:
            return
        panes = self.query_one(ContentSwitcher)
        if self._pane(tab) is None:
            pane = SettingList(id=tab) if tab == "settings" else Prose(id=tab)
            pane.display = False
            panes.mount(pane)
            self._fill(pane)
        panes.current = tab
        for title in self.query(TabTitle):
            title.set_class(title.id == f"title-{tab}", "-active")

    def _pane(self, tab: str) -> Widget | None:
        panes = self.query_one(ContentSwitcher).children
        return next((pane for pane in panes if pane.id == tab), None)

    def show(self, row: BackendRow, now: float) -> None:
        """Show one backend; `now` is what ages are counted from."""
        self._row, self._now = row, now
        if not self.children:
            return
        settings = row.backend.settings if row.backend is not None else ()
        for pane in self.query_one(ContentSwitcher).children:
            self._fill(pane)
        counts = {"references": len(row.references), "settings": len(settings), "findings": len(row.findings)}
        for number, tab in enumerate(TABS, 1):
            count = f" {counts[tab]}" if tab in counts else ""
            self.query_one(f"#title-{tab}", TabTitle).update(f"{number} {tab.capitalize()}{count}")

    def update_row(self, row: BackendRow, now: float) -> None:
        """Show what has become known of the backend on show: its test, and what lies in it."""
        self._row, self._now = row, now
        for tab in ("connection", "references"):
            pane = self._pane(tab) if self.children else None
            if pane is not None:
                self._fill(pane)

    def _fill(self, pane: Widget) -> None:
        row = self._row
        if row is None:
            return
        match pane:
            case ReferencePane():
                pane.show(row.references, row.holdings, self._now)
            case SettingList():
                pane.show_settings(row.backend.settings if row.backend is not None else ())
            case Prose(id="findings"):
                pane.put(findings_text(row.findings))
            case Prose():
                pane.put(connection_text(row.state, row.result, is_defined=row.backend is not None))

    @on(TabTitle.Clicked)
    def _title_clicked(self, message: TabTitle.Clicked) -> None:
        self.open(message.tab)
