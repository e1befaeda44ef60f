"""The JSON of every command: models whose schemas `schema COMMAND` prints. Keys may be added, never renamed or dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model import catalog as model
from llama_storage_tui.model.data import Count, KeyEntry, Namespace, RowPage, StoredValue
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.model.version import VersionGuess
from llama_storage_tui.secrets import MASK, Secret
from llama_storage_tui.services.browse import NamespaceListing, TableEntry
from llama_storage_tui.services.probe import ProbeResult
from llama_storage_tui.services.values import cell_to_json, stored_to_json, to_json


class Document(BaseModel):
    """A JSON object of the interface."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def _json(value: object) -> JsonValue:
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
    return MASK if isinstance(setting.value, Secret) else _json(setting.value)


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


class ProbeErrorBody(Document):
    """Why a backend did not answer."""

    kind: str
    message: str
    help: str | None


class ProbeBody(Document):
    """One backend's answer to `test`."""

    backend: str
    ok: bool
    latency_ms: float | None
    server: str | None
    user: str | None
    tls: str | None
    writable: bool | None
    details: dict[str, JsonValue]
    error: ProbeErrorBody | None

    @classmethod
    def of(cls, result: ProbeResult) -> ProbeBody:
        """Make the body of a result."""
        probe, error = result.probe, result.error
        return cls(
            backend=result.backend,
            ok=result.is_ok,
            latency_ms=None if probe is None else round(probe.latency_ms, 1),
            server=probe.server if probe else None,
            user=probe.user if probe else None,
            tls=probe.tls if probe else None,
            writable=probe.is_writable if probe else None,
            details={}
            if probe is None
            else {name.replace(" ", "_"): _json(value) for name, value in probe.details.items()}
            | ({"warnings": list(probe.warnings)} if probe.warnings else {}),
            error=None
            if error is None
            else ProbeErrorBody(kind=error.failure.value, message=error.message, help=error.help),
        )


class TestDocument(Document):
    """The answer of `test`."""

    results: list[ProbeBody]


class NamespaceBody(Document):
    """A namespace with its keys counted; `keys` is null where no key can be told to be its own."""

    name: str
    keys: int | None
    exact: bool
    referenced_by: list[str]

    @classmethod
    def of(cls, namespace: Namespace) -> NamespaceBody:
        """Make the body of a namespace."""
        return cls(
            name=namespace.name,
            keys=namespace.keys.value if namespace.keys else None,
            exact=namespace.keys.is_exact if namespace.keys else False,
            referenced_by=list(namespace.referenced_by),
        )


class UnassignedBody(Document):
    """The keys outside every known namespace."""

    keys: int
    exact: bool


class NamespacesDocument(Document):
    """The answer of `namespaces`."""

    backend: str
    namespaces: list[NamespaceBody]
    unassigned: UnassignedBody

    @classmethod
    def of(cls, listing: NamespaceListing) -> NamespacesDocument:
        """Make the document of a listing."""
        rest = listing.unassigned.keys or Count(0, is_exact=True)
        return cls(
            backend=listing.backend,
            namespaces=[NamespaceBody.of(namespace) for namespace in listing.namespaces],
            unassigned=UnassignedBody(keys=rest.value, exact=rest.is_exact),
        )


class KeyBody(Document):
    """One key; bytes and NULL keys of a broken store are `{"$bytes"}` and null."""

    key: JsonValue
    bytes: int | None
    expires_at: str | None
    expired: bool

    @classmethod
    def of(cls, entry: KeyEntry) -> KeyBody:
        """Make the body of a key."""
        return cls(
            key=_json(entry.key),
            bytes=entry.bytes,
            expires_at=iso(entry.expires_at) if entry.expires_at else entry.expiration_text,
            expired=entry.is_expired,
        )


class KeysDocument(Document):
    """The answer of `keys`."""

    keys: list[KeyBody]
    next: str | None
    complete: bool
    scanned: int


class GetDocument(Document):
    """The answer of `get`."""

    key: JsonValue
    value: JsonValue
    bytes: int | None
    expires_at: str | None

    @classmethod
    def of(cls, stored: StoredValue) -> GetDocument:
        """Make the document of a value."""
        key = KeyBody.of(stored.entry)
        value: JsonValue = stored_to_json(stored.value)  # type: ignore[assignment] # as in _json
        return cls(key=key.key, value=value, bytes=key.bytes, expires_at=key.expires_at)


class ColumnBody(Document):
    """A column of a table."""

    name: str
    type: str
    primary_key: bool
    nullable: bool


class TableBody(Document):
    """A table; `rows` is null where counting was not asked for and no estimate exists."""

    name: str
    rows: int | None
    exact: bool
    columns: list[ColumnBody]
    referenced_by: list[str]

    @classmethod
    def of(cls, entry: TableEntry) -> TableBody:
        """Make the body of a table."""
        count = entry.table.rows
        return cls(
            name=entry.table.name,
            rows=count.value if count else None,
            exact=count.is_exact if count else False,
            columns=[
                ColumnBody(
                    name=column.name,
                    type=column.type,
                    primary_key=column.is_primary_key,
                    nullable=column.is_nullable,
                )
                for column in entry.table.columns
            ],
            referenced_by=list(entry.referenced_by),
        )


class TablesDocument(Document):
    """The answer of `tables`."""

    backend: str
    tables: list[TableBody]


class RowsDocument(Document):
    """The answer of `rows`."""

    columns: list[str]
    rows: list[dict[str, JsonValue]]
    next: str | None
    complete: bool

    @classmethod
    def of(cls, page: RowPage) -> RowsDocument:
        """Make the document of a page."""
        rows: list[dict[str, JsonValue]] = [
            {
                column.name: cell_to_json(cell, is_json=column.is_json)  # type: ignore[misc] # as in _json
                for column, cell in zip(page.columns, row, strict=True)
            }
            for row in page.rows
        ]
        return cls(
            columns=[column.name for column in page.columns],
            rows=rows,
            next=page.next,
            complete=page.is_complete,
        )


DOCUMENTS: dict[str, type[Document]] = {
    "check": CheckDocument,
    "show": ShowDocument,
    "test": TestDocument,
    "namespaces": NamespacesDocument,
    "keys": KeysDocument,
    "get": GetDocument,
    "tables": TablesDocument,
    "rows": RowsDocument,
    "error": ErrorDocument,
}
