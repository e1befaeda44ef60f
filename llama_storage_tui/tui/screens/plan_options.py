"""What the forms share in which a plan's options are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Label

from llama_storage_tui.tui.widgets.choice import Choice

GUIDE: Final = "arrows choose, tab moves on, enter makes the plan"
TAKE: Final = (
    Binding("ctrl+s", "take", "Make the plan", id="terms.take", tooltip="Make a new plan with these options"),
    Binding(
        "enter",
        "take",
        "Make the plan",
        show=False,
        id="terms.enter",
        tooltip="Make a new plan with these options",
    ),
)
CLOSE: Final = Binding(
    "escape", "close", "Cancel", id="dialog.close", tooltip="Close this box, the plan stays"
)


def choice(label: str, id_: str, words: Sequence[str], chosen: str) -> ComposeResult:
    """Lay out a label and the words of which one is chosen."""
    with Horizontal(classes="choice"):
        yield Label(label, markup=False)
        yield Choice(words, id=id_, chosen=chosen)
