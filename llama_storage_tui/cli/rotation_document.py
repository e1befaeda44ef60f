"""The JSON of `rotate`."""

from __future__ import annotations

from typing import Literal

from llama_storage_tui.cli.documents import Document, Time
from llama_storage_tui.model.rotation import Plan


class CredentialGroupBody(Document):
    """One role on one server.

    `server` is the system identifier of PostgreSQL, the replica set of MongoDB, or a location where no login told it; a role of
    MongoDB is written USER@DATABASE.
    """

    server: str
    role: str
    backends: list[str]
    locations: list[str]


class SiteBody(Document):
    """A place that holds the password; `path` reads it, `file` and `line` are where it is written."""

    config: str
    path: str
    file: str | None
    line: int | None
    via: str
    action: Literal["write", "drifted", "by-hand", "leave", "unknown"]
    note: str | None


class RotationCheckBody(Document):
    """Something that was looked at before anything is touched."""

    name: str
    ok: bool
    message: str
    help: str | None


class SessionBody(Document):
    """A session of the role, whose process needs a restart afterwards."""

    pid: int
    application: str
    client: str | None
    database: str | None
    since: Time


class LineChangeBody(Document):
    """A line before and after, passwords masked."""

    file: str
    line: int
    before: str
    after: str


class PatchBody(Document):
    """What the operator does at a place that is not written from here; the line before and after is masked."""

    place: str
    reason: str
    change: LineChangeBody | None
    ways: list[str]


class ConnectionsBody(Document):
    """How many connections the server has, and how many ordinary roles may have."""

    now: int
    maximum: int


class RotationPlanBody(Document):
    """What a rotation would do."""

    credential: CredentialGroupBody
    sites: list[SiteBody]
    checks: list[RotationCheckBody]
    restart: list[SessionBody]
    changes: list[LineChangeBody]
    strategy: list[str]
    privileges: list[str]
    connections: ConnectionsBody | None
    """None where the server does not tell."""

    @classmethod
    def of(cls, plan: Plan) -> RotationPlanBody:
        """Make the body of a plan."""
        return cls(
            credential=CredentialGroupBody.model_validate(plan.credential),
            sites=[SiteBody.model_validate(site) for site in plan.sites],
            checks=[RotationCheckBody.model_validate(check) for check in plan.checks],
            restart=[SessionBody.model_validate(session) for session in plan.restart],
            changes=[LineChangeBody.model_validate(change) for change in plan.changes],
            strategy=list(plan.strategy),
            privileges=list(plan.privileges),
            connections=None
            if plan.connections is None
            else ConnectionsBody(now=plan.connections[0], maximum=plan.connections[1]),
        )


class RotateDocument(Document):
    """The answer of `rotate`."""

    plan: RotationPlanBody | None
    """None for --status and --recover."""
    outcome: Literal["none", "applied", "refused", "pending", "recovered", "undone"]
    journal: str | None
    next: str | None
    restart: list[SessionBody]
    """Sessions that were opened with the old password; empty where nothing was changed."""
    notices: list[str]
    by_hand: list[PatchBody]
    """What is left to the operator, in a plan or in a change that waits for it."""
    waiting: list[str]
    """A sentence for each place that does not yield the new password yet."""
    verified: bool
    """Whether logins proved the outcome: false where the server takes any password, and that was accepted."""
    password: str | None
    """The new password where --show or --new-password asks for it."""
