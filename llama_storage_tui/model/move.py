"""A backend that moves: what was asked for, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.transfer_result import TransferPlan

ROWS_A_SECOND = 6_000
BYTES_A_SECOND = 12_000_000
"""What a copy from SQLite to PostgreSQL with its verification did on a machine with other work to do (90 MB in 7 seconds)."""


@dataclass(frozen=True, slots=True)
class MoveChange:
    """Which backend becomes of which type, with which fields: YAML scalars as they are written, expressions included."""

    backend: str
    type: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Downtime:
    """How long servers have to stand still, about, and why."""

    seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class BackendPlace:
    """What a backend is and where: its type and its location, without secrets."""

    type: str
    location: str


@dataclass(frozen=True, slots=True)
class MovePlan:
    """What a move would do. `diff` is the edit of the config, secrets masked; `references` are those that follow."""

    config: str
    backend: str
    before: BackendPlace
    after: BackendPlace
    references: tuple[str, ...]
    transfer: TransferPlan
    diff: str
    downtime: Downtime
    users: tuple[str, ...] = ()
    """Who has a store open now, a sentence each."""

    @property
    def refusals(self) -> tuple[str, ...]:
        """What is in the way."""
        return self.transfer.refusals

    @property
    def rows(self) -> int:
        """The rows and keys of the source."""
        return sum(each.rows for each in self.transfer.items)

    @property
    def bytes(self) -> int:
        """The bytes of those."""
        return sum(each.bytes for each in self.transfer.items)
