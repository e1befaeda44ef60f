"""What is to be said of password changes that are half done."""

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


PendingNotice = OwnChange | OtherChange | DamagedJournal
