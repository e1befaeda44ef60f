"""The JSON of errors, `check` and `show`: models that `schema COMMAND` prints. Keys may be added, never renamed or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator
from pydantic.fields import FieldInfo

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model import catalog as model
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.model.version import VersionGuess
from llama_storage_tui.next_steps import Advice
from llama_storage_tui.secrets import MASK, Secret
from llama_storage_tui.services.values import to_json


@dataclass(frozen=True, slots=True)
class From:
    """Where a key's value is read that is not the attribute of its name: `place.backend`, `keys.0`; empty for the whole object."""

    path: str


class Document(BaseModel):
    """A JSON object of the interface.

    Validated from any object, each key is its attribute of that name, of a flag `is_NAME`, or the one that `From` names; nothing
    inside of null is null.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _from_object(cls, value: object) -> object:
        if isinstance(value, Mapping | BaseModel):
            return value
        return {name: _plain(_attribute(value, name, field)) for name, field in cls.model_fields.items()}


def _attribute(value: object, name: str, field: FieldInfo) -> object:
    path = next((each.path for each in field.metadata if isinstance(each, From)), None)
    if path is None:
        return getattr(value, name) if hasattr(value, name) else getattr(value, f"is_{name}")
    found = value
    for step in path.split(".") if path else ():
        if found is not None:
            found = (
                found[int(step)]
                if step.isdecimal() and isinstance(found, list | tuple)
                else getattr(found, step)
            )
    return found


def _plain(value: object) -> object:
    """Return the words of enumerations; the rest, pydantic reads by itself."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value


def json_value(value: object) -> JsonValue:
    """Turn a plain value into one that every JSON reader takes."""
    converted: JsonValue = to_json(value)  # type: ignore[assignment] # to_json gives JSON values only
    return converted


def iso(time: datetime) -> str:
    """Write a time of the program's own: ISO 8601 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


Json = Annotated[JsonValue, BeforeValidator(json_value)]
"""A value that is stored: whatever it is, as every JSON reader takes it."""
Time = Annotated[str | None, BeforeValidator(lambda time: iso(time) if isinstance(time, datetime) else time)]
"""A time of the program's own."""


HelpText = Annotated[
    str | None, BeforeValidator(lambda help_: help_words(help_) if isinstance(help_, Advice) else help_)
]
"""What to do, with the command or option that does it."""


class ErrorBody(Document):
    """What went wrong."""

    kind: Literal["usage", "config", "backend", "not-found", "refused", "pending", "internal"]
    message: str
    where: str | None
    help: HelpText


class ErrorDocument(Document):
    """The answer of a command that failed, in JSON mode."""

    error: ErrorBody

    @classmethod
    def of(cls, error: StorageToolError) -> ErrorDocument:
        """Make the document of an error."""
        return cls(error=ErrorBody.model_validate(error))


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
    help: HelpText


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
            findings=[FindingBody.model_validate(finding) for finding in (*catalog.findings, *more)],
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
        return cls(
            name=backend.name,
            type=backend.type,
            family=backend.family.value,
            location=backend.location,
            settings={setting.name: _setting(setting) for setting in backend.settings},
            credential=CredentialBody.model_validate(backend.credential),
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
            references=[ReferenceBody.model_validate(reference) for reference in catalog.references],
        )
