"""The stored conversations, and what is left of those that are gone."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.messages import OrphansOpened
from llama_storage_tui.tui.records.orphan_list import OrphanList
from llama_storage_tui.tui.records.record_lists import FamilyList
from llama_storage_tui.tui.records.records import RecordsScreen
from llama_storage_tui.tui.records.search_state import percent
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.zone import Zone
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS


class ConversationsScreen(RecordsScreen):
    """A list of conversations, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "O",
            "orphans",
            "Orphans",
            "conversations.orphans",
            "Find items of deleted conversations: a scan of the items",
        ),
    ]

    def __init__(self, session: Session, zone: Zone, remembered: Remembered | None = None) -> None:
        super().__init__(session, FamilyList(CONVERSATIONS), zone, remembered)

    def action_orphans(self) -> None:
        """Ask for what is left of gone conversations."""
        self.post_message(OrphansOpened())


class OrphansScreen(RecordsScreen):
    """Gone conversations with their items, those with most of them first."""

    def __init__(self, session: Session, zone: Zone) -> None:
        super().__init__(session, OrphanList(self._heard), zone)

    def action_reload(self) -> None:
        """Scan again: a later page is one of what was found."""
        self.ask(self._asked)

    def _heard(self, done: int, total: int) -> None:
        self.hand_on(self._came_further, done, total)

    def _came_further(self, done: int, total: int) -> None:
        if self.is_waiting:
            self.begin(f"Looking at every item: {percent(done, total)}")
