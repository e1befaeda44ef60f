"""The filters of a list that need no typing: what is under the cursor, only failed, of today, and those saved by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, Protocol, runtime_checkable

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.services.saved_filters import SavedFilter, forget_filter, read_filters, save_filter
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.screens.one_field import FieldDialog
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing
from llama_storage_tui.tui.widgets.status_line import StatusLine

COLUMNS: Final = (
    ListColumn("Key", width=4),
    ListColumn("Filter", most=30),
    ListColumn("Shows only", grows=True, least=20),
)
NUMBERS: Final = "123456789"
FAILED, TODAY, YESTERDAY, HOUR, STATUS, MODEL, OWNER, VALUE = "ftdrsmov"
_KEYS: Final = {
    FAILED: ("failed", "Only failed", "Show only what failed"),
    TODAY: ("today", "Today", "Show only what was stored today, in UTC"),
    YESTERDAY: ("yesterday", "Since yesterday", "Show only what was stored yesterday or today, in UTC"),
    HOUR: ("hour", "Last hour", "Show only what was stored in the last hour"),
    STATUS: ("status", "Same status", "Show only what has the status of the row under the cursor"),
    MODEL: ("model", "Same model", "Show only what has the model of the row under the cursor"),
    OWNER: ("owner", "Same owner", "Show only what has the owner of the row under the cursor"),
    VALUE: ("value", "This value", "Show only what has the value under the cursor in that column"),
}


@runtime_checkable
class HasSavedFilters(Protocol):
    """An app that knows where an operator's filters are saved."""

    @property
    def filters_file(self) -> Path:
        """Return the file."""


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What a list can be filtered by.

    `list` is its name among saved filters, `offers` are the conditions behind each key, as they are typed, and `now` those that
    hold already.
    """

    list: str
    offers: Mapping[str, tuple[str, ...]]
    now: tuple[str, ...] = ()


class FilterMenu(Dialog[tuple[str, ...]]):
    """A list of filters, each behind a key; the answer are the conditions that are added, as they are typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            hidden_key(key, f"choose('{key}')", label, f"filters.{name}", help_)
            for key, (name, label, help_) in _KEYS.items()
        ),
        *(
            hidden_key(
                key,
                f"choose('{key}')",
                f"Saved {key}",
                f"filters.saved-{key}",
                f"Show only what saved filter {key} shows",
            )
            for key in NUMBERS
        ),
        shown_key("plus", "save", "Name it", "filters.save", "Save the current filter by a name"),
        shown_key("delete", "forget", "Delete", "filters.delete", "Delete the selected saved filter"),
    ]

    box_title = "Filter by"

    def __init__(self, choices: FilterChoices, file: Path) -> None:
        super().__init__()
        self._choices = choices
        self._file = file
        self._offers: dict[str, tuple[str, ...]] = {}
        self._saved: tuple[SavedFilter, ...] = ()

    def body(self) -> ComposeResult:
        yield Listing(id="filters")
        yield StatusLine()

    def on_mount(self) -> None:
        self.query_one(Listing).focus()
        self._say("")
        try:
            self._show(read_filters(self._file))
        except StorageToolError as error:
            self._show(())
            self.query_one(StatusLine).fail(error.message, help_words(error.help))

    def _say(self, text: str) -> None:
        how = "+ saves the current filter; a" if self._choices.now else "A"
        self.query_one(StatusLine).say(text or f"{how} key, or enter, adds one to the current filter.")

    def _show(self, saved: Sequence[SavedFilter]) -> None:
        self._saved = tuple(each for each in saved if each.list == self._choices.list)
        rows: list[tuple[Shown, ...]] = []
        self._offers = {}
        for key, (_, label, _) in _KEYS.items():
            if key in self._choices.offers:
                self._offer(rows, key, label, self._choices.offers[key])
        for number, each in enumerate(self._saved):
            key = NUMBERS[number] if number < len(NUMBERS) else f"saved {number}"
            self._offer(rows, key, each.name, each.conditions)
        self.query_one(Listing).show(COLUMNS, rows, list(self._offers))
        self.refresh_bindings()

    def _offer(
        self, rows: list[tuple[Shown, ...]], key: str, label: str, conditions: tuple[str, ...]
    ) -> None:
        self._offers[key] = conditions
        rows.append(
            (
                Shown(key if len(key) == 1 else "", Tone.KEY),
                Shown(label),
                Shown(", ".join(conditions), Tone.MUTED),
            )
        )

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        key = self.query_one(Listing).current
        if key is not None:
            self.action_choose(key)

    def action_choose(self, key: str) -> None:
        """Answer with the filter behind a key."""
        if key in self._offers:
            self.dismiss(self._offers[key])

    def action_save(self) -> None:
        """Ask for a name, and save the filter that holds now."""
        words = ", ".join(self._choices.now)
        self.app.push_screen(
            FieldDialog(
                "Save this filter", f"Shows only {words}. A filter of that name is replaced.", "Name"
            ),
            self._named,
        )

    def _named(self, name: str | None) -> None:
        if name and name.strip():
            filter_ = SavedFilter(self._choices.list, name.strip()[:60], self._choices.now)
            self._change(lambda: save_filter(self._file, filter_), f"Saved in {self._file}")

    def action_forget(self) -> None:
        """Delete the saved filter under the cursor."""
        found = self._current
        if found is not None:
            self._change(lambda: forget_filter(self._file, found), f"Deleted: {found.name}")

    @work(exclusive=True, group="saved", exit_on_error=False)
    async def _change(self, change: Callable[[], Sequence[SavedFilter]], said: str) -> None:
        try:
            # On disk when it returns, for which a home folder on a network may take its time.
            saved = await asyncio.to_thread(change)
        except StorageToolError as error:
            self.query_one(StatusLine).fail(error.message, help_words(error.help))
        else:
            self._show(saved)
            self._say(said)

    @property
    def _current(self) -> SavedFilter | None:
        row = self.query_one(Listing).cursor_row - (len(self._offers) - len(self._saved))
        return self._saved[row] if 0 <= row < len(self._saved) else None

    @on(DataTable.RowHighlighted)
    def _highlighted(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to save without a filter, nothing to delete but what is saved."""
        match action:
            case "choose":
                return bool(parameters) and parameters[0] in self._offers
            case "save":
                return True if self._choices.now else None
            case "forget":
                return True if self.is_mounted and self._current is not None else None
        return super().check_action(action, parameters)
