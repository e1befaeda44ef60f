"""A value or a record that is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.tui.messages import Opening

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.tui.values.viewables import Subject


@dataclass(eq=False)
class SubjectOpened(Opening):
    """The operator opens a value or a record."""

    subject: Subject
