"""What a store accumulates: how much lies in each namespace and table, how fast it grows, and what nobody needs any more.

Nothing upstream deletes expired keys from SQL stores, items of conversations that were deleted by hand, or tables of earlier
releases.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from time import monotonic
from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.catalog import Backend, Catalog, Family
from llama_storage_tui.model.data import Cell, Count, KeySelection, Table
from llama_storage_tui.model.finding import Finding, informs
from llama_storage_tui.model.records import Field, Measure, RecordOrder, RecordQuery
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services import browse
from llama_storage_tui.services.newest import time_column
from llama_storage_tui.services.records.places import table_places
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.upstream.families.conversations import ITEMS, ROWS
from llama_storage_tui.upstream.item_upgrade import EARLIER_ITEMS

EXPIRED_KEYS: Final = informs(
    id="expired-keys",
    title="Keys have expired, and no server deletes them",
    advice="They take space and nothing else: from 1.0 on servers do not read them.",
)
UNREFERENCED_TABLES: Final = informs(
    id="unreferenced-tables",
    title="Tables hold rows and nothing in the config refers to them",
    advice="Another program or another stack may use them, or an earlier release or an earlier config of this one has left them.",
)
ORPHANED_ITEMS: Final = informs(
    id="orphaned-items",
    title="Items belong to conversations that are gone",
    advice="They cannot be read through the API any more; the list of orphans shows them.",
)

SECONDS: Final = 5.0
"""How long the keys, or the items, of one backend are looked at."""
PAGE: Final = 1_000
SAMPLE: Final = 200
"""Rows or keys, the last written ones of a table, by which size and growth are estimated."""
DAY: Final = 86_400.0
ITEM_COLUMNS: Final = ("conversation_id", "created_at")
OWNED_ELSEWHERE: Final = frozenset(
    {
        EARLIER_ITEMS,
        "openai_responses",
        "chat_completions",
        "llamastack_kvstore",
        "ogx_kvstore",
        "sqlite_sequence",
    }
)
"""Tables of earlier releases: rules of their own say what is left in them."""


@dataclass(frozen=True, slots=True)
class StoredSpace:
    """A namespace or a table: how much it holds and how fast it grows.

    `bytes` is an estimate by the newest rows, or by some of the keys; `per_day` rows a day among the newest ones, None where they
    have no time. `name` is empty for the keys outside of every namespace.
    """

    backend: str
    name: str
    items: Count | None
    is_table: bool = False
    bytes: int | None = None
    newest: float | None = None
    per_day: float | None = None
    referenced_by: tuple[str, ...] = ()


async def expired_keys(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of expired keys that nothing deletes; some engines delete theirs."""
    reader = (await session.reader(backend.name)).key_values
    expired, looked, after, until = 0, 0, None, monotonic() + SECONDS
    is_whole = False
    while monotonic() < until and not is_whole:
        page = await reader.page(KeySelection(), limit=PAGE, after=after)
        expired += sum(entry.is_expired for entry in page.keys)
        looked, after = looked + len(page.keys), page.next
        is_whole = page.next is None
    if expired:
        scope = "" if is_whole else f" of the first {looked:,}"
        yield EXPIRED_KEYS.found_on(
            backend,
            f"{plural(expired, 'key')}{scope} on {backend.name} {'has' if expired == 1 else 'have'} expired and "
            f"{'is' if expired == 1 else 'are'} still there",
        )


async def unreferenced_tables(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of tables with rows that nothing refers to."""
    used = _used(session, backend)
    found = await (await session.reader(backend.name)).tables.tables(counts=True, fast=True)
    rest = [table for table in found if not table.is_view and table.name not in used and _has_rows(table)]
    if rest:
        names = ", ".join(table.name for table in rest[:3]) + (", …" if len(rest) > 3 else "")
        yield UNREFERENCED_TABLES.found_on(
            backend,
            f"Nothing in this config refers to {plural(len(rest), 'table')} with rows on {backend.name}: {names}",
            Advice(UNREFERENCED_TABLES.advice, Step.LIST_TABLES, backend.name),
        )


def _has_rows(table: Table) -> bool:
    return table.rows is None or table.rows.value > 0


def _used(session: Session, backend: Backend) -> set[str]:
    """Return the tables that the config leads to at the same place, under whichever names of backends."""
    catalog = session.catalog
    used = set(OWNED_ELSEWHERE)
    for other in catalog.backends:
        if other.location == backend.location:
            used |= {*catalog.tables_on(other.name), str(other.value_of("table_name") or "")}
    used |= _key_tables(catalog, backend)
    # The pgvector provider makes tables of its own in the database that it logs in to.
    if any(login.location == backend.location for login in catalog.logins):
        used.add("metadata_store")
    return used


def _key_tables(catalog: Catalog, backend: Backend) -> set[str]:
    """Return the tables in which key-value backends have their keys at the place of this one."""
    found = {"kvstore"}
    for other in catalog.backends:
        if other.family is Family.KV and other.location == backend.location:
            references = catalog.references_to(other.name)
            found |= {each.physical.container for each in references if each.physical is not None}
            found.add(str(other.value_of("table_name") or ""))
    return found


async def orphaned_items(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of items whose conversation is gone, where a scan of the items is quick."""
    tables = (await session.reader(backend.name)).tables
    needed: dict[str, tuple[str, ...]] = {
        place.table: ITEM_COLUMNS
        for place in table_places(session.catalog, ITEMS)
        if place.backend == backend.name
    }
    needed |= {
        place.table: ("id",) for place in table_places(session.catalog, ROWS) if place.backend == backend.name
    }
    for name, columns in needed.items():
        table = await tables.table(name)
        # A table of that name may be somebody else's.
        if table is not None and any(table.column(column) is None for column in columns):
            return
    if not needed:
        return
    # Imported here: the rules above are named on the first screen, which waits for no reader of items.
    from llama_storage_tui.services.responses.orphans import find_orphans

    try:
        async with asyncio.timeout(SECONDS):
            report = await find_orphans(session)
    except TimeoutError:
        return
    items = sum(each.items for each in report.orphans)
    if items:
        gone = plural(len(report.orphans), "conversation")
        yield ORPHANED_ITEMS.found_on(
            backend,
            f"{plural(items, 'item')} on {backend.name} {'belongs' if items == 1 else 'belong'} to {gone} that are gone",
        )


async def stored_spaces(session: Session, backend: Backend) -> tuple[StoredSpace, ...]:
    """Return each namespace or table of a backend, the largest first; raises BackendError.

    Costs a page of each: counts of large tables are estimates, and so is every size.
    """
    try:
        found = await (_namespaces if backend.family is Family.KV else _tables)(session, backend)
    except NotFoundError:
        return ()
    return tuple(sorted(found, key=lambda space: -(space.bytes or 0)))


async def _namespaces(session: Session, backend: Backend) -> list[StoredSpace]:
    listing = await browse.namespaces(session, backend.name, fast=True)
    reader = (await session.reader(backend.name)).key_values
    found = []
    for each in (*listing.namespaces, listing.unassigned):
        if each.keys is None or not each.keys.value:
            continue
        page = await reader.page(each.selection, limit=SAMPLE)
        sizes = [entry.bytes for entry in page.keys if entry.bytes is not None]
        found.append(
            StoredSpace(
                backend.name,
                each.name,
                each.keys,
                bytes=_total(sizes, each.keys),
                referenced_by=each.referenced_by,
            )
        )
    return found


async def _tables(session: Session, backend: Backend) -> list[StoredSpace]:
    reader = await session.reader(backend.name)
    found = []
    # Their backend says what lies in them, namespace by namespace.
    keys = _key_tables(session.catalog, backend)
    for entry in await browse.tables(session, backend.name, fast=True):
        table = entry.table
        if table.is_view or not _has_rows(table) or table.name in keys:
            continue
        space = StoredSpace(
            backend.name, table.name, table.rows, is_table=True, referenced_by=entry.referenced_by
        )
        found.append(await _sampled(reader, table, space))
    return found


async def _sampled(reader: Reader, table: Table, space: StoredSpace) -> StoredSpace:
    """Return a table's space with size and growth, by the rows that were written last."""
    key = next((column.name for column in table.columns if column.is_primary_key), None)
    documents = [column.name for column in table.columns if column.is_json]
    time = time_column(table)
    if key is None:
        return space
    fields = [Field(f"size {name}", name, measure=Measure.BYTES) for name in documents]
    fields += [Field("time", time)] if time is not None else []
    if not fields:
        return space
    query = RecordQuery(
        table.name,
        tuple(fields),
        order=RecordOrder.STORED,
        limit=SAMPLE,
        id=key,
        time=time or key,
        with_cursors=False,
    )
    try:
        page = await reader.records.page(query)
    except BackendError:
        return space
    sizes = [sum(_number(each[f"size {name}"]) for name in documents) for each in page.records]
    times = sorted(
        _number(each["time"]) for each in page.records if time is not None and each["time"] is not None
    )
    return replace(
        space, bytes=_total(sizes, space.items), newest=times[-1] if times else None, per_day=_per_day(times)
    )


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


def _total(sizes: Sequence[float], items: Count | None) -> int | None:
    return round(sum(sizes) / len(sizes) * items.value) if sizes and items is not None else None


def _per_day(times: Sequence[float]) -> float | None:
    """Return rows a day among sorted times; None where they span less than a day, which says nothing of a day."""
    span = (times[-1] - times[0]) / DAY if len(times) > 1 else 0.0
    return (len(times) - 1) / span if span >= 1 else None
