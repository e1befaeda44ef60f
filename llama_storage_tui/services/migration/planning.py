"""What a version does not reach of a deployment's data, and how each part is brought to where it does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.catalog import Backend, Catalog
from llama_storage_tui.model.transfer import DataPlan, PlanChoices, Unseen
from llama_storage_tui.services.migration.key_plan import plan_keys
from llama_storage_tui.services.migration.plan_context import PlanContext
from llama_storage_tui.services.migration.stores import (
    DataStore,
    Readers,
    absent_files,
    store_of,
    stores_of,
)
from llama_storage_tui.services.migration.table_notices import say_of_new_files, say_of_ownerless
from llama_storage_tui.services.migration.table_plan import outdated_in_place, plan_tables
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.data_kinds import TableKind


async def plan_data(session: Session, old: Catalog | None, choices: PlanChoices | None = None) -> DataPlan:
    """Return what has to be brought so that a server of the session's catalog sees it.

    `old` is the catalog of the config that wrote the data; None: the new config's own backends are searched, and the places that
    are the defaults of earlier releases. What concerns a store that cannot be looked at is left out, and that store is named;
    raises BackendError where that is so of all of them, or a store fails later.
    """
    version = session.catalog.version.chosen
    if session.catalog.is_legacy or version < changes.CATALOG:
        return DataPlan(
            notices=(
                f"{version.product} {version} reads inline stores as 0.2 wrote them: nothing has to be transferred.",
            )
        )
    async with Readers(session) as readers:
        # Looks for files, which may lie on a slow mount.
        stores = await asyncio.to_thread(stores_of, session.catalog, old)
        unseen = await _unseen(readers, stores)
        seen = tuple(each for each in stores if each not in unseen)
        if unseen and not seen:
            raise next(iter(unseen.values()))
        context = PlanContext(session.catalog, old, choices or PlanChoices(), readers, seen)
        context.unseen = (
            *(Unseen(each.backend, each.location, error.message) for each, error in unseen.items()),
            *_unresolved(*filter(None, (session.catalog, old))),
        )
        if old is not None:
            await asyncio.to_thread(say_of_absent, context, old)
        if old is not None and old.version.chosen > version:
            context.notice(
                f"{old.config} was written for a later version ({old.version.chosen}): only what has the same form in {version} is"
                " transferred."
            )
        await plan_keys(context)
        await plan_tables(context)
        say_of_ownerless(context)
        await asyncio.to_thread(say_of_new_files, context)
    return context.plan()


async def forms_in_place(
    session: Session, backend: Backend, kinds: Iterable[TableKind]
) -> list[tuple[str, str, str]]:
    """Return what `plan_data` would change in rows of a backend that stay where they are: what, in which table, and why.

    For items and chunks of vector stores. Raises BackendError.
    """
    async with Readers(session) as readers:
        store = store_of(session.catalog, backend)
        context = PlanContext(session.catalog, None, PlanChoices(), readers, (store,) if store else ())
        return [
            (kind.what, place.table, why)
            for kind in kinds
            async for place, why in outdated_in_place(context, kind)
        ]


async def _unseen(readers: Readers, stores: tuple[DataStore, ...]) -> dict[DataStore, BackendError]:
    """Return the stores that cannot be looked at, with why: all are asked at once."""
    found = await asyncio.gather(*(readers.contact(each) for each in stores))
    return {store: error for store, error in zip(stores, found, strict=True) if error is not None}


def _unresolved(*catalogs: Catalog) -> Iterator[Unseen]:
    """Yield the backends of which a config does not say where they are: a variable is not set, above all."""
    for catalog in catalogs:
        for backend in catalog.backends:
            is_used = any(each.is_enabled for each in catalog.references_to(backend.name))
            if is_used and backend.target is None and backend.problem is not None:
                yield Unseen(backend.name, backend.location, backend.problem)


def say_of_absent(context: PlanContext, old: Catalog) -> None:
    """Say which files of the config that wrote the data are not there: a path or a variable may be another than the server's."""
    context.absent = absent_files(old)
    if context.absent:
        context.notice(
            f"Not there, or empty, so nothing is transferred from them: {', '.join(context.absent)} (of {old.config})."
            " A server makes a file on first use; if one should be there, look at its path and at the variables in it."
        )
