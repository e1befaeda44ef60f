"""Rows that lie where the new version reads them, in a form that it does not take: found as the plan for the data finds them."""

from __future__ import annotations

from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.services.migration.planning import plan_data
from llama_storage_tui.services.migration.stores import same_place
from llama_storage_tui.services.session import Session


async def untaken_forms(session: Session) -> dict[str, str]:
    """Return by kind why the session's version does not take rows as they are; nothing of stores that cannot be read."""
    try:
        plan = await plan_data(session, None)
    except BackendError:
        return {}
    return {item.what: item.reason for item in plan.items if _stays(item)}


def _stays(item: TransferItem) -> bool:
    source, target = item.source, item.target
    if not same_place(source, target):
        return False
    return source.keys is None or target.keys is None or source.keys.include == target.keys.include
