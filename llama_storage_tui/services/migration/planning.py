"""What a version does not reach of a deployment's data, and how each part is brought to where it does."""

from __future__ import annotations

from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.transfer import DataPlan, PlanChoices
from llama_storage_tui.services.migration.key_plan import plan_keys
from llama_storage_tui.services.migration.plan_context import PlanContext
from llama_storage_tui.services.migration.stores import Readers, stores_of
from llama_storage_tui.services.migration.table_plan import plan_tables
from llama_storage_tui.services.session import Session


async def plan_data(session: Session, old: Catalog | None, choices: PlanChoices | None = None) -> DataPlan:
    """Return what has to be brought so that a server of the session's catalog sees it.

    `old` is the catalog of the config that wrote the data; None: the new config's own backends are searched, and the places that
    are the defaults of earlier releases. Raises BackendError where a store cannot be read.
    """
    async with Readers(session) as readers:
        context = PlanContext(
            session.catalog, old, choices or PlanChoices(), readers, stores_of(session.catalog, old)
        )
        await plan_keys(context)
        await plan_tables(context)
    return context.plan()
