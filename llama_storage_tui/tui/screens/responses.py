"""The stored responses of a deployment: the newest first, or those that a filter finds, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from llama_storage_tui.errors import StorageToolError, UsageError
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import ResponseQuery, ResponseSummary
from llama_storage_tui.services.responses.listing import is_large, list_responses, search_responses
from llama_storage_tui.services.responses.viewing import ViewAs
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui import viewer_form
from llama_storage_tui.tui.hunt import Hunt, HuntState
from llama_storage_tui.tui.marks import Shown, Tone
from llama_storage_tui.tui.messages import CopyRequested, Failed
from llama_storage_tui.tui.response_filter import FIELDS, Question, is_filtered, parse, typed, unfiltered
from llama_storage_tui.tui.response_messages import (
    ChainOpened,
    ResponseOpened,
    ResponsesFound,
    ResponsesLoaded,
    ResponsesMeasured,
    ResponsesSearched,
)
from llama_storage_tui.tui.response_rows import COLUMNS, cells, detail, keys
from llama_storage_tui.tui.response_wording import conditions, id_text, short_ids
from llama_storage_tui.tui.screens.paged import PagedScreen
from llama_storage_tui.tui.widgets.form import Form
from llama_storage_tui.tui.widgets.headline import Headline
from llama_storage_tui.tui.widgets.key_footer import KeyFooter
from llama_storage_tui.tui.widgets.listing import Listing
from llama_storage_tui.tui.widgets.status_line import StatusLine
from llama_storage_tui.tui.zone import Zone

PAGE: Final = 100
MOST_FOUND: Final = 1000
"""Responses that a search brings to a screen before it stops: who wants more writes them to a file."""


class ResponsesScreen(PagedScreen[Question]):
    """A list of responses, and everything that a list knows about the one under the cursor.

    On very large tables a filter is a search, which shows what it has found and how far it is while it runs.
    """

    CSS_PATH = ["browse.tcss", "responses.tcss"]  # noqa: RUF012 - Textual reads it and leaves it

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "filter",
            "Filter",
            id="screen.filter",
            tooltip="Show only some: by status, model, owner, conversation, time or text, on the server",
        ),
        Binding(
            "X", "unfilter", "All", id="responses.unfilter", tooltip="Take every condition off the list again"
        ),
        Binding(
            "o",
            "order",
            "Order",
            id="responses.order",
            tooltip="Newest first, which reads the whole table, or as stored, which is close to it and fast",
        ),
        Binding(
            "v",
            "view_as",
            "View as",
            id="responses.view-as",
            tooltip="Show only what a server of this version would give to one user",
        ),
        Binding(
            "u",
            "zone",
            "UTC/local",
            id="screen.zone",
            show=False,
            tooltip="Show times in UTC or in this machine's zone",
        ),
        Binding(
            "c",
            "chain",
            "Chain",
            id="responses.chain",
            tooltip="What it goes on from, and what goes on from it",
        ),
        Binding("y", "copy", "Copy id", id="screen.copy", tooltip="Copy the whole id under the cursor"),
    ]

    def __init__(
        self, session: Session, zone: Zone, query: ResponseQuery | None = None, title: str | None = None
    ) -> None:
        super().__init__(Question(replace(query or ResponseQuery(), limit=PAGE), title=title))
        self._session = session
        self._zone = zone
        self._is_large: bool | None = None
        self._responses: tuple[ResponseSummary, ...] = ()
        self._notices: tuple[str, ...] = ()
        self._hunt: Hunt | None = None
        """The search whose findings are on show, or that runs."""

    def redact(self, text: str) -> str:
        """Mask this config's secrets."""
        return self._session.redact(text)

    def compose(self) -> ComposeResult:
        """Headline, filter, list, detail."""
        yield Headline()
        yield Form(FIELDS, id="filter")
        yield Form(viewer_form.FIELDS, id="viewer")
        yield Listing(id="responses")
        yield Static(id="detail", classes="note")
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        """Find out how many there are, then read the first page."""
        self._head()
        self.query_one(Listing).focus()
        self.begin("Looking for stored responses")
        self._measure()

    @work(exclusive=True, group="browse", exit_on_error=False)
    async def _measure(self) -> None:
        try:
            found = await is_large(self._session)
        except StorageToolError as error:
            self.post_message(Failed("responses", error))
        else:
            self.post_message(ResponsesMeasured(found))

    @on(ResponsesMeasured)
    def _measured(self, message: ResponsesMeasured) -> None:
        self._is_large = message.is_large
        order = RecordOrder.STORED if message.is_large else RecordOrder.NEWEST
        self.ask(replace(self._asked, query=replace(self._asked.query, order=order)))

    def _head(self) -> None:
        shown, viewer = self._shown.query, self._shown.viewer
        facts = [Shown(f"page {self.page_number}", Tone.MUTED)]
        if self._responses:
            first = self.rows_before + 1
            facts.append(Shown(f"responses {first:,}–{first + len(self._responses) - 1:,}", Tone.MUTED))
        if shown.order is RecordOrder.STORED:
            facts.append(Shown("▲ as stored, close to newest first: o sorts", Tone.WARNING))
        else:
            facts.append(Shown("newest first", Tone.MUTED))
        if self._hunt is not None:
            facts.append(self._hunt.fact)
        if self._shown.title is not None:
            facts.append(Shown(f"only {self._shown.title}", Tone.KEY))
        facts += [Shown(f"only {text}", Tone.KEY) for text in conditions(shown, self._zone.info)]
        if viewer is not None:
            facts.append(Shown(f"as {viewer_form.viewer_text(viewer)} would get them", Tone.KEY))
        facts.append(Shown(f"times in {self._zone.name}", Tone.MUTED))
        self.query_one(Headline).show(
            [self._session.catalog.distribution or "run config", "responses"], facts=facts
        )

    # Reading: a page, or a search

    def _is_search(self, question: Question) -> bool:
        is_sifted = is_filtered(question.query) or question.viewer is not None
        return bool(self._is_large) and question.query.order is RecordOrder.STORED and is_sifted

    def read(self, question: Question, after: Cursor | None) -> None:
        """Begin to read a page, or to search; a later page of a search is there already."""
        if not self._is_search(question):
            self.begin(_waiting(question.query, is_large=bool(self._is_large)))
            self._read(question, after)
        elif self._hunt is not None and after is not None:
            self._show_found()
        else:
            self._hunt = Hunt()
            self._responses = ()
            self.arrived(None, 0)
            self._fill()
            self.begin(self._hunt.sentence)
            self._search(question)

    def action_reload(self) -> None:
        """Read the page again, or search again."""
        if self._is_search(self._asked):
            self.ask(self._asked)
        else:
            super().action_reload()

    @work(exclusive=True, group="browse", exit_on_error=False)
    async def _read(self, question: Question, after: Cursor | None) -> None:
        try:
            sees = self._eyes(question)
            page = await list_responses(self._session, replace(question.query, after=after), sees=sees)
        except StorageToolError as error:
            self.post_message(Failed("responses", error))
        else:
            notices = (*page.notices, *(sees.notices if sees is not None else ()))
            self.post_message(ResponsesLoaded(question, after, page, notices))

    def _eyes(self, question: Question) -> ViewAs | None:
        return None if question.viewer is None else ViewAs(self._session.catalog, question.viewer)

    @on(ResponsesLoaded)
    def _loaded(self, message: ResponsesLoaded) -> None:
        if not self.is_asked(message.question, message.after):
            return
        self._hunt = None
        self._responses, self._notices = message.page.responses, message.notices
        self.arrived(message.page.next, len(self._responses))
        self._fill()
        self.finish(" ".join((*self._notices, self._outcome)))

    @property
    def _outcome(self) -> str:
        if self._responses:
            return self.directions
        if self._shown.viewer is not None:
            return "This user would get none."
        if is_filtered(self._shown.query):
            return "No response is like that."
        return "" if self._notices else "No response is stored here yet."

    @work(exclusive=True, group="browse", exit_on_error=False)
    async def _search(self, question: Question) -> None:
        found = 0
        try:
            sees = self._eyes(question)
            async with aclosing(search_responses(self._session, question.query, sees=sees)) as batches:
                async for batch in batches:
                    room = MOST_FOUND - found
                    found += len(batch.responses)
                    self.post_message(
                        ResponsesFound(question, replace(batch, responses=batch.responses[:room]))
                    )
                    if found >= MOST_FOUND:
                        break
        except StorageToolError as error:
            self.post_message(Failed("responses", error))
        else:
            notices = sees.notices if sees is not None else ()
            self.post_message(ResponsesSearched(question, is_full=found >= MOST_FOUND, notices=notices))

    @on(ResponsesFound)
    def _came_further(self, message: ResponsesFound) -> None:
        if self._hunt is None or self._hunt.state is not HuntState.RUNNING or message.question != self._asked:
            return
        self._hunt.take(message.batch)
        # What is on show is filled up; a full page is not shown anew, so that the cursor rests.
        self._show_found(is_new=bool(message.batch.responses) and len(self._responses) < PAGE)
        self.begin(self._hunt.sentence)

    @on(ResponsesSearched)
    def _searched(self, message: ResponsesSearched) -> None:
        if self._hunt is not None and message.question == self._asked:
            self._notices = message.notices
            self._end_search(HuntState.FULL if message.is_full else HuntState.DONE)

    def _end_search(self, state: HuntState) -> None:
        if self._hunt is None:
            return
        self._hunt.state = state
        self._show_found(is_new=False)
        self.finish(" ".join((*self._notices, self._hunt.sentence)))

    def _show_found(self, *, is_new: bool = True) -> None:
        if self._hunt is None:
            return
        page, following = self._hunt.page(self._wanted[-1], PAGE)
        self._responses = page
        self.arrived(following, len(page))
        if is_new:
            self._fill()
        else:
            self._head()
        self.refresh_bindings()

    def cancelled(self) -> None:
        """Keep what a search has found, and say that it is not all."""
        if self._hunt is not None and self._hunt.state is HuntState.RUNNING:
            self._end_search(HuntState.CANCELLED)

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        if self._hunt is not None and self._hunt.state is HuntState.RUNNING:
            self._hunt.state = HuntState.CANCELLED
            self._head()
        self.fail(message.error)

    # Showing

    def _fill(self) -> None:
        self._head()
        ids = [id_text(summary.id) for summary in self._responses]
        self.query_one(Listing).show(
            COLUMNS,
            [
                cells(summary, short, self._zone.info)
                for summary, short in zip(self._responses, short_ids(ids), strict=True)
            ],
            keys(self._responses, ids),
        )
        self._tell()

    @property
    def _current(self) -> ResponseSummary | None:
        listing = self.query_one(Listing)
        place = listing.cursor_row
        return self._responses[place] if listing.row_count and place < len(self._responses) else None

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        summary = self._current
        note = self.query_one("#detail", Static)
        note.display = summary is not None
        if summary is not None:
            note.update(detail(summary))

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        summary = self._current
        if summary is not None:
            self.post_message(ResponseOpened(summary.id))

    def action_order(self) -> None:
        """Turn the order."""
        query = self.question.query
        is_stored = query.order is RecordOrder.STORED
        order = RecordOrder.NEWEST if is_stored else RecordOrder.STORED
        self.ask(replace(self.question, query=replace(query, order=order)))

    def action_zone(self) -> None:
        """Show times in the other zone."""
        self._zone.toggle()
        self._fill()

    def action_chain(self) -> None:
        """Ask for the chain of the response under the cursor."""
        summary = self._current
        if summary is not None:
            self.post_message(ChainOpened(id_text(summary.id)))

    def action_copy(self) -> None:
        """Copy the id under the cursor."""
        summary = self._current
        if summary is not None:
            self.post_message(CopyRequested("response id", id_text(summary.id)))

    # Filtering

    def action_filter(self) -> None:
        """Fill in the form."""
        self._open("filter", typed(self._asked.query), "an empty field is no condition")

    def action_view_as(self) -> None:
        """Fill in a user."""
        self._open("viewer", viewer_form.typed(self._asked.viewer), "an empty form shows everything again")

    def _open(self, name: str, values: Mapping[str, str], hint: str) -> None:
        for form in self.query(Form):
            form.close()
        self.query_one(f"#{name}", Form).open(values)
        if not self.is_waiting:
            self.status.say(f"enter shows what fits; {hint}; ↑↓ go to the other fields")

    def action_unfilter(self) -> None:
        """Show all again."""
        self.ask(Question(unfiltered(self._asked.query)))

    @on(Form.Sent)
    def _sent(self, message: Form.Sent) -> None:
        try:
            if message.form.id == "viewer":
                asked = replace(self._asked, viewer=viewer_form.parse(message.values))
            else:
                query = parse(message.values, self._asked.query, now=datetime.now(UTC))
                asked = replace(self._asked, query=query)
        except UsageError as error:
            self.fail(error)
            return
        message.form.close()
        self.query_one(Listing).focus()
        self.ask(asked)

    @on(Form.Closed)
    def _form_closed(self) -> None:
        self.query_one(Listing).focus()
        if not self.is_waiting:
            self.status.say("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to copy without a response, nothing to take off without a condition."""
        match action:
            case "copy" | "chain":
                return True if self._responses else None
            case "unfilter":
                return is_filtered(self._asked.query) or self._asked.viewer is not None
            case "filter" | "order" | "view_as":
                return None if self._is_large is None else True
        return super().check_action(action, parameters)


def _waiting(query: ResponseQuery, *, is_large: bool) -> str:
    if is_large and query.order is RecordOrder.NEWEST:
        return "Sorting all responses by time, which reads the whole table"
    return "Reading responses"
