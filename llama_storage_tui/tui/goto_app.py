"""The app as far as it leads from one thing to another: to whatever an id belongs to, from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message
from textual.screen import Screen

from llama_storage_tui.tui.messages import Opening
from llama_storage_tui.tui.navigation.commands import NamedDestination
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.terminal_app import TerminalApp

if TYPE_CHECKING:
    from llama_storage_tui.services.session import Session


class GotoApp(TerminalApp):
    """An app that goes to ids; which session and which screens there are its subclass knows."""

    _session: Session | None = None

    def destinations(self) -> Sequence[NamedDestination]:
        """Return every screen that can be opened now."""
        raise NotImplementedError

    def action_goto(self) -> None:
        """Ask for an id, and open what has it."""
        screens = self.destinations()
        if self._session is not None and screens and not isinstance(self.screen, Dialog):
            # Imported here: the first screen must not wait for it.
            from llama_storage_tui.tui.navigation.goto import GotoDialog

            self.push_screen(GotoDialog(self._session, screens), self._go)

    def _go(self, chosen: Message | None) -> None:
        if chosen is not None:
            self.post_message(chosen)

    def enter(self, screen: Screen[None], opening: Opening) -> None:
        """Show what was opened: on top of what is on show, or in place of its neighbour in the same list."""
        from llama_storage_tui.tui.screens.detail import DetailScreen
        from llama_storage_tui.tui.screens.paged import PagedScreen

        if isinstance(screen, DetailScreen) and isinstance(opening.origin, PagedScreen):
            screen.origin = opening.origin
        if not opening.replaces:
            self.push_screen(screen)
        elif self.screen_stack[-2] is opening.origin:
            # Where another screen is there by now, the operator has gone on.
            self.switch_screen(screen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Go nowhere before there is a config, nor out of a dialog."""
        if action == "goto":
            return self._session is not None and not isinstance(self.screen, Dialog)
        return super().check_action(action, parameters)
