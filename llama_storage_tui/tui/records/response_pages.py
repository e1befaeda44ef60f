"""Reading stored responses for a screen: a page, or on very large tables a search that shows what it has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.access import Hiding
from llama_storage_tui.model.data import Count, Cursor, Order
from llama_storage_tui.model.families import Query
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import ResponseBatch, ResponsePage, ResponseSummary
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.records.following import Follower
from llama_storage_tui.services.responses.listing import (
    follow_responses,
    is_large,
    list_responses,
    search_responses,
)
from llama_storage_tui.services.responses.viewing import ViewAs
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.records.hidden_rows import hidden_sentence
from llama_storage_tui.tui.records.response_query import Question
from llama_storage_tui.tui.records.response_rows import row_key
from llama_storage_tui.tui.records.search_state import MOST_FOUND, ResponseSearch, SearchState
from llama_storage_tui.tui.records.sorted_lists import ListOrder, SortableScreen, sorting_words
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.zone import Zone

PAGE: Final = 100


class ResponsePages(SortableScreen[Question]):
    """Brings responses: `_responses` are those on show, `_search` the search that found them or still runs, if one does."""

    def __init__(
        self,
        session: Session,
        zone: Zone,
        query: Query | None = None,
        title: str | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        question = Question(replace(query or Query(), limit=PAGE), title=title)
        # Whoever comes with a question gets its answer.
        super().__init__(session, question, ("responses",), remembered if query is None else None)
        self._zone = zone
        self._is_large: bool | None = None
        self._responses: tuple[ResponseSummary, ...] = ()
        self._notices: tuple[str, ...] = ()
        self._hidden: Mapping[Hiding, int] = {}
        """What the viewer would not get of this page, or of what a search has met."""
        self._rows_read: Count | None = None
        """How many rows were looked at to sort this page."""
        self._search: ResponseSearch | None = None
        """The search whose findings are on show, or that runs."""

    def fill(self) -> None:
        """Show the responses that are there now."""
        raise NotImplementedError

    def begin_to_measure(self) -> None:
        """Find out which order the list can be asked in; what was asked for last is read then."""
        self.begin("Looking for stored responses")
        self.measure()

    @service_worker("browse")
    async def measure(self) -> None:
        """Find out how many there are, then read the first page."""
        self.hand_on(self._measured, is_large=await is_large(self._session))

    def _measured(self, *, is_large: bool) -> None:
        self._is_large = is_large
        order = self._asked.query.order
        sorted_by = order if isinstance(order, Order) else None
        self.ask(self.in_order(self._asked, sorted_by))

    def order_of(self, question: Question) -> ListOrder:
        """Return the order that responses are asked in."""
        return question.query.order

    def in_order(self, question: Question, order: Order | None) -> Question:
        """Return a question in another order; None is the newest first, or as stored where that would take long."""
        own = RecordOrder.STORED if self._is_large else RecordOrder.NEWEST
        return replace(question, query=replace(question.query, order=order or own))

    def _is_search(self, question: Question) -> bool:
        is_stored = question.query.order is RecordOrder.STORED
        return bool(self._is_large) and is_stored and question.leaves_some_out

    def read(self, question: Question, after: Cursor | None) -> None:
        """Begin to read a page, or to search; a page of what a search has found is there already."""
        super().read(question, after)
        if not self._is_search(question):
            self.begin(_waiting(question.query, is_large=bool(self._is_large)))
            self._read(question, after)
        elif self._search is not None and self._search.holds(after):
            self._show_found()
        else:
            search = self._search = ResponseSearch() if self._search is None else self._search.towards(after)
            self._responses, self._notices, self._hidden = (), (), {}
            self.arrived(None, 0)
            self.fill()
            self.begin(search.sentence)
            self._search_tables(question, search)

    def ask(self, question: Question) -> None:
        """Begin anew; a search that runs ends there, with what it has found."""
        if self._is_large is None:
            self._asked = question
            if not self.is_waiting:
                self.begin_to_measure()
            return
        if self._is_search(question):
            self._search = None
        elif self._search is not None and self._search.state is SearchState.RUNNING:
            self._search.state = SearchState.CANCELLED
        super().ask(question)

    def action_reload(self) -> None:
        """Read the page again, or search again."""
        if self._is_large is None:
            self.begin_to_measure()
        elif self._is_search(self._asked):
            self.ask(self._asked)
        else:
            super().action_reload()

    @service_worker("browse")
    async def _read(self, question: Question, after: Cursor | None) -> None:
        sees = self._viewing(question)
        query = replace(question.query, after=after)
        page = await list_responses(self._session, query, sees=sees, marks=question.marks)
        notices = notice_words((*page.notices, *(sees.notices if sees is not None else ())))
        self.hand_on(self._loaded, question, after, page, notices)

    def _viewing(self, question: Question) -> ViewAs | None:
        return None if question.viewer is None else ViewAs(self._session.catalog, question.viewer)

    def _loaded(
        self, question: Question, after: Cursor | None, page: ResponsePage, notices: tuple[str, ...]
    ) -> None:
        if not self.is_asked(question, after):
            return
        self._search = None
        self._responses, self._notices = page.records, notices
        self._rows_read = page.read
        self._hidden = page.hidden
        self.arrived(page.next, len(self._responses))
        self.fill()
        self.finish(self._said(self._outcome))

    # Following

    page_size = PAGE

    def read_from_top(self) -> None:
        """Read the first page, but search for nothing again that is on show."""
        if self._search is not None and self.page_number == 1 and self.following is not None:
            self.finish(self._said(self._search.sentence))
        else:
            super().read_from_top()

    @property
    def hides_some(self) -> bool:
        """Whether a user is looked at who would not get all."""
        return self._shown.leaves_some_out

    def follower(self) -> Follower[ResponseSummary]:
        """Return what follows the responses on show."""
        shown = self._shown
        return follow_responses(self._session, shown.query, sees=self._viewing(shown), marks=shown.marks)

    def add(self, records: Sequence[ResponseSummary], deepest: int) -> int:
        """Put responses on top; one that is there already is shown as it is now."""
        there = {row_key(each): place for place, each in enumerate(self._responses)}
        page = list(self._responses)
        new: list[ResponseSummary] = []
        for each in records:
            place = there.get(row_key(each))
            if place is None:
                new.append(each)
                self.note_new(row_key(each))
            else:
                page[place] = each
        whole = (*reversed(new), *page)
        self._has_lost_rows = self._has_lost_rows or len(whole) > deepest
        self._responses = whole[:deepest]
        with self.listing.keeping_place(len(new)):
            self.fill()
        return len(new)

    def _said(self, outcome: str) -> str:
        return " ".join(part for part in (*self._notices, hidden_sentence(self._hidden), outcome) if part)

    @property
    def _outcome(self) -> str:
        if self._responses:
            return self.directions
        if self._shown.viewer is not None:
            return "This user would get none."
        if self._shown.is_filtered:
            return "No responses match."
        return "" if self._notices else "No response is stored here yet."

    @service_worker("browse")
    async def _search_tables(self, question: Question, search: ResponseSearch) -> None:
        is_full = False
        sees = self._viewing(question)
        query = replace(question.query, after=search.start)
        found = search_responses(self._session, query, sees=sees, marks=question.marks, most=MOST_FOUND)
        async with aclosing(found) as batches:
            async for batch in batches:
                is_full = batch.next is not None
                self.hand_on(self._came_further, search, batch)
        notices = notice_words(sees.notices) if sees is not None else ()
        self.hand_on(self._searched, search, is_full=is_full, notices=notices)

    def _came_further(self, search: ResponseSearch, batch: ResponseBatch) -> None:
        if search is not self._search or self._search.state is not SearchState.RUNNING:
            return
        self._search.take(batch)
        self._hidden, self._notices = self._search.hidden, tuple(self._search.notices)
        # What is on show is filled up; a full page is not shown anew, so that the cursor rests.
        self._show_found(is_new=bool(batch.responses) and len(self._responses) < PAGE)
        self.begin(self._search.sentence)

    def _searched(self, search: ResponseSearch, *, is_full: bool, notices: tuple[str, ...]) -> None:
        if search is self._search:
            self._notices = (*self._search.notices, *notices)
            self._end_search(SearchState.FULL if is_full else SearchState.DONE)

    def _end_search(self, state: SearchState) -> None:
        if self._search is None:
            return
        self._search.state = state
        self._show_found(is_new=False)
        self.finish(self._said(self._search.sentence))

    def _show_found(self, *, is_new: bool = True) -> None:
        if self._search is None:
            return
        page, following = self._search.page(self._wanted[-1], PAGE)
        self._responses = page
        self.arrived(following, len(page))
        if is_new:
            self.fill()
        else:
            self.head()
        self.refresh_bindings()

    def cancelled(self) -> None:
        """Keep what a search has found, and say that it is not all."""
        if self._search is not None and self._search.state is SearchState.RUNNING:
            self._end_search(SearchState.CANCELLED)

    def failed(self, error: StorageToolError) -> None:
        """Keep what a search has found, and say what stopped it."""
        if self._search is not None and self._search.state is SearchState.RUNNING:
            self._search.state = SearchState.CANCELLED
            self.head()
        self.fail(error)


def _waiting(query: Query, *, is_large: bool) -> str:
    if is_large and query.order is RecordOrder.NEWEST:
        return "Sorting all responses by time, which reads the whole table"
    return f"Reading responses{sorting_words(query.order)}"
