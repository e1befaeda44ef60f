"""Removing from a source what its target has, and taking back what a transfer brought."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.files.transfer_journal import STORE, Changed, TransferRecord, digest_of
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import RawBatch, RawRow, RowIdentity, Sheet, Standing
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.model.transfer_result import ItemOutcome, LeftRow
from llama_storage_tui.services.transfer.converting import convert, shown
from llama_storage_tui.services.transfer.counting import own_identities
from llama_storage_tui.services.transfer.stores import (
    StoreItems,
    is_in_place,
    reader_at,
)

if TYPE_CHECKING:
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter

CHANGED_SINCE: Final = "it was changed since it was copied"


async def remove_source(item: TransferItem, writer: ItemWriter, timeouts: Timeouts) -> int:
    """Remove those rows of a source that the target has as they were converted; return how many. `writer` is the source's.

    An item in place removes nothing but rows that got another identity.
    """
    removed = 0
    async with (
        reader_at(item.target, item, writer, timeouts) as target,
        aclosing(writer.read(item.source.container, item.source.keys)) as batches,
    ):
        async for batch in batches:
            gone = await _verified(item, batch, target)
            if gone:
                removed += await writer.remove(item.source.container, [batch.locators[at] for at in gone])
    return removed


async def _verified(item: TransferItem, batch: RawBatch, target: ItemSource | ItemWriter) -> list[int]:
    """Return the rows of a batch all of whose converted rows are at the target, by their place."""
    made = await asyncio.to_thread(convert, item, batch)
    brought: set[int] = set()
    missing: set[int] = {index for index, _ in made.left}
    in_place = is_in_place(item)
    for each in made.sheets:
        brought |= set(each.origins)
        found = await target.look(each.sheet, each.rows)
        missing |= {
            origin
            for origin, one in zip(each.origins, found, strict=True)
            if one.standing is not Standing.SAME
        }
        if in_place:
            own = own_identities(item, batch.columns, batch.rows, each.origins)
            names = each.identities()
            missing |= {origin for number, origin in enumerate(each.origins) if own[number] == names[number]}
    return sorted(brought - missing)


@dataclass(slots=True)
class StoreUndo:
    """Takes back what was brought to one store, within its transaction."""

    store: StoreItems
    writer: ItemWriter
    record: TransferRecord
    timeouts: Timeouts
    empties: bool = False
    """Whether everything in the targets is this transfer's, whatever became of its source since."""

    async def run(self) -> list[ItemOutcome]:
        """Take back every row that is as it was brought; list those that are not."""
        await self.writer.begin()
        outcomes = []
        for item in reversed(self.store.items):
            outcome = ItemOutcome(item.what)
            if self.empties:
                await self._empty(item, outcome)
            else:
                await self._take_away(item, outcome)
            await self._put_back(item, outcome)
            outcomes.append(outcome)
        created = self.record.created(self.store.place)
        if STORE in created:
            await self.writer.discard()
        for container in created:
            if container != STORE and await self.writer.is_empty(container):
                await self.writer.drop(container)
        return outcomes[::-1]

    async def _empty(self, item: TransferItem, outcome: ItemOutcome) -> None:
        async with aclosing(self.writer.read(item.target.container, item.target.keys)) as batches:
            async for batch in batches:
                outcome.removed += await self.writer.remove(item.target.container, batch.locators)

    async def _take_away(self, item: TransferItem, outcome: ItemOutcome) -> None:
        left: dict[RowIdentity, LeftRow] = {}
        async with (
            reader_at(item.source, item, self.writer, self.timeouts) as reader,
            aclosing(reader.read(item.source.container, item.source.keys)) as batches,
        ):
            async for batch in batches:
                outcome.removed += await self._take_batch(item, batch, left)
        outcome.left += left.values()

    async def _take_batch(self, item: TransferItem, batch: RawBatch, left: dict[RowIdentity, LeftRow]) -> int:
        """Take back what came of a batch; return how many rows. `left` gets those that were changed since."""
        removed = 0
        made = await asyncio.to_thread(convert, item, batch)
        for each in made.sheets:
            names = each.identities()
            keep = self.record.were_there(item.what, names)
            if is_in_place(item):
                own = own_identities(item, batch.columns, batch.rows, each.origins)
                keep |= {name for name, mine in zip(names, own, strict=True) if name == mine}
            found = await self.writer.look(each.sheet, each.rows)
            gone = [
                name
                for name, one in zip(names, found, strict=True)
                if one.standing is Standing.SAME and name not in keep
            ]
            left |= {
                name: LeftRow(item.what, shown(name), CHANGED_SINCE)
                for name, one in zip(names, found, strict=True)
                if one.standing is Standing.OTHER and name not in keep
            }
            if gone:
                removed += await self.writer.delete(each.sheet, gone)
                for name in gone:  # of two rows that became one, the target had one
                    left.pop(name, None)
        return removed

    async def _put_back(self, item: TransferItem, outcome: ItemOutcome) -> None:
        for changes in self.record.changes(item.what):
            by_columns: dict[tuple[str, ...], list[Changed]] = {}
            for change in changes:
                by_columns.setdefault(change.columns, []).append(change)
            for columns, each in by_columns.items():
                sheet = Sheet(item.target.container, columns, item.identity, item.target.schema)
                found = await self.writer.look(sheet, [change.former for change in each])
                back = []
                for change, one in zip(each, found, strict=True):
                    now = one.former
                    if one.standing is Standing.OTHER and now is not None and digest_of(now) == change.after:
                        back.append(change)
                    elif one.standing is not Standing.SAME:
                        outcome.left.append(LeftRow(item.what, shown(change.identity), CHANGED_SINCE))
                await self._restore(sheet, back)
                outcome.replaced += len(back)

    async def _restore(self, sheet: Sheet, changes: Sequence[Changed]) -> None:
        rows: list[RawRow] = [change.former for change in changes]
        names: list[RowIdentity] = [change.identity for change in changes]
        if rows:
            refused = await self.writer.update(sheet, rows)
            for each in refused:
                raise AssertionError(f"{shown(names[each.index])} was there, and is refused: {each.reason}")
