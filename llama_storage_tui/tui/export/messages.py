"""An export that is asked for, and how it goes."""

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


@dataclass(eq=False)
class ExportProgressed(Message):
    """An export has written so many rows; `how_far` says in a few words what that is of, where it can be told."""

    done: int
    how_far: str = ""


@dataclass(eq=False)
class ExportDone(Message):
    """An export is complete; the sentence says what was written."""

    summary: str


@dataclass(eq=False)
class FileExists(Message):
    """The file to write is there already."""

    path: str
