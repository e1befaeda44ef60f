"""Tables whose rows a release began to keep in another form, under the same name: two releases on one store read past each other.

What changes its place (another table, other keys) is told by the places themselves, in `consumers.py`.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes


@dataclass(frozen=True, slots=True)
class FormChange:
    """From the release `since` on, servers keep the rows of `table` otherwise; `what` says how, as the end of a sentence."""

    table: str
    since: Version
    what: str


FORM_CHANGES: Final = (
    FormChange(
        "conversation_items",
        changes.ITEMS_KEYED_BY_CONVERSATION,
        "keys them by conversation and id, and copies the rows of the table before it once",
    ),
)


def form_changes(tables: frozenset[str], oldest: Version, newest: Version) -> tuple[FormChange, ...]:
    """Return the changes between two releases that concern tables."""
    return tuple(
        change for change in FORM_CHANGES if change.table in tables and oldest < change.since <= newest
    )
