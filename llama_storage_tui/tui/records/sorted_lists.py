"""Lists of records that are sorted by one of their columns: which one is chosen as on the rows of a table, with ← → and `s`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar

from textual.binding import BindingType

from llama_storage_tui.model.data import Count, Order, turned
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.reports.amounts import sort_cost
from llama_storage_tui.tui.records.filtered import FilteredScreen
from llama_storage_tui.tui.screens.followed import FollowedPages
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.widgets.listing import ListColumn

Question = TypeVar("Question")
ListOrder = RecordOrder | Order | None


class SortableScreen(FollowedPages[Question], FilteredScreen[Question]):
    """Pages of records that are filtered by a form, followed, and sorted by what the list shows of a column."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "s",
            "sort",
            "Sort",
            "list.sort",
            "Sort by the column that ← → choose: ascending, descending, not at all",
        ),
    ]

    chooses_column = True

    @property
    def sort_names(self) -> Sequence[str]:
        """What each of the list's columns is sorted by: a column of the table, or what the family shows of one."""
        raise NotImplementedError

    def order_of(self, question: Question) -> ListOrder:
        """Return the order that a question asks for."""
        raise NotImplementedError

    def in_order(self, question: Question, order: Order | None) -> Question:
        """Return a question in another order, None: in the one that the list has by itself."""
        raise NotImplementedError

    def action_sort(self) -> None:
        """Turn the order of the column that is chosen."""
        place, names, question = self.listing.current_column, self.sort_names, self.question
        if place is not None and place < len(names):
            self.ask(self.in_order(question, turned(self.order_of(question), names[place])))

    def sort_facts(self, read: Count | None) -> list[Shown]:
        """Say what the list on show is sorted by, and what that costs; nothing where it is not."""
        order = self.order_of(self._shown)
        return [Shown(sort_cost(order, read), Tone.KEY)] if isinstance(order, Order) else []

    def headed(self, columns: Sequence[ListColumn], names: Sequence[str]) -> list[ListColumn]:
        """Return columns, the one that the list is sorted by with an arrow."""
        order = self.order_of(self._shown)
        if not isinstance(order, Order):
            return [*columns]
        arrow = "▼" if order.is_descending else "▲"
        return [
            replace(column, title=f"{column.title} {arrow}") if name == order.column else column
            for column, name in zip(columns, names, strict=True)
        ]


def sorting_words(order: ListOrder) -> str:
    """Say by what a list is being sorted, after what is read; empty where it is not."""
    return f", sorted by {order.column}" if isinstance(order, Order) else ""
