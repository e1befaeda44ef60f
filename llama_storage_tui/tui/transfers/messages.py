"""A transfer of stored data: planned, on its way, ended, stopped, or half done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.model.pending import PendingTransfer
    from llama_storage_tui.model.transfer_result import TransferProgress, TransferResult
    from llama_storage_tui.tui.transfers.controllers import ShownPlan


@dataclass(eq=False)
class TransferPlanned(Message):
    """A plan is there."""

    plan: ShownPlan


@dataclass(eq=False)
class TransferPending(Message):
    """Whether a transfer is half done, asked before a plan or after a failure."""

    pending: PendingTransfer | None


@dataclass(eq=False)
class RowsBrought(Message):
    """Some rows are on their way."""

    progress: TransferProgress


@dataclass(eq=False)
class TransferEnded(Message):
    """A transfer ended; `is_move` is what it was."""

    result: TransferResult
    is_move: bool


@dataclass(eq=False)
class TransferStopped(Message):
    """The operator stopped it, and everything is put in order."""
