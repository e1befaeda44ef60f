"""The tables of a backend: how many rows each has, which columns, and who refers to it."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable, Static

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.services import browse
from llama_storage_tui.services.browse import TableEntry
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line, plural
from llama_storage_tui.tui.messages import ResponsesOpened, TableOpened
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.wording import counted
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing
from llama_storage_tui.upstream.families.responses import RESPONSES

COLUMNS: Final = (
    ListColumn("Table", most=48),
    ListColumn("Rows", most=14, is_number=True),
    ListColumn("Columns", most=8, is_number=True),
    ListColumn("Referred to by", grows=True, least=14),
)
MOST_COLUMNS: Final = 60


class TablesScreen(SessionScreen):
    """A list of tables, and the columns of the one under the cursor."""

    CSS_PATH = ["../screens/browse.tcss", "tables.tcss"]  # noqa: RUF012 - Textual reads it and leaves it

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("x", "count", "Count exactly", "browse.count", "Count every row instead of estimating"),
        shown_key(
            "w",
            "responses",
            "Read as responses",
            "tables.responses",
            "Show the rows of this table as stored responses",
        ),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "List the tables again"),
    ]

    def __init__(self, session: Session, backend: str, *, point: str | None = None) -> None:
        super().__init__(session)
        self._backend = backend
        self._point = point
        self._found: tuple[TableEntry, ...] = ()
        self._response_tables = _response_tables(session, backend)

    def body(self) -> ComposeResult:
        yield Listing(id="places")
        yield Static(id="columns", classes="note")

    def on_mount(self) -> None:
        self._head()
        self.query_one("#columns").display = False
        self.listing.focus()
        self._start(fast=True)

    def _head(self) -> None:
        backend = self._session.backend(self._backend)
        self.headline.show(
            [self.outermost, backend.name],
            place=backend.location,
            facts=[
                Shown(backend.type, Tone.MUTED),
                *([Shown(plural(len(self._found), "table"), Tone.MUTED)] if self._found else []),
            ],
        )

    def _start(self, *, fast: bool) -> None:
        self.begin(
            f"Listing the tables of {self._backend}" if fast else f"Counting the rows of {self._backend}"
        )
        self._list(fast=fast)

    @service_worker("browse")
    async def _list(self, *, fast: bool) -> None:
        self.hand_on(self._loaded, await browse.tables(self._session, self._backend, fast=fast))

    def _loaded(self, found: tuple[TableEntry, ...]) -> None:
        self._found = found
        self._head()
        listing = self.listing
        listing.show(
            COLUMNS, [_cells(entry) for entry in self._found], [entry.table.name for entry in self._found]
        )
        if self._point is not None:
            listing.point(self._point)
            self._point = None
        self._tell()
        estimated = any(entry.table.rows and not entry.table.rows.is_exact for entry in self._found)
        if not self._found:
            self.finish("This backend has no tables yet.")
        else:
            self.finish("~ marks an estimate; x counts exactly." if estimated else "enter shows the rows")

    @property
    def _current(self) -> TableEntry | None:
        name = self.listing.current
        return next((entry for entry in self._found if entry.table.name == name), None)

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        entry = self._current
        note = self.query_one("#columns", Static)
        note.display = entry is not None
        self.refresh_bindings()
        if entry is None:
            return
        parts: list[Content] = []
        for column in entry.table.columns[:MOST_COLUMNS]:
            tone = Tone.KEY if column.is_primary_key else Tone.PLAIN
            key = " key" if column.is_primary_key else ""
            parts.append(
                Content.assemble(
                    (line(column.name, 60), tone.style),
                    (f" {line(column.type, 24).lower()}{key}", Tone.MUTED.style),
                )
            )
        more = len(entry.table.columns) - MOST_COLUMNS
        if more > 0:
            parts.append(Content.styled(f"… {more} more", Tone.MUTED.style))
        note.update(Content(" · ").join(parts))

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        entry = self._current
        if entry is not None:
            self.post_message(TableOpened(self._backend, entry.table))

    def action_count(self) -> None:
        self._start(fast=False)

    def action_reload(self) -> None:
        self._start(fast=True)

    def action_responses(self) -> None:
        self.post_message(ResponsesOpened())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a table that a server keeps responses in can be read as such."""
        if action == "responses":
            entry = self._current if self.is_mounted else None
            return entry is not None and entry.table.name in self._response_tables
        return super().check_action(action, parameters)


def _response_tables(session: Session, backend: str) -> frozenset[str]:
    try:
        places = needed_tables(session.catalog, RESPONSES)
    except NotFoundError:
        return frozenset()
    return frozenset(place.table for place in places if place.backend == backend)


def _cells(entry: TableEntry) -> tuple[Shown, ...]:
    table = entry.table
    return (
        Shown(table.name + (" (view)" if table.is_view else "")),
        Shown(counted(table.rows)),
        Shown(str(len(table.columns)), Tone.MUTED),
        Shown(", ".join(entry.referenced_by) or "nothing", Tone.MUTED),
    )
