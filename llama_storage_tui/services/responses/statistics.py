"""How responses ended, by hour, model and owner: at once for those stored last, then, where asked for, for all.

What is kept while counting is bounded by the hours, models and owners that there are, not by the responses: durations are whole
seconds, of which each group counts how often it has met them.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import field, replace
from math import ceil, isfinite
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import DocumentShape, Field, Record, RecordOrder, RecordQuery
from llama_storage_tui.model.statistics import UNKNOWN, UNREADABLE, ResponseStatistics, StatisticsGroup
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.records.sources import RecordSource, opened
from llama_storage_tui.services.responses.summaries import CREATED, MODEL, OWNER, SHAPE, STATUS
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import cell_text
from llama_storage_tui.upstream.families.responses import DOCUMENT, RESPONSES
from llama_storage_tui.upstream.resuming import STATUSES, UNFINISHED

RECENT: Final = 1_000
"""Rows of each table, from its end, that the first answer is about."""
PART: Final = 250
"""Rows that are read at once: where they weigh megabytes, the first part is the sample."""
SECONDS: Final = 2.0
"""How long parts are added to the sample."""
STUCK_AFTER: Final = 900.0
MOST_NAMES: Final = 1_000
"""Models, or owners, that are told apart."""
HOUR: Final = 3_600
_TIMES: Final = range(253_402_300_800)
"""Epoch seconds up to the year 9999."""

_TOKENS: Final = Field("tokens", DOCUMENT, ("usage", "total_tokens"))
_COMPLETED: Final = Field("completed_at", DOCUMENT, ("completed_at",))
_INNER_MODEL: Final = Field("model", DOCUMENT, ("model",))


async def statistics(
    session: Session, *, exact: bool = False, recent: int = RECENT, now: float | None = None
) -> AsyncGenerator[ResponseStatistics, None]:
    """Yield how responses ended: first the last `recent` rows of each table, then, where `exact`, growing until all were seen.

    `now` is epoch seconds, None: this machine's clock. Durations are told by `completed_at`, which servers store from 0.7 on with
    completed responses alone. Leaving the generator early stops the scan (use `contextlib.aclosing`). Raises NotFoundError where
    the config keeps no responses, BackendError where no table can be read.
    """
    moment = time.time() if now is None else now
    found = await opened(session, RESPONSES, needed_tables(session.catalog, RESPONSES))
    counting = _Counting(moment, notices=found.notices)
    for source in found.tables:
        extent = await source.records.extent(source.place.table)
        counting.estimated_rows += 0 if extent is None else extent.rows
        counting.total += 0 if extent is None else extent.positions
        counting.is_exact &= await _sample(source, recent, counting)
    yield counting.seen()
    if not exact or counting.is_exact:
        return
    whole = _Counting(
        moment, notices=found.notices, estimated_rows=counting.estimated_rows, total=counting.total
    )
    for source in found.tables:
        async for done in _everything(source, whole):
            whole.done = done
            whole.is_exact = False
            yield whole.seen()
        whole.before = whole.done
    whole.is_exact = True
    yield whole.seen()


async def _sample(source: RecordSource, recent: int, counting: _Counting) -> bool:
    """Count the rows stored last; return whether those are all."""
    left, after, until = recent, None, time.monotonic() + SECONDS
    while True:
        query = _query(source, limit=min(PART, left), after=after)
        page = await source.records.page(query)
        await counting.add(page.records)
        left, after = left - len(page.records), page.next
        if after is None:
            return True
        if left <= 0 or time.monotonic() > until:
            return False


async def _everything(source: RecordSource, counting: _Counting) -> AsyncGenerator[int, None]:
    """Count all rows, yielding how many positions are done."""
    async with aclosing(source.records.search(replace(_query(source), with_cursors=False))) as batches:
        async for batch in batches:
            await counting.add(batch.records)
            yield counting.before + batch.done


def _query(source: RecordSource, *, limit: int = PART, after: str | None = None) -> RecordQuery:
    fields = [CREATED, STATUS, SHAPE, _TOKENS, _COMPLETED]
    fields.append(MODEL if MODEL.column in source.columns else _INNER_MODEL)
    fields += [OWNER] if OWNER.column in source.columns else []
    return RecordQuery(
        source.place.table,
        tuple(fields),
        order=RecordOrder.STORED,
        limit=limit,
        after=after,
        id=source.place.layout.id,
        time=source.place.layout.time or source.place.layout.id,
        cell_limit=200,
    )


@dataclass(slots=True)
class _Group:
    responses: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    durations: Counter[int] = field(default_factory=Counter)
    newest: dict[str, float] = field(default_factory=dict)

    def seen(self, *, name: str | None = None, start: float | None = None) -> StatisticsGroup:
        """Return what was counted."""
        return StatisticsGroup(
            name,
            start,
            self.responses,
            dict(self.statuses),
            self.tokens,
            self.durations.total(),
            _quantile(self.durations, 0.5),
            _quantile(self.durations, 0.95),
            dict(self.newest),
        )


@dataclass(slots=True)
class _Counting:
    now: float
    notices: tuple[Notice, ...] = ()
    estimated_rows: int = 0
    total: int = 0
    done: int = 0
    before: int = 0
    """Positions of the tables that are done."""
    is_exact: bool = True
    stuck: int = 0
    whole: _Group = field(default_factory=_Group)
    hours: dict[int | None, _Group] = field(default_factory=dict)
    models: dict[str | None, _Group] = field(default_factory=dict)
    owners: dict[str | None, _Group] = field(default_factory=dict)
    unnamed: set[str] = field(default_factory=set)
    """Which names there are too many of."""

    async def add(self, records: Sequence[Record]) -> None:
        """Count records; everything else that runs has its turn now and then."""
        for start in range(0, len(records), PART):
            for record in records[start : start + PART]:
                self._count(record)
            await asyncio.sleep(0)

    def _count(self, record: Record) -> None:
        created, completed = _seconds(record["created_at"]), _seconds(record["completed_at"])
        hour = None if created is None else created - created % HOUR
        status = _status(record)
        groups = [self.whole, self.hours.setdefault(hour, _Group())]
        groups += self._named("models", self.models, cell_text(record["model"]))
        if OWNER.name in record:
            groups += self._named("owners", self.owners, cell_text(record[OWNER.name]))
        if status in UNFINISHED and created is not None and created < self.now - STUCK_AFTER:
            self.stuck += 1
        for group in groups:
            group.responses += 1
            group.statuses[status] += 1
            group.tokens += _tokens(record["tokens"])
            if created is not None:
                group.newest[status] = max(created, group.newest.get(status, created))
                if completed is not None and completed >= created:
                    group.durations[completed - created] += 1

    def _named(self, what: str, groups: dict[str | None, _Group], name: str | None) -> Iterable[_Group]:
        if name not in groups and len(groups) >= MOST_NAMES:
            self.unnamed.add(what)
            return ()
        return (groups.setdefault(name, _Group()),)

    def seen(self) -> ResponseStatistics:
        """Return what was counted so far."""
        rows = self.whole.responses
        more = (Notice(NoticeKind.TOO_MANY_NAMES, what, count=MOST_NAMES) for what in self.unnamed)
        hours = sorted(self.hours.items(), key=lambda each: each[0] or -1)
        return ResponseStatistics(
            rows,
            rows if self.is_exact else max(rows, self.estimated_rows),
            self.is_exact,
            self.done,
            self.total,
            (*self.notices, *more),
            self.whole.seen(),
            tuple(group.seen(start=hour) for hour, group in hours),
            _by_use(self.models),
            _by_use(self.owners),
            self.stuck,
        )


def _by_use(groups: dict[str | None, _Group]) -> tuple[StatisticsGroup, ...]:
    found = sorted(groups.items(), key=lambda each: (-each[1].responses, each[0] or ""))
    return tuple(group.seen(name=name) for name, group in found)


def _status(record: Record) -> str:
    if record["shape"] != DocumentShape.OBJECT.value:
        return UNREADABLE
    status = cell_text(record["status"])
    return status if status in STATUSES else UNKNOWN


def _seconds(value: Cell) -> int | None:
    """Return whole epoch seconds; None for what is no time."""
    number = _number(value)
    return None if number is None or int(number) not in _TIMES else int(number)


def _tokens(value: Cell) -> int:
    number = _number(value)
    return 0 if number is None or not 0 <= number < 10**12 else int(number)


def _number(value: Cell) -> float | None:
    if isinstance(value, bool | bytes) or value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _quantile(durations: Counter[int], share: float) -> float | None:
    """Return the smallest duration that this share of them does not exceed."""
    rank = ceil(share * durations.total())
    seen = 0
    for seconds in sorted(durations):
        seen += durations[seconds]
        if seen >= rank:
            return float(seconds)
    return None
