"""One question before something is changed: what would happen, yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.widgets.sheet import Row, RowGroups


class AskingDialog(Dialog[bool]):
    """Answers True for yes. `enter` says nothing: it is pressed too easily."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("y", "agree", "Yes, do it", "asking.yes", "Do what is asked here"),
        shown_key("escape,n", "close", "No", "dialog.close", "Close this box and change nothing"),
    ]

    takes_typeahead = False

    def __init__(self, title: str, rows: Sequence[Row]) -> None:
        super().__init__()
        self.box_title = title
        self._rows = rows

    def body(self) -> ComposeResult:
        yield RowGroups(id="question")

    def on_mount(self) -> None:
        self.query_one(RowGroups).show([self._rows])
        self.query_one(RowGroups).focus()

    def action_agree(self) -> None:
        self.dismiss(True)  # noqa: FBT003 - the answer
