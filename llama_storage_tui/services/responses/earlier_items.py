"""Which items of the table before ogx 1.5 are missing in the table that took its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from time import monotonic
from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.records import Field, OneOf, Record, RecordOrder, RecordQuery
from llama_storage_tui.upstream.families.conversations import TABLE
from llama_storage_tui.upstream.item_upgrade import EARLIER_ITEMS, ITEMS

_AT_ONCE: Final = 500
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


async def compare_items(reader: Reader, *, most: int | None = None, seconds: float = 20.0) -> CopyComparison:
    """Compare the two tables by the keys of their rows, from the end of the earlier one; both must be there.

    Stops after `most` rows (None: no limit) or `seconds`. Raises BackendError.
    """
    began, missing, compared = monotonic(), 0, 0
    has_conversations = await reader.tables.table(TABLE) is not None
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
                if monotonic() - began > seconds or (most is not None and compared >= most):
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
    living = RecordQuery(TABLE, (_ID,), time="id")
    wanted = _texts(name for name, _ in absent)
    alive = {found["id"] for found in await reader.records.find(living, wanted)}
    return sum(name in alive for name, _ in absent)


def _texts(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell for cell in cells if isinstance(cell, str)))
