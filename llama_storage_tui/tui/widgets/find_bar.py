"""The line where a text to find is typed, and which then says which hit of how many is the current one."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.keys import shown_key

LONGEST = 60


class FindBar(Horizontal):
    """A line to type on, and in its place the count once `enter` was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("escape", "close", "Close", "find.close", "End the search and remove the marks"),
    ]

    @dataclass(eq=False)
    class Sent(Message):
        """The operator pressed enter."""

        text: str

    class Closed(Message):
        """The operator pressed escape while typing."""

    count = ""
    """Which hit of how many, as it was said last."""

    def compose(self) -> ComposeResult:
        yield Label("Find ", markup=False)
        # What was looked for last is there to be looked for again, and the first letter typed replaces it.
        field = Input(
            placeholder="text; lower case finds upper case, too", compact=True, select_on_focus=True
        )
        field.cursor_blink = False
        yield field
        yield Static(id="found", markup=False)

    def open(self, text: str) -> None:
        """Let a text be typed, beginning with the one that was found last."""
        field = self.query_one(Input)
        self._type(is_typing=True)
        field.value = text
        field.focus()

    def say(self, text: str, count: str, *, has_hits: bool) -> None:
        """Say how far the search for a text is."""
        self._type(is_typing=False)
        self.count = count
        tone = Tone.KEY if has_hits else Tone.WARNING
        hint = "  n: next, N: previous, esc: end" if has_hits else "  esc: end"
        self.query_one("#found", Static).update(
            Content.assemble(
                (line(text, LONGEST), "bold"), (f"  {count}", tone.style), (hint, Tone.MUTED.style)
            )
        )

    def _type(self, *, is_typing: bool) -> None:
        self.query_one(Input).display = is_typing
        self.query_one("#found", Static).display = not is_typing

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Sent(event.value))

    def action_close(self) -> None:
        self.post_message(self.Closed())
