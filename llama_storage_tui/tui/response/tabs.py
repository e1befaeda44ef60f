"""The panes of a response, and the keys that show each."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

TABS: Final = ("timeline", "messages", "resume", "raw")
HELP: Final = {
    "timeline": "What was asked and what came back, item by item",
    "messages": "The chat messages that the model was really sent",
    "resume": "Whether a server can continue from this response, how, and what would be lost",
    "raw": "What is stored, as a tree",
}
TAB_KEYS: Final = tuple(
    Binding(
        str(number),
        f"tab('{name}')",
        name.capitalize(),
        show=False,
        id=f"response.{name}",
        tooltip=HELP[name],
    )
    for number, name in enumerate(TABS, 1)
)
