"""Keys of two namespaces that become one: a store that keeps keys without their namespace has only one place for both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import field
from typing import Final

from llama_storage_tui.backends.seen import SeenKeys
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import RowIdentity
from llama_storage_tui.model.transfer import KeepRows, MoveKeys, TransferItem
from llama_storage_tui.services.session import closing
from llama_storage_tui.services.transfer.converting import convert, shown
from llama_storage_tui.services.transfer.stores import by_store, open_source, overlaps

TWICE: Final = (
    "{what}: the key {key} comes from another namespace, too, and the target has one place for both."
)


@dataclass(slots=True)
class ArrivedKeys:
    """The keys that the items of a store have given so far, where several of them share a place."""

    _seen: SeenKeys = field(default_factory=SeenKeys)

    def again(self, names: Sequence[RowIdentity]) -> RowIdentity | None:
        """Note identities; return one that was noted before, None where all are new."""
        return next((name for name in names if not self._seen.add(name)), None)


class CameBefore:
    """Which rows of a target an item has brought already: one that meets such a row has not met the target's own.

    A conversion may make one row of two; keys that keep their rest, and rows that stay as they are, never become one.
    """

    def __init__(self, item: TransferItem) -> None:
        self.has_all = False
        """Whether an engine has brought rows by itself to a place that had none: nobody else can have put any there."""
        self._seen = None if isinstance(item.convert, KeepRows | MoveKeys) else SeenKeys()

    def note(self, names: Callable[[], Sequence[RowIdentity]]) -> None:
        """Note what was brought; `names` gives the identities, where they are needed."""
        if self._seen is not None and not self.has_all:
            self._seen.update(map(hash, names()))

    def others(self, names: Sequence[RowIdentity]) -> list[RowIdentity]:
        """Return those of some rows of the target that were there before."""
        if self.has_all:
            return []
        return [*names] if self._seen is None else [name for name in names if self._seen.add(name)]


def arrivals(items: Sequence[TransferItem]) -> ArrivedKeys | None:
    """Return what notes the keys of a store's items; None where no two of them can give one key."""
    keyed = [item for item in items if item.target.keys is not None]
    pairs = ((one, other) for at, one in enumerate(keyed) for other in keyed[at + 1 :])
    return ArrivedKeys() if any(overlaps(one, other) for one, other in pairs) else None


async def merged(items: Sequence[TransferItem], timeouts: Timeouts) -> list[str]:
    """Return a sentence for each item that gives a key which another has given; reads the sources where that can be."""
    found = []
    for store in by_store(items):
        arrived = arrivals(store.items)
        for item in store.items if arrived is not None else ():
            key = None if arrived is None else await _again(item, arrived, timeouts)
            if key is not None:
                found.append(TWICE.format(what=item.what, key=shown(key)))
    return found


async def _again(item: TransferItem, arrived: ArrivedKeys, timeouts: Timeouts) -> RowIdentity | None:
    async with (
        closing(open_source(item.source.target, timeouts)) as source,
        aclosing(source.read(item.source.container, item.source.keys)) as batches,
    ):
        async for batch in batches:
            made = await asyncio.to_thread(convert, item, batch)
            for each in made.sheets:
                key = arrived.again(each.identities())
                if key is not None:
                    return key
    return None
