"""The JSON of `rotate`."""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated, Literal

from llama_storage_tui.cli.documents import Document, From, HelpText, Made, Time
from llama_storage_tui.cli.next_steps import finishing_command, password_command
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.rotation import Patch, Plan, Result
from llama_storage_tui.reports.rotation import way_sentences


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
    help: HelpText


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
    ways: Annotated[list[str], Made(lambda patch: way_sentences(patch, password_command))]


class ConnectionsBody(Document):
    """How many connections the server has, and how many ordinary roles may have."""

    now: Annotated[int, Made(itemgetter(0))]
    maximum: Annotated[int, Made(itemgetter(1))]


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


@dataclass(frozen=True, slots=True)
class Answer:
    """What `rotate` answers with: `plan` is None for --status and --recover, `password` unless it was asked for."""

    plan: Plan | None
    result: Result
    patches: tuple[Patch, ...]
    password: str | None


def _command(answer: Answer) -> str | None:
    step = answer.result.next
    return None if step is None else finishing_command(step.step, step.of)


class RotateDocument(Document):
    """The answer of `rotate`."""

    plan: RotationPlanBody | None
    """None for --status and --recover."""
    outcome: Annotated[
        Literal["none", "applied", "refused", "pending", "recovered", "undone"], From("result.outcome")
    ]
    journal: Annotated[str | None, Made(lambda answer: answer.result.journal or None)]
    next: Annotated[str | None, Made(_command)]
    restart: Annotated[list[SessionBody], From("result.restart")]
    """Sessions that were opened with the old password; empty where nothing was changed."""
    notices: Annotated[list[str], From("result.notices")]
    by_hand: Annotated[list[PatchBody], From("patches")]
    """What is left to the operator, in a plan or in a change that waits for it."""
    waiting: Annotated[list[str], From("result.waiting")]
    """A sentence for each place that does not yield the new password yet."""
    verified: Annotated[bool, From("result.is_verified")]
    """Whether logins proved the outcome: false where the server takes any password, and that was accepted."""
    password: str | None
    """The new password where --show or --new-password asks for it."""
