"""What screens tell the app: what it is to open, copy or read again, what was read for it, and a failure of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    from textual.screen import Screen

    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.model.data import Cell, Namespace, Table
    from llama_storage_tui.model.families import Query
    from llama_storage_tui.model.pending import PendingNotice
    from llama_storage_tui.model.transcript import StoredResponse
    from llama_storage_tui.services.catalog import Candidate, Opened
    from llama_storage_tui.services.requests import LoadRequest


class Opening(Message):
    """The operator goes to a screen over the config on show.

    `origin` is the list that it was chosen from, `replaces` tells whether it takes the place of its neighbour there.
    """

    origin: Screen[None] | None = None
    replaces: bool = False


@dataclass(eq=False)
class Unexpected(Message):
    """A worker raised what no one foresaw: a mistake of ours, to be logged."""

    error: BaseException


@dataclass(eq=False)
class CandidatesFound(Message):
    """The usual places were searched for run configs."""

    candidates: tuple[Candidate, ...]


@dataclass(eq=False)
class ConfigChosen(Message):
    """The operator picked a run config."""

    config: str


@dataclass(eq=False)
class CatalogLoaded(Message):
    """A run config was read; its findings may still be to come. `request` is what was asked for, `note` what is said of it."""

    opened: Opened
    request: LoadRequest
    note: str = ""


@dataclass(eq=False)
class CatalogJudged(Message):
    """The findings of the config on show are there; `pending` has a sentence for each password change that is half done."""

    catalog: Catalog
    pending: tuple[PendingNotice, ...] = ()


@dataclass(eq=False)
class FleetResumed(Message):
    """The operator is back from a config: what was open for it can be closed."""


@dataclass(eq=False)
class BackendOpened(Opening):
    """The operator goes into a backend's data; `place` names the namespace or table to begin with."""

    backend: str
    place: str | None = None


@dataclass(eq=False)
class CatalogOpened(Message):
    """The operator goes back to the catalog, from wherever."""


@dataclass(eq=False)
class BackendPointed(Message):
    """The operator wants to see one backend in the catalog."""

    backend: str


@dataclass(eq=False)
class FindingsOpened(Opening):
    """The operator wants all findings; `rule` names the one to begin with."""

    rule: str | None = None


@dataclass(eq=False)
class PickerOpened(Message):
    """The operator wants another run config."""


@dataclass(eq=False)
class ReloadRequested(Message):
    """The operator wants the run config read again. `note` is what the main screen is to say then: what has changed it."""

    note: str = ""


@dataclass(eq=False)
class ConfigTextOpened(Opening):
    """The operator wants to see the run config as it stands in the file, at a line (None: from its beginning)."""

    number: int | None = None


@dataclass(eq=False)
class EditorOpened(Message):
    """The operator wants to change the run config in an editor, at a line."""

    number: int


@dataclass(eq=False)
class VersionOpened(Opening):
    """The operator wants to know why this server version."""


@dataclass(eq=False)
class UpgradeOpened(Opening):
    """The operator wants to know what another version would make of this deployment."""


@dataclass(eq=False)
class LeftBehindOpened(Opening):
    """The operator wants to know what no server reads, and what accumulates."""


@dataclass(eq=False)
class MigrationOpened(Opening):
    """The operator wants the run config as the one of a later version."""

    to: str


class TransferOpened(Message):
    """The operator wants stored data somewhere else."""


@dataclass(eq=False)
class DataMigrationOpened(TransferOpened):
    """The operator wants what a version does not reach brought to where it does; `version` None is the catalog's."""

    version: str | None = None


@dataclass(eq=False)
class BackendMoveOpened(TransferOpened):
    """The operator wants a backend on another engine or in another place."""

    backend: str


@dataclass(eq=False)
class PendingTransferOpened(TransferOpened):
    """The operator wants to see the transfer that is half done."""


@dataclass(eq=False)
class NamespaceOpened(Opening):
    """The operator goes into a namespace."""

    backend: str
    chosen: Namespace


@dataclass(eq=False)
class TableOpened(Opening):
    """The operator goes into a table."""

    backend: str
    table: Table


@dataclass(eq=False)
class CopyRequested(Message):
    """The operator copies a text; `what` says in a word what it is."""

    what: str
    text: str


@dataclass(eq=False)
class RotationOpened(Message):
    """The operator wants to change the password of a backend."""

    backend: str


@dataclass(eq=False)
class PendingOpened(Message):
    """The operator wants to see the password change that is pending."""


@dataclass(eq=False)
class ResponsesOpened(Opening):
    """The operator wants the stored responses, those of a query where one is given; `title` names its conditions."""

    query: Query | None = None
    title: str | None = None


@dataclass(eq=False)
class ResponseOpened(Opening):
    """The operator opens one response."""

    id: Cell


@dataclass(eq=False)
class WhoOpened(Opening):
    """The operator asks who may read a response."""

    response: StoredResponse


@dataclass(eq=False)
class ChainOpened(Opening):
    """The operator wants the chain of a response."""

    id: str


@dataclass(eq=False)
class DifferenceOpened(Opening):
    """The operator wants to know what a response added to the one before it."""

    before: str
    after: str


@dataclass(eq=False)
class AttentionOpened(Opening):
    """The operator wants to see what deserves a look."""


@dataclass(eq=False)
class StatisticsOpened(Opening):
    """The operator wants to see how responses ended over time."""


@dataclass(eq=False)
class ConversationsOpened(Opening):
    """The operator wants the stored conversations."""


@dataclass(eq=False)
class OrphansOpened(Opening):
    """The operator wants the items of deleted conversations."""


@dataclass(eq=False)
class ConversationOpened(Opening):
    """The operator opens a conversation."""

    id: str


@dataclass(eq=False)
class CompletionsOpened(Opening):
    """The operator wants the stored chat completions."""


@dataclass(eq=False)
class LinksOpened(Opening):
    """The operator wants what a response leads to, or only the chat completions that were made for it."""

    id: str
    conversation: str | None = None
    is_of_completions: bool = False


@dataclass(eq=False)
class CompletionOpened(Opening):
    """The operator opens a chat completion."""

    id: str


@dataclass(eq=False)
class FamiliesOpened(Opening):
    """The operator wants the families of other objects."""


@dataclass(eq=False)
class ObjectsOpened(Opening):
    """The operator wants the objects of a family, with `of` those that belong to another object."""

    family: str
    title: str
    of: tuple[str, str] | None = None


@dataclass(eq=False)
class ObjectOpened(Opening):
    """The operator opens one object."""

    family: str
    title: str
    id: str
