"""What dialogs share: a box over the screen behind, closed by `escape`."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], Generic[Answer]):
    """A box with a title; its answer is None where it was closed."""

    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = Path(__file__).with_name("dialog.tcss")

    takes_typeahead: ClassVar[bool] = True
    """Whether keys that were sent at one stroke with the one that opened this box go into it."""

    is_sent_alone: ClassVar[bool] = False
    """Whether `enter` in a field of this box does what cannot be taken back, so that it counts only as a key by itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="dialog.close", tooltip="Close this box"),
    ]

    def action_close(self) -> None:
        self.dismiss()
