"""What dialogs share: a box over the screen behind, closed by `escape`."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import ClassVar, Final, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from llama_storage_tui.text import line
from llama_storage_tui.tui.screens.workers import ServiceCaller
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.widgets.key_footer import KeyFooter

Answer = TypeVar("Answer")

LONGEST: Final = 200
"""Letters of a title."""


class Dialog(ServiceCaller, ModalScreen[Answer], Generic[Answer]):
    """A box with a title; its answer is None where it was closed."""

    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = Path(__file__).with_name("dialog.tcss")

    takes_typeahead: ClassVar[bool] = True
    """Whether keys that were sent at one stroke with the one that opened this box go into it."""

    is_sent_alone: ClassVar[bool] = False
    """Whether `enter` in a field of this box does what cannot be taken back, so that it counts only as a key by itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("escape", "close", "Close", "dialog.close", "Close this box"),
    ]

    box_title: str
    """What stands in the upper edge of the box."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            # As content: no letter of a stored name in it is markup.
            box.border_title = Content(line(self.box_title, LONGEST))
            yield from self.body()
        yield KeyFooter()

    def body(self) -> ComposeResult:
        """Lay out what is in the box."""
        raise NotImplementedError

    def action_close(self) -> None:
        self.dismiss()
