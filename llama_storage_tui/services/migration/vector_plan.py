"""The keys of vector stores: by the provider that each store is of, whose own list and whose indexes they are."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Family, Reference
from llama_storage_tui.model.data import RowQuery
from llama_storage_tui.model.transfer import NotConvertibleError, TransferItem
from llama_storage_tui.services.migration.json_splice import json_object
from llama_storage_tui.services.migration.plan_context import PlanContext, consumer_of
from llama_storage_tui.services.migration.stores import DataStore
from llama_storage_tui.services.migration.vector_conversions import (
    is_faiss_chunk_without_id,
    vector_keys,
    vector_rows,
)
from llama_storage_tui.text import line
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.data_kinds import (
    CHUNKS,
    STORE_HEADS,
    VECTOR_PATHS,
    VECTOR_TABLES,
)
from llama_storage_tui.upstream.registered import FAISS_INDEX, MOVED_MARK

_OLD_LIST: Final = "vector_dbs:"
_LIST: Final = "vector_stores:"
VECTOR_HEADS: Final = (_OLD_LIST, _LIST, FAISS_INDEX, *STORE_HEADS, MOVED_MARK)
_FIRST_CHUNK: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class _Provider:
    """A vector_io provider of the new config: where its keys go, and what its own list is called there."""

    id: str
    reference: Reference
    store: DataStore
    lead: str
    list: str
    has_indexes: bool

    @property
    def own_heads(self) -> tuple[str, ...]:
        """How the keys begin that are this kind of provider's alone."""
        old = _OLD_LIST + self.list.removeprefix(_LIST)
        return (old, self.list, *((FAISS_INDEX,) if self.has_indexes else ()))


async def plan_vectors(context: PlanContext, store: DataStore, lead: str) -> None:
    """Plan the keys of vector stores behind one lead of a store."""
    heads = tuple(lead + head for head in VECTOR_HEADS[:-1] if lead or head not in store.leads)
    if not await context.readers.has_keys(store, *heads):
        return
    owners = await _owners(context, store, lead)
    providers = _providers(context)
    for id_ in sorted(set(owners.values())):
        ids = frozenset(each for each, owner in owners.items() if owner == id_)
        provider = providers.get(id_)
        if provider is None:
            shown = line(id_, 80)
            context.leave(
                f"vector stores of provider {shown or '(unknown)'} on {store.backend}",
                len(ids),
                _no_provider(context, shown)
                if id_
                else "neither they nor a provider's list name their provider",
            )
            continue
        only = ids if len(set(owners.values())) > 1 else None
        if provider.store.identity == store.identity and provider.lead == lead:
            await _plan_in_place(context, provider, only)
        else:
            await _plan_move(context, store, lead, provider, only)


def _no_provider(context: PlanContext, name: str) -> str:
    for reference in context.new.references:
        is_of_it = reference.name == name and re.fullmatch(VECTOR_PATHS, reference.path)
        if is_of_it and reference.backend in {each.backend for each in context.unseen}:
            return f"{context.product} would keep them on {reference.backend}, which could not be read"
    return f"the config has no vector_io provider {name} that keeps keys"


async def _owners(context: PlanContext, store: DataStore, lead: str) -> dict[str, str]:
    """Return the provider of each vector store: by its namespace, by its own metadata, by who lists it; else ''."""
    by_lead = {
        reference.name
        for catalog in (context.new, context.old)
        if catalog is not None
        for reference, found in context.references(catalog, VECTOR_PATHS, Family.KV)
        if found.identity == store.identity and (not lead or f"{reference.namespace}:" == lead)
    }
    sole = next(iter(by_lead)) if len(by_lead) == 1 else ""
    lists = await context.readers.values(store, lead + _OLD_LIST, lead + _LIST)
    stores = await context.readers.values(store, lead + STORE_HEADS[0])
    found: dict[str, str] = {}
    for key, value in lists.items():
        id_ = key[len(lead) :].rpartition("::")[2]
        found[id_] = sole if lead and sole else _text(value, "provider_id") or sole
    for key, value in stores.items():
        id_ = key[len(lead + STORE_HEADS[0]) :]
        named = _text(value, "metadata", "provider_id")
        found[id_] = sole if lead and sole else named or found.get(id_) or sole
    reader = (await context.readers.of(store)).key_values
    page = await reader.page(store.selection(lead + FAISS_INDEX), limit=10_000, exact=True)
    for entry in page.keys:
        if isinstance(entry.key, str):
            # An index alone: only faiss writes such.
            found.setdefault(entry.key[len(lead + FAISS_INDEX) :], sole or "faiss")
    return found


def _text(value: str, *path: str) -> str:
    try:
        found: object = json.loads(value)
    except (ValueError, RecursionError):
        return ""
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def _providers(context: PlanContext) -> dict[str, _Provider]:
    found: dict[str, _Provider] = {}
    for reference, store in context.references(context.new, VECTOR_PATHS, Family.KV):
        consumer = consumer_of(context.new, reference)
        keys = consumer.keys if consumer is not None else ()
        list_ = next((key for key in keys if key.startswith(_LIST)), None)
        if list_ is not None:
            found.setdefault(
                reference.name,
                _Provider(
                    reference.name, reference, store, context.lead(reference), list_, FAISS_INDEX in keys
                ),
            )
    return found


async def _plan_move(
    context: PlanContext, store: DataStore, lead: str, provider: _Provider, only: frozenset[str] | None
) -> None:
    heads = [*provider.own_heads]
    if await _is_marked(context, provider):
        await _plan_rows(context, store, lead, provider, only)
    else:
        heads += STORE_HEADS
    prefixes = tuple(lead + head for head in heads)
    if not await context.readers.has_keys(store, *prefixes):
        return
    target = tuple(provider.lead + head for head in heads if not head.startswith(_OLD_LIST))
    context.add(
        TransferItem(
            f"vector stores of provider {provider.id}",
            store.keys(*prefixes),
            provider.store.keys(*target),
            vector_keys(lead, provider.lead, only, fixes_chunks=context.version >= changes.FAISS_CHUNK_IDS),
            ("key",),
            f"{context.product} reads them on {provider.store.backend}"
            + (f" behind {provider.lead}" if provider.lead else "")
            + (
                ", and each chunk has to have a chunk_id: it does not start with a faiss index that lacks one."
                if context.version >= changes.FAISS_CHUNK_IDS
                else "."
            ),
        )
    )


async def _plan_in_place(context: PlanContext, provider: _Provider, only: frozenset[str] | None) -> None:
    store, lead = provider.store, provider.lead
    fixes = context.version >= changes.FAISS_CHUNK_IDS
    old = lead + provider.own_heads[0]
    if await context.readers.has_keys(store, old):
        context.add(
            TransferItem(
                f"list of vector stores of provider {provider.id}",
                store.keys(old),
                store.keys(lead + provider.list),
                vector_keys(lead, lead, only, fixes_chunks=False),
                ("key",),
                f"{context.product} looks for the provider's stores under {provider.list}…, and 0.2 wrote {_OLD_LIST}…",
            )
        )
    if fixes and provider.has_indexes and await _lacks_chunk_ids(context, provider):
        place = store.keys(lead + FAISS_INDEX, lead + CHUNKS)
        context.add(
            TransferItem(
                f"chunks of provider {provider.id}",
                place,
                place,
                vector_keys(lead, lead, only, fixes_chunks=True),
                ("key",),
                f"{context.product} does not start with a faiss index whose chunks have no chunk_id.",
            )
        )
    if await _is_marked(context, provider):
        await _plan_rows(context, store, lead, provider, only)


async def _lacks_chunk_ids(context: PlanContext, provider: _Provider) -> bool:
    reader = (await context.readers.of(provider.store)).key_values
    page = await reader.page(provider.store.selection(provider.lead + FAISS_INDEX), limit=10_000, exact=True)
    for entry in page.keys:
        stored = await reader.value(entry.key, limit=_FIRST_CHUNK)
        if stored is not None and isinstance(stored.value, str) and is_faiss_chunk_without_id(stored.value):
            return True
    return False


async def _is_marked(context: PlanContext, provider: _Provider) -> bool:
    """Tell whether servers will never look among the provider's keys again: they copied what they found to tables."""
    if context.version < changes.SQL_PROMPTS or _tables_of(context, provider) is None:
        return False
    found = await context.readers.values(provider.store, provider.lead + MOVED_MARK)
    return found.get(provider.lead + MOVED_MARK) == "1"


def _tables_of(context: PlanContext, provider: _Provider) -> DataStore | None:
    """Return where the provider keeps its stores as rows; None where it keeps them among keys."""
    own = provider.reference.path.rpartition(".config.")[0].replace("[", r"\[").replace("]", r"\]")
    for paths in (own + r"\.config\.metadata_store", r"storage\.stores\.vector_stores"):
        for _, store in context.references(context.new, paths, Family.SQL):
            return store
    return None


async def _plan_rows(
    context: PlanContext, store: DataStore, lead: str, provider: _Provider, only: frozenset[str] | None
) -> None:
    """Plan stores that came after the mark was set: as the rows that servers keep in their place."""
    tables = _tables_of(context, provider)
    if tables is None:
        return
    is_here = provider.store.identity == store.identity and provider.lead == lead
    if is_here and await _has_rows_of(context, tables, provider):
        # Servers copied these keys; what is missing among the rows may have been deleted since.
        return
    tenant = context.tenant or (context.new.access.default_tenant if context.has_tenants else None)
    conversions = vector_rows(lead, tenant, VECTOR_TABLES, only)
    for head, table in VECTOR_TABLES.items():
        if not await context.readers.has_keys(store, lead + head):
            continue
        context.add(
            TransferItem(
                f"{table} of provider {provider.id}",
                store.keys(lead + head),
                tables.table(table, context.schema(table)),
                conversions[head],
                ("id",),
                f"{provider.lead}{MOVED_MARK} is set: a server copied what it found to tables at its first start, and does not "
                f"look among the keys again. So these go to the table {table} itself, and the mark stays.",
            )
        )


async def _has_rows_of(context: PlanContext, tables: DataStore, provider: _Provider) -> bool:
    if await context.readers.table(tables, "vector_stores") is None:
        return False
    reader = (await context.readers.of(tables)).tables
    owners: Counter[str] = Counter()
    async for batch in reader.stream(RowQuery("vector_stores", ("store_data",))):
        for (data,) in batch:
            try:
                metadata = json_object(data).value("metadata")
                owners[(json_object(metadata).string("provider_id") if metadata else None) or ""] += 1
            except NotConvertibleError:
                continue
    return bool(owners[provider.id] or owners[""])
