"""The line where a filter is typed, hidden while there is none to type."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.tui.style.keys import shown_key


class FilterBar(Horizontal):
    """A label and an input. `enter` sends, `escape` closes without a change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("escape", "close", "Close filter", "filter.close", "Leave the filter as it was"),
    ]

    @dataclass(eq=False)
    class Typed(Message):
        """The text changed while typing."""

        text: str

    @dataclass(eq=False)
    class Sent(Message):
        """The operator pressed enter."""

        text: str

    @dataclass(eq=False)
    class Closed(Message):
        """The operator pressed escape."""

    def __init__(self, label: str, *, placeholder: str = "", id: str | None = "filter") -> None:  # noqa: A002
        super().__init__(id=id)
        self._label = label
        self._placeholder = placeholder
        self.display = False

    def compose(self) -> ComposeResult:
        yield Label(self._label, markup=False)
        field = Input(placeholder=self._placeholder, compact=True, select_on_focus=False)
        field.cursor_blink = False
        yield field

    def open(self, text: str) -> None:
        """Show the line, filled with the filter that is in force."""
        field = self.query_one(Input)
        self.display = True
        field.value = text
        field.cursor_position = len(text)
        field.focus()

    def close(self) -> None:
        """Hide the line."""
        self.display = False

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        self.post_message(self.Sent(event.value))

    def action_close(self) -> None:
        self.close()
        self.post_message(self.Closed())
