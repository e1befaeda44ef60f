"""Everything about the password changes of one config, for front ends."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

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

Answer = TypeVar("Answer")


class RotationDraft(Protocol):
    """A plan that can be carried out by the service that made it."""

    @property
    def plan(self) -> Plan:
        """What would be done."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending change and where it stands."""

    journal: Journal
    stand: Stand


class RotationService:
    """What can be done about the passwords of one config.

    With `is_apart`, for a front end that must not wait, each call runs on a loop of its own: looking may be cancelled, and a change
    runs to its end once it has begun, whatever becomes of who asked for it. Otherwise it runs where it is awaited.
    """

    def __init__(self, load: LoadRequest, timeouts: Timeouts, *, is_apart: bool = True) -> None:
        self._load = load
        self._timeouts = timeouts
        self._is_apart = is_apart
        self._journals = Journals(load.environ)
        self.redact = Redactor()
        """Masks the passwords that were typed or generated here, which the config does not hold."""

    @property
    def audit_log(self) -> Path:
        """Where each finished change has its line."""
        return self._journals.audit_log

    @property
    def journals(self) -> Path:
        """The folder of the journals."""
        return self._journals.folder

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

        async def found() -> Pending:
            return look(self._load)

        return await self._run(found, may_stop=True)

    async def waiting(self) -> tuple[Pending, tuple[Waiting, ...]]:
        """Return what is pending, and where each of this user's changes stands: the server is asked with both passwords."""

        async def found() -> tuple[Pending, tuple[Waiting, ...]]:
            pending = look(self._load)
            stands = [Waiting(journal, await stand(journal, self._timeouts)) for journal in pending.journals]
            return pending, tuple(stands)

        return await self._run(found, may_stop=True)

    async def prepare(
        self, backend: str, terms: Terms, *, also: tuple[str, ...] = (), userlist: str | None = None
    ) -> RotationDraft:
        """Make a plan; raises ConfigError, UsageError, or RefusedError for a backend without a credential."""
        request = RotationRequest(self._load, backend, also, userlist)
        return await self._run(lambda: prepare(request, self._timeouts, terms), may_stop=True)

    async def apply(self, draft: RotationDraft, new: Secret | None, notify: Notify) -> Result:
        """Carry out a plan; raises RefusedError where nothing was changed, PendingError where the change is half done."""
        if not isinstance(draft, PreparedChange):
            raise TypeError(draft)
        return await self._run(lambda: apply(draft, self._timeouts, new=new, notify=notify), may_stop=False)

    async def recover(
        self, journal: Journal, notify: Notify, *, undo: bool = False, accepts_unchecked: bool = False
    ) -> Result:
        """Finish or undo a pending change; raises PendingError."""
        change = self._open(journal, notify)
        return await self._run(
            lambda: recover(change, undo=undo, accepts_unchecked=accepts_unchecked), may_stop=False
        )

    async def adopt(self, journal: Journal, password: Secret, notify: Notify) -> Result:
        """Write the password that works to every site of a pending change; raises PendingError."""
        return await self._run(lambda: adopt(self._open(journal, notify), password), may_stop=False)

    async def confirm(self, journal: Journal, env_files: tuple[str, ...], notify: Notify) -> Result:
        """Finish a change where every site yields the new password; raises PendingError, ConfigError.

        `env_files` are read besides those of the config.
        """
        change = self._open(journal, notify, (*self._load.env_files, *env_files))
        return await self._run(lambda: confirm(change), may_stop=False)

    def _open(self, journal: Journal, notify: Notify, env_files: tuple[str, ...] = ()) -> OpenChange:
        return OpenChange(journal, self._load.environ, self._timeouts, notify, env_files)

    async def _run(self, make: Callable[[], Coroutine[Any, Any, Answer]], *, may_stop: bool) -> Answer:
        return await (run_apart(make, may_stop=may_stop) if self._is_apart else make())
