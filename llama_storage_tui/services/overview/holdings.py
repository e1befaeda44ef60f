"""How much each reference of a backend holds and how new that is: bounded, whatever the store weighs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.registry import ENGINES, engine_of_type
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import NotFoundError, StorageToolError
from llama_storage_tui.model.catalog import Backend, Catalog, Family
from llama_storage_tui.model.data import Count, Table
from llama_storage_tui.services import browse
from llama_storage_tui.services.newest import newest_time
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.services.session import Session

MOST_KEYS: Final = 1_000
"""Keys of a namespace that are counted."""
UNCOUNTED: Final = 10_000
"""Rows that a table has at least which an engine does not count at once (`SqliteDialect.estimates`)."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a reference leads to: `count` rows or keys, more where it `is_more`; `newest` is the time of the row stored last."""

    count: Count | None
    is_more: bool = False
    newest: float | None = None


@dataclass(frozen=True, slots=True)
class BackendHoldings:
    """What lies on a backend, by the paths of its references."""

    backend: str
    holdings: Mapping[str, Holding]

    @property
    def newest(self) -> float | None:
        """The time of the newest row."""
        return max((each.newest for each in self.holdings.values() if each.newest is not None), default=None)


def local_backends(catalog: Catalog) -> tuple[str, ...]:
    """Return the backends whose data is a file of this machine: to look into them contacts nobody."""
    return tuple(
        backend.name
        for backend in catalog.backends
        if _is_local(backend) and backend.target is not None and backend.cannot_connect is None
    )


def _is_local(backend: Backend) -> bool:
    engine = engine_of_type(backend.type)
    return engine is not None and engine.is_local


def size_of(result: ProbeResult | None) -> int | None:
    """Return how many bytes a backend takes, as far as its test has told."""
    details = result.probe.details if result is not None and result.probe is not None else {}
    for engine in ENGINES:
        sizes = [details.get(name) for name in engine.size_details]
        known = [size for size in sizes if isinstance(size, int)]
        if known:
            return sum(known)
    return None


async def holdings(session: Session, name: str) -> BackendHoldings:
    """Return what the references of a backend lead to; raises BackendError where it cannot be read."""
    backend = session.backend(name)
    try:
        found = await (_keys if backend.family is Family.KV else _rows)(session, backend)
    except NotFoundError:
        found = {}
    return BackendHoldings(name, found)


async def _keys(session: Session, backend: Backend) -> dict[str, Holding]:
    reader = (await session.reader(backend.name)).key_values
    found: dict[str, Holding] = {}
    for namespace in await browse.attributed_namespaces(session, backend.name):
        page = await reader.page(namespace.selection, limit=MOST_KEYS)
        held = Holding(
            Count(len(page.keys), is_exact=page.next is None and page.is_complete), page.next is not None
        )
        found |= dict.fromkeys(namespace.referenced_by, held)
    return found


async def _rows(session: Session, backend: Backend) -> dict[str, Holding]:
    reader = await session.reader(backend.name)
    tables = {table.name: table for table in await reader.tables.tables(counts=True, fast=True)}
    seen: dict[str, Holding] = {}
    found: dict[str, Holding] = {}
    for reference in session.catalog.references_to(backend.name):
        names = reference.physical.tables if reference.physical is not None else ()
        if not names:
            continue
        # The first is the one that the reference is about; others hold what belongs to its rows.
        name = names[0]
        if name not in seen:
            seen[name] = await _held(reader, tables.get(name), backend)
        found[reference.path] = seen[name]
    return found


async def _held(reader: Reader, table: Table | None, backend: Backend) -> Holding:
    if table is None:
        return Holding(Count(0, is_exact=True))
    newest = await _newest(reader, table)
    if table.rows is not None:
        return Holding(table.rows, newest=newest)
    if _is_local(backend):
        return Holding(Count(UNCOUNTED, is_exact=False), is_more=True, newest=newest)
    extent = await reader.records.extent(table.name)
    return Holding(None if extent is None else Count(extent.rows, is_exact=False), newest=newest)


async def _newest(reader: Reader, table: Table) -> float | None:
    try:
        return await newest_time(reader, table)
    except StorageToolError:
        # The count is worth showing without it.
        return None
