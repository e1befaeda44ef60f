"""The tables that hold the items of conversations, the one that an unfinished upgrade to ogx 1.5 left included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from time import monotonic
from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import Field, OneOf, Record, RecordOrder, RecordQuery
from llama_storage_tui.services.records.places import table_places
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families.conversations import ITEMS as CONVERSATION_ITEMS
from llama_storage_tui.upstream.families.conversations import TABLE as CONVERSATIONS
from llama_storage_tui.upstream.item_upgrade import (
    EARLIER_ITEMS,
    ITEMS,
    KEY,
    MARK,
    MARKS,
    ItemUpgrade,
    item_upgrade,
)

_ONLY_COPY: Final = frozenset({ItemUpgrade.UNFINISHED, ItemUpgrade.BLOCKED, ItemUpgrade.NOT_COPIED})
"""States in which the earlier table may hold what no other table does, so that it is read with the other."""

_SILENT: Final = frozenset({ItemUpgrade.NOT_NEEDED, ItemUpgrade.COPIED})

COMPARED: Final = 1_000
"""Rows of the earlier table, from its end, that are compared where a list only needs to know whether something is amiss."""

_COPY_AGAIN: Final = (
    "Copying again also brings back each item that was deleted since, those of deleted conversations included. Where that is right:"
    f" stop the servers, back up the database, delete the row {MARK} from {MARKS}, and start ogx 1.5 or later, which copies every"
    f" row that {ITEMS} lacks."
)


_AT_ONCE: Final = 500
SECONDS: Final = 20.0
"""How long rows are compared."""
_ID: Final = Field("id", "id")
_CONVERSATION: Final = Field("conversation_id", "conversation_id")


@dataclass(frozen=True, slots=True)
class CopyComparison:
    """How many of the rows that were compared are missing in the new table; `is_whole` where all rows were.

    Rows of conversations that are gone do not count: deleting a conversation deletes its items.
    """

    missing: int
    compared: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a state is, as a sentence without its full stop; what to leave alone; what can be done, where there is something.

    The steps change the database: they are shown whole or not at all, since the end of one may take back its beginning.
    """

    state: str
    keep: str = ""
    steps: str = ""

    @property
    def notice(self) -> str:
        """What a list says, where there may be room for a few lines only."""
        more = "A check of the data says what can be done." if self.steps else ""
        return " ".join(part for part in (f"{self.state}.", self.keep, more) if part)

    @property
    def advice(self) -> str:
        """All that can be done."""
        return " ".join(part for part in (self.keep, self.steps) if part)


@dataclass(frozen=True, slots=True)
class ItemTables:
    """The tables to read items from, and what to say of them. `is_split` where the server's own table does not hold them all."""

    places: tuple[TablePlace, ...]
    notices: tuple[Notice, ...] = ()
    is_split: bool = False


@dataclass(frozen=True, slots=True)
class ItemUpgradeReport:
    """The state of one database; `comparison` where both tables hold rows and the mark is set."""

    state: ItemUpgrade
    has_items: bool = False
    comparison: CopyComparison | None = None


async def item_tables(session: Session) -> ItemTables:
    """Return the tables of items of a config, with the earlier table where it may hold the only copy.

    What cannot be read of the upgrade's state is a notice. Raises BackendError where a backend cannot be opened.
    """
    found: list[TablePlace] = []
    notices: list[Notice] = []
    is_split = False
    for place in table_places(session.catalog, CONVERSATION_ITEMS):
        found.append(place)
        reader = await session.reader(place.backend)
        try:
            report = await upgrade_report(reader, most=COMPARED)
        except BackendError as error:
            kind = NoticeKind.EARLIER_ITEMS_NOT_READ
            notices.append(Notice(kind, EARLIER_ITEMS, place.backend, error.message))
            continue
        if report.state in _SILENT:
            continue
        if report.state in _ONLY_COPY:
            is_split = True
            found.append(TablePlace(place.backend, EARLIER_ITEMS, place.path))
        notices.append(Notice(NoticeKind.REASON, why=said_of(report, place.backend).notice))
    return ItemTables(tuple(found), tuple(notices), is_split)


async def upgrade_report(reader: Reader, *, most: int | None = None) -> ItemUpgradeReport:
    """Return what became of the items of older servers in a database.

    Reads a row of each table; where both have rows and the mark is set, compares the last `most` rows of the earlier one (None:
    all that can be compared within SECONDS). Raises BackendError.
    """
    earlier = await reader.tables.table(EARLIER_ITEMS)
    items = await reader.tables.table(ITEMS)
    if earlier is None and items is None:
        return ItemUpgradeReport(ItemUpgrade.NOT_NEEDED)
    has_items = items is not None and await _has_rows(reader, ITEMS)
    state = item_upgrade(
        None if items is None else [column.name for column in items.columns if column.is_primary_key],
        None if earlier is None else [column.name for column in earlier.columns],
        is_marked=await _is_marked(reader),
        has_items=has_items,
        has_earlier_items=earlier is not None and await _has_rows(reader, EARLIER_ITEMS),
    )
    is_comparable = has_items and earlier is not None and all(earlier.column(name) for name in KEY)
    if state is not ItemUpgrade.COPIED or not is_comparable:
        return ItemUpgradeReport(state, has_items)
    comparison = await _compare_items(reader, most=most)
    return ItemUpgradeReport(
        ItemUpgrade.COPIED_IN_PART if comparison.missing else state, has_items, comparison
    )


def said_of(report: ItemUpgradeReport, backend: str) -> Said:
    """Return what to say of a state; no step loses anything that it does not name."""
    keep = f"Keep {EARLIER_ITEMS}."
    match report.state:
        case ItemUpgrade.UNFINISHED:
            deleted = (
                f" Items that were deleted from {ITEMS} in the meantime come back with it."
                if report.has_items
                else ""
            )
            return Said(
                f"The upgrade of the conversation items on {backend} to ogx 1.5 was interrupted: {EARLIER_ITEMS} may hold the only"
                " copy of them",
                f"{keep} The next start of ogx 1.5 or later copies every row that {ITEMS} lacks.{deleted} Start no older server"
                f" before that: where {ITEMS} is missing it makes one that keeps ogx 1.5 from starting.",
            )
        case ItemUpgrade.BLOCKED:
            return Said(
                f"Both {ITEMS} and {EARLIER_ITEMS} on {backend} are tables of servers before ogx 1.5: each may hold items that the"
                " other lacks, and ogx 1.5 cannot start on them",
                "Keep both.",
                f"Stop the servers and back up the database. If {MARKS} has a row {MARK}, delete that row: with it the rows of"
                f" {ITEMS} are not copied. Then rename {EARLIER_ITEMS} to a name of your own and start ogx 1.5 or later. Compare"
                f" the two afterwards, and copy from your table what {ITEMS} lacks and nobody deleted.",
            )
        case ItemUpgrade.NOT_COPIED:
            return Said(
                f"{ITEMS} on {backend} has no rows although {MARKS} says that the rows of {EARLIER_ITEMS} were copied: unless"
                " every item was deleted since, the earlier table holds the only copy",
                keep,
                _COPY_AGAIN,
            )
        case ItemUpgrade.COPIED_IN_PART:
            return Said(
                f"{ITEMS} on {backend} lacks {_scope(report.comparison)} of {EARLIER_ITEMS}, those of deleted conversations not"
                f" counted, although {MARKS} says that all were copied: they were deleted since, or never copied",
                keep,
                _COPY_AGAIN,
            )
        case ItemUpgrade.SKIPPED_NEXT:
            return Said(
                f"The next start of ogx 1.5 or later will rename {ITEMS} on {backend} to {EARLIER_ITEMS} and copy nothing, since"
                f" {MARKS} says that it was done: its items would disappear from every conversation",
                steps=f"Stop the servers, back up the database, and delete the row {MARK} from {MARKS} before that start, which"
                " then copies the items.",
            )
        case ItemUpgrade.FOREIGN:
            return Said(
                f"{EARLIER_ITEMS} on {backend} has no columns {' and '.join(KEY)}, so it is not a table of conversation items:"
                " ogx 1.5 or later cannot start beside it",
                "Keep it.",
                "Find out what uses it, stop that and the servers, back up the database, and rename it to a name of your own.",
            )
        case _:
            return Said(f"{EARLIER_ITEMS} on {backend} is not read any more")


def _scope(comparison: CopyComparison | None) -> str:
    if comparison is None:
        return "rows"
    if comparison.is_whole:
        return f"{comparison.missing:,} of the {comparison.compared:,} rows"
    return f"at least {comparison.missing:,} of the last {comparison.compared:,} rows"


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


async def _compare_items(reader: Reader, *, most: int | None = None) -> CopyComparison:
    """Compare the two tables by the keys of their rows, from the end of the earlier one; both must be there.

    Stops after `most` rows (None: no limit) or SECONDS. Raises BackendError.
    """
    began, missing, compared = monotonic(), 0, 0
    has_conversations = await reader.tables.table(CONVERSATIONS) is not None
    query = RecordQuery(
        EARLIER_ITEMS, (_CONVERSATION, _ID), order=RecordOrder.STORED, limit=_AT_ONCE, with_cursors=False
    )
    async with aclosing(reader.records.search(query)) as batches:
        async for batch in batches:
            for start in range(0, len(batch.records), _AT_ONCE):
                end = start + _AT_ONCE if most is None else min(start + _AT_ONCE, start + most - compared)
                chunk = batch.records[start:end]
                missing += await _missing(reader, chunk, has_conversations=has_conversations)
                compared += len(chunk)
                if monotonic() - began > SECONDS or (most is not None and compared >= most):
                    return CopyComparison(missing, compared, is_whole=False)
    return CopyComparison(missing, compared, is_whole=True)


async def _missing(reader: Reader, records: Sequence[Record], *, has_conversations: bool) -> int:
    keys = [(record["conversation_id"], record["id"]) for record in records]
    by_conversation = RecordQuery(
        ITEMS,
        (_CONVERSATION, _ID),
        (OneOf(_ID, _texts(id_ for _, id_ in keys)),),
        id="conversation_id",
        time="conversation_id",
    )
    names = _texts(name for name, _ in keys)
    there = {
        (found["conversation_id"], found["id"]) for found in await reader.records.find(by_conversation, names)
    }
    absent = [key for key in keys if key not in there]
    if not absent or not has_conversations:
        return len(absent)
    living = RecordQuery(CONVERSATIONS, (_ID,), time="id")
    wanted = _texts(name for name, _ in absent)
    alive = {found["id"] for found in await reader.records.find(living, wanted)}
    return sum(name in alive for name, _ in absent)


def _texts(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell for cell in cells if isinstance(cell, str)))
