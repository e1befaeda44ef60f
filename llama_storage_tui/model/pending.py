"""What is to be said of changes that are half done: of passwords, and of stored data."""

from __future__ import annotations

from pathlib import Path

from llama_storage_tui.deferred import dataclass


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A pending change of this user's; `is_open` where it waits for what the operator writes by hand."""

    journal: str
    role: str
    config: str
    since: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class OtherChange:
    """A pending change of another user: the file that it is about, and its journal."""

    path: Path
    file: str
    owner: str
    journal: str


@dataclass(frozen=True, slots=True)
class DamagedJournal:
    """A journal that cannot be read, beside a change that is pending."""

    path: Path


@dataclass(frozen=True, slots=True)
class PendingTransfer:
    """A transfer of a config's data that is half done: how many of its target stores have what was brought, and its items.

    An item is what is brought, from where, and to where.
    """

    journal: str
    config: str
    since: str
    is_move: bool
    is_undoing: bool = False
    stores: int = 0
    done: int = 0
    items: tuple[tuple[str, str, str], ...] = ()


PendingNotice = OwnChange | OtherChange | DamagedJournal | PendingTransfer
