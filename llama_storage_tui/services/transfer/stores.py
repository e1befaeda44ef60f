"""The stores of a transfer: which places are one store, and opening them."""

from __future__ import annotations

import asyncio
import os
import os.path
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from llama_storage_tui.backends.ranges import is_selected
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import Sheet
from llama_storage_tui.model.store_user import StoreUser
from llama_storage_tui.model.target import LoginTarget, Target
from llama_storage_tui.model.transfer import MoveKeys, MoveMostKeys, TransferItem, TransferPlace
from llama_storage_tui.services.session import closing

if TYPE_CHECKING:
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter


@dataclass(frozen=True, slots=True)
class StoreItems:
    """The items of one target store, which are brought in one transaction."""

    place: str
    target: Target
    items: tuple[TransferItem, ...]

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the containers that are written, each once."""
        places = {item.target.container: item for item in self.items}
        return tuple(
            Sheet(name, item.identity, item.identity, item.target.schema) for name, item in places.items()
        )


def by_store(
    items: Sequence[TransferItem], end: Callable[[TransferItem], TransferPlace] = attrgetter("target")
) -> tuple[StoreItems, ...]:
    """Return the items by the store at one end of them, in the order of their first item."""
    found: dict[str, list[TransferItem]] = {}
    for item in items:
        found.setdefault(store_of(end(item)), []).append(item)
    return tuple(StoreItems(place, end(each[0]).target, tuple(each)) for place, each in found.items())


def store_of(place: TransferPlace) -> str:
    """Return the same text for places that one transaction covers."""
    location = place.target.location
    if location.startswith(os.sep):
        return os.path.realpath(location)
    return f"{place.target.role}@{location}" if isinstance(place.target, LoginTarget) else location


def is_in_place(item: TransferItem) -> bool:
    """Tell whether an item's rows stay in their container."""
    return is_in_store(item) and item.source.container == item.target.container


def is_in_store(item: TransferItem) -> bool:
    """Tell whether source and target are one store: then it is read within the transaction that writes it."""
    return store_of(item.source) == store_of(item.target)


def overlaps(one: TransferItem, other: TransferItem) -> bool:
    """Tell whether two items of one store may bring a row to the same place."""
    if one.target.container != other.target.container:
        return False
    if one is other or one.target.keys is None or other.target.keys is None:
        return True
    mine, theirs = one.target.keys.include, other.target.keys.include
    return not mine or not theirs or any(a.startswith(b) or b.startswith(a) for a in mine for b in theirs)


def parts_of(item: TransferItem) -> tuple[TransferItem, ...]:
    """Part an item whose keys mostly stay as they are: those first, which an engine may bring by itself, then all others.

    Of any other item that is the item. Every row that it means is in one part.
    """
    convert, keys = item.convert, item.source.keys
    if not isinstance(convert, MoveMostKeys) or keys is None or convert.move.old == convert.move.new:
        return (item,)
    heads = tuple(head for head in convert.heads if is_selected(head, keys))
    if not heads:
        return (item,)
    # A longer beginning that the item means by itself is looked at key by key.
    longer = tuple(each for each in keys.include if each not in heads and each.startswith(heads))
    moved = KeySelection(heads, (*keys.exclude, *longer))
    others = KeySelection(keys.include, (*keys.exclude, *heads))
    return (
        replace(item, source=replace(item.source, keys=moved), convert=convert.move),
        replace(item, source=replace(item.source, keys=others)),
    )


def reversed_item(item: TransferItem) -> TransferItem:
    """Return what would bring an item's rows back; of one that keeps rows or moves keys."""
    convert = item.convert
    back = MoveKeys(convert.new, convert.old) if isinstance(convert, MoveKeys) else convert
    return replace(item, source=item.target, target=item.source, convert=back)


@asynccontextmanager
async def reader_at(
    place: TransferPlace, item: TransferItem, writer: ItemWriter, timeouts: Timeouts
) -> AsyncIterator[ItemSource | ItemWriter]:
    """Open one end of an item; of one store at both ends, that is the `writer` which has it open."""
    if is_in_store(item):
        yield writer
    else:
        async with closing(open_source(place.target, timeouts)) as source:
            yield source


async def open_source(target: Target, timeouts: Timeouts) -> ItemSource:
    """Open a source; its driver is imported in a thread. Raises BackendError, RefusedError."""

    def opened() -> ItemSource:
        from llama_storage_tui.backends.registry import open_source as made

        return made(target, timeouts=timeouts)

    return await asyncio.to_thread(opened)


async def users_of(target: Target, timeouts: Timeouts) -> tuple[StoreUser, ...] | None:
    """Return who else has a store open; None where that cannot be told. Raises BackendError."""

    def known() -> bool:
        from llama_storage_tui.backends.registry import is_writable

        return is_writable(target)

    if not await asyncio.to_thread(known):
        return None
    async with closing(open_writer(target, timeouts)) as writer:
        return await writer.users()


async def open_writer(target: Target, timeouts: Timeouts) -> ItemWriter:
    """Open a writer, as `open_source` does."""

    def opened() -> ItemWriter:
        from llama_storage_tui.backends.registry import open_writer as made

        return made(target, timeouts=timeouts)

    return await asyncio.to_thread(opened)
