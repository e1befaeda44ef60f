"""The stored responses of a deployment: the newest first, or those that a filter finds, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable

from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import ResponseSummary
from llama_storage_tui.tui.export.messages import ExportOpened
from llama_storage_tui.tui.messages import ChainOpened, CopyRequested, Opening, ResponseOpened
from llama_storage_tui.tui.records import record_filter, viewer_form
from llama_storage_tui.tui.records.response_export import ResponseExport
from llama_storage_tui.tui.records.response_pages import ResponsePages
from llama_storage_tui.tui.records.response_query import Question
from llama_storage_tui.tui.records.response_rows import (
    COLUMNS,
    MARKED_COLUMNS,
    MARKED_SORT_NAMES,
    SORT_NAMES,
    cells,
    detail,
    keys,
    marked_cells,
    row_key,
)
from llama_storage_tui.tui.records.response_wording import id_text, short_ids
from llama_storage_tui.tui.screens.filter_menu import FilterChoices
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.zone import ZONE_KEY
from llama_storage_tui.tui.widgets.form import Form
from llama_storage_tui.upstream.families.responses import RESPONSES


class ResponsesScreen(ResponsePages):
    """A list of responses, and everything that a list knows about the one under the cursor.

    On very large tables a filter is a search, which shows what it has found and how far it is while it runs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "o",
            "order",
            "Order",
            "responses.order",
            "Newest first, which reads the whole table, or as stored, which is close to it and fast",
        ),
        shown_key(
            "v",
            "view_as",
            "View as",
            "responses.view-as",
            "Show only what a server of this version would give to one user",
        ),
        shown_key(
            "H",
            "hidden",
            "Hidden",
            "responses.hidden",
            "Show also what that user would not get, and what hides it",
        ),
        ZONE_KEY,
        shown_key("c", "chain", "Chain", "responses.chain", "Earlier and later responses"),
        shown_key("e", "export", "Export", "screen.export", "Write this page, or all that match, to a file"),
        shown_key("y,Y", "copy", "Copy id", "screen.copy", "Copy the whole id under the cursor"),
    ]

    def body(self) -> ComposeResult:
        yield from self.frame(
            "responses",
            Form(record_filter.form_fields(RESPONSES), id="filter"),
            Form(viewer_form.FIELDS, id="viewer"),
        )

    def on_mount(self) -> None:
        """Find out how many there are, then read the first page."""
        super().on_mount()
        self.head()
        self.listing.focus()
        self.begin_to_measure()

    def head(self) -> None:
        """Say which page this is, in which order, of what."""
        facts = self.page_facts(len(self._responses), "responses ")
        if self._shown.query.order is RecordOrder.STORED:
            facts.append(Shown("▲ as stored, close to newest first: o sorts", Tone.WARNING))
        elif self._shown.query.order is RecordOrder.NEWEST:
            facts.append(Shown("newest first", Tone.MUTED))
        facts += self.sort_facts(self._rows_read)
        if self._search is not None:
            facts.append(self._search.fact)
        facts += [Shown(text, Tone.KEY) for text in self._shown.words(self._zone.info)]
        if self._shown.viewer is not None:
            hidden = sum(self._hidden.values())
            hidden_how = "hidden, dimmed" if self._shown.marks else "hidden"
            facts.append(
                Shown(
                    f"{'▲ ' if hidden else ''}{hidden:,} {hidden_how}", Tone.WARNING if hidden else Tone.MUTED
                )
            )
        facts.append(Shown(f"times in {self._zone.name}", Tone.MUTED))
        facts += self.following.facts() if self.following is not None else []
        self.headline.show([self.outermost, "responses"], facts=facts)

    # Showing

    def fill(self) -> None:
        """List them."""
        self.head()
        ids = [id_text(summary.id) for summary in self._responses]
        is_marked = self._is_marked
        written = marked_cells if is_marked else cells
        self.listing.show(
            self.headed(MARKED_COLUMNS if is_marked else COLUMNS, self.sort_names),
            [
                self.marked(written(summary, short, self._zone.info), row_key(summary))
                for summary, short in zip(self._responses, short_ids(ids), strict=True)
            ],
            keys(self._responses, ids),
        )
        self._tell()

    @property
    def _is_marked(self) -> bool:
        return self._shown.marks and self._shown.viewer is not None

    @property
    def sort_names(self) -> Sequence[str]:
        """What each column is sorted by."""
        return MARKED_SORT_NAMES if self._is_marked else SORT_NAMES

    @property
    def _current(self) -> ResponseSummary | None:
        listing = self.listing
        place = listing.cursor_row
        return self._responses[place] if listing.row_count and place < len(self._responses) else None

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        summary = self._current
        self.note(None if summary is None else detail(summary))

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        self.open_current()

    def opened(self) -> Opening | None:
        """Return what opens the response under the cursor."""
        summary = self._current
        return None if summary is None else ResponseOpened(summary.id)

    def action_order(self) -> None:
        query = self.question.query
        order = RecordOrder.STORED if query.order is RecordOrder.NEWEST else RecordOrder.NEWEST
        self.ask(replace(self.question, query=replace(query, order=order)))

    def action_hidden(self) -> None:
        """Show what the user would not get too, or leave it out again."""
        self.ask(replace(self.question, marks=not self.question.marks))

    def action_zone(self) -> None:
        self._zone.toggle()
        self.fill()

    def action_chain(self) -> None:
        """Ask for the chain of the response under the cursor."""
        summary = self._current
        if summary is not None:
            self.post_message(ChainOpened(id_text(summary.id)))

    def action_copy(self) -> None:
        summary = self._current
        if summary is not None:
            self.post_message(CopyRequested("response id", id_text(summary.id)))

    def action_export(self) -> None:
        self.post_message(ExportOpened(ResponseExport(self._session, self._shown, self._responses)))

    # Filtering

    def typed(self) -> Mapping[str, str]:
        """Return what an operator would type for the filter."""
        return record_filter.typed(RESPONSES, self._asked.query)

    def parsed(self, form: str, values: Mapping[str, str]) -> Question:
        """Return what was asked last with another user, or with other conditions."""
        if form == "viewer":
            return replace(self._asked, viewer=viewer_form.parse(values))
        query = record_filter.parse(RESPONSES, values, self._asked.query, now=datetime.now(UTC))
        return replace(self._asked, query=query)

    def filter_choices(self) -> FilterChoices:
        """Offer the status, model and owner of the response under the cursor."""
        found = self._current
        values = {} if found is None else {"status": found.status, "model": found.model, "owner": found.owner}
        return record_filter.choices(RESPONSES, values)

    def without_last(self) -> Question:
        """Leave out what is named last."""
        return self._asked.without_last()

    def without_any(self) -> Question:
        """Leave everything out."""
        return self._asked.without_any()

    @property
    def has_conditions(self) -> bool:
        """Whether there is anything to leave out."""
        return self._asked.has_conditions

    async def action_view_as(self) -> None:
        await self.open_form(
            "viewer", viewer_form.typed(self._asked.viewer), "an empty form shows everything again"
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to copy without a response, no order to choose before the tables are measured."""
        match action:
            case "copy" | "chain" | "export":
                return True if self._responses else None
            case "hidden":
                return self._asked.viewer is not None
            case "order" | "sort":
                return None if self._is_large is None else True
        return super().check_action(action, parameters)
