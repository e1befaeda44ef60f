"""The JSON of `fleet`. Keys may be added, never renamed or dropped."""

from __future__ import annotations

from typing import Annotated, Literal

from llama_storage_tui.cli.documents import (
    Document,
    ErrorBody,
    FleetFindingBody,
    From,
    Made,
    VerdictBody,
    VersionBody,
)
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.model.fleet import FleetReport
from llama_storage_tui.services.fleet.contact import FleetContact
from llama_storage_tui.services.fleet.member import FleetMember


class FleetBackendBody(Document):
    """A backend of one config."""

    name: str
    type: str
    family: Literal["kv", "sql", "unknown"]
    location: str


class FindingCounts(Document):
    """How many findings of each severity `check` has on the config."""

    error: int
    warning: int
    info: int


def _counts(member: FleetMember) -> FindingCounts:
    found = [] if member.catalog is None else [finding.severity for finding in member.catalog.findings]
    return FindingCounts(**{severity.value: found.count(severity) for severity in Severity})


class FleetConfigBody(Document):
    """One config of the fleet."""

    config: Annotated[str, From("name")]
    distribution: Annotated[str | None, From("catalog.distribution")]
    version: Annotated[VersionBody, From("catalog.version")]
    verdict: Annotated[VerdictBody, From("catalog.verdict")]
    backends: Annotated[list[FleetBackendBody], From("catalog.backends")]
    findings: Annotated[FindingCounts, Made(_counts)]


class FleetErrorBody(Document):
    """A config of the fleet that cannot be read."""

    config: Annotated[str, From("name")]
    error: ErrorBody


class FleetServerBody(Document):
    """A server or file that configs connect to; `identity` is what it says of itself, null where nothing was asked or said."""

    identity: str | None
    spellings: list[str]
    configs: list[str]


class CollisionBody(Document):
    """What several configs use in one store, or the role that they log in as; `name` is that of the table, namespace or role."""

    kind: Literal["table", "namespace", "keys", "form", "password", "rotation"]
    backend: str
    place: str
    name: str
    configs: list[str]


class DriftedValueBody(Document):
    """What one config says; null where it says nothing. Equal numbers of `alike` are equal values, also where they are masked."""

    config: str
    value: str | None
    alike: int


class DriftBody(Document):
    """A setting that differs between configs of one distribution."""

    path: str
    values: list[DriftedValueBody]


class UnansweredBody(Document):
    """A server that did not say who it is, and why."""

    spelling: str
    configs: list[str]
    message: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """The configs of a fleet and what was found; `contact` is None where no server was to be contacted."""

    members: tuple[FleetMember, ...]
    report: FleetReport
    contact: FleetContact | None = None


def _configs(fleet: Fleet) -> list[FleetConfigBody | FleetErrorBody]:
    return [
        FleetErrorBody.model_validate(member)
        if member.error is not None
        else FleetConfigBody.model_validate(member)
        for member in fleet.members
    ]


class FleetDocument(Document):
    """The answer of `fleet`; one config that cannot be read has its error in place."""

    configs: Annotated[list[FleetConfigBody | FleetErrorBody], Made(_configs)]
    servers: Annotated[list[FleetServerBody], From("report.servers")]
    files: Annotated[list[FleetServerBody], From("report.files")]
    collisions: Annotated[list[CollisionBody], From("report.collisions")]
    drift: Annotated[list[DriftBody], From("report.drift")]
    findings: Annotated[list[FleetFindingBody], From("report.findings")]
    contacted: Annotated[bool, Made(lambda fleet: fleet.contact is not None)]
    unanswered: Annotated[
        list[UnansweredBody],
        Made(lambda fleet: fleet.contact.unanswered if fleet.contact is not None else ()),
    ]
