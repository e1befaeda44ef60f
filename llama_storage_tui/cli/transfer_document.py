"""The JSON of `migrate-data`."""

from __future__ import annotations

from typing import Annotated, Literal

from llama_storage_tui.cli.documents import Document, From, Made
from llama_storage_tui.cli.next_steps import resuming_command
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.transfer_result import LeftRow, TransferPlan, TransferResult


class TransferSourceBody(Document):
    """Where rows are."""

    location: str
    container: str


class TransferTargetBody(Document):
    """Where rows go."""

    backend: str
    location: str
    container: str


class TransferItemBody(Document):
    """One thing that would be brought.

    `rows` and `bytes` are what the source holds; `brings` is how many rows the target would get, exactly where `exact` is true.
    """

    what: str
    source: Annotated[TransferSourceBody, From("item.source")]
    target: Annotated[TransferTargetBody, From("item.target")]
    rows: int
    bytes: int
    brings: int
    exact: bool
    same: int
    conflicts: int
    conflict_examples: list[str]
    reason: Annotated[str, From("item.reason")]


class StaysBody(Document):
    """Something that stays where it is."""

    what: str
    count: int | None
    reason: str


class UnseenBody(Document):
    """A store that could not be looked at."""

    backend: str
    location: str
    reason: str


class LeftRowBody(Document):
    """A row that is left where it is."""

    what: str
    identity: str
    reason: str


class TransferPlanBody(Document):
    """What would be brought; `refusals` say why it cannot be done now."""

    items: list[TransferItemBody]
    stays: list[StaysBody]
    notices: list[str]
    refusals: list[str]
    unseen: list[UnseenBody]
    """Stores that could not be looked at: what concerns them is not in the plan."""


class ItemOutcomeBody(Document):
    """What became of an item: `verified` rows of the target were read back and are those that the source gives."""

    what: str
    written: int
    same: int
    kept: int
    replaced: int
    removed: int
    verified: int


@dataclass(frozen=True, slots=True)
class TransferAnswer:
    """What `migrate-data` answers with: `plan` is None for --resume and --undo."""

    plan: TransferPlan | None
    result: TransferResult

    @property
    def left(self) -> tuple[LeftRow, ...]:
        """The rows that are left, as far as that is known."""
        if self.result.items or self.plan is None:
            return self.result.left
        return tuple(row for item in self.plan.items for row in item.left)


def _command(answer: TransferAnswer) -> str | None:
    return None if answer.result.next is None else resuming_command(answer.result.next.of)


class MigrateDataDocument(Document):
    """The answer of `migrate-data`."""

    plan: TransferPlanBody | None
    """None for --resume and --undo."""
    outcome: Annotated[
        Literal["none", "applied", "refused", "pending", "recovered", "undone"], From("result.outcome")
    ]
    journal: Annotated[str | None, Made(lambda answer: answer.result.journal or None)]
    next: Annotated[str | None, Made(_command)]
    items: Annotated[list[ItemOutcomeBody], From("result.items")]
    """Empty where nothing was brought."""
    left: list[LeftRowBody]
    """Every row that stays where it is because it cannot be brought, in a plan as far as its rows were read."""
    notices: Annotated[list[str], From("result.notices")]
