"""What the screens of one record share: the way to the next one of its list, and to the next part of a long text."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from llama_storage_tui.tui.screens.find import FindScreen
from llama_storage_tui.tui.screens.paged import PagedScreen
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.text_pane import TextPane


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

    # From one part of a long text to the next

    @property
    def text_pane(self) -> TextPane | None:
        """The text on show, where there is one that may have several parts."""
        raise NotImplementedError

    def action_next(self) -> None:
        self._move(1)

    def action_previous(self) -> None:
        self._move(-1)

    def _move(self, by: int) -> None:
        pane = self.text_pane
        if pane is not None:
            pane.move(pane.window + by)
            self.hit_shown()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer neighbours where there is a list, and the parts that a long text has."""
        pane = self.text_pane if self.is_mounted else None
        match action:
            case "step":
                return self.origin is not None
            case "next":
                return pane is not None and pane.window < pane.windows - 1
            case "previous":
                return pane is not None and pane.window > 0
        return super().check_action(action, parameters)
