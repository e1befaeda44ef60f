"""Rows of a source turned into rows of a target, a batch at a time: the next one while the last is on its way."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import field
from operator import itemgetter

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.raw_rows import RawBatch, RawRow, RowIdentity, Sheet
from llama_storage_tui.model.transfer import KeepRows, MoveKeys, NotConvertibleError, TransferItem
from llama_storage_tui.model.transfer_result import LeftRow
from llama_storage_tui.text import line

IDENTITY_LENGTH = 120


@dataclass(slots=True)
class SheetRows:
    """Rows for one sheet; `origins` are the places in the source's batch that they came from.

    `packed` is what `ItemWriter.packed` made of these very rows.
    """

    sheet: Sheet
    rows: list[RawRow] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    packed: object = field(default=None, repr=False)

    def identities(self) -> list[RowIdentity]:
        """Return each row's identity."""
        return identities(self.sheet, self.rows)

    def has_twins(self) -> bool:
        """Tell whether two rows have one identity."""
        places = [self.sheet.columns.index(name) for name in self.sheet.identity]
        return len(set(map(itemgetter(*places), self.rows))) < len(self.rows)


@dataclass(frozen=True, slots=True)
class Converted:
    """A batch as its target would have it; `left` are the rows that cannot be brought, by their place in the batch."""

    sheets: tuple[SheetRows, ...]
    left: tuple[tuple[int, LeftRow], ...] = ()


def convert(item: TransferItem, batch: RawBatch) -> Converted:
    """Convert a batch. Pure, and not quick: call it in a thread."""
    if isinstance(item.convert, KeepRows):
        sheet = Sheet(item.target.container, batch.columns, item.identity, item.target.schema)
        return Converted((SheetRows(sheet, [*batch.rows], [*range(len(batch.rows))]),))
    if type(item.convert) is MoveKeys:
        return _with_keys(item, item.convert, batch)
    sheets: defaultdict[tuple[str, ...], SheetRows] = defaultdict(lambda: SheetRows(Sheet("", (), ())))
    left = []
    columns, convert_one = batch.columns, item.convert
    for index, row in enumerate(batch.rows):
        try:
            made = convert_one(dict(zip(columns, row, strict=True)))
        except NotConvertibleError as error:
            left.append((index, LeftRow(item.what, _name(batch, row), str(error))))
            continue
        for each in made:
            found = sheets[tuple(each)]
            found.rows.append(tuple(each.values()))
            found.origins.append(index)
    for names, found in sheets.items():
        found.sheet = Sheet(item.target.container, names, item.identity, item.target.schema)
    return Converted(tuple(sheets.values()), tuple(left))


def _with_keys(item: TransferItem, convert_key: MoveKeys, batch: RawBatch) -> Converted:
    """Convert keys as `MoveKeys` does one, without a dictionary for each of millions."""
    at = batch.columns.index("key")
    expires_at = batch.columns.index("expiration") if convert_key.expiry is not None else None
    made = SheetRows(Sheet(item.target.container, batch.columns, item.identity, item.target.schema))
    left = []
    for index, row in enumerate(batch.rows):
        try:
            key = convert_key.key(row[at])
        except NotConvertibleError as error:
            left.append((index, LeftRow(item.what, _name(batch, row), str(error))))
            continue
        cells = (*row[:at], key, *row[at + 1 :])
        if expires_at is not None and convert_key.expiry is not None and row[expires_at] is not None:
            time = convert_key.expiry(row[expires_at])
            cells = (*cells[:expires_at], time, *cells[expires_at + 1 :])
        made.rows.append(cells)
        made.origins.append(index)
    return Converted((made,) if made.rows else (), tuple(left))


def identities(sheet: Sheet, rows: Sequence[RawRow]) -> list[RowIdentity]:
    """Return the identity of each row."""
    places = [sheet.columns.index(name) for name in sheet.identity]
    if len(places) == 1:
        (at,) = places
        return [(row[at],) for row in rows]
    return [tuple(row[at] for at in places) for row in rows]


def shown(identity: Sequence[Cell]) -> str:
    """Return an identity in words."""
    return line(
        ", ".join(repr(each) if isinstance(each, bytes) else str(each) for each in identity), IDENTITY_LENGTH
    )


def _name(batch: RawBatch, row: RawRow) -> str:
    """Name a row of a source: by its key, or its id, or what stands first."""
    at = next((batch.columns.index(name) for name in ("key", "id") if name in batch.columns), 0)
    return shown((row[at],))


async def made_of(
    batches: AsyncGenerator[RawBatch, None], make: Callable[[RawBatch], Converted], *, is_ahead: bool
) -> AsyncGenerator[tuple[RawBatch, Converted], None]:
    """Yield each batch and what it becomes, which is made in a thread; not `is_ahead`: only once the last was dealt with."""

    async def following() -> tuple[RawBatch, Converted] | None:
        batch = await anext(batches, None)
        return None if batch is None else (batch, await asyncio.to_thread(make, batch))

    async with aclosing(batches):
        task = asyncio.create_task(following())
        try:
            while (found := await task) is not None:
                if is_ahead:
                    task = asyncio.create_task(following())
                yield found
                if not is_ahead:
                    task = asyncio.create_task(following())
        finally:
            task.cancel()
            await asyncio.wait({task})
