"""The whole input of a response that holds only what was new: rebuilt from its ancestors, as the server of ogx 1.1 and later does.

What counts is the document, not the columns: a server goes on upwards while a document says `incremental` and names a previous
response. Where one is missing it silently begins there; in a cycle it takes the response's own input alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.chain import FullInput, Truncation
from llama_storage_tui.model.records import Record
from llama_storage_tui.services.responses.chain_rows import ResponseTable, pairs, table_of
from llama_storage_tui.services.responses.links import Links
from llama_storage_tui.services.responses.tolerant_json import loaded_list
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import cell_text

ONE_BY_ONE: Final = 20
"""Ancestors that are looked up each by itself: beyond them a scan of the links is faster than as many questions."""

READ_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class _Turn:
    id: str
    input: list[object] | None
    output: list[object]
    previous: str | None
    """Only where the input is to be put behind the previous response's."""


async def full_input(session: Session, id_: str) -> FullInput:
    """Return the whole input of a response, its items parsed; raises NotFoundError, BackendError."""
    table, _ = await table_of(session, id_)
    turns: dict[str, _Turn] = {}
    above: str | None = id_
    while above is not None and above not in turns:
        if len(turns) == ONE_BY_ONE:
            await _read(table, await _ancestors(table, above), turns)
        if above not in turns:
            await _read(table, [above], turns)
        if above not in turns:
            break
        above = _climbed(turns, id_)[1]
    return _joined(turns, id_)


def _climbed(turns: Mapping[str, _Turn], id_: str) -> tuple[list[_Turn], str | None]:
    """Return the turns from a response up as far as they were read, and what the last one continues: of a cycle one of them."""
    path: dict[str, _Turn] = {}
    above: str | None = id_
    while above is not None and above in turns and above not in path:
        path[above] = turns[above]
        above = turns[above].previous
    return [*path.values()], above


def _joined(turns: Mapping[str, _Turn], id_: str) -> FullInput:
    path, above = _climbed(turns, id_)
    if not path:  # deleted since it was found
        return FullInput((), (), truncated=Truncation.UNREADABLE)
    if above is not None and above in turns:
        return FullInput(tuple(path[0].input or ()), (id_,), truncated=Truncation.CYCLE)
    items: list[object] = []
    truncated = Truncation.MISSING_PARENT if above is not None else None
    for turn in reversed(path):
        if turn.input is None:
            # What came before it is known, what it was asked is not.
            truncated = Truncation.UNREADABLE
        items += turn.input or []
        items += turn.output if turn.id != id_ else []
    ids = tuple(turn.id for turn in reversed(path))
    return FullInput(tuple(items), ids, is_rebuilt=len(ids) > 1, truncated=truncated, missing_parent=above)


async def _ancestors(table: ResponseTable, id_: str) -> Sequence[str]:
    if not table.has_links:
        return ()
    links = Links()
    async with aclosing(table.links()) as batches:
        async for batch in batches:
            await asyncio.to_thread(links.add, pairs(batch.records))
    return await asyncio.to_thread(links.ancestors, id_)


async def _read(table: ResponseTable, ids: Sequence[str], turns: dict[str, _Turn]) -> None:
    for start in range(0, len(ids), READ_AT_ONCE):
        records = await table.items(ids[start : start + READ_AT_ONCE], with_links=True)
        found = await asyncio.to_thread(lambda records: [*map(_turn, records)], records)
        turns.update({turn.id: turn for turn in found})


def _turn(record: Record) -> _Turn:
    is_incremental = record["mode"] == "incremental"
    return _Turn(
        str(record["id"]),
        loaded_list(record["input"]),
        loaded_list(record["output"]) or [],
        (cell_text(record["stored_previous"]) or None) if is_incremental else None,
    )
