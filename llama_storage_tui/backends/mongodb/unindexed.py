"""Pages of a large collection without an index on `key`: each looks at a part, in the order of `_id`, and sorts what it found.

Servers before ogx 1.0.3 made no such index. Sorted by key, each page would look at every document.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from bson import json_util
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.mongodb.connecting import Document, limits
from llama_storage_tui.backends.mongodb.pipelines import ENTRY, answered, entry_of, indexes_on_key, within
from llama_storage_tui.backends.ranges import KeyRange
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Cursor, KeyPage

WHOLE: Final = 100_000
"""Documents up to which a collection is sorted as a whole for each page; of a larger one so many are looked at."""
LEVEL: Final = 20_000
"""Documents that a level of the tree of keys looks at: all keys among them are read."""


def stored_name(name: str) -> str:
    """Return the name of a listing's pages as stored: a cursor of one order is none of the other."""
    return f"{name}/stored"


def place_of(after: Cursor | None, name: str) -> Document | None:
    """Return where a page as stored begins, empty for the first one; None for a cursor of the order of keys."""
    if after is None:
        return {}
    try:
        (part,) = cursors.decode(after, stored_name(name), length=1).parts
    except UsageError:
        return None
    try:
        found: Document = json_util.loads("" if part is None else part[1])
    except (ValueError, TypeError):
        raise cursors.refused() from None
    return found


async def stored_page(
    collection: AsyncCollection[Document],
    wanted: Sequence[KeyRange],
    place: Document,
    *,
    name: str,
    whole: int,
    limit: int,
    seconds: float | None,
    most: int | None = None,
) -> KeyPage | None:
    """Return a page of the keys in some ranges; None where the order of keys costs little, which the first page finds out.

    It does where a collection has no more than `whole` documents; of a larger one `most` are looked at, None: so many, too.
    """
    most = whole if most is None else most
    total = await collection.estimated_document_count(**limits(seconds))
    if not place and (total <= whole or await _is_indexed(collection)):
        return None
    part = [_compared("$gt", place["_id"])] if place else []
    by_id: list[Document] = [{"$sort": {"_id": 1}}]
    before: list[Document] = [{"$match": each} for each in part]
    ends = await answered(
        collection,
        [*before, *by_id, {"$skip": most - 1}, {"$limit": 1}, {"$project": {"_id": 1}}],
        seconds,
    )
    part += [_compared("$lte", end["_id"]) for end in ends]
    match: list[Document] = [{"$match": {"$and": [*part, within(wanted)]}}]
    found = await answered(
        collection, [*match, *by_id, {"$limit": limit + 1}, {"$project": {**ENTRY, "_id": 1}}], seconds
    )
    last = found[limit - 1] if len(found) > limit else next(iter(ends), None)
    now = datetime.now(UTC)
    entries = sorted((entry_of(row, now) for row in found[:limit]), key=lambda entry: str(entry.key))
    position = None if last is None else json_util.dumps({"_id": last["_id"]})
    return KeyPage(
        tuple(entries),
        None if position is None else cursors.encode(stored_name(name), (("s", position),)),
        is_complete=last is None,
        scanned=min(most, total),
        total=total,
    )


async def _is_indexed(collection: AsyncCollection[Document]) -> bool:
    with suppress(OperationFailure):
        return bool(indexes_on_key([index async for index in await collection.list_indexes()]))
    # Who may not ask is given the order of keys, within the time limit.
    return True


def _compared(operator: str, id_: Any) -> Document:  # noqa: ANN401 - BSON's types
    # In a plain condition only values of the same type are compared, and an `_id` may have any.
    return {"$expr": {operator: ["$_id", {"$literal": id_}]}}
