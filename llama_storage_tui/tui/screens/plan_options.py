"""The form in which a plan's options are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Label

from llama_storage_tui.tui.screens.dialog import Answer, Dialog
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.choice import Choice
from llama_storage_tui.tui.widgets.status_line import StatusLine

GUIDE: Final = "arrows choose, tab moves on, enter makes the plan"
MAKE: Final = "Make a new plan with these options"
TAKE: Final = (
    shown_key("ctrl+s", "take", "Make the plan", "terms.take", MAKE),
    hidden_key("enter", "take", "Make the plan", "terms.enter", MAKE),
)
CLOSE: Final = shown_key("escape", "close", "Cancel", "dialog.close", "Close this box, the plan stays")


class PlanOptionsDialog(Dialog[Answer]):
    """Fields and choices; `enter` takes what they say. Subclasses bind TAKE and CLOSE."""

    def body(self) -> ComposeResult:
        with VerticalScroll(id="form", can_focus=False):
            yield from self.fields()
        yield StatusLine()

    def fields(self) -> ComposeResult:
        """Lay out the fields and choices."""
        raise NotImplementedError

    def action_take(self) -> None:
        """Answer with what the form says."""
        raise NotImplementedError

    @on(Input.Changed)
    def guide(self) -> None:
        """Say how the form is filled in."""
        self.query_one(StatusLine).say(GUIDE)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_take()

    def chosen(self, id_: str) -> str:
        """Return which word of a choice is chosen."""
        return self.query_one(f"#{id_}", Choice).chosen

    def typed(self, id_: str) -> str:
        """Return what is typed in a field."""
        return self.query_one(f"#{id_}", Input).value


def choice(label: str, id_: str, words: Sequence[str], chosen: str) -> ComposeResult:
    """Lay out a label and the words of which one is chosen."""
    with Horizontal(classes="choice"):
        yield Label(label, markup=False)
        yield Choice(words, id=id_, chosen=chosen)
