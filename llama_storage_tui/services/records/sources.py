"""The places behind a list, opened: which of them can be read, and what is said of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Generic, TypeVar

from llama_storage_tui.backends.protocols import KeyValueReader, Reader, RecordReader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import Table
from llama_storage_tui.model.families import KeyPlace, Place, RecordFamily, TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.services.session import Session

PlaceT = TypeVar("PlaceT", bound=Place)


@dataclass(frozen=True, slots=True)
class RecordSource:
    """A table that can be read, with its columns."""

    place: TablePlace
    records: RecordReader
    table: Table

    @property
    def columns(self) -> frozenset[str]:
        """The names of its columns."""
        return frozenset(column.name for column in self.table.columns)


@dataclass(frozen=True, slots=True)
class KeySource:
    """Keys that can be read."""

    place: KeyPlace
    key_values: KeyValueReader


@dataclass(frozen=True, slots=True)
class OpenedSource(Generic[PlaceT]):
    """The places that can be read, and a notice of each other one.

    `is_complete` is False where one of them was not read; a table that a server makes when it first needs it is complete without.
    """

    sources: dict[PlaceT, RecordSource | KeySource]
    notices: tuple[Notice, ...] = ()
    is_complete: bool = True
    failures: tuple[BackendError, ...] = ()

    @property
    def tables(self) -> tuple[RecordSource, ...]:
        """The tables among them."""
        return tuple(source for source in self.sources.values() if isinstance(source, RecordSource))


async def opened(session: Session, family: RecordFamily, places: Sequence[PlaceT]) -> OpenedSource[PlaceT]:
    """Open places of a family, all at once.

    Raises BackendError where none can be read and one is out of reach, or is a table of something else.
    """
    answers = await asyncio.gather(
        *(_source(session, family, place) for place in places), return_exceptions=True
    )
    sources: dict[PlaceT, RecordSource | KeySource] = {}
    notices: list[Notice] = []
    failures: list[BackendError] = []
    is_complete = True
    for place, answer in zip(places, answers, strict=True):
        match answer:
            case RecordSource() | KeySource():
                sources[place] = answer
            case Notice():
                notices.append(answer)
                is_complete = is_complete and not _is_made_at_start(place)
            case BackendError():
                failures.append(answer)
                notices.append(unread(place, answer))
                is_complete = False
            case BaseException():
                raise answer
    if failures and not sources:
        raise failures[0]
    return OpenedSource(sources, tuple(notices), is_complete, tuple(failures))


async def tables_there(
    session: Session, places: Iterable[TablePlace]
) -> AsyncGenerator[tuple[TablePlace, Reader, Table], None]:
    """Yield those of some tables that are there, each with the reader of its backend; raises BackendError."""
    for place in places:
        reader = await session.reader(place.backend)
        table = await reader.tables.table(place.table)
        if table is not None:
            yield place, reader, table


def unread(place: Place, error: BackendError) -> Notice:
    """Return the notice that a place was not read."""
    if isinstance(place, TablePlace):
        return Notice(NoticeKind.TABLE_NOT_READ, str(place), why=error.message)
    return Notice(NoticeKind.BACKEND_NOT_READ, place.backend, why=error.message)


def _is_made_at_start(place: Place) -> bool:
    """Tell whether a server makes a table when it starts, so that it is missed where it is not there."""
    return isinstance(place, TablePlace) and bool(place.layout.needed)


async def _source(session: Session, family: RecordFamily, place: Place) -> RecordSource | KeySource | Notice:
    reader = await session.reader(place.backend)
    if isinstance(place, KeyPlace):
        return KeySource(place, reader.key_values)
    table = await reader.tables.table(place.table)
    if table is None:
        return Notice(NoticeKind.NO_TABLE, str(place), family.words)
    source = RecordSource(place, reader.records, table)
    if missing := [column for column in place.layout.needed if column not in source.columns]:
        return Notice(NoticeKind.COLUMNS_MISSING, str(place), family.words, ", ".join(missing))
    if place.layout.id not in source.columns:
        raise BackendError(
            f"Table {place} is not the server's: it has no column {place.layout.id}",
            failure=FailureKind.QUERY,
            where=place.backend,
            help="Another program created it; `rows` shows it unchanged.",
        )
    return source
