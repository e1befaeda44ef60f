"""The title of a tab, which the mouse can choose."""

from __future__ import annotations

from textual.message import Message
from textual.widgets import Static

from llama_storage_tui.deferred import dataclass


class TabTitle(Static):
    """A tab's number, name and count."""

    @dataclass(eq=False)
    class Clicked(Message):
        """The mouse chose this tab."""

        tab: str

    def __init__(self, tab: str) -> None:
        super().__init__("", id=f"title-{tab}", markup=False)
        self._tab = tab

    def on_click(self) -> None:
        self.post_message(self.Clicked(self._tab))
