"""A password change on its way, and what each of its steps needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from llama_storage_tui.backends.protocols import Notify
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.files.journal import Journal, Journals, State, with_state
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import Outcome, Result


def ignore(_: str) -> None:
    """Hear of a step and do nothing."""


@dataclass(frozen=True, slots=True)
class OpenChange:
    """A change by its journal. `environ` is what its configs are read with, besides `env_files`; `notify` hears of each step."""

    journal: Journal
    environ: Mapping[str, str] = field(repr=False)
    timeouts: Timeouts
    notify: Notify = ignore
    env_files: tuple[str, ...] = ()

    @property
    def journals(self) -> Journals:
        """Where its journal lies."""
        return Journals(self.environ)

    def finished_meanwhile(self) -> Result:
        """Return the result where somebody else finished it."""
        return Result(Outcome.NONE, self.journal.id, notices=("The change was finished meanwhile.",))

    def write(self, state: State) -> None:
        """Journal that it got to a state; raises OSError."""
        self.journals.write(with_state(self.journal, state))

    def current(self) -> OpenChange | None:
        """Return it with its journal read again, None where somebody finished the change meanwhile."""
        found = (other for other in self.journals.pending() if other.id == self.journal.id)
        return next((replace(self, journal=journal) for journal in found), None)
