"""Everything about the password changes of one config, for front ends.

Looking may be cancelled. A change runs to its end once it has begun, whatever becomes of who asked for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from llama_storage_tui.backends.protocols import Notify
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.files.journal import Journal, Journals
from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import Plan, Result, Terms
from llama_storage_tui.secrets import Redactor, Secret
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.adopt import adopt
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.password import generate
from llama_storage_tui.services.rotation.pending import Pending, look
from llama_storage_tui.services.rotation.pending_status import Stand, stand
from llama_storage_tui.services.rotation.plan import PreparedChange, prepare
from llama_storage_tui.services.rotation.recover import confirm, recover
from llama_storage_tui.services.rotation.sources import RotationRequest
from llama_storage_tui.services.startup.background_loop import run_apart


class RotationDraft(Protocol):
    """A plan that can be carried out by the service that made it."""

    @property
    def plan(self) -> Plan:
        """What would be done."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending change and where it stands."""

    journal: Journal
    stand: Stand


class PasswordChanges:
    """What can be done about the passwords of one config, for a front end that waits."""

    def __init__(self, load: LoadRequest, timeouts: Timeouts) -> None:
        self._load = load
        self._timeouts = timeouts
        self.journals = Journals(load.environ)

    def pending(self) -> Pending:
        """Return what is pending for the config; raises RefusedError."""
        return look(self._load)

    async def waiting(self) -> tuple[Pending, tuple[Waiting, ...]]:
        """Return what is pending, and where each of this user's changes stands: the server is asked with both passwords."""
        found = look(self._load)
        stands = [Waiting(journal, await stand(journal, self._timeouts)) for journal in found.journals]
        return found, tuple(stands)

    async def prepare(
        self, backend: str, terms: Terms, *, also: tuple[str, ...] = (), userlist: str | None = None
    ) -> PreparedChange:
        """Make a plan; raises ConfigError, UsageError, or RefusedError for a backend without a credential."""
        return await prepare(RotationRequest(self._load, backend, also, userlist), self._timeouts, terms)

    async def apply(self, draft: RotationDraft, new: Secret | None, notify: Notify) -> Result:
        """Carry out a plan; raises RefusedError where nothing was changed, PendingError where the change is half done."""
        if not isinstance(draft, PreparedChange):
            raise TypeError(draft)
        return await apply(draft, self._timeouts, new=new, notify=notify)

    async def recover(
        self, journal: Journal, notify: Notify, *, undo: bool = False, accepts_unchecked: bool = False
    ) -> Result:
        """Finish or undo a pending change; raises PendingError."""
        return await recover(self._open(journal, notify), undo=undo, accepts_unchecked=accepts_unchecked)

    async def adopt(self, journal: Journal, password: Secret, notify: Notify) -> Result:
        """Write the password that works to every site of a pending change; raises PendingError."""
        return await adopt(self._open(journal, notify), password)

    async def confirm(self, journal: Journal, env_files: tuple[str, ...], notify: Notify) -> Result:
        """Finish a change where every site yields the new password; raises PendingError, ConfigError.

        `env_files` are read besides those of the config.
        """
        return await confirm(self._open(journal, notify, (*self._load.env_files, *env_files)))

    def _open(self, journal: Journal, notify: Notify, env_files: tuple[str, ...] = ()) -> OpenChange:
        return OpenChange(journal, self._load.environ, self._timeouts, notify, env_files)


class RotationService:
    """The same for a front end that must not wait: each call runs apart, and a change to its end once it has begun."""

    def __init__(self, load: LoadRequest, timeouts: Timeouts) -> None:
        self._changes = PasswordChanges(load, timeouts)
        self.redact = Redactor()
        """Masks the passwords that were typed or generated here, which the config does not hold."""

    @property
    def audit_log(self) -> Path:
        """Where each finished change has its line."""
        return self._changes.journals.audit_log

    @property
    def journals(self) -> Path:
        """The folder of the journals."""
        return self._changes.journals.folder

    def learn(self, secret: Secret) -> Secret:
        """Mask a password in everything that is logged or shown from here on; return it."""
        self.redact.add(secret)
        learn_secrets([secret])
        return secret

    def generate(self) -> Secret:
        """Return a new password."""
        return self.learn(generate())

    async def pending(self) -> Pending:
        """Return what is pending for the config; raises RefusedError."""
        return await run_apart(self._look, may_stop=True)

    async def _look(self) -> Pending:
        return self._changes.pending()

    async def waiting(self) -> tuple[Pending, tuple[Waiting, ...]]:
        """Return what is pending, and where each of this user's changes stands: the server is asked with both passwords."""
        return await run_apart(self._changes.waiting, may_stop=True)

    async def prepare(
        self, backend: str, terms: Terms, *, also: tuple[str, ...] = (), userlist: str | None = None
    ) -> RotationDraft:
        """Make a plan; raises ConfigError, UsageError, or RefusedError for a backend without a credential."""
        return await run_apart(
            lambda: self._changes.prepare(backend, terms, also=also, userlist=userlist), may_stop=True
        )

    async def apply(self, draft: RotationDraft, new: Secret | None, notify: Notify) -> Result:
        """Carry out a plan; raises RefusedError where nothing was changed, PendingError where the change is half done."""
        return await run_apart(lambda: self._changes.apply(draft, new, notify), may_stop=False)

    async def recover(
        self, journal: Journal, notify: Notify, *, undo: bool = False, accepts_unchecked: bool = False
    ) -> Result:
        """Finish or undo a pending change; raises PendingError."""
        return await run_apart(
            lambda: self._changes.recover(journal, notify, undo=undo, accepts_unchecked=accepts_unchecked),
            may_stop=False,
        )

    async def adopt(self, journal: Journal, password: Secret, notify: Notify) -> Result:
        """Write the password that works to every site of a pending change; raises PendingError."""
        return await run_apart(lambda: self._changes.adopt(journal, password, notify), may_stop=False)

    async def confirm(self, journal: Journal, env_files: tuple[str, ...], notify: Notify) -> Result:
        """Finish a change where every site yields the new password; raises PendingError, ConfigError."""
        return await run_apart(lambda: self._changes.confirm(journal, env_files, notify), may_stop=False)
