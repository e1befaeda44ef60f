"""The panes of a response, and the keys that show each."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.tui.style.keys import hidden_key

TABS: Final = ("timeline", "messages", "resume", "raw")
HELP: Final = {
    "timeline": "What was asked and what came back, item by item",
    "messages": "The chat messages that the model was really sent",
    "resume": "Whether a server can continue from this response, how, and what would be lost",
    "raw": "What is stored, as a tree",
}
TAB_KEYS: Final = tuple(
    hidden_key(str(number), f"tab('{name}')", name.capitalize(), f"response.{name}", HELP[name])
    for number, name in enumerate(TABS, 1)
)
