"""A list that is shown a page at a time: conversations, chat completions, the objects of a family."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable, Static

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui.marks import Shown, Tone
from llama_storage_tui.tui.messages import CopyRequested, Failed
from llama_storage_tui.tui.record_lists import Listed, RecordList
from llama_storage_tui.tui.response_messages import RecordsListed
from llama_storage_tui.tui.screens.paged import PagedScreen
from llama_storage_tui.tui.widgets.headline import Headline
from llama_storage_tui.tui.widgets.key_footer import KeyFooter
from llama_storage_tui.tui.widgets.listing import Listing
from llama_storage_tui.tui.widgets.status_line import StatusLine
from llama_storage_tui.tui.zone import Zone


class RecordsScreen(PagedScreen[None]):
    """A list, and the whole id of the row under the cursor."""

    CSS_PATH = ["browse.tcss", "responses.tcss"]  # noqa: RUF012 - Textual reads it and leaves it

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "u",
            "zone",
            "UTC/local",
            id="screen.zone",
            show=False,
            tooltip="Show times in UTC or in this machine's zone",
        ),
        Binding("y", "copy", "Copy id", id="screen.copy", tooltip="Copy the whole id under the cursor"),
    ]

    def __init__(self, session: Session, records: RecordList, zone: Zone) -> None:
        super().__init__(None)
        self._session = session
        self._records = records
        self._zone = zone
        self._page: Listed | None = None

    def redact(self, text: str) -> str:
        """Mask this config's secrets."""
        return self._session.redact(text)

    def compose(self) -> ComposeResult:
        """Headline, list, detail."""
        yield Headline()
        yield Listing(id="rows")
        yield Static(id="detail", classes="note")
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        """Read the first page."""
        self._head()
        self.query_one("#detail").display = False
        self.query_one(Listing).focus()
        self.ask(None)

    def _head(self) -> None:
        facts = [Shown(f"page {self.page_number}", Tone.MUTED)]
        if self._page is not None and self._page.rows:
            first = self.rows_before + 1
            facts.append(Shown(f"{first:,}–{first + len(self._page.rows) - 1:,}", Tone.MUTED))
        facts.append(Shown(f"times in {self._zone.name}", Tone.MUTED))
        self.query_one(Headline).show(
            [self._session.catalog.distribution or "run config", *self._records.names], facts=facts
        )

    def read(self, question: None, after: Cursor | None) -> None:  # noqa: ARG002 - there is nothing to ask
        """Begin to read a page."""
        self.begin(f"Reading {self._records.names[-1]}")
        self._read(after)

    @work(exclusive=True, group="browse", exit_on_error=False)
    async def _read(self, after: Cursor | None) -> None:
        try:
            page = await self._records.page(self._session, after)
        except StorageToolError as error:
            self.post_message(Failed("records", error))
        else:
            self.post_message(RecordsListed(after, page))

    @on(RecordsListed)
    def _loaded(self, message: RecordsListed) -> None:
        if not self.is_asked(None, message.after):
            return
        page = self._page = message.page
        self.arrived(page.next, len(page.rows))
        self._fill()
        said = self.directions if page.rows else "" if page.notices else "Nothing is stored here yet."
        self.finish(" ".join((*page.notices, said)))

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self.fail(message.error)

    def _fill(self) -> None:
        self._head()
        page = self._page
        if page is not None:
            self.query_one(Listing).show(page.columns, [row(self._zone.info) for row in page.rows])
            self._tell()

    @property
    def _current(self) -> int | None:
        key = self.query_one(Listing).current
        return None if key is None or self._page is None else int(key)

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        place, note = self._current, self.query_one("#detail", Static)
        note.display = place is not None
        if place is not None and self._page is not None and place < len(self._page.details):
            note.update(Content(line(self._page.details[place], 400)))

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        place = self._current
        message = None if place is None or self._page is None else self._page.opens[place]
        if message is not None:
            self.post_message(message)

    def action_zone(self) -> None:
        """Show times in the other zone."""
        self._zone.toggle()
        self._fill()

    def action_copy(self) -> None:
        """Copy the id under the cursor."""
        place = self._current
        if place is not None and self._page is not None:
            self.post_message(CopyRequested("id", self._page.ids[place]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to copy without a row."""
        if action == "copy":
            return True if self._page is not None and self._page.rows else None
        return super().check_action(action, parameters)
