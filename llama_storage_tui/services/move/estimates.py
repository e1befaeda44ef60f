"""What a plan says of a move beforehand: how long it takes, how much room it needs, what is made, and what the target is like."""

from __future__ import annotations

from collections.abc import Sequence

from llama_storage_tui.backends.registry import creation_of
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.move import BYTES_A_SECOND, ROWS_A_SECOND, Creation, Downtime, Space
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.model.transfer_result import CountedItem, TransferPlan
from llama_storage_tui.services.session import Session, closing
from llama_storage_tui.services.transfer.counting import ROOM
from llama_storage_tui.services.transfer.stores import by_store, open_writer


def creations(items: Sequence[TransferItem]) -> tuple[Creation, ...]:
    """Return the tables of the target as they are made where they are not there."""
    sheets = {each.container: (store.target, each) for store in by_store(items) for each in store.sheets()}
    made = (Creation(name, creation_of(target, sheet)) for name, (target, sheet) in sheets.items())
    return tuple(each for each in made if each.statements)


def seconds(items: Sequence[CountedItem]) -> int:
    """Return about how long one pass takes."""
    rows, size = sum(each.rows for each in items), sum(each.bytes for each in items)
    return max(1, round(max(rows / ROWS_A_SECOND, size / BYTES_A_SECOND)))


def downtime(plan: TransferPlan) -> Downtime:
    """Return how long servers have to stand still: as long as the pass that finds what changed."""
    return Downtime(
        seconds(plan.items),
        "From stopping the servers to starting them with the new config: what changed since the first pass is found by reading"
        " both stores again.",
    )


async def space(plan: TransferPlan, timeouts: Timeouts) -> Space:
    """Return how much room the target needs and has; raises BackendError."""
    stores = by_store([each.item for each in plan.items])
    if not stores:
        return Space(0, None)
    async with closing(open_writer(stores[0].target, timeouts)) as writer:
        return Space(round(ROOM * sum(each.bytes for each in plan.items)), await writer.free_bytes())


async def warnings_of(session: Session, target: Target) -> tuple[str, ...]:
    """Return what a test of the target warns of: keys that a full server removes, and the like."""
    async with closing(session.other_reader(target)) as reader:
        try:
            return (await reader.probe()).warnings
        except BackendError:  # a file that is not there yet; what else is wrong there, counting has said
            return ()
