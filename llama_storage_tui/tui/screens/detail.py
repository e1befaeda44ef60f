"""What the screens of one record share: the way to the next one of the list that it was opened from."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from llama_storage_tui.tui.screens.find import FindScreen
from llama_storage_tui.tui.screens.paged import PagedScreen
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.style.keys import hidden_key, shown_key


class DetailScreen(SessionScreen, FindScreen):
    """A screen of one record; `origin` is the list below it, where it was opened from one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "right_square_bracket",
            "step(1)",
            "Next record",
            "record.next",
            "Open the next record of the list that this one was opened from",
        ),
        hidden_key(
            "left_square_bracket",
            "step(-1)",
            "Previous record",
            "record.previous",
            "Open the record before it in the list that this one was opened from",
        ),
    ]

    origin: PagedScreen[object] | None = None

    def action_step(self, by: int) -> None:
        if self.origin is not None:
            said = self.origin.step(by, self.fail)
            if said:
                self.status.say(said)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer neighbours where there is a list."""
        if action == "step":
            return self.origin is not None
        return super().check_action(action, parameters)
