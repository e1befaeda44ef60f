"""What screens over the session of a config share: its name, its list and its secrets."""

from __future__ import annotations

from pathlib import Path

from textual import events, on
from textual.app import ComposeResult

from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.screens.base import WorkScreen
from llama_storage_tui.tui.widgets.listing import Listing


class SessionScreen(WorkScreen):
    """A screen over the session of a config."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.is_outdated = False
        """Whether the stores have changed since this was read: then it is read again when it is seen again."""

    @on(events.ScreenResume)
    def _seen_again(self) -> None:
        # A screen that is only uncovered on the way to another one is left alone.
        if self.is_outdated and self.is_current:
            self.is_outdated = False
            self.read_again()

    def read_again(self) -> None:
        """Read again what is on show, as the key for it does."""
        self.call_later(self.run_action, "reload")

    @property
    def outermost(self) -> str:
        """What the headline begins with: the name of the distribution."""
        return self._session.catalog.distribution or "run config"

    @property
    def listing(self) -> Listing:
        """The screen's list, where it has one."""
        return self.query_one(Listing)

    def redact(self, text: str) -> str:
        """Mask this config's secrets."""
        return self._session.redact(text)


class PlacesScreen(SessionScreen):
    """One list of places where something is stored, under a headline."""

    CSS_PATH = Path(__file__).with_name("browse.tcss")

    def body(self) -> ComposeResult:
        yield Listing(id="places")
