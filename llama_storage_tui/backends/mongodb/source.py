"""Keys of a MongoDB collection for a move. There is no snapshot: a later pass brings what changed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, final

from bson.datetime_ms import DatetimeMS

from llama_storage_tui.backends.batches import LARGEST_BATCH, Pace, weight
from llama_storage_tui.backends.mongodb.pipelines import MongoCollection, in_order, one_of
from llama_storage_tui.backends.protocols import ItemSource
from llama_storage_tui.backends.ranges import ranges_of
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import Cell, KeySelection
from llama_storage_tui.model.raw_rows import Found, RawBatch, RawExtent, RawRow, Sheet, Standing
from llama_storage_tui.model.transfer import KEY_COLUMNS
from llama_storage_tui.text import line

_FIELDS: Final = {"_id": 0, "key": 1, "value": 1, "expiration": 1}


@final
@dataclass(frozen=True, slots=True)
class MongoSource(MongoCollection, ItemSource):
    """The keys of one collection. Each page is a question of its own, answered without a time limit."""

    stamps_others = True

    async def stamp(self, container: str) -> str:
        """Return another text each time: a server tells nobody whether a collection was written to."""
        del container
        return uuid.uuid4().hex

    async def extent(self, container: str, keys: KeySelection | None, *, fast: bool = False) -> RawExtent:
        """Count keys, and the bytes of their texts; `fast` does it as exactly."""
        del fast
        rows = held = 0
        async for batch in self.read(container, keys):
            rows += len(batch.rows)
            held += weight(batch.rows)
        return RawExtent(rows, held)

    async def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield all keys in their order; raises BackendError where two documents have one key."""
        del container
        wanted, pace = ranges_of(keys or KeySelection()), Pace(most=LARGEST_BATCH)
        last: str | None = None
        while wanted:
            # One more than is taken: the next has the same key where a key is there twice.
            found = await self.rows(in_order(wanted, last, pace.size + 1, _FIELDS), seconds=None)
            self._refuse_twice(found)
            taken = found[: pace.size]
            if not taken:
                return
            is_end = len(found) <= pace.size
            last = str(taken[-1]["key"])
            rows = [_row(each) for each in taken]
            pace.after(rows)
            yield RawBatch(KEY_COLUMNS, rows)
            if is_end:
                return

    async def is_empty(self, container: str) -> bool:
        """Tell whether the collection has no key."""
        del container
        return not await self.rows([{"$limit": 1}, {"$project": {"_id": 1}}], seconds=None)

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the collection has in its place."""
        at = sheet.columns.index("key")
        names = [row[at] for row in rows if isinstance(row[at], str)]
        found = await self.rows([{"$match": one_of(names)}, {"$project": _FIELDS}], seconds=None)
        there = {each["key"]: dict(zip(KEY_COLUMNS, _row(each), strict=True)) for each in found}
        return [_found(sheet, row, there.get(str(row[at]))) for row in rows]

    async def close(self) -> None:
        """Do nothing: each question had a connection of its own."""

    def _refuse_twice(self, found: Sequence[Mapping[str, Any]]) -> None:
        for one, other in pairwise(found):
            if one["key"] == other["key"]:
                raise BackendError(
                    f"Two documents have the key {line(str(one['key']), 120)}, and a server reads either of them.",
                    failure=FailureKind.UNSUPPORTED,
                    where=self.target.location,
                    help="Delete one of the two documents: only one can be moved.",
                )


def _row(document: Mapping[str, Any]) -> RawRow:
    """Return the cells of a document, in the order of KEY_COLUMNS."""
    return str(document["key"]), _cell(document.get("value")), _time(document.get("expiration"))


def _cell(value: Any) -> Cell:  # noqa: ANN401 - BSON's types
    """Return a value as a cell; servers write text, and what no engine here has a type for becomes bytes, which no key takes."""
    return value if isinstance(value, str | int | float | bool | bytes | None) else repr(value).encode()


def _time(stored: Any) -> Cell:  # noqa: ANN401 - BSON's types
    match stored:
        case datetime():
            # BSON's times are UTC, and the driver gives them without a zone.
            return stored.replace(tzinfo=UTC).isoformat()
        case DatetimeMS():
            return str(int(stored) // 1000)
        case _:
            return _cell(stored)


def _found(sheet: Sheet, row: RawRow, there: Mapping[str, Cell] | None) -> Found:
    if there is None:
        return Found(Standing.ABSENT)
    former = tuple(there.get(name) for name in sheet.columns)
    return Found(Standing.SAME) if former == row else Found(Standing.OTHER, former)
