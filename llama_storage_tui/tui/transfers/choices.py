"""What an operator chose of a transfer."""

from __future__ import annotations

from collections.abc import Mapping

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.transfer import OnConflict


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What can be chosen of a migration of data."""

    old: str | None = None
    on_conflict: OnConflict = OnConflict.STOP
    removes_source: bool = False
    accepts_open: bool = False
    public_rows: bool = False
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """What a backend is to become, with which fields, and whether it goes on while a store is open elsewhere."""

    type: str
    fields: Mapping[str, str]
    accepts_open: bool = False
