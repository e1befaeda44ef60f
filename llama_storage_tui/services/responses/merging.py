"""One listing over several tables: pages of each, merged by time, with one cursor that holds a position in every table."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Cell, Cursor
from llama_storage_tui.model.responses import Place

T = TypeVar("T")

START: Final = ""
"""In a cursor: a table of which nothing was shown yet; None is one that has no more."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The next part of one table: what was found, the cursor after each, and whether there is more."""

    found: tuple[T, ...]
    cursors: tuple[Cursor, ...]
    has_more: bool


Reads = Callable[[Place, Cursor | None], Awaitable[Slice[T]]]
"""Reads a slice of one table from a cursor on (None: from its beginning)."""

Sorts = Callable[[T], tuple[Cell, Cell]]
"""Returns what a record is ordered by: its time, then its id."""


async def merged(
    places: Sequence[Place], read: Reads[T], *, sorts: Sorts[T], limit: int, after: Cursor | None
) -> tuple[tuple[T, ...], Cursor | None]:
    """Return a page over all tables, the newest first, and the cursor of the next page.

    Each table's own order is kept, so that tables read as stored come close to it; raises UsageError for a broken cursor.
    """
    positions = positions_of(places, after)
    open_ = [place for place, position in zip(places, positions, strict=True) if position is not None]
    slices = await asyncio.gather(
        *(
            read(place, position or None)
            for place, position in zip(places, positions, strict=True)
            if position is not None
        )
    )
    heads = dict.fromkeys(range(len(open_)), 0)
    page: list[T] = []
    while len(page) < limit:
        standing = [index for index, head in heads.items() if head < len(slices[index].found)]
        if not standing:
            break
        best = max(standing, key=lambda index: _rank(sorts(slices[index].found[heads[index]])))
        page.append(slices[best].found[heads[best]])
        heads[best] += 1
    after_page: dict[Place, str | None] = dict(zip(places, positions, strict=True))
    for index, place in enumerate(open_):
        after_page[place] = _after(slices[index], heads[index], positions[places.index(place)])
    is_over = all(position is None for position in after_page.values())
    return tuple(page), None if is_over else encode([after_page[place] for place in places])


def _after(part: Slice[T], shown: int, before: str | None) -> str | None:
    if shown == len(part.found) and not part.has_more:
        return None
    return part.cursors[shown - 1] if shown else before


def _rank(key: tuple[Cell, Cell]) -> tuple[int, float, str]:
    """Order as the engines do: text where a time should be before numbers, no time at all last."""
    time, id_ = key
    if isinstance(time, int | float):
        return 1, float(time), str(id_)
    return (0, 0.0, str(id_)) if time is None else (2, 0.0, str(id_))


def positions_of(places: Sequence[Place], after: Cursor | None) -> list[str | None]:
    """Return where to go on in each table: None in one that has no more, empty text at its beginning.

    Raises UsageError for what is no cursor over these tables.
    """
    if after is None:
        return [START] * len(places)
    try:
        padded = after + "=" * (-len(after) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, list)
        or len(found) != len(places)
        or not all(each is None or isinstance(each, str) for each in found)
    ):
        raise UsageError(
            "That is not a cursor of this listing.",
            help="A cursor goes with the config, filters and order that it was given for; leave it out to begin again.",
        )
    return found


def encode(positions: Sequence[str | None]) -> Cursor:
    """Make the cursor that `positions_of` reads."""
    text = json.dumps(positions, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
