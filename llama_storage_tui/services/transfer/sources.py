"""Whether somebody writes to what is copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.model.transfer_result import CountedItem, ItemOutcome
from llama_storage_tui.services.session import closing
from llama_storage_tui.services.transfer.stores import open_source, store_of

CHANGED = "The source of {what} was written to since the plan was made"


async def stamp_of(item: TransferItem, timeouts: Timeouts) -> str:
    """Return what is another text once an item's source was written to; raises BackendError."""
    async with closing(open_source(item.source.target, timeouts)) as source:
        return await source.stamp(item.source.container)


async def are_settled(
    items: Sequence[TransferItem],
    before: Sequence[str],
    followed: Mapping[str, ItemOutcome],
    timeouts: Timeouts,
) -> bool:
    """Tell whether nobody wrote to the sources since the stamps of `before`.

    Where others' rows change a stamp, too, it is as good that a pass found nothing to follow: `followed` are the outcomes of a pass
    that began when nobody had a store open, by item.
    """
    for item, stamp in zip(items, before, strict=True):
        async with closing(open_source(item.source.target, timeouts)) as source:
            outcome = followed.get(item.what) if source.stamps_others else None
            is_settled = outcome is not None and not outcome.followed
            if not is_settled and await source.stamp(item.source.container) != stamp:
                return False
    return True


async def refuse_changed(items: Sequence[CountedItem], timeouts: Timeouts) -> None:
    """Raise RefusedError where a source was written to since it was counted."""
    for each in items:
        if await stamp_of(each.item, timeouts) != each.stamp:
            raise RefusedError(
                CHANGED.format(what=each.what),
                where=each.item.source.location,
                help="Stop what writes there, and make a new plan.",
            )


async def is_changed(counted: CountedItem, items: Sequence[TransferItem], timeouts: Timeouts) -> bool:
    """Tell whether somebody else wrote to a source meanwhile; of a store that this transfer writes to, nobody can tell."""
    targets = {store_of(item.target) for item in items}
    if store_of(counted.item.source) in targets:
        return False
    return await stamp_of(counted.item, timeouts) != counted.stamp
