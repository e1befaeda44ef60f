"""A dialog with one line to type on."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from llama_storage_tui.text import block
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.screens.secret_form import field
from llama_storage_tui.tui.style.keys import shown_key


class FieldDialog(Dialog[str]):
    """Answers with what was typed, after `enter`. A secret is masked, and shown with ctrl+o."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("enter", "take", "Continue", "field.take", "Continue with what is typed"),
        shown_key("ctrl+o", "show", "Show", "secret.show", "Show what is typed, or mask it again"),
        shown_key("escape", "close", "Cancel", "dialog.close", "Close this box, change nothing"),
    ]

    is_sent_alone = True

    def __init__(
        self, title: str, text: str, label: str, *, is_secret: bool = False, may_be_empty: bool = False
    ) -> None:
        super().__init__()
        self.box_title = title
        self._text = text
        self._label = label
        self._is_secret = is_secret
        self._may_be_empty = may_be_empty

    def body(self) -> ComposeResult:
        yield Static(block(self._text), classes="explained", markup=False)
        yield from field(self._label, "typed", is_secret=self._is_secret)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "show":
            return self._is_secret
        return super().check_action(action, parameters)

    def action_show(self) -> None:
        """Show what is typed, or mask it again."""
        typed = self.query_one(Input)
        typed.password = not typed.password

    @on(Input.Submitted)
    def action_take(self) -> None:
        typed = self.query_one(Input).value
        if typed or self._may_be_empty:
            self.dismiss(typed)
