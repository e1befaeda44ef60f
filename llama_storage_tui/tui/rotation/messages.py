"""A password change: planned, started, step by step, ended, or pending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.model.rotation import Result
    from llama_storage_tui.services.rotation.pending import Pending
    from llama_storage_tui.services.rotation.service import RotationDraft, Waiting
    from llama_storage_tui.tui.rotation.changes import ChangeJob


@dataclass(eq=False)
class PlanMade(Message):
    """A plan is there."""

    draft: RotationDraft


@dataclass(eq=False)
class ChangeStarted(Message):
    """The operator agreed: the job is shown while it runs."""

    job: ChangeJob


@dataclass(eq=False)
class StepDone(Message):
    """A step of a change was made."""

    step: str


@dataclass(eq=False)
class ChangeEnded(Message):
    """A change ended, or waits for the operator."""

    result: Result


@dataclass(eq=False)
class PendingLooked(Message):
    """What is pending, and where each change stands."""

    pending: Pending
    waiting: tuple[Waiting, ...]
