"""How ogx 1.5.0 moves the items of conversations to a new table, and which state a server that ended early leaves.

From ogx.core.conversations.conversations (1.5.0), `_create_items_table`, run at every start:

    1. conversation_items has a key other than (conversation_id, id): rename it to conversation_items_v1
    2. create conversation_items where it is missing
    3. where conversation_items_v1 exists and conversation_migrations lacks the mark: copy the rows that are missing
    4. set the mark

Each is a transaction of its own. A rename onto a table that exists fails, and with it the start. With the mark nothing is copied,
whatever the tables hold: also where an id-keyed table was put back (from a backup, by an older server) after the mark was set.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

ITEMS: Final = "conversation_items"
EARLIER_ITEMS: Final = "conversation_items_v1"
MARKS: Final = "conversation_migrations"
MARK: Final = "conversation_items_backfill:v2"
KEY: Final = ("conversation_id", "id")


class ItemUpgrade(Enum):
    """What became of the items of older servers in one database."""

    NOT_NEEDED = auto()
    """There is no earlier table, and nothing that stands in the way of making one."""
    UNFINISHED = auto()
    """The mark is missing: the earlier table may hold the only copy, and the next start copies it."""
    BLOCKED = auto()
    """Both tables are there and conversation_items is keyed by id again: the rename fails, and with it the start."""
    FOREIGN = auto()
    """The mark is missing, and the earlier table has no columns to copy by: the start fails."""
    COPIED = auto()
    """The mark is set: the earlier table is not read any more."""
    COPIED_IN_PART = auto()
    """The mark is set, and rows of the earlier table are missing in the other: only a comparison of the two shows it."""
    NOT_COPIED = auto()
    """The mark is set, but conversation_items is missing or empty while the earlier table has rows."""
    SKIPPED_NEXT = auto()
    """The mark is set and conversation_items is keyed by id: the next start renames it and copies nothing."""


STOPS_A_START: Final = frozenset({ItemUpgrade.BLOCKED, ItemUpgrade.FOREIGN})


def item_upgrade(
    items_key: Sequence[str] | None,
    earlier_columns: Sequence[str] | None,
    *,
    is_marked: bool,
    has_items: bool,
    has_earlier_items: bool,
) -> ItemUpgrade:
    """Return the state of a database, without comparing rows (COPIED_IN_PART); None stands for a table that is missing."""
    is_renamed_next = items_key is not None and set(items_key) != set(KEY)
    if earlier_columns is None:
        return ItemUpgrade.SKIPPED_NEXT if is_renamed_next and is_marked else ItemUpgrade.NOT_NEEDED
    if is_renamed_next:
        return ItemUpgrade.BLOCKED
    if not is_marked:
        if not set(KEY) <= set(earlier_columns):
            return ItemUpgrade.FOREIGN
        return ItemUpgrade.UNFINISHED if has_earlier_items else ItemUpgrade.NOT_NEEDED
    return ItemUpgrade.NOT_COPIED if has_earlier_items and not has_items else ItemUpgrade.COPIED
