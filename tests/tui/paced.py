"""Sessions over real stores that look very large, and whose searches pause where a test wants to look."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

from llama_storage_tui.backends.protocols import KeyValueReader, Prober, Reader, RecordReader, TableReader
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import Probe
from llama_storage_tui.model.following import Mark, StoredSince
from llama_storage_tui.model.records import (
    Extent,
    Record,
    RecordBatch,
    RecordPage,
    RecordQuery,
    Tallied,
    TallyBatch,
)
from llama_storage_tui.services.session import Session
from tests.tui.made_up import Gate

POSITIONS = 1_000_000
PIECES = 4


@dataclass
class PacedRecords:
    """Real records; a search comes in four pieces, and waits at the gate before the third."""

    real: RecordReader
    gate: Gate

    async def page(self, query: RecordQuery, *, seconds: float | None = None) -> RecordPage:
        return await self.real.page(query, seconds=seconds)

    async def search(self, query: RecordQuery) -> AsyncGenerator[RecordBatch, None]:
        found = [
            pair
            async for batch in self.real.search(query)
            for pair in zip(batch.records, batch.cursors or [""] * len(batch.records), strict=True)
        ]
        share = -(-len(found) // PIECES)
        for piece in range(PIECES):
            if piece == PIECES // 2:
                await self.gate.pass_through()
            part = found[piece * share : (piece + 1) * share]
            records, cursors = [each[0] for each in part], [each[1] for each in part if each[1]]
            yield RecordBatch(
                tuple(records), tuple(cursors), done=(piece + 1) * POSITIONS // PIECES, total=POSITIONS
            )

    async def find(self, query: RecordQuery, ids: Sequence[str]) -> tuple[Record, ...]:
        return await self.real.find(query, ids)

    def tally(
        self, query: RecordQuery, tallies: Sequence[Tallied], *, examples: int = 0
    ) -> AsyncGenerator[TallyBatch, None]:
        return self.real.tally(query, tallies, examples=examples)

    async def ids(self, table: str, column: str, beginning: str, *, limit: int) -> tuple[str, ...]:
        return await self.real.ids(table, column, beginning, limit=limit)

    async def stored_since(
        self, query: RecordQuery, mark: Mark | None, *, limit: int, newest: int | None = None
    ) -> StoredSince:
        return await self.real.stored_since(query, mark, limit=limit, newest=newest)

    async def extent(self, table: str) -> Extent | None:
        return None if await self.real.extent(table) is None else Extent(POSITIONS, POSITIONS)


@dataclass
class SteadyReader:
    """A real reader that always takes as long to answer: its answer stands in pictures."""

    real: Reader

    @property
    def tables(self) -> TableReader:
        return self.real.tables

    @property
    def records(self) -> RecordReader:
        return self.real.records

    @property
    def key_values(self) -> KeyValueReader:
        return self.real.key_values

    async def probe(self, *, thorough: bool = False) -> Probe:
        return replace(await self.real.probe(thorough=thorough), latency_ms=1.4)

    def load(self) -> None:
        self.real.load()

    async def close(self) -> None:
        await self.real.close()


@dataclass
class PacedReader(SteadyReader):
    """A real reader with paced records."""

    gate: Gate

    @property
    def records(self) -> RecordReader:
        return PacedRecords(self.real.records, self.gate)


class SteadySession(Session):
    """A session over steady readers."""

    async def reader(self, name: str) -> Reader:
        return SteadyReader(await super().reader(name))

    async def prober(self, name: str) -> Prober:
        return await self.reader(name)


@dataclass
class Pacing:
    """Opens paced sessions that share a gate."""

    gate: Gate = field(default_factory=lambda: Gate(is_open=False))

    def open(self, catalog: Catalog) -> Session:
        """Open a session."""
        return _PacedSession(catalog, self.gate)


class _PacedSession(Session):
    def __init__(self, catalog: Catalog, gate: Gate) -> None:
        super().__init__(catalog)
        self._gate = gate

    async def reader(self, name: str) -> PacedReader:
        return PacedReader(await super().reader(name), self._gate)
