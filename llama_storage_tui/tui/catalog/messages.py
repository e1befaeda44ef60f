"""What the screens of the catalog are told: configs found and read, backends tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.model.pending import PendingNotice
    from llama_storage_tui.services.catalog import Candidate, Opened
    from llama_storage_tui.services.overview.activity import Activity
    from llama_storage_tui.services.overview.holdings import BackendHoldings
    from llama_storage_tui.services.probe import ProbeResult
    from llama_storage_tui.services.requests import LoadRequest


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
    pending: tuple[PendingNotice, ...] = ()


@dataclass(eq=False)
class ProbeArrived(Message):
    """One backend answered its test, or failed it."""

    result: ProbeResult


@dataclass(eq=False)
class ProbesDone(Message):
    """All backends of a test have answered; nobody asked for one that `is_quiet`."""

    is_quiet: bool = False


@dataclass(eq=False)
class HoldingsArrived(Message):
    """What lies on a backend is known."""

    holdings: BackendHoldings


@dataclass(eq=False)
class ActivityArrived(Message):
    """What has happened lately is known, or more of it."""

    activity: Activity
