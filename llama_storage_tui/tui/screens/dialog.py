"""What dialogs share: a box over the screen behind, closed by `escape`."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen


class Dialog(ModalScreen[None]):
    """A box with a title."""

    CSS_PATH = "dialog.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="dialog.close", tooltip="Close this box"),
    ]

    def action_close(self) -> None:
        """Close."""
        self.dismiss()
