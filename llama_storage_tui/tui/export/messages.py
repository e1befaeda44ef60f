"""An export that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.tui.export.jobs import Job


@dataclass(eq=False)
class ExportOpened(Message):
    """The operator wants to write something to a file."""

    job: Job
