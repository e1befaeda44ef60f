"""Bringing the rows of one target store: converted, compared with what is there, written, read back, committed as one.

Every value is verified before the commit, and by what does not depend on who wrote it: a writer reads back what it inserted and
compares it with what was to be written; rows that an engine brings by itself are compared with their source by a query of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from llama_storage_tui.backends import expiry
from llama_storage_tui.backends.protocols import Notify
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.transfer_journal import STORE, Changed, TransferRecord, digest_of
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import RawBatch, RawRow, RowIdentity, Sheet, Standing, TakenError
from llama_storage_tui.model.transfer import KEY_COLUMNS, OnConflict, TransferItem
from llama_storage_tui.model.transfer_result import ItemOutcome, LeftRow, TransferProgress
from llama_storage_tui.services.session import closing
from llama_storage_tui.services.transfer.collecting import searched_apart
from llama_storage_tui.services.transfer.converting import Converted, SheetRows, convert, made_of, shown
from llama_storage_tui.services.transfer.counting import MOST_LEFT, own_identities
from llama_storage_tui.services.transfer.merging import TWICE, ArrivedKeys, CameBefore, arrivals
from llama_storage_tui.services.transfer.stores import (
    StoreItems,
    is_in_place,
    is_in_store,
    open_source,
    overlaps,
    parts_of,
    reader_at,
    reversed_item,
)

if TYPE_CHECKING:
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter

Watch = Callable[[TransferProgress], None]
"""Hears how far a transfer is, after each batch."""

NOT_EMPTY: Final = "{what}: {place} at the target holds rows already. A move needs an empty place."
CONFLICT: Final = "the target has another row in its place"


class ConflictError(RefusedError):
    """The target has a row with another content, and nobody chose what becomes of it."""


@dataclass(slots=True)
class StoreCopy:
    """One store's items on their way, within the store's transaction."""

    store: StoreItems
    writer: ItemWriter
    record: TransferRecord
    on_conflict: OnConflict
    timeouts: Timeouts
    watch: Watch
    notify: Notify
    expected: dict[str, int] = field(default_factory=dict)
    """How many rows of a source are expected, by the item's name."""
    mirrors: bool = False
    """The targets have no rows but those that come, and a second pass makes them what the sources have become."""
    arrived: ArrivedKeys | None = None
    """What the items have given so far, where two of them may give one key."""

    async def run(self) -> list[ItemOutcome]:
        """Bring everything, and leave the transaction to be committed."""
        was_complete = self.record.is_complete(self.store.place)
        self.arrived = arrivals(self.store.items) if self.mirrors else None
        is_new = await self.writer.begin()
        self.notify("begun")
        self.record.begin()
        if is_new:
            self.record.create(self.store.place, STORE)
        if self.mirrors and not was_complete:
            await self._refuse_rows()
        if not self.writer.is_atomic:
            # What is sent stays: from here on the places are known to hold nothing but what this transfer brought.
            await asyncio.to_thread(self.record.finish, self.store.place)
            self.record.begin()
        outcomes = []
        for item in self.store.items:
            with searched_apart():
                outcomes.append(await ItemCopy(self, item, was_complete=was_complete).run())
                self.notify("copied")
        if self.mirrors and was_complete:
            places = set()
            for item, outcome in zip(self.store.items, outcomes, strict=True):
                place = item.target.container, item.target.keys
                gone, expired = (0, 0) if place in places else await self._remove_gone(item)
                places.add(place)
                outcome.removed += gone
                outcome.followed += gone - expired
        await asyncio.to_thread(self.record.finish, self.store.place)
        self.notify("recorded")
        return outcomes

    async def _refuse_rows(self) -> None:
        for item in self.store.items:
            async with aclosing(self.writer.read(item.target.container, item.target.keys)) as batches:
                async for batch in batches:
                    if batch.rows:
                        raise RefusedError(NOT_EMPTY.format(what=item.what, place=item.target.container))

    async def _remove_gone(self, item: TransferItem) -> tuple[int, int]:
        """Remove rows of an item's target that no source has any more; return how many, and of those the expired keys."""
        # Where keys lose their namespaces, one place is the target of several items.
        backs = [reversed_item(each) for each in self.store.items if overlaps(each, item)]
        removed = expired = 0
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            sources = [await enter(closing(open_source(each.target.target, self.timeouts))) for each in backs]
            reading = self.writer.read(item.target.container, item.target.keys)
            async for batch in await enter(aclosing(reading)):
                gone = set(range(len(batch.rows)))
                for back, source in zip(backs, sources, strict=True):
                    gone -= await _found(back, source, batch)
                if gone:
                    locators = [batch.locators[at] for at in sorted(gone)]
                    removed += await self.writer.remove(item.target.container, locators)
                    expired += _expired(batch, gone)
        return removed, expired


def _expired(batch: RawBatch, places: set[int]) -> int:
    """Count keys of a batch whose time is over: an engine removes such by itself, and nobody wrote."""
    if batch.columns != KEY_COLUMNS:
        return 0
    now, at = datetime.now(UTC), KEY_COLUMNS.index("expiration")
    return sum(expiry.is_past(expiry.read(batch.rows[place][at])[0], now) for place in places)


async def _found(back: TransferItem, source: ItemSource, batch: RawBatch) -> set[int]:
    """Return which rows of a target's batch the source still has, by their place."""
    made = await asyncio.to_thread(convert, back, batch)
    found: set[int] = set()
    for each in made.sheets:
        looked = await source.look(each.sheet, each.rows)
        found |= {
            origin
            for origin, one in zip(each.origins, looked, strict=True)
            if one.standing is not Standing.ABSENT
        }
    return found


class ItemCopy:
    """One item on its way. `was_complete`: an earlier attempt may have been committed, and its record says what it found."""

    def __init__(self, copy: StoreCopy, item: TransferItem, *, was_complete: bool) -> None:
        self._copy, self._item, self._was_complete = copy, item, was_complete
        self._writer, self._record = copy.writer, copy.record
        self._in_place = is_in_place(item)
        self._may_be_there = True
        self._came = CameBefore(item)
        self._begun = time.monotonic()
        self._prepared: set[tuple[str, ...]] = set()
        self.outcome = ItemOutcome(item.what)

    async def run(self) -> ItemOutcome:
        """Bring every row; raises ConflictError, BackendError."""
        item = self._item
        is_first = self._copy.mirrors and not self._was_complete  # whose place was found empty
        self._may_be_there = not is_first and not await self._writer.is_empty(item.target.container)
        self._tell(0, self._copy.expected.get(item.what))
        first, *others = parts_of(item)
        is_brought = await self._bring_whole(first)
        self._came.has_all = is_brought and not self._may_be_there
        for each in others if is_brought else (item,):
            await self._bring_rows(each)
        return self.outcome

    async def _bring_rows(self, item: TransferItem) -> None:
        """Bring rows batch by batch."""
        rows = self.outcome.written
        async with reader_at(item.source, item, self._writer, self._copy.timeouts) as reader:
            reading = reader.read(item.source.container, item.source.keys)
            # A store that is written to reads nothing meanwhile.
            async with aclosing(made_of(reading, self._made, is_ahead=not is_in_store(item))) as batches:
                async for batch, made in batches:
                    await self._bring(batch, made)
                    rows += len(batch.rows)
                    self._tell(rows, self._copy.expected.get(item.what))

    async def _bring_whole(self, item: TransferItem) -> bool:
        """Have the engine bring all rows by itself; False where it cannot."""
        sheet = Sheet(item.target.container, item.identity, item.identity, item.target.schema)
        await self._prepare(sheet)
        written = await self._writer.bring(item)
        if written is None:
            return False
        self.outcome.written = written
        self._tell(written, self._copy.expected.get(item.what, written))
        return True

    def _tell(self, rows: int, expected: int | None) -> None:
        place = self._item.target.container
        seconds = time.monotonic() - self._begun
        self._copy.watch(TransferProgress(self._item.what, place, rows, expected, seconds))

    def _made(self, batch: RawBatch) -> Converted:
        """Convert a batch, and pack what will be inserted as it is."""
        made = convert(self._item, batch)
        for each in made.sheets if not self._may_be_there else ():
            each.packed = self._writer.packed(each.sheet, each.rows)
        return made

    async def _bring(self, batch: RawBatch, made: Converted) -> None:
        for _, row in made.left:
            self._leave(row)
        for each in made.sheets:
            self._refuse_merged(each)
            await self._prepare(each.sheet)
            own = (
                own_identities(self._item, batch.columns, batch.rows, each.origins)
                if self._in_place
                else None
            )
            await self._put(each, own)

    def _refuse_merged(self, each: SheetRows) -> None:
        """Raise ConflictError for a key that another item gave: it would be written over, or stand for both."""
        arrived = self._copy.arrived
        key = None if arrived is None else arrived.again(each.identities())
        if key is not None:
            raise ConflictError(
                TWICE.format(what=self._item.what, key=shown(key)), where=self._item.target.location
            )

    async def _prepare(self, sheet: Sheet) -> None:
        if sheet.columns not in self._prepared:
            if await self._writer.prepare(sheet):
                self._record.create(self._copy.store.place, sheet.container)
            self._prepared.add(sheet.columns)

    async def _put(self, each: SheetRows, own: Sequence[RowIdentity] | None) -> None:
        """Write rows, where two of them have one identity the second as one that meets the first."""
        if each.has_twins():
            for number, row in enumerate(each.rows):
                one = SheetRows(each.sheet, [row], [each.origins[number]])
                self._may_be_there = True
                await self._put(one, None if own is None else [own[number]])
            return
        if not self._may_be_there:
            try:
                await self._insert(each.sheet, each.rows, each.identities, each.packed)
            except TakenError:  # by a row of another batch, or of another item
                self._may_be_there = True
            else:
                return
        await self._put_beside(each.sheet, each.rows, each.identities(), own)

    async def _put_beside(
        self,
        sheet: Sheet,
        rows: Sequence[RawRow],
        names: Sequence[RowIdentity],
        own: Sequence[RowIdentity] | None,
    ) -> None:
        """Write rows to a table that has some already."""
        found = await self._writer.look(sheet, rows)
        self._came.note(lambda: [name for name, each in zip(names, found, strict=True) if each.is_brought])
        at = {
            standing: [i for i, each in enumerate(found) if each.standing is standing]
            for standing in Standing
        }
        self._count_same([names[i] for i in at[Standing.SAME]])
        mine = [i for i in at[Standing.OTHER] if own is not None and own[i] == names[i]]
        if self._copy.mirrors and self._was_complete:
            await self._follow(sheet, rows, names, at)
            return
        others = [i for i in at[Standing.OTHER] if i not in set(mine)]
        absent = at[Standing.ABSENT]
        await self._insert(sheet, [rows[i] for i in absent], lambda: [names[i] for i in absent])
        changing = mine + self._decide(others, names)
        refused_at = await self._change(sheet, rows, names, {i: found[i].former or () for i in changing})
        self.outcome.written += len(set(mine) - refused_at)
        self.outcome.replaced += len(set(changing) - set(mine) - refused_at)

    async def _follow(
        self,
        sheet: Sheet,
        rows: Sequence[RawRow],
        names: Sequence[RowIdentity],
        at: Mapping[Standing, Sequence[int]],
    ) -> None:
        """Make rows of an earlier pass what their source has become: all that differ are this transfer's own."""
        absent, other = at[Standing.ABSENT], at[Standing.OTHER]
        await self._insert(sheet, [rows[i] for i in absent], lambda: [names[i] for i in absent])
        refused = await self._writer.update(sheet, [rows[i] for i in other])
        for each in refused:
            self._leave(LeftRow(self._item.what, shown(names[other[each.index]]), each.reason))
        self.outcome.written += len(other) - len(refused)
        self.outcome.followed += len(absent) + len(other)

    async def _change(
        self,
        sheet: Sheet,
        rows: Sequence[RawRow],
        names: Sequence[RowIdentity],
        formers: Mapping[int, RawRow],
    ) -> set[int]:
        """Put rows in place of others, and record those; return which of them the engine does not take."""
        places = [*formers]
        refused = await self._writer.update(sheet, [rows[i] for i in places])
        for each in refused:
            self._leave(LeftRow(self._item.what, shown(names[places[each.index]]), each.reason))
        refused_at = {places[each.index] for each in refused}
        done = [i for i in places if i not in refused_at]
        # Read back once more, in the engine's own form: by that they are recognised when they are taken back.
        now = await self._writer.look(sheet, [formers[i] for i in done])
        changes = [
            Changed(names[i], sheet.columns, formers[i], digest_of(one.former))
            for i, one in zip(done, now, strict=True)
            if one.former is not None
        ]
        theirs = set(self._came.others([each.identity for each in changes]))
        self._record.add_changed(self._item.what, [each for each in changes if each.identity in theirs])
        self._record.follow_changed(
            self._item.what, [each for each in changes if each.identity not in theirs]
        )
        return refused_at

    def _count_same(self, names: Sequence[RowIdentity]) -> None:
        """Count rows that are there with the same content; of an earlier attempt of this transfer they are its own."""
        if not names:
            return
        were_there = self._record.were_there(self._item.what, names) if self._was_complete else set(names)
        if not self._was_complete:
            self._record.add_there(self._item.what, self._came.others(names))
        self.outcome.same += len(were_there)
        self.outcome.written += len(names) - len(were_there)

    def _decide(self, others: Sequence[int], names: Sequence[RowIdentity]) -> list[int]:
        """Return those of the rows in conflict that are to be replaced; raises ConflictError."""
        if not others:
            return []
        match self._copy.on_conflict:
            case OnConflict.REPLACE:
                return [*others]
            case OnConflict.KEEP:
                if not self._was_complete:
                    self._record.add_there(self._item.what, self._came.others([names[i] for i in others]))
                self.outcome.kept += len(others)
                for i in others:
                    self._leave(LeftRow(self._item.what, shown(names[i]), CONFLICT))
                return []
            case _:
                raise ConflictError(
                    f"{self._item.what}: the target has another row for {shown(names[others[0]])}",
                    where=self._item.target.container,
                    help="Choose what becomes of rows that differ: keep those of the target, or replace them.",
                )

    async def _insert(
        self,
        sheet: Sheet,
        rows: Sequence[RawRow],
        names: Callable[[], Sequence[RowIdentity]],
        packed: object = None,
    ) -> None:
        if not rows:
            return
        refused = await self._writer.insert(sheet, rows, packed)
        self._came.note(names)
        for each in refused:
            self._leave(LeftRow(self._item.what, shown(names()[each.index]), each.reason))
        self.outcome.written += len(rows) - len(refused)

    def _leave(self, row: LeftRow) -> None:
        if len(self.outcome.left) < MOST_LEFT:
            self.outcome.left.append(row)
