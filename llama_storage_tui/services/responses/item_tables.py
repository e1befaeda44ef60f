"""The tables that hold the items of conversations, the one that an unfinished upgrade to ogx 1.5 left included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.records import Field, RecordOrder, RecordQuery
from llama_storage_tui.model.responses import Place
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.places import item_places
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.item_upgrade import (
    EARLIER_ITEMS,
    ITEMS,
    MARK,
    MARKS,
    SINCE,
    ItemUpgrade,
    item_upgrade,
)

_ONLY_COPY: Final = frozenset({ItemUpgrade.UNFINISHED, ItemUpgrade.BLOCKED, ItemUpgrade.NOT_COPIED})
"""States in which the earlier table may hold what no other table does."""


@dataclass(frozen=True, slots=True)
class ItemTables:
    """The tables to read items from, and what to say of them. `is_split` where the server's own table does not hold them all."""

    places: tuple[Place, ...]
    notices: tuple[str, ...] = ()
    is_split: bool = False


async def item_tables(session: Session) -> ItemTables:
    """Return the tables of items of a config, with the earlier table where it may hold the only copy.

    What cannot be read of the upgrade's state is a notice. Raises BackendError where a backend cannot be opened.
    """
    found: list[Place] = []
    notices: list[str] = []
    is_split = False
    for place in item_places(session.catalog):
        found.append(place)
        reader = await session.reader(place.backend)
        try:
            state = await upgrade_state(reader)
        except BackendError as error:
            notices.append(
                f"Whether {EARLIER_ITEMS} on {place.backend} still holds items was not read: {error.message}"
            )
            continue
        if state not in _ONLY_COPY:
            continue
        is_split = True
        found.append(Place(place.backend, EARLIER_ITEMS, place.path))
        said, advice = said_of(state, place.backend, session.catalog.version.chosen)
        notices.append(f"{said}. {advice}")
    return ItemTables(tuple(found), tuple(notices), is_split)


async def upgrade_state(reader: Reader) -> ItemUpgrade:
    """Return what became of the items of older servers in a database; reads at most a row of each table. Raises BackendError."""
    earlier = await reader.tables.table(EARLIER_ITEMS)
    items = await reader.tables.table(ITEMS)
    if earlier is None and items is None:
        return ItemUpgrade.NOT_NEEDED
    return item_upgrade(
        None if items is None else [column.name for column in items.columns if column.is_primary_key],
        None if earlier is None else [column.name for column in earlier.columns],
        is_marked=await _is_marked(reader),
        has_items=items is not None and await _has_rows(reader, ITEMS),
        has_earlier_items=earlier is not None and await _has_rows(reader, EARLIER_ITEMS),
    )


def said_of(state: ItemUpgrade, backend: str, version: Version) -> tuple[str, str]:
    """Return what a state is, as a sentence without its full stop, and what to do, which destroys nothing."""
    match state:
        case ItemUpgrade.UNFINISHED:
            older = (
                ""
                if version >= SINCE
                else " Do not start an older server before: it would make an empty table that keeps 1.5 from starting."
            )
            return (
                (
                    f"The upgrade of the conversation items on {backend} to ogx 1.5 was interrupted: {EARLIER_ITEMS} may hold the"
                    " only copy of them"
                ),
                f"Keep {EARLIER_ITEMS}. The next start of ogx 1.5 or later copies its rows to {ITEMS}.{older}",
            )
        case ItemUpgrade.BLOCKED:
            return (
                (
                    f"Both {ITEMS} and {EARLIER_ITEMS} on {backend} are tables of servers before ogx 1.5: each may hold items that"
                    " the other lacks, and ogx 1.5 cannot start on them"
                ),
                (
                    f"Keep both, and back up the database. Rename {EARLIER_ITEMS} to a name of your own before ogx 1.5 or later"
                    f" starts, and copy from it afterwards what is missing in {ITEMS}. If {MARKS} has a row {MARK}, delete that row"
                    f" first: with it, the rows of {ITEMS} are not copied."
                ),
            )
        case ItemUpgrade.NOT_COPIED:
            return (
                (
                    f"{ITEMS} on {backend} has no rows although {MARKS} says that the rows of {EARLIER_ITEMS} were copied: unless"
                    " every item was deleted since, the earlier table holds the only copy"
                ),
                (
                    f"Keep {EARLIER_ITEMS}. If the items are to come back: stop the servers, back up the database, delete the row"
                    f" {MARK} from {MARKS}, and start ogx 1.5 or later, which copies again."
                ),
            )
        case ItemUpgrade.SKIPPED_NEXT:
            return (
                (
                    f"The next start of ogx 1.5 or later will rename {ITEMS} on {backend} and copy nothing, since {MARKS} says that"
                    " it was done: its items would disappear from every conversation"
                ),
                f"Stop the servers, back up the database, and delete the row {MARK} from {MARKS} before that start.",
            )
        case ItemUpgrade.FOREIGN:
            return (
                f"{EARLIER_ITEMS} on {backend} is no table of conversation items: ogx 1.5 or later cannot start beside it",
                "Rename it to a name of your own.",
            )
        case _:
            return f"{EARLIER_ITEMS} on {backend} is not read any more", ""


async def _is_marked(reader: Reader) -> bool:
    table = await reader.tables.table(MARKS)
    if table is None or table.column("name") is None:
        return False
    query = RecordQuery(MARKS, (Field("name", "name"),), id="name", time="name")
    return bool(await reader.records.find(query, [MARK]))


async def _has_rows(reader: Reader, table: str) -> bool:
    described = await reader.tables.table(table)
    if described is None:
        return False
    name = described.columns[0].name
    query = RecordQuery(table, (Field("it", name),), order=RecordOrder.STORED, limit=1, id=name, time=name)
    return bool((await reader.records.page(query)).records)
