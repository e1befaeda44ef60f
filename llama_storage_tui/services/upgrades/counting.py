"""How many rows and keys of each store stay visible, become invisible, or are served no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind, NotFoundError
from llama_storage_tui.model.data import Count, KeySelection, Table
from llama_storage_tui.services.browse import attributed_namespaces
from llama_storage_tui.services.newest import newest_time
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.upgrades.comparing import StoreComparison
from llama_storage_tui.services.upgrades.reading import common
from llama_storage_tui.upstream.upgrades import NoLongerServed

NONE: Final = Count(0, is_exact=True)
NOT_THERE: Final = (FailureKind.MISSING_FILE, FailureKind.UNKNOWN_DATABASE)
"""A store that no server has made yet: it holds nothing."""


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """What was counted of one store; `problem` says why nothing could be, `is_there` whether its file or database exists."""

    visible: Count | None = None
    invisible: Count | None = None
    ended: tuple[tuple[NoLongerServed, Count], ...] = ()
    newest: float | None = None
    problem: str | None = None
    is_there: bool = True


async def count_store(session: Session, comparison: StoreComparison, *, fast: bool) -> StoreCounts:
    """Count one store; `fast` allows estimates, and takes the row written last for the newest one."""
    try:
        reader = await session.reader(comparison.before.backend.name)
        if comparison.before.is_key_value:
            return await _count_keys(reader, comparison, await _own(session, comparison), fast=fast)
        return await _count_rows(reader, comparison, fast=fast)
    except NotFoundError:
        return StoreCounts(NONE, NONE)
    except BackendError as error:
        if error.failure in NOT_THERE:
            return StoreCounts(NONE, NONE, is_there=False)
        return StoreCounts(problem=error.message)


async def _own(session: Session, comparison: StoreComparison) -> tuple[str, ...]:
    """Return the beginnings of a store's keys, without those that share them: raw keys of several vector providers in a file."""
    before = comparison.before
    if session.catalog.is_legacy or before.lead or not before.heads:
        return before.heads or ("",)
    for found in await attributed_namespaces(session, before.backend.name):
        if before.reference.path in found.referenced_by:
            return common(before.heads, found.selection.include)
    return before.heads


async def _count_keys(
    reader: Reader, comparison: StoreComparison, own: tuple[str, ...], *, fast: bool
) -> StoreCounts:
    async def counted(heads: tuple[str, ...], besides: tuple[str, ...] = ()) -> Count:
        # One beginning that is empty means every key.
        include = () if heads == ("",) else heads
        return await reader.key_values.count(KeySelection(include, besides), fast=fast) if heads else NONE

    ended = [(each, await counted(common(own, heads))) for each, heads in comparison.ended]
    gone = tuple(sorted({head for _, heads in comparison.ended for head in common(own, heads)}))
    total, visible = await counted(own), await counted(common(own, comparison.heads), gone)
    rest = total.value - visible.value - sum(count.value for _, count in ended)
    return StoreCounts(
        visible,
        Count(max(rest, 0), total.is_exact and visible.is_exact),
        tuple((each, count) for each, count in ended if count.value),
    )


async def _count_rows(reader: Reader, comparison: StoreComparison, *, fast: bool) -> StoreCounts:
    names = comparison.before.physical.tables
    there = {table.name: table for table in await reader.tables.tables(counts=fast, fast=True)}
    counts = {name: await _count(reader, there[name], fast=fast) for name in names if name in there}
    ended_tables = {table for each, _ in comparison.ended for table in each.tables}
    ended = tuple(
        (each, _sum([counts[name] for name in each.tables if name in counts])) for each, _ in comparison.ended
    )
    hidden = [name for name in counts if name not in comparison.tables and name not in ended_tables]
    times = [await newest_time(reader, there[name], exact=not fast) for name in hidden if counts[name].value]
    return StoreCounts(
        _sum([counts[name] for name in counts if name in comparison.tables]),
        _sum([counts[name] for name in hidden]),
        tuple((each, count) for each, count in ended if count.value),
        max((time for time in times if time is not None), default=None),
    )


async def _count(reader: Reader, table: Table, *, fast: bool) -> Count:
    if not fast:
        return await reader.tables.count(table.name)
    if table.rows is not None:
        return table.rows
    extent = await reader.records.extent(table.name)
    return Count(extent.rows if extent is not None else 0, is_exact=False)


def _sum(counts: Sequence[Count]) -> Count:
    return Count(sum(count.value for count in counts), all(count.is_exact for count in counts))
