"""What the lists of stored records are told: pages, progress of a search or a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.model.data import Cursor
    from llama_storage_tui.model.families import FamilyEntry
    from llama_storage_tui.model.responses import ResponseBatch, ResponsePage
    from llama_storage_tui.tui.records.response_query import Question
    from llama_storage_tui.tui.records.search_state import ResponseSearch


@dataclass(eq=False)
class ResponsesMeasured(Message):
    """It is known whether there are too many responses to sort them while one waits."""

    is_large: bool


@dataclass(eq=False)
class ResponsesLoaded(Message):
    """A page of responses arrived, for the question and the cursor that it was asked with, with what else is to be said."""

    question: Question
    after: Cursor | None
    page: ResponsePage
    notices: tuple[str, ...] = ()


@dataclass(eq=False)
class ResponsesFound(Message):
    """A search has come further; the batch may hold nothing."""

    search: ResponseSearch
    batch: ResponseBatch


@dataclass(eq=False)
class ResponsesSearched(Message):
    """A search has read everything, or `is_full`: as much as a screen holds."""

    search: ResponseSearch
    is_full: bool = False
    notices: tuple[str, ...] = ()


@dataclass(eq=False)
class FamiliesLoaded(Message):
    """The families were counted."""

    families: tuple[FamilyEntry, ...]


@dataclass(eq=False)
class RecordsScanned(Message):
    """A scan for a list has read so many positions of a table."""

    done: int
    total: int
