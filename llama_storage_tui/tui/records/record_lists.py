"""Lists that are shown a page at a time: the records of any family, filtered or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, tzinfo
from typing import Final, Protocol, Self

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Count, Cursor
from llama_storage_tui.model.families import Query, RecordEntry, RecordFamily
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.listing import list_family
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.messages import (
    CompletionOpened,
    ConversationOpened,
    ObjectOpened,
    Opening,
    ResponseOpened,
)
from llama_storage_tui.tui.records import record_filter
from llama_storage_tui.tui.records.list_columns import layout_of
from llama_storage_tui.tui.records.response_wording import id_text
from llama_storage_tui.tui.style.glyphs import Shown
from llama_storage_tui.tui.style.wording import size
from llama_storage_tui.tui.widgets.form import FormField
from llama_storage_tui.tui.widgets.listing import ListColumn

PAGE: Final = 100
_OPENS: Final[Mapping[str, Callable[[str], Opening]]] = {
    "responses": ResponseOpened,
    "conversations": ConversationOpened,
    "completions": CompletionOpened,
}
"""What a record of a family opens that is read in a way of its own."""


def record_opened(family: RecordFamily, id_: str) -> Opening:
    """Return what opens one record of a family."""
    opens = _OPENS.get(family.name)
    return ObjectOpened(family.name, family.title, id_) if opens is None else opens(id_)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page: columns, and for each row its cells by zone, its whole id, a line about it, and what it opens."""

    columns: tuple[ListColumn, ...]
    rows: tuple[Callable[[tzinfo | None], tuple[Shown, ...]], ...]
    ids: tuple[str, ...]
    details: tuple[str, ...]
    opens: tuple[Opening | None, ...]
    next: Cursor | None
    notices: tuple[str, ...] = ()
    values: tuple[Mapping[str, object], ...] = ()
    """For each row what it has by the labels of its family."""
    read: Count | None = None
    """How many rows were looked at to sort them."""

    def on_top_of(self, page: Listed) -> Listed:
        """Return these rows before those of a page that are not among them."""
        rest = [place for place, detail in enumerate(page.details) if detail not in self.details]
        return replace(
            page,
            rows=(*self.rows, *(page.rows[place] for place in rest)),
            ids=(*self.ids, *(page.ids[place] for place in rest)),
            details=(*self.details, *(page.details[place] for place in rest)),
            opens=(*self.opens, *(page.opens[place] for place in rest)),
            values=(*self.values, *(page.values[place] for place in rest if page.values)),
        )

    def cut(self, most: int) -> Listed:
        """Return the first rows of it."""
        return replace(
            self,
            rows=self.rows[:most],
            ids=self.ids[:most],
            details=self.details[:most],
            opens=self.opens[:most],
            values=self.values[:most],
        )


class RecordList(Protocol):
    """Something to list: its names, and how a page of it is read."""

    @property
    def names(self) -> tuple[str, ...]:
        """What they are, from the outermost name to the list's own."""

    @property
    def plural(self) -> str:
        """What they are called in a sentence."""

    async def page(self, session: Session, after: Cursor | None) -> Listed:
        """Read a page; raises StorageToolError."""


@dataclass(frozen=True)
class FamilyList:
    """The records of a family, or those of it that a query selects: a value, of which every change makes another."""

    family: RecordFamily
    query: Query = field(default_factory=lambda: Query(limit=PAGE))

    @property
    def names(self) -> tuple[str, ...]:
        """The family, below `objects` where it has no command of its own, and whose they are."""
        if self.family.command:
            return (self.family.words,)
        return ("objects", self.family.title, *((f"of {self.query.of[1]}",) if self.query.of else ()))

    @property
    def plural(self) -> str:
        """The family's title inside of a sentence."""
        title = self.family.title
        return title[:1].lower() + title[1:]

    async def page(self, session: Session, after: Cursor | None) -> Listed:
        """Read a page; raises StorageToolError."""
        page = await list_family(session, self.family.name, replace(self.query, after=after))
        return replace(
            self.listed(page.records), next=page.next, notices=notice_words(page.notices), read=page.read
        )

    def listed(self, records: Sequence[RecordEntry]) -> Listed:
        """Return records as they are listed."""
        layout = layout_of(self.family)
        ids = tuple(id_text(each.id) for each in records)
        return Listed(
            layout.columns,
            tuple(layout.row(each) for each in records),
            ids,
            tuple(_detail(each) for each in records),
            tuple(record_opened(self.family, id_) for id_ in ids),
            None,
            values=tuple(each.cells for each in records),
        )

    @property
    def fields(self) -> tuple[FormField, ...]:
        """What its form asks for; nothing where the family has no filters."""
        return record_filter.form_fields(self.family)

    @property
    def has_conditions(self) -> bool:
        """Whether anything is left out."""
        return record_filter.is_filtered(self.query)

    def words(self, zone: tzinfo | None) -> list[str]:
        """Name the conditions."""
        return record_filter.words(self.family, self.query, zone)

    def typed(self) -> dict[str, str]:
        """Return what an operator would type for it."""
        return record_filter.typed(self.family, self.query)

    def parsed(self, values: Mapping[str, str]) -> Self:
        """Return what was typed; raises UsageError."""
        return replace(
            self, query=record_filter.parse(self.family, values, self.query, now=datetime.now(UTC))
        )

    def without_last(self) -> Self:
        """Return it without the condition that is named last."""
        return replace(self, query=record_filter.without_last(self.family, self.query))

    def without_any(self) -> Self:
        """Return it without a condition."""
        return replace(self, query=record_filter.unfiltered(self.query))


def _detail(found: RecordEntry) -> str:
    where = found.key if found.key is not None else f"{found.place.backend}.{found.place.table}"
    size_ = f"  {size(found.bytes)}" if found.bytes is not None else ""
    return f"{id_text(found.id)}  {where}{size_}"
