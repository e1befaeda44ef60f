"""What of the stored responses deserves a look: at once over the last stored ones, then, where asked for, over all.

Both are one scan from each table's end that counts every category at the engine: the first view is where it stops early.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Final

from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.attention import Attention, Category, CategoryCount, Example, Thresholds
from llama_storage_tui.model.records import RecordQuery, TallyBatch
from llama_storage_tui.model.responses import Place
from llama_storage_tui.services.responses.categories import categories
from llama_storage_tui.services.responses.places import response_places
from llama_storage_tui.services.responses.summaries import NEEDED
from llama_storage_tui.services.session import Session

RECENT: Final = 2_000
"""Rows of each table, from its end, that the first view looks at."""

EXAMPLES: Final = 5


@dataclass(slots=True)
class _Counting:
    """One table: its scan, and what that found so far. `wanted` are the positions of the categories that it has columns for."""

    place: Place
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
    chosen = categories(session.catalog.version.chosen, thresholds or Thresholds(), now=moment)
    tables, notices = await _tables(session, chosen)
    async with AsyncExitStack() as stack:
        for table in tables:
            await stack.enter_async_context(aclosing(table.batches))
        for table in tables:
            while table.rows < recent and not table.is_over:
                await table.step()
        yield _seen(chosen, tables, notices)
        for table in tables if exact else ():
            while not table.is_over:
                await table.step()
                yield _seen(chosen, tables, notices)


def _seen(chosen: Sequence[Category], tables: Sequence[_Counting], notices: tuple[str, ...]) -> Attention:
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

    return Attention(
        tuple(counted(index, category) for index, category in enumerate(chosen)),
        rows,
        rows if is_exact else max(rows, sum(table.estimated_rows for table in tables)),
        is_exact,
        sum(table.done for table in tables),
        sum(table.total for table in tables),
        notices,
    )


async def _tables(
    session: Session, chosen: Sequence[Category]
) -> tuple[tuple[_Counting, ...], tuple[str, ...]]:
    """Begin with each table; what cannot be read is a notice, unless nothing can."""
    places = response_places(session.catalog)
    answers = await asyncio.gather(
        *(_table(session, place, chosen) for place in places), return_exceptions=True
    )
    tables: list[_Counting] = []
    notices: list[str] = []
    failures: list[BackendError] = []
    for place, answer in zip(places, answers, strict=True):
        match answer:
            case (counting, said):
                tables += [counting] if counting else []
                notices += said
            case BackendError():
                failures.append(answer)
                notices.append(f"{place.table} on backend {place.backend} was not read: {answer.message}")
            case BaseException():
                raise answer
    if failures and not tables:
        raise failures[0]
    return tuple(tables), tuple(notices)


async def _table(
    session: Session, place: Place, chosen: Sequence[Category]
) -> tuple[_Counting | None, list[str]]:
    reader = await session.reader(place.backend)
    named = f"{place.table} on backend {place.backend}"
    table = await reader.tables.table(place.table)
    if table is None:
        return None, [f"There is no table {named}: no server has stored a response there."]
    columns = {column.name for column in table.columns}
    if missing := [name for name in NEEDED if name not in columns]:
        return None, [f"Table {named} holds no responses: it lacks {', '.join(missing)}."]
    wanted = tuple(
        index
        for index, category in enumerate(chosen)
        if category.column is None or category.column in columns
    )
    notices = [
        f"Table {named} has no column {category.column}: a server adds it when it starts, NULL in every row that is there."
        for index, category in enumerate(chosen)
        if index not in wanted
    ]
    extent = await reader.records.extent(place.table)
    batches = reader.records.tally(
        RecordQuery(place.table, ()), [chosen[index].conditions for index in wanted], examples=EXAMPLES
    )
    return _Counting(place, batches, wanted, 0 if extent is None else extent.rows), notices
