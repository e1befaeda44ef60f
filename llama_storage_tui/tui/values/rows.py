"""The rows of one table, a page at a time: in primary-key order, or sorted and filtered by the server."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Count, Cursor, Filter, RowPage, RowQuery, Table, turned
from llama_storage_tui.services import browse
from llama_storage_tui.services.records.row_conditions import SHORT, condition_text, parse_condition
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.export.jobs import RowExport
from llama_storage_tui.tui.export.messages import ExportOpened
from llama_storage_tui.tui.messages import CopyRequested, Opening
from llama_storage_tui.tui.screens.filter_menu import VALUE, FilterChoices, FilterMenu, HasSavedFilters
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.wording import cell_shown, counted
from llama_storage_tui.tui.style.zone import ZONE_KEY, Zone
from llama_storage_tui.tui.values.followed_rows import FollowedRows, row_key
from llama_storage_tui.tui.values.messages import SubjectOpened
from llama_storage_tui.tui.values.row_cells import heads, sort_words, value_condition
from llama_storage_tui.tui.values.viewables import RecordSubject
from llama_storage_tui.tui.widgets.filter_bar import FilterBar
from llama_storage_tui.tui.widgets.listing import Listing

LEAST_ROWS: Final = 10
MOST_ROWS: Final = 200
MOST_CELLS: Final = 4000
"""A page of more cells would hold the event loop: the list measures every one of them."""
CELL_LIMIT: Final = 120


class RowsScreen(FollowedRows):
    """A list with a cell cursor, so that sorting, filtering and copying know their column."""

    CSS_PATH = "../screens/browse.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("s", "sort", "Sort", "rows.sort", "Sort by this column: ascending, descending, not at all"),
        shown_key(
            "slash",
            "filter",
            "Filter",
            "screen.filter",
            "COLUMN=VALUE, also != < > ~ in, on the server; one condition per column, combined with AND",
        ),
        shown_key(
            "equals_sign",
            "filter_menu",
            "Filter by",
            "screen.filter-by",
            "Filter without typing: by the value under the cursor, or a saved filter",
        ),
        hidden_key(
            "backspace",
            "unfilter",
            "Drop filter",
            "rows.unfilter",
            "Remove the filter on this column, or the last one",
        ),
        ZONE_KEY,
        hidden_key("x", "count", "Count", "browse.count", "Count the rows that are selected, exactly"),
        shown_key("y", "copy", "Copy", "screen.copy", "Copy the whole cell under the cursor"),
        hidden_key("Y", "copy_record", "Copy row", "screen.copy-record", "Copy the whole row as JSON"),
        shown_key("e", "export", "Export", "screen.export", "Write this page or all selected rows to a file"),
    ]

    def __init__(
        self,
        session: Session,
        backend: str,
        table: Table,
        zone: Zone,
        remembered: Remembered | None = None,
    ) -> None:
        limit = max(LEAST_ROWS, min(MOST_ROWS, MOST_CELLS // max(len(table.columns), 1)))
        query = RowQuery(table.name, limit=limit, cell_limit=CELL_LIMIT)
        super().__init__(session, query, ("rows", backend, table.name), remembered)
        self._backend = backend
        self._table = table
        self._zone = zone
        self._total: Count | None = None
        self._edited: Filter | None = None
        """The condition that the filter line was opened with."""

    def body(self) -> ComposeResult:
        yield FilterBar("Only rows where ", placeholder=f"{SHORT}; empty removes it")
        yield Listing(id="rows", cursor="cell")

    def on_mount(self) -> None:
        self.head()
        self.listing.focus()
        self.ask(self.question)

    def head(self) -> None:
        """Say which page this is, in which order, of what."""
        of = f" of {counted(self._total)}" if self._total is not None else ""
        facts = self.page_facts(0 if self._page is None else len(self._page.rows), "rows ", of)
        order = self._shown.order
        if order is not None:
            facts.append(Shown(sort_words(order, self._table), Tone.KEY))
        elif self._page is None or self._page.is_complete:
            facts.append(Shown("in key order", Tone.MUTED))
        facts += [
            Shown(f"{'and' if place else 'only'} {condition_text(found)}", Tone.KEY)
            for place, found in enumerate(self._shown.filters)
        ]
        facts.append(Shown(f"times in {self._zone.name}", Tone.MUTED))
        facts += self.following.facts() if self.following is not None else []
        self.headline.show([self.outermost, self._backend, self._table.name], facts=facts)

    def read(self, question: RowQuery, after: Cursor | None) -> None:
        """Begin to read a page."""
        super().read(question, after)
        sorting = f", sorted by {question.order.column}" if question.order else ""
        self.begin(f"Reading rows of {self._table.name}{sorting}")
        self._read(question, after)

    @service_worker("browse")
    async def _read(self, query: RowQuery, after: Cursor | None) -> None:
        page = await browse.rows(self._session, self._backend, replace(query, after=after))
        self.hand_on(self._loaded, query, after, page)

    def _loaded(self, query: RowQuery, after: Cursor | None, page: RowPage) -> None:
        if not self.is_asked(query, after):
            return
        self._page = page
        self.arrived(page.next, len(page.rows))
        self.fill()
        if not page.rows:
            self.finish("No rows match." if self._shown.filters else "This table is empty.")
        elif not page.is_complete:
            self.finish(
                "More rows follow, but this table has no key to page by: / filters, e exports all rows."
            )
        else:
            self.finish(self.directions)

    def fill(self) -> None:
        """List the rows of the page."""
        self.head()
        page = self._page
        if page is None:
            return
        self.listing.show(
            heads(page, self._shown.order),
            [
                self.marked(
                    tuple(
                        cell_shown(column.name, cell, self._zone.info)
                        for column, cell in zip(page.columns, row, strict=True)
                    ),
                    row_key(row, cursor),
                )
                for row, cursor in zip(page.rows, page.row_cursors, strict=True)
            ],
        )

    # Sort, filter, count

    @property
    def _column(self) -> str | None:
        place = self.listing.current_column
        return self._page.columns[place].name if self._page is not None and place is not None else None

    def action_sort(self) -> None:
        """Turn the order of the column under the cursor."""
        if self._column is not None:
            self.ask(replace(self.question, order=turned(self.question.order, self._column)))

    @property
    def _condition(self) -> Filter | None:
        """The condition to work on: one that was refused, else that of the column under the cursor, or that left no row."""
        refused = [found for found in self._asked.filters if found not in self._shown.filters]
        has_rows = self._page is not None and bool(self._page.rows)
        here = [found for found in self._asked.filters if found.column == self._column or not has_rows]
        found = refused or here
        return found[-1] if found else None

    def action_filter(self) -> None:
        """Type a condition; the column under the cursor is there to begin with."""
        found = self._edited = self._condition
        self.query_one(FilterBar).open(
            condition_text(found) if found else f"{self._column}=" if self._column else ""
        )

    @on(FilterBar.Sent)
    def _filtered(self, message: FilterBar.Sent) -> None:
        self.listing.focus()
        try:
            typed = (parse_condition(message.text, self._names),) if message.text.strip() else ()
        except UsageError as error:
            self.fail(error)
            return
        replaced = {found.column for found in (*typed, self._edited) if found is not None}
        # Nothing typed where there was no condition to remove: all rows.
        self._select(
            (*(found for found in self.question.filters if found.column not in replaced), *typed)
            if replaced
            else ()
        )

    def action_filter_menu(self) -> None:
        """Offer filters by the value under the cursor, and by name."""
        if isinstance(self.app, HasSavedFilters):
            now = tuple(map(condition_text, self._shown.filters))
            place, row = self.listing.current_column, self.listing.cursor_row
            value = None if self._page is None or place is None else value_condition(self._page, row, place)
            offers = {} if value is None else {VALUE: (value,)}
            choices = FilterChoices(f"rows {self._table.name}", offers, now)
            self.app.push_screen(FilterMenu(choices, self.app.filters_file), self._chosen)

    def _chosen(self, conditions: tuple[str, ...] | None) -> None:
        try:
            added = [parse_condition(each, self._names) for each in conditions or ()]
        except UsageError as error:
            self.fail(error)
            return
        names = {found.column for found in added}
        if added:
            self._select((*(found for found in self.question.filters if found.column not in names), *added))

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self._table.columns]

    def action_unfilter(self) -> None:
        found = self._condition or self.question.filters[-1]
        self._select(tuple(other for other in self.question.filters if other.column != found.column))

    def _select(self, filters: tuple[Filter, ...]) -> None:
        self._total = None
        self.ask(replace(self.question, filters=filters))

    @on(FilterBar.Closed)
    def _filter_closed(self) -> None:
        self.listing.focus()

    def action_count(self) -> None:
        self.begin(f"Counting the rows of {self._table.name}")
        self._count(self._shown)

    @service_worker("browse")
    async def _count(self, query: RowQuery) -> None:
        count = await browse.count_rows(self._session, self._backend, query)
        self.hand_on(self._counted, count)

    def _counted(self, count: Count) -> None:
        self._total = count
        self.head()
        selected = "row is" if count.value == 1 else "rows are"
        self.finish(f"{counted(count)} {selected} selected.", is_read=False)

    def action_zone(self) -> None:
        self._zone.toggle()
        self.fill()

    # Into a record, out of the program

    @property
    def _subject(self) -> RecordSubject | None:
        key = self.listing.current
        if self._page is None or key is None or int(key) >= len(self._page.rows):
            return None
        cursors = self._page.row_cursors
        cursor = cursors[int(key)] if int(key) < len(cursors) else None
        row = dict(
            zip((column.name for column in self._page.columns), self._page.rows[int(key)], strict=True)
        )
        return RecordSubject(
            self._session, self._backend, self._table, cursor, row, number=self.rows_before + int(key) + 1
        )

    @on(DataTable.CellSelected)
    def _selected(self) -> None:
        self.open_current()

    def opened(self) -> Opening | None:
        """Return what opens the row under the cursor."""
        subject = self._subject
        return None if subject is None else SubjectOpened(subject)

    def action_copy(self) -> None:
        """Copy the cell under the cursor, whole."""
        subject, column = self._subject, self._column
        if subject is not None and column is not None:
            self.begin("Reading the whole cell")
            self._copy(subject, column)

    def action_copy_record(self) -> None:
        """Copy the row under the cursor, whole, as JSON."""
        subject = self._subject
        if subject is not None:
            self.begin("Reading the whole row")
            self._copy(subject, None)

    @service_worker("browse")
    async def _copy(self, subject: RecordSubject, column: str | None) -> None:
        text = await subject.text_of(column)
        self.post_message(CopyRequested("row" if column is None else column, text))

    @on(CopyRequested)
    def _copied(self) -> None:
        self.finish(is_read=False)

    def action_export(self) -> None:
        self.post_message(
            ExportOpened(
                RowExport(self._session, self._backend, replace(self._shown, after=self._passed[-1]))
            )
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to sort, copy or export without rows."""
        if action in ("sort", "copy", "copy_record", "export"):
            return True if self._page is not None and self._page.rows else None
        if action == "unfilter":
            return True if self._asked.filters else None
        return super().check_action(action, parameters)
