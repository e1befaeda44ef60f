"""The storage catalog of one run config: backends, the references to them, and where each value came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import AccessRules
from llama_storage_tui.model.finding import Finding, Verdict
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.version import VersionGuess
from llama_storage_tui.secrets import Concealed, Secret


class Family(StrEnum):
    """How a backend keeps things: keys and values, or tables."""

    KV = "kv"
    SQL = "sql"
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """Where a value came from."""

    NONE = "none"
    """The field is not set in the file; the server fills in its own default."""
    LITERAL = "literal"
    VARIABLE = "variable"
    DEFAULT = "default"
    """The default of an `${env.X:=default}` expression, because X is unset or empty."""


@dataclass(frozen=True, slots=True)
class ValueSource:
    """Where a value came from: its kind, the variable if one is involved, and the file and line that decide it.

    For a variable that an env file sets, `file` and `line` are the env file's; for one of the process environment both are
    None; else they are the run config's. Lines count from 1.
    """

    kind: SourceKind
    variable: str | None = None
    file: str | None = None
    line: int | None = None


NOT_SET = ValueSource(SourceKind.NONE)
NO_RULES = AccessRules(problem="the config has not been judged yet")

Scalar = str | int | float | bool | None
SettingValue = Scalar | Secret | list[object] | dict[str, object]


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a backend: its resolved value (a Secret where it is one) and where that came from.

    `expression` is the text in the file where that is an `${env…}` expression, with defaults of secrets masked; `is_resolved`
    is False where a variable is missing; `is_known` False where no server of that version reads the field.
    """

    name: str
    value: SettingValue
    source: ValueSource
    expression: str | None = None
    is_known: bool = True
    is_resolved: bool = True
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """Who a backend logs in as, and which field of the config holds the secret (None: there is none)."""

    user: str | None = None
    field: str | None = None
    source: ValueSource = NOT_SET


@dataclass(frozen=True, slots=True)
class Backend:
    """A named entry of `storage.backends`, or an inline store of a v0.2 config.

    `type` is as written (possibly unknown); `location` is a file path or `postgresql://HOST:PORT/DB` and never holds a
    secret; `target` is what an engine connects to, None where that cannot be told, in which case `problem` says why.
    """

    name: str
    type: str
    family: Family
    location: str
    settings: tuple[Setting, ...]
    credential: Credential
    target: Target | None = field(repr=False)
    problem: str | None = None
    path: str = ""
    line: int | None = None
    is_inline: bool = False
    """A snippet of a v0.2 config: the store's own settings, not an entry of a catalog."""
    is_implied: bool = False
    """Filled in by the server: the file does not name it."""
    unlike_config: tuple[str, ...] = ()
    """Sentences for a test: where its connection, or a server's, is not what the settings say."""
    cannot_connect: str | None = None
    """Why a server of that version cannot connect, though this program can; None where it can."""

    def value_of(self, name: str) -> SettingValue:
        """Return the value of a setting; None where there is none."""
        return next((found.value for found in self.settings if found.name == name), None)


class ReferenceKind(StrEnum):
    """Who refers to a backend."""

    STORE = "store"
    PROVIDER = "provider"
    SERVER = "server"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Physical:
    """Where a server of that version really keeps the rows (domain: versions 0.3 to 1.5 differ).

    `container` is what the engine keeps the rows in: a table, a collection or a database; `tables` the SQL tables; `prefixes` the
    key prefixes, as they stand in the store.
    """

    container: str
    tables: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """One place that uses a backend, with the namespace or the table that it asks for.

    `path` names the mapping (`providers.vector_io[0].config.persistence`, indexes as in the file); `name` is the store's name
    or the provider_id; `physical` is None where no code of that version reads the reference, and where its backend is not
    defined or of the other family.
    """

    path: str
    kind: ReferenceKind
    name: str
    family: Family
    backend: str | None
    namespace: str | None = None
    table: str | None = None
    is_enabled: bool = True
    is_defaulted: bool = False
    physical: Physical | None = None
    is_read: bool = False
    """Whether code of that version reads it, so that a `physical` of None is a fault of the reference."""
    queue: tuple[tuple[str, Scalar], ...] = ()
    """`max_write_queue_size` and `num_writers` where the file or the version sets them, in that order."""
    queue_is_used: bool = False
    """Whether those two mean something on this backend (domain: inference on PostgreSQL only)."""
    note: str | None = None
    line: int | None = None

    @property
    def label(self) -> str:
        """The kind and the name; for a provider with its API, since one provider_id may stand under several."""
        return f"{self.kind.value} {self.api}/{self.name}" if self.api else f"{self.kind.value} {self.name}"

    @property
    def api(self) -> str:
        """The API of the provider that refers; empty for any other reference."""
        if self.kind is not ReferenceKind.PROVIDER:
            return ""
        return self.path.removeprefix("providers.").partition("[")[0].partition(".")[0]

    @property
    def target_name(self) -> str:
        """The namespace or the table, whichever the reference has."""
        return self.table if self.table is not None else (self.namespace or "")


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that a server would start: where it stands in the file, its id and type.

    `storage_dir` is the folder of file bodies as the server names it, where the provider has one.
    """

    path: str
    api: str
    id: str
    type: str
    storage_dir: str | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """An object that a server registers from the config at every start: its type, identifier and the fields that are decided."""

    type: str
    identifier: str
    fields: tuple[tuple[str, object], ...]
    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that could be learned from one run config without contacting anything.

    `config` is the name to show (a path, `-`, or `configmap.yaml#key`); `notices` are sentences for stderr (two sources of one
    variable that differ, an entry that was chosen); `secrets` are all secret values that were met, for redaction;
    `concealed` what may be masked in any text: secrets that are no common words, and values that have a secret inside.
    """

    config: str
    distribution: str | None
    version: VersionGuess
    backends: tuple[Backend, ...]
    references: tuple[Reference, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict
    is_legacy: bool = False
    is_judged: bool = True
    """False while the findings and the verdict are still being worked out."""
    access: AccessRules = NO_RULES
    """Who may read rows; read when the config is judged."""
    providers: tuple[Provider, ...] = ()
    registrations: tuple[Registration, ...] = ()
    logins: tuple[Backend, ...] = ()
    """What providers log in to by themselves (pgvector), under the name `API/PROVIDER_ID`: for tests, not part of the catalog."""
    notices: tuple[Notice, ...] = ()
    secrets: tuple[Secret, ...] = field(default=(), repr=False)
    concealed: tuple[Concealed, ...] = field(default=(), repr=False)

    def backend(self, name: str) -> Backend | None:
        """Return the backend of that name."""
        return next((backend for backend in self.backends if backend.name == name), None)

    def login(self, name: str) -> Backend | None:
        """Return the login of a provider by its name, `API/PROVIDER_ID`."""
        return next((login for login in self.logins if login.name == name), None)

    def references_to(self, name: str) -> tuple[Reference, ...]:
        """Return the references to one backend, in the order of the file."""
        return tuple(reference for reference in self.references if reference.backend == name)

    def tables_on(self, name: str) -> tuple[str, ...]:
        """Return the tables that a server of that version keeps on a backend, in the order of their names."""
        found = (reference.physical for reference in self.references_to(name) if reference.physical)
        return tuple(sorted({table for physical in found for table in physical.tables}))

    def findings_by_backend(self) -> dict[str, tuple[Finding, ...]]:
        """Return the findings of each name that has some: those that stand on the backend or on a reference to it."""
        owners: dict[str, set[str]] = {}
        for reference in self.references:
            if reference.backend is not None:
                owners.setdefault(reference.path, set()).add(reference.backend)
                owners.setdefault(f"storage.backends.{reference.backend}", set()).add(reference.backend)
        for backend in self.backends:
            for path in filter(None, (backend.path, f"storage.backends.{backend.name}")):
                owners.setdefault(path, set()).add(backend.name)
        found: dict[str, list[Finding]] = {}
        for finding in self.findings:
            names = {name for path in _paths_above(finding.where) for name in owners.get(path, ())}
            for name in names:
                found.setdefault(name, []).append(finding)
        return {name: tuple(findings) for name, findings in found.items()}


def _paths_above(path: str) -> Iterator[str]:
    """Yield a path and every path that holds it."""
    yield path
    for place, character in enumerate(path):
        if character in ".[" and place:
            yield path[:place]
