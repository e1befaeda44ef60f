"""The JSON of errors, `check` and `show`: models that `schema COMMAND` prints. Keys may be added, never renamed or dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator
from pydantic.fields import FieldInfo

from llama_storage_tui.cli.check_json import (
    check_json,
    finding_json,
    physical_json,
    reference_json,
    show_json,
    verdict_json,
    version_json,
)
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.fleet import FleetFinding
from llama_storage_tui.next_steps import Advice
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.values import iso, to_json


@dataclass(frozen=True, slots=True)
class From:
    """Where a key's value is read that is not the attribute of its name: `place.backend`; empty for the whole object."""

    path: str


@dataclass(frozen=True, slots=True)
class Made:
    """How a key's value is made of the whole object, where no attribute is it."""

    by: Callable[[Any], object]


Notices = Annotated[list[str], BeforeValidator(notice_words)]
"""Notices, a sentence each."""


class Document(BaseModel):
    """A JSON object of the interface.

    Validated from any object, each key is its attribute of that name, of a flag `is_NAME`, of a record the cell of that label, the
    one that `From` names, or what `Made` makes of the object; nothing inside of null is null. Where a command writes the object
    without pydantic, `written_by` is what makes it there and here.
    """

    written_by: ClassVar[Callable[[Any], dict[str, Any]] | None] = None

    # A validator is built when its document is first made: a command makes one of many.
    model_config = ConfigDict(extra="forbid", populate_by_name=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _from_object(cls, value: object) -> object:
        if isinstance(value, Mapping | BaseModel):
            return value
        if cls.written_by is not None:
            return cls.written_by(value)
        return {name: _plain(_attribute(value, name, field)) for name, field in cls.model_fields.items()}


def _attribute(value: object, name: str, field: FieldInfo) -> object:
    made = next((each.by for each in field.metadata if isinstance(each, Made)), None)
    if made is not None:
        return made(value)
    path = next((each.path for each in field.metadata if isinstance(each, From)), None)
    if path is None:
        if hasattr(value, name):
            return getattr(value, name)
        cells = getattr(value, "cells", {})
        return cells[name] if name in cells else getattr(value, f"is_{name}")
    found = value
    for step in path.split(".") if path else ():
        if found is not None:
            found = getattr(found, step)
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

    error: Annotated[ErrorBody, From("")]


class VersionBody(Document):
    """The server version that was guessed or chosen."""

    written_by = version_json

    guess: str
    range: tuple[str, str | None]
    because: list[str]
    for_: str = Field(alias="for")


class VerdictBody(Document):
    """What a server of that version does with the file."""

    written_by = verdict_json

    load: Literal["accept", "reject"]
    start: Literal["ok", "fail"] | None


class FindingBody(Document):
    """One finding."""

    written_by = finding_json

    rule: str
    severity: Literal["error", "warning", "info"]
    stage: Literal["load", "start", "never"]
    where: str
    line: int | None
    message: str
    help: HelpText


class CheckDocument(Document):
    """The answer of `check` on one config."""

    written_by = check_json

    config: str
    version: VersionBody
    verdict: VerdictBody
    findings: list[FindingBody]


class FleetPlaceBody(Document):
    """A place in one of several configs."""

    config: str
    where: str
    line: int | None


def _fleet_finding(found: FleetFinding) -> dict[str, Any]:
    return finding_json(found.finding) | {"configs": [*found.configs], "places": [*found.places]}


class FleetFindingBody(FindingBody):
    """A finding between configs; `where` and `line` are those of its first place."""

    written_by = _fleet_finding

    configs: list[str]
    places: list[FleetPlaceBody]


class ManyChecks(Document):
    """The answer of `check` on several configs; one that cannot be read has its error in place.

    `findings` are those between the configs.
    """

    configs: list[CheckDocument | ErrorDocument]
    findings: list[FleetFindingBody]


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


class PhysicalBody(Document):
    """Where the rows really are."""

    written_by = physical_json

    container: str
    tables: list[str]
    prefixes: list[str]


class ReferenceBody(Document):
    """A reference to a backend."""

    written_by = reference_json

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

    written_by = show_json

    config: str
    distribution: str | None
    version: VersionBody
    backends: list[BackendBody]
    references: list[ReferenceBody]
