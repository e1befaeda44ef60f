"""What the lists of stored records share that are filtered by a form: its keys, and the way from it to a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, TypeVar

from textual import on
from textual.binding import BindingType

from llama_storage_tui.errors import UsageError
from llama_storage_tui.tui.records.frame import RecordFrame
from llama_storage_tui.tui.screens.filter_menu import FilterChoices, FilterMenu, HasSavedFilters
from llama_storage_tui.tui.screens.paged import PagedScreen
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.form import Form

Question = TypeVar("Question")
TIMES: Final = ("since", "until")


class FilteredScreen(RecordFrame, PagedScreen[Question]):
    """Pages of what a form asks for. A condition that is taken off is the one that the headline names last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "slash",
            "filter",
            "Filter",
            "screen.filter",
            "Show only some: by model, owner, time, text, on the server",
        ),
        hidden_key("backspace", "drop", "Drop filter", "responses.drop", "Remove the last filter"),
        shown_key(
            "equals_sign",
            "filter_menu",
            "Filter by",
            "screen.filter-by",
            "Filter without typing: by the row under the cursor, only failed, today, or a saved filter",
        ),
        shown_key("X", "unfilter", "All", "responses.unfilter", "Remove all filters"),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - those of a paged screen
        super().__init__(*args, **kwargs)
        self._as_typed: dict[str, tuple[str, str]] = {}
        """Of each condition on a time the words that it was asked with, and what was made of them."""

    def typed(self) -> Mapping[str, str]:
        """Return what an operator would type for the filter that was asked for last."""
        raise NotImplementedError

    def parsed(self, form: str, values: Mapping[str, str]) -> Question:
        """Return the question that the form of that name asks; raises UsageError."""
        raise NotImplementedError

    def without_last(self) -> Question:
        """Return what was asked last without the condition that is named last."""
        raise NotImplementedError

    def without_any(self) -> Question:
        """Return what was asked last without a condition."""
        raise NotImplementedError

    @property
    def has_conditions(self) -> bool:
        """Whether what was asked last leaves anything out."""
        raise NotImplementedError

    async def action_filter(self) -> None:
        await self.open_form("filter", self.typed(), "empty fields match anything")

    async def open_form(self, name: str, values: Mapping[str, str], hint: str) -> None:
        """Open one of the screen's forms, filled."""
        for form in self.query(Form):
            form.close()
        await self.query_one(f"#{name}", Form).open(values)
        if not self.is_waiting:
            self.status.say(f"enter applies; {hint}; ↑↓ go to the other fields")

    # Filters that need no typing

    def filter_choices(self) -> FilterChoices:
        """Return what can be filtered by, with the values of the row under the cursor."""
        raise NotImplementedError

    def action_filter_menu(self) -> None:
        """Offer filters by the row under the cursor, by what is usual, and by name."""
        if isinstance(self.app, HasSavedFilters):
            choices = self.filter_choices()
            now = tuple(f"{name}={self._words_of_time(name, text)}" for name, text in self.typed().items())
            self.app.push_screen(FilterMenu(replace(choices, now=now), self.app.filters_file), self._chosen)

    def _chosen(self, conditions: tuple[str, ...] | None) -> None:
        if conditions:
            self._apply("filter", dict(each.split("=", 1) for each in conditions if "=" in each))

    def _words_of_time(self, name: str, text: str) -> str:
        """Return how a time was typed, `yesterday`, where the condition still is what was made of it."""
        words, made = self._as_typed.get(name, ("", ""))
        return words if made == text else text

    def _apply(self, form: str, values: Mapping[str, str]) -> bool:
        try:
            asked = self.parsed(form, values)
        except UsageError as error:
            self.fail(error)
            return False
        self.listing.focus()
        self.ask(asked)
        if form == "filter":
            made = self.typed()
            self._as_typed |= {
                name: (values[name].strip(), made[name]) for name in TIMES if name in made and name in values
            }
        return True

    def action_drop(self) -> None:
        self.ask(self.without_last())

    def action_unfilter(self) -> None:
        self.ask(self.without_any())

    @on(Form.Sent)
    def _sent(self, message: Form.Sent) -> None:
        if self._apply(message.form.id or "", message.values):
            message.form.close()
            self.listing.focus()

    @on(Form.Closed)
    def _form_closed(self) -> None:
        self.listing.focus()
        if not self.is_waiting:
            self.status.say("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to take off without a condition."""
        if action == "unfilter":
            return self.has_conditions
        if action == "drop":
            return True if self.has_conditions else None
        return super().check_action(action, parameters)
