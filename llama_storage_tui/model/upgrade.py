"""What a deployment would be under another version: what loads, what is still read, what is lost, and the steps to get there."""

from __future__ import annotations

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Physical
from llama_storage_tui.model.data import Count
from llama_storage_tui.model.finding import Finding, Severity, Verdict
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.version import Version, VersionGuess
from llama_storage_tui.next_steps import Help


@dataclass(frozen=True, slots=True)
class StoreForecast:
    """One reference: where its rows are now (`before`) and where the new version looks (`after`, None: nowhere).

    `visible` and `invisible` count rows or keys, None until they are known; what the new version no longer serves at all is in
    neither, but in `ended`. `newest` is the newest time among the rows that become invisible, in epoch seconds.
    `problem` says why nothing was counted.
    """

    path: str
    label: str
    backend: str
    before: Physical
    before_location: str
    after: Physical | None
    after_location: str | None
    reason: str
    """Why rows become invisible; empty where none can."""
    is_key_value: bool = False
    visible: Count | None = None
    invisible: Count | None = None
    newest: float | None = None
    problem: str | None = None
    ended: Count | None = None
    """Rows or keys that the new version no longer serves at all; None until they are known."""
    is_there: bool = True
    """Whether its file or database exists: where not, nothing is stored in it yet."""

    @property
    def is_exact(self) -> bool:
        """Whether both counts are there and exact."""
        return all(count is not None and count.is_exact for count in (self.visible, self.invisible))


@dataclass(frozen=True, slots=True)
class LostByDesign:
    """Records that the new version has no API for: they stay in the old store, and nothing brings them over."""

    what: str
    count: Count | None
    reason: str


@dataclass(frozen=True, slots=True)
class RewrittenByServer:
    """What a server of the new version changes in the stores at its first start, and what that costs."""

    what: str
    cost: str


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """What this deployment would be under version `to`, with the config as it stands.

    `findings` are those that the new version adds: what keeps it from loading or starting, and what it would silently do
    otherwise. `notices` say what could not be looked into.
    """

    config: str
    from_: VersionGuess
    to: Version
    verdict: Verdict
    stores: tuple[StoreForecast, ...]
    lost: tuple[LostByDesign, ...]
    rewritten: tuple[RewrittenByServer, ...]
    findings: tuple[Finding, ...]
    steps: tuple[Help, ...]
    notices: tuple[Notice, ...] = ()
    is_final: bool = False
    """Whether everything was counted and looked into; until then counts may be estimates."""
    forms: tuple[str, ...] = ()
    """Why the new version does not take rows that it does find, a sentence for each kind."""
    renames_home: bool = False
    """Whether the first command of the new version would rename ~/.llama, where this config has stores, to ~/.ogx."""
    former: str | None = None
    """The config from before a migration, kept beside this one, where a store of this one is not there: its rows may still have to
    be transferred."""

    @property
    def invisible(self) -> Count | None:
        """All rows and keys that become invisible; None while none of them is counted."""
        known = [store.invisible for store in self.stores if store.invisible is not None]
        if not known:
            return None
        is_exact = len(known) == len(self.stores) and all(count.is_exact for count in known)
        return Count(sum(count.value for count in known), is_exact)

    @property
    def is_unread(self) -> bool:
        """Whether a store could not be read, so that nobody knows what it would lose."""
        return any(store.problem is not None for store in self.stores)

    @property
    def loses(self) -> bool:
        """Whether anything that is known would be lost, hidden, or would keep the server from starting."""
        hides = any(store.invisible is not None and store.invisible.value for store in self.stores)
        ends = any(lost.count is None or lost.count.value for lost in self.lost)
        warns = any(finding.severity is not Severity.INFO for finding in self.findings)
        return (
            hides
            or ends
            or warns
            or bool(self.forms)
            or not self.verdict.loads
            or self.verdict.starts is False
        )
