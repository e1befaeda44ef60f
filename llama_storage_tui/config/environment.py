"""`${env.X}` as servers expand it, with the origin of every value.

The grammar is that of llama-stack 0.2.13 and later: `${env.X}`, `${env.X:=default}`, `${env.X:+value}`, names of upper-case
letters, digits and underscores, several to a string, and a conversion of the whole string afterwards. Until 0.2.12 it was
`${env.X}`, `${env.X:default}`, `${env.X+value}`, without a conversion. Where a server stops at the first missing variable, this
goes on and reports them all.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final, NamedTuple

from llama_storage_tui.config.document import Elsewhere, Mount, Path, PathStep
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.version import Version
from llama_storage_tui.secrets import MASK
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.resource_ids import RESOURCE_ID_FIELDS

EXPRESSION: Final = re.compile(r"\$\{env\.([A-Z0-9_]+)(?::([=+])([^}]*))?\}")
EARLY_EXPRESSION: Final = re.compile(r"\$\{env\.([A-Z0-9_]+)(?:([:+])([^}]*))?\}")
"""What llama-stack 0.2.12 and earlier expand (`replace_env_vars`): there `:=x` is the default `=x`."""
DISABLED: Final = "__disabled__"


class Variable(NamedTuple):
    """A variable's value, and the env file or manifest and the line that set it (both None: the process environment).

    `is_deployed` marks one that a manifest or a compose file gives to the server: it is shown and never written from here. Its
    `value` is None where the file says that the variable is set, and not to what (a Secret that lies elsewhere).
    """

    value: str | None
    file: str | None = None
    line: int | None = None
    is_deployed: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether a server takes it as not set; a value that is not known is not empty."""
        return self.value == ""

    def __repr__(self) -> str:
        return f"Variable({MASK!r}, file={self.file!r}, line={self.line!r})"


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables that a server would see.

    `notices` say where an env file and the process environment differ. With `assumes_set` a missing variable counts as set to
    something unknown.
    """

    variables: Mapping[str, Variable]
    assumes_set: bool = False
    home: str | None = None
    notices: tuple[Notice, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    mounts: tuple[Mount, ...] | None = None
    """The volumes of the server's container, as a compose file among the env files says; None where none does."""

    def assumes(self, name: str) -> bool:
        """Tell whether a variable that is missing here counts as set to something unknown."""
        return self.assumes_set or any(name.startswith(place.prefix) for place in self.elsewhere)

    def find(self, name: str) -> Variable | None:
        """Return a variable; one without a value where it may come from a place that cannot be looked into."""
        found = self.variables.get(name)
        if found is not None:
            return found
        place = next((place for place in self.elsewhere if name.startswith(place.prefix)), None)
        return None if place is None else Variable(None, place.file, place.line, is_deployed=True)

    def expand_user(self, value: str) -> str:
        """Expand a leading `~` as servers do with every substituted value."""
        if self.home is not None and (value == "~" or value.startswith("~/")):
            return self.home + value[1:]
        return os.path.expanduser(value)  # noqa: PTH111 - the very function that servers call, on text


class Unknown:
    """The value of a variable that is missing: not None, not text, equal to nothing."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Use:
    """One `${env…}` in a string: the variable, whether it is set, and whether its default or alternative counts."""

    variable: str
    operator: str
    """`""`, `"="` or `"+"`."""
    is_set: bool
    origin: Variable | None
    is_unknown: bool = False
    """Whether what it stands for cannot be told: a variable that is missing, or set to something that is not known."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable without a value and without a default, at a path of the document."""

    variable: str
    path: Path
    is_empty: bool


@dataclass(slots=True)
class Resolution:
    """A document with every expression expanded.

    `uses` holds, for each path whose string had expressions, those expressions in order; `missing` all variables that a server
    would stop at; `dropped` the list entries that a server leaves out, by their path in the file, with the reason; `indexes`
    maps the path of each kept list to the file's index of each of its items.
    """

    data: object = None
    uses: dict[Path, tuple[Use, ...]] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    unknown: set[Path] = field(default_factory=set)
    dropped: dict[Path, str] = field(default_factory=dict)
    indexes: dict[Path, tuple[int, ...]] = field(default_factory=dict)

    def depends(self, path: Path) -> str:
        """Say which variables that are not set the value at a path of the file, or what is below it, depends on."""
        names = dict.fromkeys(
            use.variable
            for place, uses in self.uses.items()
            if place[: len(path)] == path
            for use in uses
            if use.is_unknown
        )
        match [*names]:
            case []:
                return "depends on a variable that is not set"
            case [name]:
                return f"depends on the variable {name}, which is not set"
            case [*found]:
                return f"depends on variables that are not set: {', '.join(found)}"

    def file_path(self, path: Iterable[PathStep]) -> Path:
        """Turn a path of the resolved data into one of the file: entries that were dropped count there."""
        done: Path = ()
        for step in path:
            kept = self.indexes.get(done, ())
            done = (*done, kept[step] if isinstance(step, int) and step < len(kept) else step)
        return done


def resolve(data: object, environment: Environment, version: Version) -> Resolution:
    """Expand every expression of a document as a server of that version would."""
    resolution = Resolution()
    resolution.data = _Resolver(environment, version, resolution).value(data, ())
    return resolution


def expand_text(
    text: str, environment: Environment, version: Version, *, conceals: Container[str] = ()
) -> object:
    """Expand one text alone, with the mask for what it takes of the variables in `conceals`."""
    into = Resolution()
    return _Resolver(environment, version, into, conceals).string(text, (), into)


def expressions(text: str) -> Iterator[str]:
    """Yield the variables whose value, or default, an expression of the text stands for."""
    end = text.rfind("}") + 1
    for found in EARLY_EXPRESSION.finditer(text, 0, end):
        if found[2] != "+" and not (found[3] or "").startswith("+"):
            yield found[1]


def written_name(written: str) -> str:
    """Name a provider whose id resolves to nothing by the id that it would have: `${env.X:+vertexai}` is vertexai."""
    return EARLY_EXPRESSION.sub(lambda found: (found[3] or "").lstrip("=+") or found[1], written)


def convert(text: str) -> str | int | float | bool | None:
    """Turn a substituted string into what servers make of it: nothing, a boolean, a number, else the text."""
    if text == "":
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


class _Resolver:
    def __init__(
        self,
        environment: Environment,
        version: Version,
        into: Resolution,
        conceals: Container[str] = (),
    ) -> None:
        self.environment = environment
        self.conceals = conceals
        self.droppable = next((fields for since, fields in RESOURCE_ID_FIELDS if version >= since), ())
        self.is_early = version < changes.EXPRESSION_OPERATORS
        self.expression = EARLY_EXPRESSION if self.is_early else EXPRESSION
        self.disables_empty_auth = version >= changes.EMPTY_AUTH_DISABLES
        self.into = into

    def value(self, data: object, path: Path) -> object:
        if isinstance(data, dict):
            return self.mapping(data, path)
        if isinstance(data, list):
            return self.sequence(data, path)
        if isinstance(data, str):
            return self.string(data, path, self.into)
        return data

    def mapping(self, data: dict[object, object], path: Path) -> dict[object, object]:
        skips_auth = self.disables_empty_auth and path == ("server", "auth") and self.auth_is_off(data)
        result: dict[object, object] = {}
        for key, value in data.items():
            step = key if isinstance(key, str | int) else str(key)
            if skips_auth and key == "provider_config":
                continue
            result[key] = self.value(value, (*path, step))
        if skips_auth:
            self.into.dropped[(*path, "provider_config")] = (
                "its type resolves to nothing: authentication is off"
            )
            result["provider_config"] = None
        return result

    def auth_is_off(self, auth: dict[object, object]) -> bool:
        provider = auth.get("provider_config")
        return isinstance(provider, dict) and "type" in provider and self.peek(provider["type"]) in (None, "")

    def sequence(self, data: list[object], path: Path) -> list[object]:
        kept: list[object] = []
        indexes: list[int] = []
        for index, item in enumerate(data):
            reason = self.reason_to_drop(item)
            if reason is not None:
                self.into.dropped[(*path, index)] = reason
                continue
            kept.append(self.value(item, (*path, index)))
            indexes.append(index)
        self.into.indexes[path] = tuple(indexes)
        return kept

    def reason_to_drop(self, item: object) -> str | None:
        if not isinstance(item, dict):
            return None
        if "provider_id" in item and self.peek(item["provider_id"]) == DISABLED:
            return f"its provider_id is {DISABLED}"
        for name in self.droppable:
            if name in item and self.peek(item[name]) in (None, ""):
                return f"its {name} resolves to nothing"
        return None

    def peek(self, data: object) -> object:
        """Resolve aside, without recording what was missing."""
        if not isinstance(data, str):
            return data
        return self.string(data, (), Resolution())

    def string(self, text: str, path: Path, into: Resolution) -> object:
        if "${env." not in text:
            return text
        uses: list[Use] = []
        # Behind the last brace no expression can end: not looking there keeps hostile texts linear.
        end = text.rfind("}") + 1
        expanded = (
            self.expression.sub(lambda match: self.expand(match, path, uses, into), text[:end]) + text[end:]
        )
        if not uses:
            return text
        into.uses[path] = tuple(uses)
        if any(use.is_unknown for use in uses):
            into.unknown.add(path)
            return UNKNOWN
        return expanded if expanded == text or self.is_early else convert(expanded)

    def expand(self, match: re.Match[str], path: Path, uses: list[Use], into: Resolution) -> str:
        value = self.expanded(match, path, uses, into)
        is_concealed = value and uses[-1].operator != "+" and uses[-1].variable in self.conceals
        return MASK if is_concealed else value

    def expanded(self, match: re.Match[str], path: Path, uses: list[Use], into: Resolution) -> str:
        name, operator, alternative = match[1], match[2] or "", match[3] or ""
        # One letter for one meaning: until 0.2.12 a default was written with a colon alone.
        operator = "=" if operator == ":" else operator
        # Only where nothing stands in for it: a default, or no alternative, is the best that is known of the others.
        origin = self.environment.variables.get(name) if operator else self.environment.find(name)
        is_set = origin is not None and not origin.is_empty
        if operator == "+":
            uses.append(Use(name, operator, is_set, origin))
            return self.environment.expand_user(alternative) if is_set else ""
        if is_set and origin is not None:
            uses.append(Use(name, operator, is_set, origin, is_unknown=origin.value is None))
            return self.environment.expand_user(origin.value or "")
        # An empty default says that the value comes from elsewhere; who assumes that it is set knows nothing about it.
        is_unknown = operator == "" or (self.environment.assumes(name) and not alternative)
        uses.append(Use(name, operator, is_set, origin, is_unknown=is_unknown))
        if operator == "=":
            return self.environment.expand_user(alternative)
        if not self.environment.assumes_set:
            into.missing.append(Missing(name, path, is_empty=origin is not None))
        return ""


def contains_unknown(data: object) -> bool:
    """Tell whether a resolved value is unknown, wholly or somewhere inside."""
    if isinstance(data, dict):
        return any(contains_unknown(value) for value in data.values())
    if isinstance(data, list):
        return any(contains_unknown(value) for value in data)
    return data is UNKNOWN


def map_unknown(data: object, replace: Callable[[], object]) -> object:
    """Return a copy of resolved data with each unknown value replaced."""
    if isinstance(data, dict):
        return {key: map_unknown(value, replace) for key, value in data.items()}
    if isinstance(data, list):
        return [map_unknown(value, replace) for value in data]
    return replace() if data is UNKNOWN else data
