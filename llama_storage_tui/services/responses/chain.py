"""The chain of a response: up to the first one and down to every branch, as stored or, where servers store none, inferred.

No version has an index on previous_response_id: one scan collects every link of the table, whatever the chain's depth, and the
rows of the chain are then read many at a time. Where nothing is stored (before ogx 1.1, and rows that an upgrade left), a scan
finds what begins with the same item, and the items tell the rest: see `prefixes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import field
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.chain import Chain
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import Record
from llama_storage_tui.services.responses.chain_rows import LinkRow, ResponseTable, pairs, table_of
from llama_storage_tui.services.responses.chain_shape import Lineage, shaped
from llama_storage_tui.services.responses.links import Links
from llama_storage_tui.services.responses.prefixes import Guess, PossibleParent, Prefixes
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import cell_text

MOST_RESPONSES: Final = 20_000
"""Descendants that are shown, and responses with the same beginning that are compared."""

READ_AT_ONCE: Final = 8_000_000
"""Bytes of documents that are compared at a time."""


ROWS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class ChainProgress:
    """How far the search for a chain is: `done` of `total` of a step, in whatever that counts."""

    step: str
    done: int
    total: int


Progress = Callable[[ChainProgress], None]
"""Hears how far it is, a few times a second; whoever wants to stop cancels the task."""


async def chain(
    session: Session, id_: str, *, progress: Progress | None = None, most: int = MOST_RESPONSES
) -> Chain:
    """Return what a response continues and what continues it, of `most` responses.

    Raises NotFoundError where there is no such response, BackendError. Without time limits: on a large table this is a scan.
    """
    table, row = await table_of(session, id_)
    search = _Search(table, progress or _unheard, most, Lineage(table.place, id_))
    if table.has_links:
        await search.collect_links()
    else:
        await search.infer(row)
    await search.climb(row)
    if table.has_links and search.top.previous is None and await table.is_old(search.top.id):
        await search.infer(search.top)
        await search.climb_on()
    await search.descend()
    return shaped(search.found)


def _unheard(_progress: ChainProgress) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class _Search:
    table: ResponseTable
    progress: Progress
    most: int
    found: Lineage
    links: Links = field(default_factory=Links)

    @property
    def top(self) -> LinkRow:
        """The first response that is known."""
        return self.found.rows[self.found.path[-1]]

    async def climb(self, row: LinkRow | None) -> None:
        """Follow parents up from a response until there is none, it is not there, or it was met before."""
        if row is not None:
            await self._read(await asyncio.to_thread(self.links.ancestors, row.id))
        met = {*self.found.path}
        while row is not None and row.id not in met:
            met.add(row.id)
            self.found.rows[row.id] = row
            self.found.path.append(row.id)
            parent = self.found.parent(row.id)
            if parent is None:
                return
            row = self.found.rows.get(parent) or await self.table.row(parent)
            if row is None:
                self.found.missing_parent = parent

    async def climb_on(self) -> None:
        """Climb from the inferred parent of the first known response."""
        parent = self.found.parent(self.top.id)
        if parent is not None:
            await self.climb(await self.table.row(parent))

    async def collect_links(self) -> None:
        """Read all stored links of the table."""
        async with aclosing(self.table.links()) as batches:
            async for batch in batches:
                await asyncio.to_thread(self.links.add, pairs(batch.records))
                self.progress(ChainProgress("links", batch.done, batch.total))

    async def infer(self, row: LinkRow) -> None:
        """Compare everything that begins as a response does; on the way, links that only documents hold are collected."""
        beginning = await self.table.beginning(row.id)
        if beginning is None:
            self.found.notices.append(Notice(NoticeKind.NOT_INFERRED, row.id))
        candidates: list[PossibleParent] = []
        async with aclosing(self.table.candidates(beginning)) as batches:
            async for batch in batches:
                self.links.add(pairs(batch.records))
                # A server that stores links stores them all, so no other can be inferred.
                candidates += [_candidate(each) for each in batch.records if not each["previous"]]
                self.progress(ChainProgress("beginnings", batch.done, batch.total))
                if len(candidates) > self.most:
                    self._leave_out(Notice(NoticeKind.TOO_MANY_ALIKE, count=self.most))
                    break
        guesses = self.found.guesses = await self._compared(candidates)
        self.links.add((child, guess.parent) for child, guess in guesses.items() if guess.parent is not None)

    async def _compared(self, candidates: Sequence[PossibleParent]) -> dict[str, Guess]:
        prefixes = Prefixes()
        by_id = {each.id: each for each in candidates}
        done = unread = 0
        for part in _parts(candidates):
            records = await self.table.items([each.id for each in part])
            unread += await asyncio.to_thread(_place, prefixes, by_id, records)
            done += len(part)
            self.progress(ChainProgress("inputs", done, len(candidates)))
        if unread:
            self.found.notices.append(Notice(NoticeKind.ITEMS_UNREADABLE, count=unread))
        return await asyncio.to_thread(prefixes.guesses)

    async def descend(self) -> None:
        """Read the rows of everything that continues the first response."""
        await self._read(await asyncio.to_thread(self.links.descendants, [self.top.id]))

    async def _read(self, ids: Sequence[str]) -> None:
        if len(ids) > self.most:
            self._leave_out(Notice(NoticeKind.CHAIN_TOO_LONG, count=self.most, total=len(ids)))
        wanted = [id_ for id_ in ids[: self.most] if id_ not in self.found.rows]
        for start in range(0, len(wanted), ROWS_AT_ONCE):
            for row in await self.table.rows(wanted[start : start + ROWS_AT_ONCE]):
                self.found.rows[row.id] = row
            self.progress(ChainProgress("responses", start, len(wanted)))

    def _leave_out(self, notice: Notice) -> None:
        self.found.is_complete = False
        self.found.notices.append(notice)


def _candidate(record: Record) -> PossibleParent:
    size = record["bytes"]
    return PossibleParent(
        str(record["id"]),
        created_at=record["created_at"],
        owner=cell_text(record.get("owner")),
        status=cell_text(record["status"]),
        bytes=size if isinstance(size, int) else 0,
    )


def _parts(candidates: Sequence[PossibleParent]) -> Iterator[list[PossibleParent]]:
    part: list[PossibleParent] = []
    size = 0
    for each in candidates:
        if part and (size + each.bytes > READ_AT_ONCE or len(part) == ROWS_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(each)
        size += each.bytes
    if part:
        yield part


def _place(prefixes: Prefixes, by_id: dict[str, PossibleParent], records: Sequence[Record]) -> int:
    """Place records in the tree, and return how many of them could not be read."""
    placed = (prefixes.place(by_id[str(each["id"])], each["input"], each["output"]) for each in records)
    return sum(not is_placed for is_placed in placed)
