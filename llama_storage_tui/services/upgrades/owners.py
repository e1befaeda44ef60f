"""Who could read rows before an upgrade and could not, or can now, afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.data import Filter
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.upgrades.comparing import StoreComparison
from llama_storage_tui.text import plural
from llama_storage_tui.upstream import changes

OWNER: Final = "owner_principal"


@dataclass(frozen=True, slots=True)
class OwnerNotices:
    """Notices on who can read rows, and whether rows without an owner have to be brought over."""

    notices: tuple[Notice, ...] = ()
    has_ownerless: bool = False


async def owner_notices(
    session: Session, comparisons: Sequence[StoreComparison], old: Version, new: Version
) -> OwnerNotices:
    """Return what the default policy of the new version makes of the owners of stored rows; nothing where it stayed as it was.

    Rows without an owner that the new version reads are a finding of their own: here are those that have to be brought over.
    """
    if not old < changes.OWNERLESS_HIDDEN <= new:
        return OwnerNotices()
    found: dict[tuple[str, str], str] = {}
    """By backend and table: several references may keep their rows in one."""
    has_owners = False
    for each in comparisons:
        for table in each.before.physical.tables:
            number = await _ownerless(session, each, table)
            has_owners = has_owners or number is not None
            if number and table not in each.tables:
                found[each.before.backend.name, table] = f"{plural(number, 'row')} of {table}"
    notices = [Notice(NoticeKind.READABLE_BY_MORE)] if has_owners else []
    if found:
        notices.append(Notice(NoticeKind.OWNERLESS_HIDDEN, ", ".join(found.values())))
    return OwnerNotices(tuple(notices), bool(found))


async def _ownerless(session: Session, comparison: StoreComparison, table: str) -> int | None:
    """Count the rows of a table whose owner is NULL; None where it has no owners, or cannot be read."""
    try:
        reader = (await session.reader(comparison.before.backend.name)).tables
        described = await reader.table(table)
        if described is None or described.column(OWNER) is None:
            return None
        return (await reader.count(table, (Filter(OWNER, None),))).value
    except BackendError:
        return None
