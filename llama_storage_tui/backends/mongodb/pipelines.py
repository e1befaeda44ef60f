"""How documents of keys are asked for: conditions, what is read of each, and one answer of a pipeline.

Keys are compared byte by byte (the simple collation), and only text is a key.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bson import json_util
from bson.datetime_ms import DatetimeMS
from pymongo.asynchronous.collection import AsyncCollection

from llama_storage_tui.backends import expiry
from llama_storage_tui.backends.batches import LARGEST_BATCH
from llama_storage_tui.backends.mongodb.connecting import (
    Answer,
    Client,
    Document,
    FailedMongoConnection,
    ask,
    limits,
)
from llama_storage_tui.backends.mongodb.target import MongoTarget
from llama_storage_tui.backends.ranges import KeyRange
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell, KeyEntry
from llama_storage_tui.model.limits import Timeouts

_SIMPLE: Final = {"locale": "simple"}
_NO_LIST: Final = {"$not": {"$type": "array"}}
"""A list meets the conditions that one of its members meets."""
_CLOSING_SECONDS: Final = 0.5
"""For the server to end a cursor that was left: a server that holds it back holds up nobody here."""
_SIZE: Final = {
    "$switch": {
        "branches": [
            {"case": {"$eq": [{"$type": "$value"}, "string"]}, "then": {"$strLenBytes": "$value"}},
            {"case": {"$eq": [{"$type": "$value"}, "binData"]}, "then": {"$binarySize": "$value"}},
        ],
        "default": None,
    }
}
ENTRY: Final = {"_id": 0, "key": 1, "expiration": 1, "bytes": _SIZE}


@dataclass(frozen=True, slots=True)
class MongoCollection:
    """The collection of a target. Each question is a connection of its own, as a connection test is."""

    target: MongoTarget
    timeouts: Timeouts

    async def asked(
        self, question: Callable[[AsyncCollection[Document]], Awaitable[Answer]], *, seconds: float | None
    ) -> Answer:
        """Put a question to the collection; raises BackendError. `seconds` None: without a time limit."""
        target = self.target

        async def of_client(client: Client) -> Answer:
            return await question(client[target.database][str(target.collection)])

        connect = self.timeouts.connect
        found = await ask(
            target, target.password, of_client, connect=connect, answer=seconds, is_reading=True
        )
        if isinstance(found, FailedMongoConnection):
            raise found.error
        return found

    async def rows(self, stages: Sequence[Document], *, seconds: float | None) -> list[Document]:
        """Return what a pipeline over the collection gives, keys compared byte by byte; raises as `asked` does."""
        return await self.asked(lambda collection: answered(collection, stages, seconds), seconds=seconds)


async def answered(
    collection: AsyncCollection[Document], stages: Sequence[Document], seconds: float | None
) -> list[Document]:
    """Return what a pipeline gives, in one answer where it has room there; `seconds` None: without a time limit."""
    # What is cancelled while another batch is on its way would wait for the server.
    cursor = await collection.aggregate(
        list(stages), collation=_SIMPLE, batchSize=LARGEST_BATCH + 1, **limits(seconds)
    )
    try:
        return await cursor.to_list()
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await cursor.close()


def indexes_on_key(indexes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the indexes that keys are found by; one with another order of letters does nothing for them."""
    return [index for index in indexes if next(iter(index["key"])) == "key" and not index.get("collation")]


def within(wanted: Sequence[KeyRange]) -> Document:
    """Return the condition that a key, which must be text, lies in one of the ranges.

    One range is a condition without `$or`, which not every server looks up in the index.
    """
    bounds = ({"$gte": one.low} if one.high is None else {"$gte": one.low, "$lt": one.high} for one in wanted)
    each = [{"key": {**bound, **_NO_LIST}} for bound in bounds]
    return each[0] if len(each) == 1 else {"$or": each}


def in_order(wanted: Sequence[KeyRange], last: str | None, most: int, fields: Document) -> list[Document]:
    """Return the pipeline that gives `fields` of up to so many keys of the ranges in key order, behind one where that is given."""
    match = within(wanted) if last is None else {"$and": [{"key": {"$gt": last}}, within(wanted)]}
    return [{"$match": match}, {"$sort": {"key": 1}}, {"$limit": most}, {"$project": fields}]


def one_of(keys: Sequence[object]) -> Document:
    """Return the condition that a key, which must be text, is one of some."""
    return {"key": {"$in": keys, **_NO_LIST}}


def entry_of(row: Mapping[str, Any], now: datetime) -> KeyEntry:
    """Return what a list shows of a document that was asked for by `ENTRY`."""
    expires_at, text = expiry.read(_moment(row.get("expiration")))
    return KeyEntry(row["key"], row.get("bytes"), expires_at, expiry.is_past(expires_at, now), text)


def _moment(stored: Any) -> Cell:  # noqa: ANN401 - BSON's types
    match stored:
        case datetime():
            # BSON's times are UTC, and the driver gives them without a zone.
            return stored.isoformat()
        case DatetimeMS():
            return int(stored) // 1000
        case _:
            return cell_of(stored)


def cell_of(value: Any) -> Cell:  # noqa: ANN401 - BSON's types
    """Return a value as it can be shown: servers write text; anything else of BSON is written as extended JSON."""
    return value if isinstance(value, str | int | float | bool | bytes | None) else json_util.dumps(value)
