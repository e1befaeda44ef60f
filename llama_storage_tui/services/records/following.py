"""Records as they are stored, and rows of any table: looks at what is new. Nothing here writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from time import monotonic
from typing import Final, Generic, TypeVar

from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.data import Order, RowQuery
from llama_storage_tui.model.families import Place, Query
from llama_storage_tui.model.following import Mark, NewRow, StoredSince
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import Condition
from llama_storage_tui.services.records.pages import ListedFamily, check_query
from llama_storage_tui.services.records.places import needed_places
from llama_storage_tui.services.records.rows import record_query
from llama_storage_tui.services.records.sources import KeySource, OpenedSource, RecordSource, opened
from llama_storage_tui.services.session import Session

T = TypeVar("T")

SECONDS: Final = 1.7
"""From one look to the next: what is stored right after a look is still on show within two seconds."""

SHARE: Final = 8
"""How many times as long as a slow look took is waited for the next one."""

SLOW: Final = 1.0
"""Seconds of a look from which on it counts as slow: a private copy of a large file, a server at its limit."""

LONGEST_WAIT: Final = 30.0
"""Seconds between two looks at most."""

MOST: Final = 500
"""Rows of one look; where more were stored, the next one follows at once."""

MOST_ROWS: Final = 100
"""The same where rows may be whole and large."""


@dataclass(frozen=True, slots=True)
class Followed(Generic[T]):
    """What one look found, the first stored first.

    `is_cut` where there is more that was stored since: the next look goes on there. `unseen` is about how many rows were stored
    where the looks do not reach, since the first one. `unread` are those before these that whoever follows did not want
    (`Polling.newest`). `ways` say how the rows are found and what that leaves out. `seconds` is how
    long the look took, `steadily` the less of that and what the one before took: one look that something held up is not slow.
    """

    records: tuple[T, ...]
    notices: tuple[Notice, ...] = ()
    is_cut: bool = False
    unseen: int = 0
    ways: tuple[str, ...] = ()
    seconds: float = 0.0
    steadily: float = 0.0
    unread: int = 0

    @property
    def wait(self) -> float:
        """How many seconds to wait for the next look."""
        if self.is_cut:
            return 0.0
        return SECONDS if self.steadily < SLOW else min(LONGEST_WAIT, max(SECONDS, self.steadily * SHARE))


@dataclass(frozen=True, slots=True)
class Lost:
    """A look that failed; the next one follows in so many seconds, and goes on where the last one ended."""

    error: BackendError
    wait: float


_PASSING: Final = frozenset(
    {
        FailureKind.UNREACHABLE,
        FailureKind.UNKNOWN_HOST,
        FailureKind.TIMEOUT,
        FailureKind.TOO_MANY_CONNECTIONS,
        FailureKind.MISSING_FILE,
        FailureKind.LOCKED,
    }
)
"""Failures after which a store may answer again: a server that restarts, a file that is being replaced."""


class Polling(Generic[T]):
    """Looks for what was stored, again and again. Marks survive a look that fails: the next one gives what was stored meanwhile."""

    newest: Callable[[], int | None] = staticmethod(lambda: None)
    """Tells before each look how many of what it finds are wanted, the last stored; None: all. Where filters hold, all are read."""

    _took: float | None = None
    """Seconds of the last look; None before the first one has answered."""

    def __init__(self) -> None:
        self._marks: dict[Place | None, Mark] = {}
        """Where the next look goes on in each place: none before a look has answered."""

    def begin_anew(self) -> None:
        """Forget how far was seen: the next look finds nothing, as the first one does."""
        self._marks.clear()

    async def look(self) -> Followed[T]:
        """Return what was stored since the last look; the first one finds nothing, and only tells where the next begins.

        How long it took `follow` adds. Raises BackendError where nothing can be read.
        """
        raise NotImplementedError

    async def follow(self) -> AsyncGenerator[Followed[T] | Lost, None]:
        """Yield what each look found, for as long as it is read; whoever leaves it can follow on later.

        A look that fails where one has answered before is yielded, and the next one waits longer. Raises BackendError where the
        first look fails, or where no later one can do better.
        """
        lost = 0
        while True:
            start = monotonic()
            try:
                found = await self.look()
            except BackendError as error:
                if not self._marks or error.failure not in _PASSING:
                    raise
                failed = Lost(error, min(LONGEST_WAIT, SECONDS * 2**lost))
                lost += 1
                yield failed
                await asyncio.sleep(failed.wait)
            else:
                lost = 0
                # The first one opens what the others find open.
                seconds = 0.0 if self._took is None else monotonic() - start
                before, self._took = self._took or 0.0, seconds
                found = replace(found, seconds=seconds, steadily=min(before, seconds))
                yield found
                await asyncio.sleep(found.wait)


class Follower(Polling[T]):
    """Follows the tables of a family."""

    def __init__(self, session: Session, how: ListedFamily[T], query: Query) -> None:
        """Follow what a query selects; its order and cursor do not matter.

        Raises NotFoundError where the config keeps none of the family, UsageError for a filter that it does not have or a sort.
        """
        super().__init__()
        self._session = session
        self._how = how
        self._query = replace(query, after=None)
        self._places = needed_places(session.catalog, how.family)
        check_query(how.family, query)
        if isinstance(query.order, Order):
            raise no_sort("A list that is sorted by a column", "records")
        self._sources: OpenedSource[Place] | None = None

    async def look(self) -> Followed[T]:
        """Return what was stored in the tables since the last look; raises BackendError where none can be read."""
        sources = await self._opened()
        conditions = await self._how.conditions(self._query)
        looked = await asyncio.gather(*(self._look_at(each, conditions) for each in sources.tables))
        found = [since for _, since in looked]
        new = [each for records, _ in looked for each in records]
        records, notices = await self._how.completed(new) if new else ((), ())
        # Not before: where one table fails, the next look gives what was stored in the others.
        for source, since in zip(sources.tables, found, strict=True):
            self._marks[source.place] = since.mark
        unfollowed = (
            Notice(NoticeKind.KEYS_NOT_FOLLOWED, place.backend)
            for place, source in sources.sources.items()
            if isinstance(source, KeySource)
        )
        return Followed(
            records,
            tuple(dict.fromkeys((*sources.notices, *unfollowed, *notices))),
            any(since.is_cut for since in found),
            sum(since.unseen for since in found),
            tuple(dict.fromkeys(since.way for since in found)),
            unread=sum(since.unread for since in found),
        )

    async def _opened(self) -> OpenedSource[Place]:
        """Return the tables that are there; one that a server has not made yet is looked for again each time."""
        before = self._sources
        if before is not None and len(before.sources) == len(self._places):
            return before
        self._sources = await opened(self._session, self._how.family, self._places)
        for place in self._sources.sources:
            if before is not None and place not in before.sources:
                # Made since the last look: all of its rows are new.
                self._marks[place] = Mark(0)
        return self._sources

    async def _look_at(
        self, source: RecordSource, conditions: tuple[Condition, ...]
    ) -> tuple[list[T], StoredSince]:
        """Return what is shown of what is new in a table, and what is."""
        asked = record_query(source, self._how.family, self._query, conditions)
        found = await source.records.stored_since(
            asked, self._marks.get(source.place), limit=MOST, newest=self.newest()
        )
        seen = self._how.looks(source)
        return [each for record in found.records if (each := seen(record)) is not None], found


def no_sort(what: str, new: str) -> UsageError:
    """Return why a sorted list is not followed."""
    return UsageError(
        f"{what} cannot be followed: new {new} would not come on top", help="Leave out the sort or following."
    )


class RowFollower(Polling[NewRow]):
    """Follows one table."""

    def __init__(self, session: Session, backend: str, query: RowQuery) -> None:
        """Follow what a query selects; its limit and cursor do not matter.

        Raises UsageError for an unknown backend or a sort; a look raises as `TableReader.rows_since` does.
        """
        session.backend(backend)
        if query.order is not None:
            raise no_sort("A table that is sorted by a column", "rows")
        super().__init__()
        self._session, self._backend, self._query = session, backend, query

    async def look(self) -> Followed[NewRow]:
        """Return the rows that were stored since the last look; the first one finds none."""
        tables = (await self._session.reader(self._backend)).tables
        found = await tables.rows_since(self._query, self._marks.get(None), limit=MOST_ROWS)
        self._marks[None] = found.mark
        page = found.page
        rows = tuple(
            NewRow(page.columns, cells, cursor)
            for cells, cursor in zip(page.rows, page.row_cursors, strict=True)
        )
        return Followed(rows, (), found.is_cut, found.unseen, (found.way,))
