"""A desk in memory: plans, changes and pending changes of the made-up catalog, the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from llama_storage_tui.errors import RefusedError, StorageToolError
from llama_storage_tui.files.journal import Address, Journal, JournaledFile
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import (
    Action,
    Check,
    LineChange,
    Outcome,
    Patch,
    Plan,
    Result,
    RoleCredential,
    RoleSession,
    Site,
    Terms,
    Way,
)
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.reports.rotation import expected_steps
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.pending import Pending
from llama_storage_tui.services.rotation.pending_status import PendingStanding, Stand
from llama_storage_tui.services.rotation.service import RotationDraft, RotationService, Waiting
from tests.tui.made_up import Gate

NEW = Secret("kT4mWq9ZxB2vLr7NcYh3Pf6Gs8Dj5Ea1")
OLD = Secret("tr0ub4dor-and-3")
CONFIG, ENV = "/etc/ogx/config.yaml", "prod.env"
_SINCE = datetime(2026, 11, 24, 6, 2, 11, tzinfo=UTC)


@dataclass(frozen=True)
class MemoryDraft:
    """A plan alone."""

    plan: Plan


def _site(path: str, file: str | None, line: int | None, via: str, note: str | None = None) -> Site:
    return Site(CONFIG, path, file, line, via, Action.WRITE, note)


def made_up_plan() -> Plan:
    """Return a plan that nothing stops."""
    ok = (
        ("login", "The configured password logs in."),
        ("role", "The session is ogx_app's."),
        ("primary", "The server takes changes."),
        ("direct", "The server is reached directly."),
        ("connections", "63 connections are free; 2 are needed."),
        ("passwords-checked", "A random password is refused (one attempt was made)."),
        ("drift", "No place holds another password for the same role."),
        ("by-hand", "Every place can be written from here."),
        ("sites", "3 places hold this credential or once did."),
        ("shared-variables", "No variable serves two credentials."),
        ("files", "2 files can be replaced."),
        (
            "edits",
            "A test with a password of the same form: every place reads it back, and nothing else changes.",
        ),
    )
    return Plan(
        RoleCredential(
            "7423941184022136903",
            "ogx_app",
            ("sql_default",),
            ("postgresql://db.internal:5432/ogx", "postgresql://10.2.0.7:5432/vectors"),
        ),
        (
            _site(
                "storage.backends.sql_default.password",
                ENV,
                7,
                "variable PG_PASSWORD",
                "the process environment sets it too, to the same today; the file counts",
            ),
            _site("providers.vector_io[1].config.password", CONFIG, 64, "literal"),
            _site("providers.tool_runtime[0].config.dsn", CONFIG, 79, "literal in a URI"),
        ),
        tuple(Check(name, is_ok=True, message=message) for name, message in ok),
        restart=(
            RoleSession(4711, "ogx", "10.2.0.31", "ogx", _SINCE),
            RoleSession(4712, "ogx", "10.2.0.32", "ogx", _SINCE),
            RoleSession(5120, "", "10.2.0.40", "vectors", _SINCE),
        ),
        changes=(
            LineChange(CONFIG, 64, "      password: ********", "      password: ******** (new)"),
            LineChange(
                CONFIG,
                79,
                "      dsn: postgresql://ogx_app:********@10.2.0.7:5432/vectors",
                "      dsn: postgresql://ogx_app:******** (new)@10.2.0.7:5432/vectors",
            ),
            LineChange(ENV, 7, "PG_PASSWORD=********", "PG_PASSWORD=******** (new)"),
        ),
        strategy=(
            "compute a SCRAM verifier here (4096 iterations), so that the server never logs the password",
            "ALTER ROLE ogx_app in a transaction, and log in with the old password once more before COMMIT",
            "log in with the new password through every address, then swap the files",
            "read every place again and log in with the password found there",
        ),
        privileges=("a role may change its own password without further rights",),
        connections=(37, 100),
        server_steps=("connected", "altered", "old-checked", "committed"),
    )


def made_up_patches() -> tuple[Patch, ...]:
    """Return what is left to an operator."""
    return (
        Patch(
            "variable PG_PASSWORD",
            "is set in the process environment only",
            ways=(Way.KUBERNETES_SECRET, Way.ENVIRONMENT),
            variable="PG_PASSWORD",
            config=CONFIG,
        ),
    )


def refused_plan() -> Plan:
    """Return a plan that two checks stop."""
    plan = made_up_plan()
    troubles = {
        "drift": Check(
            "drift",
            is_ok=False,
            message=f"{CONFIG}: providers.vector_io[1].config.password holds another password for the same role",
            help="Find out which password is right, and make the places agree first.",
        ),
        "files": Check(
            "files",
            is_ok=False,
            message="prod.env has 2 hard links; the other names would keep the old content",
            help="Find them with: find FOLDER -samefile FILE. Make them symbolic links.",
        ),
    }
    sites = (plan.sites[0], replace(plan.sites[1], action=Action.DRIFTED, note=None), plan.sites[2])
    return replace(
        plan,
        sites=sites,
        changes=(),
        checks=tuple(troubles.get(check.name, check) for check in plan.checks if check.name != "edits"),
    )


def made_up_journal(state: str = "prepared", patches: Sequence[Patch] = ()) -> Journal:
    """Return a pending change."""
    file = Path("/srv/ogx/prod.env")
    return Journal(
        id="20261125T091205Z-5c1f77ab",
        state=state,  # type: ignore[arg-type]
        created="2026-11-25T09:12:05Z",
        owner="ops@db-admin-1",
        request={"config": CONFIG, "also": [], "backend": "sql_default"},
        addresses=(Address("db.internal", 5432, "ogx", "ogx_app", None, None),),
        system_identifier="7423941184022136903",
        role_oid=16401,
        old=OLD,
        new=NEW,
        verifier="made up",
        files=(JournaledFile(file, "", "", file, file, ()),),
        patches=tuple(patches),
    )


STANDS = {
    PendingStanding.COMMITTED: "the server has the new password already, so that it can only be finished",
    PendingStanding.NOT_COMMITTED: "the server still has the old password: it can be finished or undone",
    PendingStanding.LOST: (
        "neither the old nor the new password logs in: somebody else changed it, or the role expired or was dropped; nothing was"
        " written"
    ),
    PendingStanding.UNCHECKED: "the server lets this role in with both passwords, so that nothing can be concluded",
    PendingStanding.STAGING: "it stopped before the server was touched; recovering removes what it left",
    PendingStanding.UNKNOWN: "whether the server took it is unknown: db.internal:5432 does not answer",
}


WAITS = "the server has the new password; the change waits until you have written that by hand and confirm it"


def waiting(standing: PendingStanding, state: str = "prepared", patches: Sequence[Patch] = ()) -> Waiting:
    """Return a pending change with its standing."""
    help_ = Advice("", Step.ADOPT_PASSWORD) if standing is PendingStanding.LOST else None
    is_open = state == "waiting" and standing is PendingStanding.COMMITTED
    sentence = WAITS if is_open else STANDS[standing]
    return Waiting(made_up_journal(state, patches), Stand(standing, sentence, help_))


@dataclass
class Call:
    """What a screen asked the desk for."""

    name: str
    facts: dict[str, object] = field(default_factory=dict)


class MemoryDesk(RotationService):
    """Answers at once, or when its gate opens; a change stops at `stop_at` until then."""

    def __init__(self) -> None:
        super().__init__(LoadRequest(CONFIG, environ={"HOME": "/home/ops"}), Timeouts())
        self.gate = Gate()
        self.plan: Plan | StorageToolError = made_up_plan()
        self.end: Result | StorageToolError | None = None
        self.stop_at: str | None = None
        self.stands: tuple[Waiting, ...] = ()
        self.calls: list[Call] = []

    @property
    def audit_log(self) -> Path:
        return Path("/home/ops/.local/state/llama-storage-tui/audit.log")

    @property
    def journals(self) -> Path:
        return Path("/home/ops/.local/state/llama-storage-tui/rotations")

    def generate(self) -> Secret:
        return self.learn(NEW)

    async def pending(self) -> Pending:
        return Pending(tuple(found.journal for found in self.stands))

    async def waiting(self) -> tuple[Pending, tuple[Waiting, ...]]:
        await self.gate.pass_through()
        return await self.pending(), self.stands

    async def prepare(
        self, backend: str, terms: Terms, *, also: tuple[str, ...] = (), userlist: str | None = None
    ) -> RotationDraft:
        self.calls.append(Call("prepare", {"terms": terms, "also": also, "userlist": userlist}))
        await self.gate.pass_through()
        if backend == "kv_default":
            raise RefusedError(
                "Backend kv_default cannot be rotated: SQLite has no credential: the owner and the mode of the file decide who"
                " and mode"
            )
        if isinstance(self.plan, StorageToolError):
            raise self.plan
        return MemoryDraft(self.plan)

    async def apply(self, draft: RotationDraft, new: Secret | None, notify: Callable[[str], None]) -> Result:
        self.calls.append(Call("apply", {"new": new}))
        return await self._end(expected_steps(draft.plan), notify)

    async def recover(
        self,
        journal: Journal,
        notify: Callable[[str], None],
        *,
        undo: bool = False,
        accepts_unchecked: bool = False,
    ) -> Result:
        del journal
        self.calls.append(Call("recover", {"undo": undo, "accepts_unchecked": accepts_unchecked}))
        return await self._end(["locked", "asked", "verified", "swapped-1", "closed"], notify)

    async def adopt(self, journal: Journal, password: Secret, notify: Callable[[str], None]) -> Result:
        del journal
        self.calls.append(Call("adopt", {"password": password}))
        return await self._end(["adopted", "verified", "swapped-1", "closed"], notify)

    async def confirm(
        self, journal: Journal, env_files: tuple[str, ...], notify: Callable[[str], None]
    ) -> Result:
        del journal
        self.calls.append(Call("confirm", {"env_files": env_files}))
        return await self._end(["locked", "asked", "verified", "read-again", "closed"], notify)

    async def _end(self, steps: Sequence[str], notify: Callable[[str], None]) -> Result:
        for step in steps:
            if step == self.stop_at:
                await self.gate.pass_through()
                if isinstance(self.end, StorageToolError):
                    raise self.end
            notify(step)
        if isinstance(self.end, StorageToolError):
            raise self.end
        plan = made_up_plan()
        return self.end or Result(Outcome.APPLIED, "20261125T091205Z-5c1f77ab", plan.restart)
