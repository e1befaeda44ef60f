"""What a rotation is about, in the operator's words: one role on one server, the places that hold its password, the plan."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.next_steps import Advice, Help
from llama_storage_tui.secrets import Secret


class Action(StrEnum):
    """What happens to a place."""

    WRITE = "write"
    DRIFTED = "drifted"
    """It holds another password for the same role: never overwritten silently."""
    BY_HAND = "by-hand"
    """This program cannot write it."""
    LEAVE = "leave"
    """It holds something else and is not in use."""
    UNKNOWN = "unknown"
    """Whose password it is cannot be told from here."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator chose beforehand; the defaults change server and files, and stop wherever that cannot be done safely."""

    proof: Secret | None = None
    """The password that the server has already, where only the files are to change."""
    is_server_only: bool = False
    """Change the server and leave every place to the operator; the change stays open until it is confirmed."""
    hands_over: bool = False
    """Leave to the operator what cannot be written here, in place of stopping; it stays open until it is confirmed."""
    accepts_unchecked: bool = False
    """Continue where the server lets the role in with any password, so that nothing can be verified."""

    @property
    def changes_server(self) -> bool:
        """Whether the server's password changes."""
        return self.proof is None


@dataclass(frozen=True, slots=True)
class Site:
    """One place that holds the password: `path` is the field that reads it, `file` and `line` are where it is written.

    `via` says how it gets from there to the field: `literal`, `variable X`, `default of X`, each possibly `in a URI`.
    """

    config: str
    path: str
    file: str | None
    line: int | None
    via: str
    action: Action
    note: str | None = None
    variable: str | None = None
    is_encoded: bool = False
    """Whether the place is inside a URI, where a password is percent-encoded."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at before anything is touched; one that is not ok stops the rotation."""

    name: str
    is_ok: bool
    message: str
    help: Help | None = None


@dataclass(frozen=True, slots=True)
class RoleSession:
    """A session of the role on the server: its process keeps working with the old login, and fails at its next one."""

    pid: int
    application: str
    client: str | None
    database: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What the server says about the role and itself, and what its engine makes of that."""

    system_identifier: str
    role_oid: int
    started: str
    """When or as what this very server process started: a restored copy has the same identifier and another start."""
    is_replica: bool
    checks: tuple[Check, ...] = ()
    """What must hold before anything else is tried."""
    change_checks: tuple[Check, ...] = ()
    """What must hold besides where the server is to be changed."""
    strategy: tuple[str, ...] = ()
    """How the server would be changed, in sentences."""
    steps: tuple[str, ...] = ()
    """The steps of that."""
    privileges: tuple[str, ...] = ()
    """What the role may do about its own password."""
    notices: tuple[str, ...] = ()
    unchecked: tuple[str, Help] = ("", "")
    """How a server of this engine comes to check no password, and what to do about that."""
    is_read_only: bool = False
    """Whether it takes no changes from this role, replica or not."""
    scram_iterations: int | None = None
    """For a verifier that is computed here; None where the server is given the password and makes its own."""
    connections: tuple[int, int] | None = None
    """How many connections the server has now, and how many it takes at most."""
    sessions: tuple[RoleSession, ...] = ()

    def is_copy_of(self, other: RoleFacts) -> bool:
        """Tell whether this is another server made from the other's files: it takes its own passwords from now on.

        A standby is none: it takes them over.
        """
        return self.identity == other.identity and self.started != other.started and not self.is_replica

    @property
    def identity(self) -> tuple[str, int]:
        """What makes two logins one credential, whatever host they name."""
        return self.system_identifier, self.role_oid


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What a server is asked for: the password of the role `identity` becomes `new` where it is `old`.

    `verifier` is what a server that takes one is sent in place of the password, empty for another.
    """

    identity: tuple[str, int]
    old: Secret
    new: Secret
    verifier: str = field(default="", repr=False)


class LoginState(StrEnum):
    """What an attempt to log in says about the password."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """The attempt failed for a reason that says nothing about the password: infer nothing."""


class StoredForm(StrEnum):
    """How a PostgreSQL server keeps a password."""

    MD5 = "md5"
    SCRAM = "SCRAM"


class CommitState(StrEnum):
    """What is known of a change after the server was asked for it."""

    COMMITTED = "committed"
    UNKNOWN = "unknown"
    """The answer got lost: logins will tell."""


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """The answer to one attempt; `message` is why there is no session, None where there is one."""

    state: LoginState
    message: str | None = None


@dataclass(frozen=True, slots=True)
class RoleCredential:
    """One role on one server. `server` is how it tells itself from others, or its location where no login told it."""

    server: str
    role: str
    backends: tuple[str, ...]
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of a file before and after, passwords masked."""

    file: str
    line: int
    before: str
    after: str


class Way(StrEnum):
    """How an operator gets the new password to where this program does not write it."""

    PIPE = "pipe"
    """From this program's output into whatever takes it."""
    URI = "uri"
    """As a part of a URI that a variable holds."""
    KUBERNETES_SECRET = "kubernetes-secret"  # noqa: S105 - a way, not a secret
    ENV_FILE = "env-file"
    """Of compose or systemd."""
    ENVIRONMENT = "environment"
    """Of a compose service or a systemd unit."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What the operator does where nothing is written from here: a line of a file, or a variable. It holds no secret.

    `ways` lead there, the same for all patches of one file and said with the first; `config` is the run config by which the change
    is found again. A way that is a text is the sentence of an earlier release's journal.
    """

    place: str
    """A file with its line, `variable X`, or a field of a config."""
    reason: str
    change: LineChange | None = None
    ways: tuple[Way | str, ...] = ()
    variable: str | None = None
    """The variable of the process environment that carries the password, where it is one."""
    config: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rotation would do. Nothing was touched to make it but one wrong password at the server."""

    credential: RoleCredential
    sites: tuple[Site, ...]
    checks: tuple[Check, ...]
    restart: tuple[RoleSession, ...] = ()
    changes: tuple[LineChange, ...] = ()
    strategy: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    connections: tuple[int, int] | None = None
    """How many connections the server has now, and how many it takes at most."""
    config_notices: tuple[Notice, ...] = ()
    notices: tuple[str, ...] = ()
    patches: tuple[Patch, ...] = ()
    """What is left to the operator, after the server has changed and before the change is confirmed."""
    server_steps: tuple[str, ...] = ()
    """The steps at the server; none where only files change."""

    @property
    def refusal(self) -> Check | None:
        """The first check that stops the rotation, None where none does."""
        return next((check for check in self.checks if not check.is_ok), None)


class Outcome(StrEnum):
    """How a rotation or a recovery ended."""

    NONE = "none"
    APPLIED = "applied"
    REFUSED = "refused"
    PENDING = "pending"
    RECOVERED = "recovered"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a rotation: its journal, what is to be restarted, and what the operator should know."""

    outcome: Outcome
    journal: str
    restart: tuple[RoleSession, ...] = ()
    notices: tuple[str, ...] = ()
    patches: tuple[Patch, ...] = ()
    """What the operator has yet to do, where the change waits for that."""
    waiting: tuple[str, ...] = ()
    """A sentence for each place that does not yield the new password yet."""
    next: Advice | None = None
    """What goes on with the change, where it is pending."""
    is_verified: bool = True
    """Whether logins proved what this says; False where the server takes any password."""
