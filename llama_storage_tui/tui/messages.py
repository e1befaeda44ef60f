"""What workers and widgets tell the screens, and the screens tell the app."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.services.catalog import Candidate
from llama_storage_tui.services.probe import ProbeResult


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
    """A run config was read."""

    catalog: Catalog


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
