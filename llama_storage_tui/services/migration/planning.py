"""What a version does not reach of a deployment's data, and how each part is brought to where it does."""

from __future__ import annotations

import asyncio

from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.transfer import DataPlan, PlanChoices
from llama_storage_tui.services.migration.key_plan import plan_keys
from llama_storage_tui.services.migration.plan_context import PlanContext
from llama_storage_tui.services.migration.renamed_home import missing_files
from llama_storage_tui.services.migration.stores import Readers, stores_of
from llama_storage_tui.services.migration.table_notices import say_of_ownerless
from llama_storage_tui.services.migration.table_plan import plan_tables
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream import changes


async def plan_data(session: Session, old: Catalog | None, choices: PlanChoices | None = None) -> DataPlan:
    """Return what has to be brought so that a server of the session's catalog sees it.

    `old` is the catalog of the config that wrote the data; None: the new config's own backends are searched, and the places that
    are the defaults of earlier releases. Raises BackendError where a store cannot be read.
    """
    version = session.catalog.version.chosen
    if session.catalog.is_legacy or version < changes.CATALOG:
        return DataPlan(
            notices=(
                f"{version.product} {version} reads inline stores as 0.2 wrote them: nothing is brought.",
            )
        )
    async with Readers(session) as readers:
        # Looks for files, which may lie on a slow mount.
        stores = await asyncio.to_thread(stores_of, session.catalog, old)
        context = PlanContext(session.catalog, old, choices or PlanChoices(), readers, stores)
        if old is not None and old.version.chosen > version:
            context.notice(
                f"{old.config} is of a later version ({old.version.chosen}): only what has the same form in {version} is brought."
            )
        gone = () if old is None else await asyncio.to_thread(missing_files, old)
        if old is not None and gone:
            context.notice(
                f"{old.config} names files that are not there; nothing is brought from them: {', '.join(gone)}"
            )
        await plan_keys(context)
        await plan_tables(context)
        say_of_ownerless(context)
    return context.plan()
