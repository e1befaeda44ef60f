"""The JSON of errors, `check` and `show`: models that `schema COMMAND` prints. Keys may be added, never renamed or dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model import catalog as model
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.model.version import VersionGuess
from llama_storage_tui.secrets import MASK, Secret
from llama_storage_tui.services.values import to_json


class Document(BaseModel):
    """A JSON object of the interface."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def json_value(value: object) -> JsonValue:
    """Turn a plain value into one that every JSON reader takes."""
    converted: JsonValue = to_json(value)  # type: ignore[assignment] # to_json gives JSON values only
    return converted


def iso(time: datetime) -> str:
    """Write a time of the program's own: ISO 8601 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


class ErrorBody(Document):
    """What went wrong."""

    kind: Literal["usage", "config", "backend", "not-found", "refused", "pending", "internal"]
    message: str
    where: str | None
    help: str | None


class ErrorDocument(Document):
    """The answer of a command that failed, in JSON mode."""

    error: ErrorBody

    @classmethod
    def of(cls, error: StorageToolError) -> ErrorDocument:
        """Make the document of an error."""
        kind: str = error.kind
        return cls.model_validate(
            {"error": {"kind": kind, "message": error.message, "where": error.where, "help": error.help}}
        )


class VersionBody(Document):
    """The server version that was guessed or chosen."""

    guess: str
    range: tuple[str, str | None]
    because: list[str]
    for_: str = Field(alias="for")

    @classmethod
    def of(cls, version: VersionGuess) -> VersionBody:
        """Make the body of a guess."""
        below = None if version.below is None else str(version.below)
        return cls(
            guess=str(version.guess),
            range=(str(version.low), below),
            because=list(version.because),
            for_=str(version.chosen),
        )


class VerdictBody(Document):
    """What a server of that version does with the file."""

    load: Literal["accept", "reject"]
    start: Literal["ok", "fail"] | None


class FindingBody(Document):
    """One finding."""

    rule: str
    severity: Literal["error", "warning", "info"]
    stage: Literal["load", "start", "never"]
    where: str
    line: int | None
    message: str
    help: str | None

    @classmethod
    def of(cls, finding: Finding) -> FindingBody:
        """Make the body of a finding."""
        return cls(
            rule=finding.rule,
            severity=finding.severity.value,
            stage=finding.stage.value,
            where=finding.where,
            line=finding.line,
            message=finding.message,
            help=finding.help,
        )


class CheckDocument(Document):
    """The answer of `check` on one config."""

    config: str
    version: VersionBody
    verdict: VerdictBody
    findings: list[FindingBody]

    @classmethod
    def of(cls, catalog: model.Catalog, more: tuple[Finding, ...] = ()) -> CheckDocument:
        """Make the document; `more` are findings of the data."""
        starts = catalog.verdict.starts
        return cls(
            config=catalog.config,
            version=VersionBody.of(catalog.version),
            verdict=VerdictBody(
                load="accept" if catalog.verdict.loads else "reject",
                start=None if starts is None else "ok" if starts else "fail",
            ),
            findings=[FindingBody.of(finding) for finding in (*catalog.findings, *more)],
        )


class ManyChecks(Document):
    """The answer of `check` on several configs; one that cannot be read has its error in place."""

    configs: list[CheckDocument | ErrorDocument]


class SourceBody(Document):
    """Where a credential comes from."""

    kind: Literal["none", "literal", "variable", "default"]
    variable: str | None
    file: str | None
    line: int | None


class CredentialBody(Document):
    """Who a backend logs in as."""

    user: str | None
    field: str | None
    source: SourceBody


class BackendBody(Document):
    """A backend of the catalog."""

    name: str
    type: str
    family: Literal["kv", "sql", "unknown"]
    location: str
    settings: dict[str, JsonValue]
    credential: CredentialBody
    references: list[str]

    @classmethod
    def of(cls, catalog: model.Catalog, backend: model.Backend) -> BackendBody:
        """Make the body of a backend."""
        source = backend.credential.source
        return cls(
            name=backend.name,
            type=backend.type,
            family=backend.family.value,
            location=backend.location,
            settings={setting.name: _setting(setting) for setting in backend.settings},
            credential=CredentialBody(
                user=backend.credential.user,
                field=backend.credential.field,
                source=SourceBody(
                    kind=source.kind.value, variable=source.variable, file=source.file, line=source.line
                ),
            ),
            references=[reference.path for reference in catalog.references_to(backend.name)],
        )


def _setting(setting: model.Setting) -> JsonValue:
    if not setting.is_resolved:
        return setting.expression
    return MASK if isinstance(setting.value, Secret) else json_value(setting.value)


class PhysicalBody(Document):
    """Where the rows really are."""

    container: str
    tables: list[str]
    prefixes: list[str]


class ReferenceBody(Document):
    """A reference to a backend."""

    path: str
    kind: Literal["store", "provider", "server", "implicit"]
    name: str
    enabled: bool
    defaulted: bool
    family: Literal["kv", "sql", "unknown"]
    backend: str | None
    namespace: str | None
    table: str | None
    physical: PhysicalBody | None

    @classmethod
    def of(cls, reference: model.Reference) -> ReferenceBody:
        """Make the body of a reference."""
        physical = reference.physical
        return cls(
            path=reference.path,
            kind=reference.kind.value,
            name=reference.name,
            enabled=reference.is_enabled,
            defaulted=reference.is_defaulted,
            family=reference.family.value,
            backend=reference.backend,
            namespace=reference.namespace,
            table=reference.table,
            physical=None
            if physical is None
            else PhysicalBody(
                container=physical.container, tables=list(physical.tables), prefixes=list(physical.prefixes)
            ),
        )


class ShowDocument(Document):
    """The answer of `show`."""

    config: str
    distribution: str | None
    version: VersionBody
    backends: list[BackendBody]
    references: list[ReferenceBody]

    @classmethod
    def of(cls, catalog: model.Catalog) -> ShowDocument:
        """Make the document of a catalog."""
        return cls(
            config=catalog.config,
            distribution=catalog.distribution,
            version=VersionBody.of(catalog.version),
            backends=[BackendBody.of(catalog, backend) for backend in catalog.backends],
            references=[ReferenceBody.of(reference) for reference in catalog.references],
        )
