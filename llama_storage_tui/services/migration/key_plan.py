"""Keys that a version does not read where they are: other namespaces, raw keys of SQLite, kinds that lie in tables now."""

from __future__ import annotations

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Family, Reference
from llama_storage_tui.model.transfer import Convert, TransferItem, TransferPlace
from llama_storage_tui.services.migration.conversions import registered_objects, with_lead
from llama_storage_tui.services.migration.plan_context import PlanContext, consumer_of
from llama_storage_tui.services.migration.row_conversions import batch_row, connector_row, prompt_row
from llama_storage_tui.services.migration.stores import DataStore
from llama_storage_tui.services.migration.vector_plan import VECTOR_HEADS, plan_vectors
from llama_storage_tui.upstream.data_kinds import (
    BATCHES,
    CONNECTORS,
    KEY_KINDS,
    PROMPT_HEAD,
    PROMPTS,
    QUOTA,
    REGISTRY,
    KeyKind,
    gone_types,
)
from llama_storage_tui.upstream.registered import REGISTRY_HEAD, REGISTRY_OF_0_2


@dataclass(frozen=True, slots=True)
class _Destination:
    """Where the new version keeps a kind: keys behind a lead, or rows of a table."""

    reference: Reference
    store: DataStore
    lead: str = ""
    table: str | None = None


async def plan_keys(context: PlanContext) -> None:
    """Plan the keys of every store."""
    for store in context.stores:
        if store.family is not Family.KV:
            continue
        for lead in _leads(context, store):
            if lead and not await context.readers.has_keys(store, lead):
                continue
            for kind in KEY_KINDS:
                await _plan_kind(context, store, lead, kind)
            if await context.readers.has_keys(store, lead + QUOTA.heads[0]):
                await _leave(
                    context, store, lead, QUOTA, "the windows of the quota start anew with another version"
                )
            await plan_vectors(context, store, lead)
        await _unknown(context, store)


def _leads(context: PlanContext, store: DataStore) -> tuple[str, ...]:
    """Return what can stand before the raw keys of a store: nothing, and namespaces."""
    defaults: tuple[str, ...] = ()
    if context.old is None:
        # What other versions' configs usually name: for kinds that the new config keeps elsewhere.
        defaults = tuple(f"{kind.namespace}:" for kind in (PROMPTS, CONNECTORS, BATCHES))
    return tuple(dict.fromkeys(("", *store.leads, *defaults)))


async def _plan_kind(context: PlanContext, store: DataStore, lead: str, kind: KeyKind) -> None:
    # A head that is itself a namespace here says nothing about the keys behind it.
    heads = tuple(lead + head for head in kind.heads if lead or head not in store.leads)
    if not heads or not await context.readers.has_keys(store, *heads):
        return
    if kind.until is not None and context.version >= kind.until:
        await _leave(context, store, lead, kind, kind.gone)
        return
    found = _destination(context, kind)
    if found is None:
        await _leave(context, store, lead, kind, context.nowhere(kind.paths))
        return
    is_here = found.table is None and found.store.identity == store.identity and found.lead == lead
    if is_here:
        heads = (lead + REGISTRY_OF_0_2,) if kind is REGISTRY else ()
        if not heads or not await context.readers.has_keys(store, *heads):
            return
    source = store.keys(*heads)
    if kind is REGISTRY:
        await _leave_gone_types(context, store, lead)
    context.add(
        TransferItem(
            kind.what,
            source,
            _target(context, kind, found),
            await _conversion(context, kind, store, lead, found),
            ("id",) if found.table is not None else ("key",),
            _reason(context, kind, store, lead, found, is_here=is_here),
        )
    )


def _destination(context: PlanContext, kind: KeyKind) -> _Destination | None:
    for reference, store in context.references(context.new, kind.paths, Family.SQL):
        if kind in (PROMPTS, CONNECTORS, BATCHES) and reference.physical and reference.physical.tables:
            return _Destination(reference, store, table=reference.physical.tables[0])
    for reference, store in context.references(context.new, kind.paths, Family.KV):
        consumer = consumer_of(context.new, reference)
        if consumer is None or any(key in kind.heads for key in consumer.keys):
            return _Destination(reference, store, context.lead(reference))
    return None


def _target(context: PlanContext, kind: KeyKind, found: _Destination) -> TransferPlace:
    if found.table is not None:
        return found.store.table(found.table, context.schema(found.table))
    heads = (REGISTRY_HEAD,) if kind is REGISTRY else kind.heads
    return found.store.keys(*(found.lead + head for head in heads))


async def _conversion(
    context: PlanContext, kind: KeyKind, store: DataStore, lead: str, found: _Destination
) -> Convert:
    if kind is REGISTRY:
        return registered_objects(lead, found.lead, gone_types(context.version))
    if found.table is None:
        return with_lead(lead, found.lead)
    if kind is PROMPTS:
        tail = ":default"
        values = await context.readers.values(store, lead + PROMPT_HEAD)
        defaults = {
            key[len(lead + PROMPT_HEAD) : -len(tail)]: value
            for key, value in values.items()
            if key.endswith(tail)
        }
        return prompt_row(lead, defaults, context.tenant)
    return (connector_row if kind is CONNECTORS else batch_row)(lead, context.tenant)


def _reason(
    context: PlanContext, kind: KeyKind, store: DataStore, lead: str, found: _Destination, *, is_here: bool
) -> str:
    who = context.product
    if is_here:
        return f"{who} reads registered objects under {REGISTRY_HEAD}… alone; 0.2 wrote them under {REGISTRY_OF_0_2}…."
    if found.table is not None:
        return f"{who} keeps {kind.what} in the table {found.table} on {found.store.backend}, no longer among keys."
    if found.store.identity != store.identity:
        named = f" behind {found.lead}" if found.lead else ""
        return f"{who} reads {kind.what} on {found.store.backend}{named}."
    if not lead:
        return (
            f"{who} reads only keys that begin with {found.lead}, and earlier servers wrote none before them."
        )
    return f"{who} reads only keys that begin with {found.lead or 'no namespace'}; these begin with {lead}."


async def _leave(context: PlanContext, store: DataStore, lead: str, kind: KeyKind, reason: str) -> None:
    count = await context.readers.count_keys(store, store.selection(*(lead + head for head in kind.heads)))
    context.leave(f"{kind.what} on {store.backend}", count, reason)


async def _leave_gone_types(context: PlanContext, store: DataStore, lead: str) -> None:
    for type_ in sorted(gone_types(context.version)):
        heads = tuple(f"{lead}{head}{type_}:" for head in REGISTRY.heads)
        count = await context.readers.count_keys(store, store.selection(*heads))
        if count:
            words = type_.replace("_", " ")
            context.leave(
                f"registered objects of type {words} on {store.backend}",
                count,
                f"{context.product} has no such type; a server would report each as an error whenever it reads them",
            )


async def _unknown(context: PlanContext, store: DataStore) -> None:
    """Say how many keys are of no known kind."""
    heads = (*(head for kind in (*KEY_KINDS, QUOTA) for head in kind.heads), *VECTOR_HEADS)
    leads = _leads(context, store)
    known = tuple(dict.fromkeys((*heads, *(lead for lead in leads if lead))))
    count = await context.readers.count_keys(store, store.every_key_but(*known))
    if count:
        context.leave(
            f"other keys on {store.backend}",
            count,
            "they begin neither with a namespace of the configs nor as any kind of key that servers write: "
            f"nothing says where {context.product} would read {'it' if count == 1 else 'them'}",
        )
