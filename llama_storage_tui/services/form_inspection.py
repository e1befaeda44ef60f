"""Rows that lie where the version reads them, in a form that it does not take: found as the plan for the data finds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.finding import Finding, warns
from llama_storage_tui.next_steps import Step
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import capitalised
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.data_kinds import CHUNK_ROWS, ITEMS

EARLIER_FORM: Final = warns(
    id="earlier-form",
    title="Rows are in the right place, in a form that this version does not accept",
    advice="The message says how they change when they are migrated.",
    step=Step.MIGRATE_DATA,
    since=changes.FAISS_CHUNK_IDS,
)
_KINDS: Final = (ITEMS, CHUNK_ROWS)
"""Those about which no rule of its own says more."""


async def earlier_forms(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Rows of a backend that a migration of its data would change where they are."""
    if session.catalog.is_legacy or not EARLIER_FORM.holds_for(session.catalog.version.chosen):
        return
    # Imported here: the rules are named on the first screen, which waits for no conversion.
    from llama_storage_tui.services.migration.planning import forms_in_place

    for what, table, why in await forms_in_place(session, backend, _KINDS):
        yield EARLIER_FORM.found_on(
            backend, f"{capitalised(what)} in {table} on {backend.name} have an earlier form. {why}"
        )


CHECKS: Final = (earlier_forms,)
