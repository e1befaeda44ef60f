"""What the forms share in which a plan's options are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Label

from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.choice import Choice

GUIDE: Final = "arrows choose, tab moves on, enter makes the plan"
TAKE: Final = (
    shown_key("ctrl+s", "take", "Make the plan", "terms.take", "Make a new plan with these options"),
    hidden_key("enter", "take", "Make the plan", "terms.enter", "Make a new plan with these options"),
)
CLOSE: Final = shown_key("escape", "close", "Cancel", "dialog.close", "Close this box, the plan stays")


def choice(label: str, id_: str, words: Sequence[str], chosen: str) -> ComposeResult:
    """Lay out a label and the words of which one is chosen."""
    with Horizontal(classes="choice"):
        yield Label(label, markup=False)
        yield Choice(words, id=id_, chosen=chosen)
