"""What workers and widgets tell the screens of stored responses, and those screens the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    # Names of annotations only, as in messages.py.
    from llama_storage_tui.model.attention import Attention
    from llama_storage_tui.model.chain import Chain
    from llama_storage_tui.model.data import Cell, Cursor
    from llama_storage_tui.model.objects import FamilyEntry
    from llama_storage_tui.model.responses import ResponseBatch, ResponsePage, ResponseQuery
    from llama_storage_tui.model.resume import Examination
    from llama_storage_tui.model.transcript import Entry, StoredResponse
    from llama_storage_tui.services.responses.chain import ChainProgress
    from llama_storage_tui.tui.hunt import Hunt
    from llama_storage_tui.tui.question import Question


class Destination(Message):
    """The operator goes to a screen of stored records."""


@dataclass(eq=False)
class ResponsesOpened(Destination):
    """The operator wants the stored responses, those of a query where one is given; `title` names its conditions."""

    query: ResponseQuery | None = None
    title: str | None = None


@dataclass(eq=False)
class ResponseOpened(Destination):
    """The operator opens one response."""

    id: Cell


@dataclass(eq=False)
class ResponseLoaded(Message):
    """A response was read, with all that can be told of it."""

    examination: Examination


@dataclass(eq=False)
class WhoOpened(Destination):
    """The operator asks who may read a response."""

    response: StoredResponse


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

    hunt: Hunt
    batch: ResponseBatch


@dataclass(eq=False)
class ResponsesSearched(Message):
    """A search has read everything, or `is_full`: as much as a screen holds."""

    hunt: Hunt
    is_full: bool = False
    notices: tuple[str, ...] = ()


@dataclass(eq=False)
class InputRebuilt(Message):
    """The whole input of a response was put together, and the response examined with it."""

    examination: Examination
    input: tuple[Entry, ...]
    notice: str = ""


@dataclass(eq=False)
class ChainOpened(Destination):
    """The operator wants the chain of a response."""

    id: str


@dataclass(eq=False)
class ChainProgressed(Message):
    """The search for a chain has come further."""

    progress: ChainProgress


@dataclass(eq=False)
class ChainFound(Message):
    """A chain was traced."""

    chain: Chain


@dataclass(eq=False)
class DifferenceOpened(Destination):
    """The operator wants to know what a response added to the one before it."""

    before: str
    after: str


@dataclass(eq=False)
class AttentionOpened(Destination):
    """The operator wants to see what deserves a look."""


@dataclass(eq=False)
class AttentionGrew(Message):
    """More responses were looked at; `is_over` where nothing more will be."""

    attention: Attention
    is_over: bool = False


@dataclass(eq=False)
class ConversationsOpened(Destination):
    """The operator wants the stored conversations."""


@dataclass(eq=False)
class OrphansOpened(Destination):
    """The operator wants the items whose conversation is gone."""


@dataclass(eq=False)
class ConversationOpened(Destination):
    """The operator opens a conversation."""

    id: str


@dataclass(eq=False)
class CompletionsOpened(Destination):
    """The operator wants the stored chat completions."""


@dataclass(eq=False)
class CompletionOpened(Destination):
    """The operator opens a chat completion."""

    id: str


@dataclass(eq=False)
class FamiliesOpened(Destination):
    """The operator wants the families of other objects."""


@dataclass(eq=False)
class FamiliesLoaded(Message):
    """The families were counted."""

    families: tuple[FamilyEntry, ...]


@dataclass(eq=False)
class ObjectsOpened(Destination):
    """The operator wants the objects of a family, with `of` those that belong to another object."""

    family: str
    title: str
    of: tuple[str, str] | None = None


@dataclass(eq=False)
class ObjectOpened(Destination):
    """The operator opens one object."""

    family: str
    title: str
    id: str


@dataclass(eq=False)
class RecordsScanned(Message):
    """A scan for a list has read so many positions of a table."""

    done: int
    total: int
