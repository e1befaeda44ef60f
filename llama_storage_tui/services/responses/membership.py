"""Which conversation a stored item belongs to, and which items a conversation has.

Servers (llama-stack 0.3 to ogx 1.5) store no conversation with a response: what links the two are the ids of its output items,
which stand among the conversation's items. Before ogx 1.5 an item's id is its key; from 1.5 on the key begins with the
conversation, so that finding an id means a scan, which only a small table is worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import field
from time import monotonic
from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.data import Table
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import Equals, Field, Record, RecordQuery, scan
from llama_storage_tui.services.records.sources import tables_there
from llama_storage_tui.services.responses.item_tables import ItemTables, item_tables
from llama_storage_tui.services.responses.summaries import CREATED, ID
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable, time_rank

SMALL_TABLE: Final = 200_000
"""Rows up to which a table without a key on an item's id is scanned for a page of responses."""

RECENT: Final = 15.0
"""Seconds for which who asks again and again takes the tables of items to be the same: servers make them when they start."""

CONVERSATION: Final = Field("conversation_id", "conversation_id")
"""Which conversation an item belongs to."""
_SORT_ORDER: Final = Field("sort_order", "sort_order")


@dataclass(frozen=True, slots=True)
class Membership:
    """The conversations of items, by the items' ids; ids of no conversation are absent.

    `notices` tell what was not looked up, and about items that stand in several conversations: those are absent
    too, since none of the conversations is more theirs than another.
    """

    conversations: Mapping[str, str]
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class RecentTables:
    """The tables of items that were there a moment ago: finding them anew takes longer than what is then asked of them."""

    session: Session
    seconds: float = RECENT
    _since: float = float("-inf")
    _tables: ItemTables = ItemTables(())
    _described: dict[TablePlace, Table | None] = field(default_factory=dict)

    async def tables(self) -> ItemTables:
        """Return the tables; raises as `item_tables` does."""
        if monotonic() - self._since >= self.seconds:
            self._tables = await item_tables(self.session)
            self._described.clear()
            self._since = monotonic()
        return self._tables

    def forget(self) -> None:
        """Look for them again at the next question: one of them was not as it was."""
        self._since = float("-inf")

    async def table(self, reader: Reader, place: TablePlace) -> Table | None:
        """Return the columns of one of them; None where it is not there."""
        if place not in self._described:
            self._described[place] = await reader.tables.table(place.table)
        return self._described[place]


async def conversations_of(
    session: Session, item_ids: Sequence[str], recent: RecentTables | None = None
) -> Membership:
    """Return the conversation of each item, where that is cheap to tell; a place that does not answer becomes a notice.

    `recent` is handed in by whoever asks again and again.
    """
    recent = RecentTables(session) if recent is None else recent
    found: dict[str, str] = {}
    shared: set[str] = set()
    notices: list[Notice] = []
    wanted = tuple(item for item in dict.fromkeys(item_ids) if is_storable(item))
    try:
        tables = await recent.tables() if wanted else ItemTables(())
    except NotFoundError:
        return Membership({})
    except BackendError as error:
        return Membership({}, (Notice(NoticeKind.CONVERSATIONS_NOT_LOOKED_UP, why=error.message),))
    for place in tables.places:
        try:
            reader = await session.reader(place.backend)
            table = await recent.table(reader, place)
            records, notice = ((), None) if table is None else await _looked_up(reader, table, wanted)
        except NotFoundError:
            recent.forget()
            continue
        except BackendError as error:
            recent.forget()
            notices.append(Notice(NoticeKind.CONVERSATIONS_NOT_LOOKED_UP, why=error.message))
            continue
        notices += [notice] if notice else []
        for record in records:
            item, conversation = record["id"], record["conversation_id"]
            if not isinstance(item, str) or not isinstance(conversation, str):
                continue
            if found.setdefault(item, conversation) != conversation:
                shared.add(item)
    notices += tables.notices
    if shared:
        notices.append(Notice(NoticeKind.IN_SEVERAL_CONVERSATIONS, count=len(shared)))
    return Membership({item: found[item] for item in found if item not in shared}, tuple(notices))


async def items_of(session: Session, conversation: str) -> tuple[str, ...]:
    """Return the ids of a conversation's items in their order: by time, then by sort_order where the version stores it.

    Without a key on the conversation (before ogx 1.5) this reads the whole table, without a time limit. Raises BackendError.
    """
    found: list[Record] = []
    async for place, reader, table in tables_there(session, (await item_tables(session)).places):
        query = RecordQuery(place.table, (ID, *order_fields(table)))
        found += await records_of(reader, table, query, conversation)
    ids = (str(record["id"]) for record in sorted(found, key=item_order) if record["id"] is not None)
    return tuple(dict.fromkeys(ids))


def order_fields(table: Table) -> tuple[Field, ...]:
    """Return the fields that `item_order` sorts by, as far as the table has them."""
    return tuple(field for field in (CREATED, _SORT_ORDER) if table.column(field.column) is not None)


def item_order(record: Record) -> tuple[float, float]:
    """Return what sorts a conversation's items as the server returns them; what is no number comes last."""
    return time_rank(record.get("created_at")), time_rank(record.get("sort_order"))


async def records_of(
    reader: Reader, table: Table, query: RecordQuery, conversation: str
) -> tuple[Record, ...]:
    """Return a conversation's records of the items' table: by its key where that begins with the conversation, else by a scan.

    A scan gives them as they were written, the first first: what a server without sort_order does with items of one second.
    """
    if key_of(table)[:1] == ("conversation_id",) or table.is_view:
        by_key = RecordQuery(query.table, query.fields, query.conditions, id="conversation_id")
        records = await reader.records.find(by_key, [conversation])
        return tuple(sorted(records, key=lambda record: str(record["id"])))
    stored = scan(query.table, query.fields, *query.conditions, Equals(CONVERSATION, conversation))
    found: list[Record] = []
    async with aclosing(reader.records.search(stored)) as batches:
        async for batch in batches:
            found += batch.records
    return tuple(reversed(found))


async def _looked_up(
    reader: Reader, table: Table, item_ids: Sequence[str]
) -> tuple[tuple[Record, ...], Notice | None]:
    if key_of(table) != ("id",):
        extent = await reader.records.extent(table.name)
        if extent is not None and extent.rows > SMALL_TABLE:
            return (), Notice(NoticeKind.CONVERSATIONS_NOT_INDEXED, table.name, count=extent.rows)
    return await reader.records.find(RecordQuery(table.name, (ID, CONVERSATION)), item_ids), None


def key_of(table: Table) -> tuple[str, ...]:
    """Return the names of a table's key columns, in the order of the columns: upstream declares both alike."""
    return tuple(column.name for column in table.columns if column.is_primary_key)
