"""What workers and widgets tell the screens, and the screens tell the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the rooms of later screens into the first one.
    from llama_storage_tui.errors import StorageToolError
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.model.data import Count, Cursor, KeyPage, Namespace, RowPage, RowQuery, Table
    from llama_storage_tui.model.rotation import Result
    from llama_storage_tui.services.browse import TableEntry
    from llama_storage_tui.services.catalog import Candidate, Opened
    from llama_storage_tui.services.probe import ProbeResult
    from llama_storage_tui.services.requests import LoadRequest
    from llama_storage_tui.services.rotation.desk import Draft, Waiting
    from llama_storage_tui.services.rotation.pending import Pending
    from llama_storage_tui.tui.changes import ChangeJob
    from llama_storage_tui.tui.exports import Job
    from llama_storage_tui.tui.subjects import Prepared, Subject


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
    """A run config was read; its findings may still be to come. `request` is what was asked for."""

    opened: Opened
    request: LoadRequest


@dataclass(eq=False)
class CatalogJudged(Message):
    """The findings of the config on show are there; `pending` has a sentence for each password change that is half done."""

    catalog: Catalog
    pending: tuple[str, ...] = ()


@dataclass(eq=False)
class Failed(Message):
    """A service refused or failed; `task` names what was tried."""

    task: str
    error: StorageToolError


@dataclass(eq=False)
class Unexpected(Message):
    """A worker raised what no one foresaw: a mistake of ours, to be logged."""

    error: BaseException


@dataclass(eq=False)
class ProbeArrived(Message):
    """One backend answered its test, or failed it."""

    result: ProbeResult


@dataclass(eq=False)
class ProbesDone(Message):
    """All backends of a test have answered."""


@dataclass(eq=False)
class BackendOpened(Message):
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
class FindingsOpened(Message):
    """The operator wants all findings."""


@dataclass(eq=False)
class PickerOpened(Message):
    """The operator wants another run config."""


@dataclass(eq=False)
class ReloadRequested(Message):
    """The operator wants the run config read again."""


@dataclass(eq=False)
class VersionOpened(Message):
    """The operator wants to know why this server version."""


@dataclass(eq=False)
class NamespacesLoaded(Message):
    """A backend's namespaces were counted; the last one holds the unassigned keys."""

    namespaces: tuple[Namespace, ...]


@dataclass(eq=False)
class NamespaceOpened(Message):
    """The operator goes into a namespace."""

    backend: str
    chosen: Namespace


@dataclass(eq=False)
class KeysLoaded(Message):
    """A page of keys arrived, for the prefix and the cursor that it was asked with."""

    prefix: str
    after: Cursor | None
    page: KeyPage


@dataclass(eq=False)
class TablesLoaded(Message):
    """A backend's tables were listed."""

    tables: tuple[TableEntry, ...]


@dataclass(eq=False)
class TableOpened(Message):
    """The operator goes into a table."""

    backend: str
    table: Table


@dataclass(eq=False)
class RowsLoaded(Message):
    """A page of rows arrived, for the query and the cursor that it was asked with."""

    query: RowQuery
    after: Cursor | None
    page: RowPage


@dataclass(eq=False)
class RowsCounted(Message):
    """The selected rows were counted."""

    count: Count


@dataclass(eq=False)
class SubjectOpened(Message):
    """The operator opens a value or a record."""

    subject: Subject


@dataclass(eq=False)
class SubjectLoaded(Message):
    """A value or a record is here and made ready to be shown."""

    shown: Prepared


@dataclass(eq=False)
class CopyRequested(Message):
    """The operator copies a text; `what` says in a word what it is."""

    what: str
    text: str


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


@dataclass(eq=False)
class RotationOpened(Message):
    """The operator wants to change the password of a backend."""

    backend: str


@dataclass(eq=False)
class PendingOpened(Message):
    """The operator wants to see the password change that is pending."""


@dataclass(eq=False)
class PlanMade(Message):
    """A plan is there."""

    draft: Draft


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
