"""Lists that are shown a page at a time: conversations and chat completions, filtered or not, objects of a family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import ClassVar, Final, Generic, Protocol, Self

from textual.message import Message

from llama_storage_tui.model.completions import CompletionQuery, CompletionSummary
from llama_storage_tui.model.conversations import Conversation, ConversationQuery
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.model.objects import ObjectEntry, ObjectFamily, Show
from llama_storage_tui.model.responses import Place
from llama_storage_tui.services.objects.browsing import list_family
from llama_storage_tui.services.objects.showing import shown
from llama_storage_tui.services.responses.completions import list_completions
from llama_storage_tui.services.responses.conversations import list_conversations
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import with_letters
from llama_storage_tui.tui.messages import CompletionOpened, ConversationOpened, ObjectOpened
from llama_storage_tui.tui.records import record_filter
from llama_storage_tui.tui.records.record_filter import Query
from llama_storage_tui.tui.records.response_wording import created_shown, id_text, number, owner_shown
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.wording import size
from llama_storage_tui.tui.widgets.form import FormField
from llama_storage_tui.tui.widgets.listing import ListColumn

PAGE: Final = 100
_CONVERSATIONS: Final = ConversationQuery(limit=PAGE)
_COMPLETIONS: Final = CompletionQuery(limit=PAGE)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page: columns, and for each row its cells by zone, its whole id, a line about it, and what it opens."""

    columns: tuple[ListColumn, ...]
    rows: tuple[Callable[[tzinfo | None], tuple[Shown, ...]], ...]
    ids: tuple[str, ...]
    details: tuple[str, ...]
    opens: tuple[Message | None, ...]
    next: Cursor | None
    notices: tuple[str, ...] = ()


class RecordList(Protocol):
    """Something to list: its names, and how a page of it is read."""

    @property
    def names(self) -> tuple[str, ...]:
        """What they are, from the outermost name to the list's own."""
        ...

    async def page(self, session: Session, after: Cursor | None) -> Listed:
        """Read a page; raises StorageToolError."""
        ...


@dataclass(frozen=True)
class FilteredList(Generic[Query]):
    """A list that a form filters: a value, of which every change makes another."""

    query: Query
    fields: ClassVar[tuple[FormField, ...]] = ()
    names: ClassVar[tuple[str, ...]] = ()

    async def page(self, session: Session, after: Cursor | None) -> Listed:
        """Read a page; raises StorageToolError."""
        raise NotImplementedError

    @property
    def has_conditions(self) -> bool:
        """Whether anything is left out."""
        return record_filter.is_filtered(self.query)

    def words(self, zone: tzinfo | None) -> list[str]:
        """Name the conditions."""
        return record_filter.words(self.query, zone)

    def typed(self) -> dict[str, str]:
        """Return what an operator would type for it."""
        return record_filter.typed(self.query)

    def parsed(self, values: Mapping[str, str]) -> Self:
        """Return what was typed; raises UsageError."""
        return replace(self, query=record_filter.parse(values, self.query, now=datetime.now(UTC)))

    def without_last(self) -> Self:
        """Return it without the condition that is named last."""
        return replace(self, query=record_filter.without_last(self.query))

    def without_any(self) -> Self:
        """Return it without a condition."""
        return replace(self, query=record_filter.unfiltered(self.query))


def _where(place: Place) -> str:
    return f"{place.backend}.{place.table}"


@dataclass(frozen=True)
class ConversationList(FilteredList[ConversationQuery]):
    """Conversations, the newest first."""

    query: ConversationQuery = _CONVERSATIONS
    fields: ClassVar[tuple[FormField, ...]] = record_filter.CONVERSATION_FIELDS
    names: ClassVar[tuple[str, ...]] = ("conversations",)
    columns: ClassVar[tuple[ListColumn, ...]] = (
        ListColumn("Created", most=20),
        ListColumn("Items", most=7, is_number=True),
        ListColumn("Owner", most=24, cuts_middle=True),
        ListColumn("Metadata", grows=True, least=12),
        ListColumn("Id", most=24, cuts_middle=True, is_wide_only=True),
    )

    async def page(self, session: Session, after: Cursor | None) -> Listed:
        """Read a page."""
        page = await list_conversations(session, replace(self.query, after=after))
        ids = tuple(id_text(each.id) for each in page.conversations)
        return Listed(
            self.columns,
            tuple(_conversation_cells(each) for each in page.conversations),
            ids,
            tuple(f"{id_text(each.id)}  {_where(each.place)}" for each in page.conversations),
            tuple(ConversationOpened(id_) for id_ in ids),
            page.next,
            page.notices,
        )


def _conversation_cells(found: Conversation) -> Callable[[tzinfo | None], tuple[Shown, ...]]:
    return lambda zone: (
        created_shown(found.created_at, zone),
        number(found.items),
        owner_shown(found.owner),
        Shown("–" if found.metadata is None else with_letters(id_text(found.metadata)), Tone.MUTED),
        Shown(id_text(found.id), Tone.MUTED),
    )


@dataclass(frozen=True)
class CompletionList(FilteredList[CompletionQuery]):
    """Chat completions, the newest first."""

    query: CompletionQuery = _COMPLETIONS
    fields: ClassVar[tuple[FormField, ...]] = record_filter.COMPLETION_FIELDS
    names: ClassVar[tuple[str, ...]] = ("chat completions",)
    columns: ClassVar[tuple[ListColumn, ...]] = (
        ListColumn("Created", most=20),
        ListColumn("Finished", most=14),
        ListColumn("Model", most=26, least=12, cuts_middle=True),
        ListColumn("Owner", most=24, least=10, cuts_middle=True),
        ListColumn("Messages", most=8, is_number=True, is_wide_only=True),
        ListColumn("Calls", most=6, is_number=True),
        ListColumn("Id", grows=True, least=12, cuts_middle=True, is_wide_only=True),
    )

    async def page(self, session: Session, after: Cursor | None) -> Listed:
        """Read a page."""
        page = await list_completions(session, replace(self.query, after=after))
        ids = tuple(id_text(each.id) for each in page.completions)
        return Listed(
            self.columns,
            tuple(_completion_cells(each) for each in page.completions),
            ids,
            tuple(f"{id_text(each.id)}  {_where(each.place)}" for each in page.completions),
            tuple(CompletionOpened(id_) for id_ in ids),
            page.next,
            page.notices,
        )


def _completion_cells(found: CompletionSummary) -> Callable[[tzinfo | None], tuple[Shown, ...]]:
    reason = found.finish_reason
    finished = {
        "stop": Shown("● stop", Tone.GOOD),
        "tool_calls": Shown("● tool calls", Tone.KEY),
        None: Shown("▲ unknown", Tone.WARNING),
    }.get(reason, Shown(f"▲ {reason}", Tone.WARNING))
    return lambda zone: (
        created_shown(found.created, zone),
        finished,
        Shown(id_text(found.model)),
        owner_shown(found.owner),
        number(found.messages),
        number(found.tool_calls),
        Shown(id_text(found.id), Tone.MUTED),
    )


class ObjectList:
    """The objects of a family, or those of it that belong to another object."""

    def __init__(self, family: str, title: str, of: tuple[str, str] | None = None) -> None:
        self._family, self._title, self._of = family, title, of
        self.names: tuple[str, ...] = ("objects", title, *((f"of {of[1]}",) if of else ()))

    async def page(self, session: Session, after: Cursor | None) -> Listed:
        """Read a page."""
        page = await list_family(session, self._family, limit=PAGE, after=after, of=self._of)
        return Listed(
            (
                ListColumn("Id", grows=True, least=16, cuts_middle=True),
                *(
                    ListColumn(each.label, most=30, is_number=_is_number(each.show))
                    for each in page.family.columns
                ),
            ),
            tuple(_object_cells(each, page.family) for each in page.objects),
            tuple(each.id for each in page.objects),
            tuple(_object_detail(each) for each in page.objects),
            tuple(ObjectOpened(page.family.name, page.family.title, each.id) for each in page.objects),
            page.next,
            page.notices,
        )


def _is_number(show: Show) -> bool:
    return show in (Show.BYTES, Show.NUMBER)


def _object_cells(found: ObjectEntry, family: ObjectFamily) -> Callable[[tzinfo | None], tuple[Shown, ...]]:
    if found.problem is not None:
        problem = Shown(f"▲ {found.problem}", Tone.WARNING)
        empty = (Shown(""),) * (len(family.columns) - 1)
        return lambda _zone: (Shown(found.id), problem, *empty)
    return lambda _zone: (
        Shown(found.id),
        *(
            Shown(shown(cell, part.show), Tone.MUTED if cell is None else Tone.PLAIN)
            for cell, part in zip(found.cells, family.columns, strict=True)
        ),
    )


def _object_detail(found: ObjectEntry) -> str:
    where = found.key if found.key is not None else f"{found.place.backend}.{found.place.table}"
    return f"{found.id}  {where}" + (f"  {size(found.bytes)}" if found.bytes is not None else "")


@dataclass(eq=False)
class RecordsListed(Message):
    """A page of a list arrived, for the list and the cursor that it was asked with."""

    records: RecordList
    after: Cursor | None
    page: Listed
