"""A list that is shown a page at a time: conversations, chat completions, the objects of a family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Cursor, Order
from llama_storage_tui.model.families import RecordEntry
from llama_storage_tui.services.listing import follow_family
from llama_storage_tui.services.records.following import Follower
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui.messages import CopyRequested, Opening
from llama_storage_tui.tui.records import record_filter
from llama_storage_tui.tui.records.list_columns import layout_of
from llama_storage_tui.tui.records.record_lists import PAGE, FamilyList, Listed, RecordList
from llama_storage_tui.tui.records.sorted_lists import ListOrder, SortableScreen, sorting_words
from llama_storage_tui.tui.screens.filter_menu import FilterChoices
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.zone import ZONE_KEY, Zone
from llama_storage_tui.tui.widgets.form import Form


class RecordsScreen(SortableScreen[RecordList]):
    """A list, with a form above it where it can be filtered, and the whole id of the row under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ZONE_KEY,
        shown_key("y,Y", "copy", "Copy id", "screen.copy", "Copy the whole id under the cursor"),
    ]

    def __init__(
        self, session: Session, records: RecordList, zone: Zone, remembered: Remembered | None = None
    ) -> None:
        super().__init__(session, records, ("records", *records.names), remembered)
        self._zone = zone
        self._page: Listed | None = None

    def body(self) -> ComposeResult:
        forms = [] if self._filter is None else [Form(self._filter.fields, id="filter")]
        yield from self.frame("rows", *forms)

    def on_mount(self) -> None:
        super().on_mount()
        self.head()
        self.note(None)
        self.listing.focus()
        self.ask(self._asked)

    def head(self) -> None:
        """Say which page this is, of what."""
        facts = self.page_facts(0 if self._page is None else len(self._page.rows))
        shown = self._shown
        facts += self.sort_facts(None if self._page is None else self._page.read)
        if isinstance(shown, FamilyList):
            facts += [Shown(f"only {text}", Tone.KEY) for text in shown.words(self._zone.info)]
        facts.append(Shown(f"times in {self._zone.name}", Tone.MUTED))
        facts += self.following.facts() if self.following is not None else []
        self.headline.show([self.outermost, *shown.names], facts=facts)

    def read(self, question: RecordList, after: Cursor | None) -> None:
        """Begin to read a page."""
        super().read(question, after)
        self.begin(f"Reading {question.plural}{sorting_words(self.order_of(question))}")
        self._read(question, after)

    @service_worker("browse")
    async def _read(self, records: RecordList, after: Cursor | None) -> None:
        page = await records.page(self._session, after)
        self.hand_on(self._loaded, records, after, page)

    def _loaded(self, records: RecordList, after: Cursor | None, page: Listed) -> None:
        if not self.is_asked(records, after):
            return
        self._page = page
        self.arrived(page.next, len(page.rows))
        self._fill()
        self.finish(" ".join((*page.notices, self._outcome)))

    @property
    def _outcome(self) -> str:
        if self._page is not None and self._page.rows:
            return self.directions
        if self._page is not None and self._page.next is not None:
            return f"No {self._shown.plural} match so far; n: look at more."
        if self.has_conditions:
            return f"No {self._shown.plural} match."
        return "" if self._page is not None and self._page.notices else "Nothing is stored here yet."

    def _fill(self) -> None:
        self.head()
        page = self._page
        if page is not None:
            self.listing.show(
                self.headed(page.columns, self.sort_names) if self.sort_names else page.columns,
                [
                    self.marked(row(self._zone.info), key)
                    for row, key in zip(page.rows, page.details, strict=True)
                ],
            )
            self._tell()

    @property
    def _current(self) -> int | None:
        key = self.listing.current
        return None if key is None or self._page is None else int(key)

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        place = self._current
        details = () if self._page is None else self._page.details
        self.note(Content(line(details[place], 400)) if place is not None and place < len(details) else None)

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        self.open_current()

    def opened(self) -> Opening | None:
        """Return what opens the record under the cursor."""
        place = self._current
        return None if place is None or self._page is None else copy(self._page.opens[place])

    def action_zone(self) -> None:
        self._zone.toggle()
        self._fill()

    def action_copy(self) -> None:
        place = self._current
        if place is not None and self._page is not None:
            self.post_message(CopyRequested("id", self._page.ids[place]))

    # Sorting

    @property
    def sort_names(self) -> Sequence[str]:
        """What each column is sorted by; nothing in a list that is no family's."""
        shown = self._shown
        return layout_of(shown.family).sort_names if isinstance(shown, FamilyList) else ()

    def order_of(self, question: RecordList) -> ListOrder:
        """Return the order that a list is asked in."""
        return question.query.order if isinstance(question, FamilyList) else None

    def in_order(self, question: RecordList, order: Order | None) -> RecordList:
        """Return the list in another order."""
        if not isinstance(question, FamilyList):
            return question
        return replace(question, query=replace(question.query, order=order))

    # Following

    page_size = PAGE

    @property
    def can_follow(self) -> bool:
        """Whether the list is of a family's records: other lists are answers to questions."""
        return isinstance(self._shown, FamilyList)

    def follower(self) -> Follower[RecordEntry]:
        """Return what follows the list on show."""
        if isinstance(shown := self._shown, FamilyList):
            return follow_family(self._session, shown.family.name, shown.query)
        raise UsageError("This list cannot be followed.")

    def add(self, records: Sequence[RecordEntry], deepest: int) -> int:
        """Put records on top; one that is there already is shown as it is now."""
        if self._page is None or not isinstance(self._shown, FamilyList):
            return 0
        newer = self._shown.listed(records[::-1])
        for each in newer.details:
            if each not in self._page.details:
                self.note_new(each)
        added = sum(each not in self._page.details for each in newer.details)
        page = newer.on_top_of(self._page)
        self._has_lost_rows = self._has_lost_rows or len(page.rows) > deepest
        self._page = page.cut(deepest)
        with self.listing.keeping_place(added):
            self._fill()
        return added

    # Filtering

    @property
    def _filter(self) -> FamilyList | None:
        """The list that was asked for last, where it can be filtered."""
        asked = self._asked
        return asked if isinstance(asked, FamilyList) and asked.fields else None

    def _filtered(self) -> FamilyList:
        if self._filter is None:
            raise AssertionError("a list without a filter has no form")
        return self._filter

    def typed(self) -> Mapping[str, str]:
        """Return what an operator would type for the filter."""
        return self._filtered().typed()

    def parsed(self, form: str, values: Mapping[str, str]) -> RecordList:  # noqa: ARG002 - there is one form
        """Return the list with other conditions."""
        return self._filtered().parsed(values)

    def filter_choices(self) -> FilterChoices:
        """Offer what the family is filtered by and the record under the cursor has."""
        family, place = self._filtered().family, self._current
        values = self._page.values[place] if self._page is not None and place is not None else {}
        return record_filter.choices(family, values)

    def without_last(self) -> RecordList:
        """Return the list without the condition that is named last."""
        return self._filtered().without_last()

    def without_any(self) -> RecordList:
        """Return the whole list."""
        return self._filtered().without_any()

    @property
    def has_conditions(self) -> bool:
        """Whether the list is filtered."""
        return self._filter is not None and self._filter.has_conditions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "copy":
            return True if self._page is not None and self._page.rows else None
        if action == "sort":
            return bool(self.sort_names)
        if action in ("filter", "drop", "filter_menu") and self._filter is None:
            return False
        return super().check_action(action, parameters)
