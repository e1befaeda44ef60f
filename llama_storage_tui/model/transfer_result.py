"""A transfer that was counted, and what became of one."""

from __future__ import annotations

from dataclasses import field

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer import OnConflict, Stays, TransferItem, Unseen
from llama_storage_tui.next_steps import Advice


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A row that stays where it is: which one, of what, and why."""

    what: str
    identity: str
    reason: str


@dataclass(frozen=True, slots=True)
class CountedItem:
    """An item with what it would bring.

    `rows` and `bytes` are what the source holds; `brings` are rows of the target. `conflicts` are rows that the target has with
    another content, `conflict_examples` some of them; `same` are there already.
    """

    item: TransferItem
    rows: int
    bytes: int
    brings: int
    same: int = 0
    conflicts: int = 0
    conflict_examples: tuple[str, ...] = ()
    left: tuple[LeftRow, ...] = ()
    stamp: str = field(default="", repr=False)
    is_exact: bool = True
    """False where the rows were not read: the target has none, so that all would be brought."""

    @property
    def what(self) -> str:
        """What is brought."""
        return self.item.what


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """What would be brought, what stays, and what is in the way (`refusals`, a sentence each)."""

    items: tuple[CountedItem, ...]
    stays: tuple[Stays, ...] = ()
    notices: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    configs: tuple[object, ...] = field(default=(), repr=False)
    """What the configs said when the plan was made, where it was made of configs: it is carried out while they still do."""

    @property
    def is_partial(self) -> bool:
        """Whether something of the data was not looked at, or cannot be brought."""
        return bool(self.unseen) or any(item.left for item in self.items)


@dataclass(frozen=True, slots=True)
class TransferTerms:
    """What an operator chose beforehand."""

    on_conflict: OnConflict = OnConflict.STOP
    removes_source: bool = False
    accepts_open: bool = False
    """Whether it may go on while other processes have a store open."""


@dataclass(slots=True)
class ItemOutcome:
    """What became of an item. `written` rows were read back from the target and are those that the source gives."""

    what: str
    written: int = 0
    same: int = 0
    kept: int = 0
    replaced: int = 0
    removed: int = 0
    followed: int = 0
    """Rows of the target that a later pass added, changed or removed, since the source had."""
    left: list[LeftRow] = field(default_factory=list)

    @property
    def verified(self) -> int:
        """How many rows of the target are known to be what the source gives."""
        return self.written + self.replaced + self.same


@dataclass(frozen=True, slots=True)
class TransferResult:
    """The end of a transfer."""

    outcome: Outcome
    journal: str = ""
    items: tuple[ItemOutcome, ...] = ()
    notices: tuple[str, ...] = ()
    next: Advice | None = None

    @property
    def left(self) -> tuple[LeftRow, ...]:
        """Every row that was left where it is."""
        return tuple(row for item in self.items for row in item.left)


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far a transfer is: rows of the source that were read, of how many (None where that is not known), in so many seconds."""

    what: str
    container: str
    rows: int
    of: int | None
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0
