"""An upgrade of conversation items to ogx 1.5 that ended early: finished, and the earlier table never dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llama_storage_tui.model.data import Filter, Table
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.services.migration.conversions import Step, steps
from llama_storage_tui.services.migration.items_order import (
    POSITION,
    in_order,
    item_positions,
    keep_positions,
)
from llama_storage_tui.services.migration.plan_context import PlanContext
from llama_storage_tui.services.migration.stores import DataStore
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.item_upgrade import (
    EARLIER_ITEMS,
    ITEMS,
    KEY,
    MARK,
    MARKS,
    ItemUpgrade,
    item_upgrade,
)

LISTED_BY_POSITION: Final = (
    "From 1.1 on the items of a conversation are listed by sort_order, which earlier servers did not write: without it they come "
    "in the order of their ids."
)
_FINISHED: Final = frozenset({ItemUpgrade.UNFINISHED, ItemUpgrade.NOT_COPIED})


async def lacks_positions(context: PlanContext, store: DataStore, name: str, table: Table) -> bool:
    """Tell whether the version goes by the positions of items, and some of a table have none."""
    if context.version < changes.ITEMS_HAVE_POSITIONS:
        return False
    reader = await context.readers.of(store)
    is_there = table.column(POSITION) is not None
    return not is_there or (await reader.tables.count(name, (Filter(POSITION, None),))).value > 0


async def order_steps(
    context: PlanContext, store: DataStore, name: str, table: Table, target: DataStore | None = None
) -> list[Step]:
    """Return the step that gives items their positions, where the version goes by them and some of the table have none.

    `target` is where the items go, None where they are.
    """
    if not await lacks_positions(context, store, name, table):
        return []
    reader = await context.readers.of(store)
    positions = await item_positions(reader.records, name)
    there = await context.readers.table(target, ITEMS) if target is not None else None
    if target is not None and there is not None and there.column(POSITION) is not None:
        await keep_positions(positions, (await context.readers.of(target)).records, ITEMS)
    return [in_order(positions)]


async def plan_earlier_items(context: PlanContext, store: DataStore) -> None:
    """Plan the items that the earlier table may hold alone."""
    earlier = await context.readers.table(store, EARLIER_ITEMS)
    if context.version < changes.ITEMS_KEYED_BY_CONVERSATION or earlier is None:
        return
    reader = (await context.readers.of(store)).tables
    items = await reader.table(ITEMS)
    has_marks = await context.readers.table(store, MARKS) is not None
    is_marked = has_marks and await _is_marked(context, store)
    state = item_upgrade(
        _key(items),
        [column.name for column in earlier.columns],
        is_marked=is_marked,
        has_items=await context.readers.table(store, ITEMS) is not None,
        has_earlier_items=True,
    )
    if state in _FINISHED:
        context.add(
            TransferItem(
                "items of conversations left by an unfinished upgrade",
                store.table(EARLIER_ITEMS),
                store.table(ITEMS, context.schema(ITEMS)),
                steps(*await order_steps(context, store, EARLIER_ITEMS, earlier, store)),
                KEY,
                f"{EARLIER_ITEMS} may hold the only copy: a server that ended early had renamed it and not copied it to {ITEMS}. "
                "It stays as it is.",
            )
        )
    elif state is not ItemUpgrade.COPIED:
        context.notice(
            f"{EARLIER_ITEMS} on {store.backend} is not as ogx 1.5 leaves it ({state.name.lower().replace('_', ' ')}): a check of "
            "the data says what can be done. Keep the table."
        )


def _key(table: Table | None) -> Sequence[str] | None:
    return None if table is None else [column.name for column in table.columns if column.is_primary_key]


async def _is_marked(context: PlanContext, store: DataStore) -> bool:
    reader = (await context.readers.of(store)).tables
    return (await reader.count(MARKS, (Filter("name", MARK),))).value > 0
