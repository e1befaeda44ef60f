"""Counting a transfer before it: rows, bytes, what is there already, conflicts, and what is in the way. Nothing is written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import RawBatch, RawRow, RowIdentity, Standing
from llama_storage_tui.model.transfer import DataPlan, KeepRows, OnConflict, TransferItem
from llama_storage_tui.model.transfer_result import (
    CountedItem,
    LeftRow,
    TransferPlan,
    TransferProgress,
    TransferTerms,
)
from llama_storage_tui.services.session import closing
from llama_storage_tui.services.transfer.collecting import searched_apart
from llama_storage_tui.services.transfer.converting import Converted, convert, shown
from llama_storage_tui.services.transfer.stores import (
    StoreItems,
    by_store,
    is_in_place,
    open_source,
    open_writer,
    users_of,
)
from llama_storage_tui.text import plural

if TYPE_CHECKING:
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter
    from llama_storage_tui.model.store_user import StoreUser

_Hear = Callable[[TransferProgress], None]

EXAMPLES: Final = 5
"""Conflicts that are shown of each item."""

UNTOLD: Final = (
    "Whether a server has {location} open is unknown, for lack of rights or because it does not report it: make sure that every "
    "server that uses it is stopped."
)

_WINDOW: Final = "another window of llama-storage-tui"

MOST_LEFT: Final = 10_000
"""Rows that are listed of each item."""

ROOM: Final = 2.2
"""What a copy takes of its bytes: the rows, their indexes, and the journal or log of the transaction."""


async def count(
    plan: DataPlan,
    terms: TransferTerms,
    timeouts: Timeouts,
    *,
    is_thorough: bool = True,
    watch: _Hear | None = None,
) -> TransferPlan:
    """Return what comes of a plan. `is_thorough` reads every row; otherwise only where the target has some already.

    `watch` hears how far the reading is, after each batch. Rows that stay as they are, and whose target is empty, are measured by
    their engine and not read.

    Raises BackendError for a store that cannot be read.
    """
    counted: list[CountedItem] = []
    refusals: list[str] = []
    for store in by_store(plan.items):
        async with closing(open_writer(store.target, timeouts)) as writer:
            refusals += await writer.obstacles(store.sheets())
            counted += [
                await _count(item, timeouts, watch or _nobody, is_thorough=is_thorough)
                for item in store.items
            ]
            refusals += await _room(writer, store, counted)
    opened = await open_elsewhere(plan.items, timeouts, accepts_open=terms.accepts_open)
    refusals += opened.open
    if terms.on_conflict is OnConflict.STOP:
        refusals += [_conflict(each) for each in counted if each.conflicts]
    order = {item.what: number for number, item in enumerate(plan.items)}
    counted.sort(key=lambda each: order[each.what])
    notices = (*plan.notices, *opened.untold)
    return TransferPlan(tuple(counted), plan.stays, notices, tuple(dict.fromkeys(refusals)))


def _nobody(_: TransferProgress) -> None:
    """Hear of progress, and do nothing."""


async def _count(item: TransferItem, timeouts: Timeouts, watch: _Hear, *, is_thorough: bool) -> CountedItem:
    async with (
        closing(open_source(item.source.target, timeouts)) as source,
        closing(open_source(item.target.target, timeouts)) as target,
    ):
        stamp = await source.stamp(item.source.container)
        is_there = not await target.is_empty(item.target.container)
        is_quick = not is_thorough and not is_there
        is_kept = not is_there and isinstance(item.convert, KeepRows)
        # What is read row by row is weighed by that: no value is read twice.
        extent = await source.extent(item.source.container, item.source.keys, fast=is_quick or not is_kept)
        counted = CountedItem(
            item, extent.rows, extent.bytes, brings=extent.rows, stamp=stamp, is_exact=False
        )
        if is_quick:
            return counted
        if is_kept:
            return replace(counted, is_exact=True)  # there is nothing that converting each could find out
        with searched_apart():
            return await _count_rows(counted, source, target if is_there else None, watch)


async def _count_rows(
    counted: CountedItem, source: ItemSource, target: ItemSource | None, watch: _Hear
) -> CountedItem:
    """Read and convert every row, and look for it in the target where that has any (None: it has none)."""
    item = counted.item
    standings = dict.fromkeys(Standing, 0)
    examples: list[str] = []
    left: list[LeftRow] = []
    in_place = is_in_place(item)
    begun, rows, held = time.monotonic(), 0, 0
    async with aclosing(source.read(item.source.container, item.source.keys)) as batches:
        async for batch in batches:
            made, size = await asyncio.to_thread(_weighed, item, batch)
            held += size
            left += [row for _, row in made.left][: MOST_LEFT - len(left)]
            for each in made.sheets:
                if target is None:
                    standings[Standing.ABSENT] += len(each.rows)
                    continue
                own = own_identities(item, batch.columns, batch.rows, each.origins) if in_place else None
                names = each.identities()
                for number, found in enumerate(await target.look(each.sheet, each.rows)):
                    identity = names[number] if found.standing is Standing.OTHER else ()
                    is_own = own is not None and own[number] == identity
                    standings[Standing.ABSENT if is_own else found.standing] += 1
                    if found.standing is Standing.OTHER and not is_own and len(examples) < EXAMPLES:
                        examples.append(shown(identity))
            rows += len(batch.rows)
            seconds = time.monotonic() - begun
            watch(TransferProgress(item.what, item.source.container, rows, counted.rows, seconds))
    return replace(
        counted,
        rows=rows,
        bytes=held,
        brings=standings[Standing.ABSENT],
        same=standings[Standing.SAME],
        conflicts=standings[Standing.OTHER],
        conflict_examples=tuple(examples),
        left=tuple(left),
        is_exact=True,
    )


def _weighed(item: TransferItem, batch: RawBatch) -> tuple[Converted, int]:
    """Convert a batch; return how many bytes its cells are, too, as an engine counts them."""
    return convert(item, batch), sum(_size(cell) for row in batch.rows for cell in row)


def _size(cell: Cell) -> int:
    if cell is None:
        return 0
    if isinstance(cell, bytes) or (isinstance(cell, str) and cell.isascii()):
        return len(cell)
    return len(str(cell).encode("utf-8", "surrogatepass"))


def own_identities(
    item: TransferItem,
    columns: Sequence[str],
    rows: Sequence[RawRow],
    origins: Sequence[int],
) -> list[RowIdentity]:
    """Return, for each converted row of an item in place, the identity of the row that it came from."""
    places = [columns.index(name) for name in item.identity]
    return [tuple(rows[origin][at] for at in places) for origin in origins]


@dataclass(frozen=True, slots=True)
class Openness:
    """Sentences on the stores of a transfer: those that others have `open`, and those of which that could not be told."""

    open: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


async def open_elsewhere(
    items: Sequence[TransferItem], timeouts: Timeouts, *, accepts_open: bool
) -> Openness:
    """Return which stores other processes have open, as far as that can be told."""
    if accepts_open:
        return Openness()
    targets = {place.target.location: place.target for item in items for place in (item.target, item.source)}
    found: list[str] = []
    untold: list[str] = []
    for location, target in targets.items():
        users = await users_of(target, timeouts)
        if users is None:
            untold.append(UNTOLD.format(location=location))
        elif users:
            found.append(_open_in(location, users))
    return Openness(tuple(found), tuple(untold))


def _open_in(location: str, users: Sequence[StoreUser]) -> str:
    """Say who has a store open: another run of this program is no server, and ends by being left."""
    servers = [str(user) for user in users if not user.is_this_program]
    windows = [f"{_WINDOW} {user.detail}" for user in users if user.is_this_program]
    everyone = [*windows, *servers]
    more = "" if len(everyone) <= EXAMPLES else f" and {len(everyone) - EXAMPLES} more"
    named = ", ".join(everyone[:EXAMPLES]) + more
    is_one = len(windows) == 1
    if not windows:
        return f"{location} is open in {named}: stop the servers first."
    if not servers:
        return f"{location} is open in {named}: quit {'it' if is_one else 'them'} first."
    these = "that window" if is_one else "those windows"
    return f"{location} is open in {named}: quit {these} and stop the servers first."


async def _room(writer: ItemWriter, store: StoreItems, counted: Sequence[CountedItem]) -> list[str]:
    free = await writer.free_bytes()
    items = {item.what for item in store.items}
    needed = round(ROOM * sum(each.bytes for each in counted if each.what in items))
    if free is None or needed <= free:
        return []
    return [f"{store.target.location} needs about {needed:,} bytes, and its disk has {free:,} free."]


def _conflict(counted: CountedItem) -> str:
    examples = ", ".join(counted.conflict_examples)
    return (
        f"{counted.what}: {plural(counted.conflicts, 'row')} of the target differ from what would be brought: {examples}."
        " Choose what becomes of such rows: keep those of the target, or replace them."
    )
