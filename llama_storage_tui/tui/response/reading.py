"""Something that is read line by line: a conversation, a chat completion, an object, what a response added."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.messages import CopyRequested
from llama_storage_tui.tui.response.detail_views import DetailView, Read
from llama_storage_tui.tui.response.timeline import columns
from llama_storage_tui.tui.screens.detail import DetailScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.reading import ReadingPane
from llama_storage_tui.tui.widgets.text_pane import TextPane


class ReadingScreen(DetailScreen):
    """A list of lines, and the text of the one under the cursor in full."""

    CSS_PATH = ["../values/value.tcss", "response.tcss"]  # noqa: RUF012 - Textual reads it and leaves it

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("n", "next", "Next part", "page.next", "Show the next part of a long text"),
        shown_key("p", "previous", "Previous part", "page.previous", "Show the previous part of a long text"),
        shown_key("y", "copy", "Copy", "screen.copy", "Copy the text of what is under the cursor"),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Read it again"),
    ]

    def __init__(self, session: Session, reading: DetailView) -> None:
        super().__init__(session)
        self._reading = reading
        self._found: Read | None = None

    def body(self) -> ComposeResult:
        yield ReadingPane()

    def on_mount(self) -> None:
        self._head()
        self.query_one(ReadingPane).listing.focus()
        self.action_reload()

    @property
    def searchable(self) -> ReadingPane | None:
        """The lines and their texts."""
        return None if self._found is None else self.query_one(ReadingPane)

    @property
    def text_pane(self) -> TextPane:
        """The text of the line under the cursor."""
        return self.query_one(ReadingPane).text

    def hit_shown(self) -> None:
        """Say which part of a long text this is."""
        self._line_shown()

    def _head(self) -> None:
        facts = () if self._found is None else self._found.facts
        self.headline.show([self.outermost, *self._reading.names], facts=facts)

    def action_reload(self) -> None:
        self.begin(f"Reading {self._reading.names[-1]}")
        self._load()

    @service_worker("browse")
    async def _load(self) -> None:
        self.hand_on(self._read, await self._reading.load(self._session))

    def _read(self, found: Read) -> None:
        self.end_find()
        self._found = found
        self._head()
        self.query_one(ReadingPane).show(
            columns(*found.heads),
            [line.cells for line in found.lines],
            lambda place: found.lines[place].whole,
        )
        self.finish(" ".join(found.notices) if found.lines else "There is nothing to read.")

    @on(ReadingPane.Read)
    def _line_shown(self) -> None:
        pane, found = self.query_one(ReadingPane), self._found
        if found is not None and not self.is_waiting:
            parts = pane.text.windows
            is_long = f"Part {pane.text.window + 1} of {parts} of a long text." if parts > 1 else ""
            self.status.say(is_long or " ".join(found.notices))
        self.refresh_bindings()

    @on(ReadingPane.Chosen)
    def _chosen(self, message: ReadingPane.Chosen) -> None:
        opened = None if self._found is None else self._found.opens.get(message.row)
        if opened is None:
            self.query_one(ReadingPane).text.focus()
        else:
            self.post_message(opened)

    def action_copy(self) -> None:
        text = self.query_one(ReadingPane).current_text
        if text is not None:
            self.post_message(CopyRequested("text", text))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the text on show has a use for."""
        if action == "copy":
            return True if self._found is not None and self._found.lines else None
        return super().check_action(action, parameters)
