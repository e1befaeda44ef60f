"""The JSON of `move`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from llama_storage_tui.cli.documents import Document, From, Made
from llama_storage_tui.cli.transfer_document import ItemOutcomeBody, StaysBody
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.move import MovePlan
from llama_storage_tui.model.transfer_result import CountedItem, TransferResult


class MovedBody(Document):
    """A table or a namespace that moves: `container` is what holds it at the source, `target` what will."""

    name: Annotated[str, From("item.what")]
    container: Annotated[str, From("item.source.container")]
    target: Annotated[str, From("item.target.container")]
    rows: int
    bytes: int
    conflicts: int
    reason: Annotated[str, From("item.reason")]


class DowntimeBody(Document):
    """How long servers have to stand still, about."""

    seconds: int
    reason: str


def _moving(is_keys: bool) -> Callable[[MovePlan], list[CountedItem]]:  # noqa: FBT001 - which of two lists
    def chosen(plan: MovePlan) -> list[CountedItem]:
        return [each for each in plan.transfer.items if (each.item.source.keys is not None) is is_keys]

    return chosen


class BackendPlaceBody(Document):
    """What the backend is and where."""

    type: str
    location: str


class MovePlanBody(Document):
    """What a move would do; `refusals` say why it cannot be done now, and `users` who has a store open."""

    backend: str
    from_: Annotated[BackendPlaceBody, Made(lambda plan: plan.before)] = Field(alias="from")
    to: Annotated[BackendPlaceBody, From("after")]
    references: list[str]
    tables: Annotated[list[MovedBody], Made(_moving(is_keys=False))]
    namespaces: Annotated[list[MovedBody], Made(_moving(is_keys=True))]
    rows: int
    bytes: int
    stays: Annotated[list[StaysBody], From("transfer.stays")]
    downtime: DowntimeBody
    users: list[str]
    notices: Annotated[list[str], From("transfer.notices")]
    diff: str
    refusals: list[str]


@dataclass(frozen=True, slots=True)
class MoveAnswer:
    """What `move` answers with: `plan` is None for --resume and --undo."""

    plan: MovePlan | None
    result: TransferResult


class MoveDocument(Document):
    """The answer of `move`."""

    plan: MovePlanBody | None
    """None for --resume and --undo."""
    outcome: Annotated[
        Literal["none", "applied", "refused", "pending", "recovered", "undone"], From("result.outcome")
    ]
    journal: Annotated[str | None, Made(lambda answer: answer.result.journal or None)]
    next: Annotated[str | None, Made(lambda _: None)]
    items: Annotated[list[ItemOutcomeBody], From("result.items")]
    """Empty where nothing was brought."""
    notices: Annotated[list[str], From("result.notices")]
