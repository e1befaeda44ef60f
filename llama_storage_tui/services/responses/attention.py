"""What of the stored responses deserves a look: at once over the last stored ones, then, where asked for, over all.

Both are one scan from each table's end that counts every category at the engine: the first view is where it stops early.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import field, replace
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.attention import Attention, Category, CategoryCount, Example, Thresholds
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import RecordQuery, TallyBatch
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.records.sources import RecordSource, opened
from llama_storage_tui.services.responses.categories import categories
from llama_storage_tui.services.responses.item_tables import item_tables
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families.responses import RESPONSES

RECENT: Final = 2_000
"""Rows of each table, from its end, that the first view looks at."""

EXAMPLES: Final = 5


@dataclass(slots=True)
class _Counting:
    """One table: its scan, and what that found so far. `wanted` are the positions of the categories that it has columns for."""

    place: TablePlace
    batches: AsyncGenerator[TallyBatch, None]
    wanted: tuple[int, ...]
    estimated_rows: int
    rows: int = 0
    done: int = 0
    total: int = 0
    is_over: bool = False
    counts: dict[int, int] = field(default_factory=dict)
    examples: dict[int, list[Example]] = field(default_factory=dict)

    async def step(self) -> None:
        """Take the next batch."""
        batch = await anext(self.batches, None)
        if batch is None:
            self.is_over = True
            return
        self.rows += batch.rows
        self.done, self.total = batch.done, batch.total
        for index, count, ids in zip(self.wanted, batch.counts, batch.examples, strict=True):
            self.counts[index] = self.counts.get(index, 0) + count
            kept = self.examples.setdefault(index, [])
            kept += [Example(self.place, id_) for id_ in ids[: EXAMPLES - len(kept)]]


async def attention(
    session: Session,
    thresholds: Thresholds | None = None,
    *,
    exact: bool = False,
    recent: int = RECENT,
    now: float | None = None,
) -> AsyncGenerator[Attention, None]:
    """Yield what deserves a look: first in the last `recent` rows of each table, then, where `exact`, growing until all were seen.

    The last value has `is_exact` where every row was looked at. `now` is epoch seconds, None: this machine's clock. Leaving the
    generator early stops the scan (use `contextlib.aclosing`). Raises NotFoundError where the config keeps no responses,
    BackendError where no table can be read.
    """
    moment = time.time() if now is None else now
    catalog = session.catalog
    version, limits = catalog.version.chosen, thresholds or Thresholds()
    chosen = categories(version, limits, now=moment, tenancy=catalog.access.tenancy)
    tables, notices = await _tables(session, chosen)
    async with AsyncExitStack() as stack:
        for table in tables:
            await stack.enter_async_context(aclosing(table.batches))
        for table in tables:
            while table.rows < recent and not table.is_over:
                await table.step()
        nothing = Attention(
            0,
            0,
            is_exact=False,
            done=0,
            total=0,
            notices=notices,
            version=version,
            thresholds=limits,
            categories=(),
        )
        yield _seen(nothing, chosen, tables)
        for table in tables if exact else ():
            while not table.is_over:
                await table.step()
                yield _seen(nothing, chosen, tables)


def _seen(nothing: Attention, chosen: Sequence[Category], tables: Sequence[_Counting]) -> Attention:
    is_exact = all(table.is_over or (table.total > 0 and table.done >= table.total) for table in tables)
    rows = sum(table.rows for table in tables)

    def counted(index: int, category: Category) -> CategoryCount:
        found = [example for table in tables for example in table.examples.get(index, ())]
        looked = [table for table in tables if index in table.wanted]
        return CategoryCount(
            category,
            sum(table.counts.get(index, 0) for table in looked),
            sum(table.rows for table in looked),
            is_exact,
            tuple(found[:EXAMPLES]),
        )

    return replace(
        nothing,
        categories=tuple(counted(index, category) for index, category in enumerate(chosen)),
        rows=rows,
        estimated_rows=rows if is_exact else max(rows, sum(table.estimated_rows for table in tables)),
        is_exact=is_exact,
        done=sum(table.done for table in tables),
        total=sum(table.total for table in tables),
    )


async def _tables(
    session: Session, chosen: Sequence[Category]
) -> tuple[tuple[_Counting, ...], tuple[Notice, ...]]:
    """Begin with each table; what cannot be read is a notice, unless nothing can."""
    found = await opened(session, RESPONSES, needed_tables(session.catalog, RESPONSES))
    unread = found.notices
    begun = [await _table(source, chosen) for source in found.tables]
    try:
        unread += (await item_tables(session)).notices
    except BackendError as error:
        unread += (Notice(NoticeKind.CONVERSATIONS_NOT_CHECKED, why=error.message),)
    return tuple(table for table, _ in begun), (*unread, *(notice for _, said in begun for notice in said))


async def _table(source: RecordSource, chosen: Sequence[Category]) -> tuple[_Counting, list[Notice]]:
    place = source.place
    wanted = tuple(
        index
        for index, category in enumerate(chosen)
        if category.column is None or category.column in source.columns
    )
    notices = [
        Notice(NoticeKind.COLUMN_NOT_ADDED, str(place), category.column or "")
        for index, category in enumerate(chosen)
        if index not in wanted
    ]
    extent = await source.records.extent(place.table)
    batches = source.records.tally(
        RecordQuery(place.table, ()), [chosen[index].conditions for index in wanted], examples=EXAMPLES
    )
    return _Counting(place, batches, wanted, 0 if extent is None else extent.rows), notices
