"""The words in which the schema's tables are written, and the builder that turns them into pydantic models of one version.

A `Fact` is one field in the versions that have it; a `Shape` is the fields of one mapping. A field that changed stands as two
facts whose versions do not overlap, so that a new release is new lines and no code. Pydantic does the checking because the
servers do it with pydantic: its conversions ("5" is an integer, "yes" a boolean) are part of what they accept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import GenericAlias
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic.fields import FieldInfo as PydanticField
from pydantic_core import PydanticCustomError

from llama_storage_tui.model.version import Version


class Required:
    """The default of a field that has none."""


REQUIRED: Final = Required()

FIRST: Final = Version(0, 3, 0)


@dataclass(frozen=True, slots=True)
class Fact:
    """One field: its type, its default, its limits, and the versions that have it so (`since` inclusive, `until` exclusive).

    `type` is a Python type or one of this module's words (a Shape, ListOf, ByName, Maybe, Either, ByType).
    """

    name: str
    type: object
    default: object = REQUIRED
    since: Version = FIRST
    until: Version | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    pattern: str | None = None
    is_secret: bool = False

    def holds_in(self, version: Version) -> bool:
        """Whether a server of that version has the field so."""
        return self.since <= version and (self.until is None or version < self.until)


Values = Mapping[str, Any]
"""A validated mapping's fields: `Any`, since each check knows the types of its own shape."""

CheckFunction = Callable[[Values, AbstractSet[str]], None]
"""Gets the values and the names of those that the file sets; raises `broken(…)`."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule between the fields of one mapping, in the versions that have it."""

    function: CheckFunction
    since: Version = FIRST
    until: Version | None = None

    def holds_in(self, version: Version) -> bool:
        """Whether a server of that version checks it."""
        return self.since <= version and (self.until is None or version < self.until)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The fields of one mapping; unknown keys are ignored unless `is_closed`."""

    name: str
    facts: tuple[Fact, ...]
    checks: tuple[Check, ...] = ()
    is_closed: bool = False

    def facts_in(self, version: Version) -> tuple[Fact, ...]:
        """Return the fields that a server of that version knows."""
        return tuple(fact for fact in self.facts if fact.holds_in(version))


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind of thing."""

    item: object


@dataclass(frozen=True, slots=True)
class ByName:
    """A mapping of free names to one kind of thing."""

    item: object


@dataclass(frozen=True, slots=True)
class Maybe:
    """A thing or null."""

    item: object


@dataclass(frozen=True, slots=True)
class Either:
    """One of several kinds, told apart by trying."""

    items: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class ByType:
    """One of several shapes, told apart by their field `type` (or another `key`)."""

    shapes: tuple[Shape, ...]
    key: str = "type"


def broken(kind: str, message: str, *, field: str | None = None) -> PydanticCustomError:
    """Make the error of a broken rule: a problem kind, our sentence, and the field that it stands on.

    The sentence is a template of pydantic: it must not hold a value of the file.
    """
    return PydanticCustomError(kind, message, {"field": field or ""})


class _Base(BaseModel):
    model_config = ConfigDict(
        hide_input_in_errors=True, defer_build=True, protected_namespaces=(), arbitrary_types_allowed=True
    )


class _Closed(_Base):
    model_config = ConfigDict(extra="forbid")


class Builder:
    """Builds the pydantic models of one version, each shape once."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._models: dict[Shape, type[BaseModel]] = {}

    def model(self, shape: Shape) -> type[BaseModel]:
        """Return the model of a shape."""
        if shape not in self._models:
            self._models[shape] = self._build(shape)
        return self._models[shape]

    def _build(self, shape: Shape) -> type[BaseModel]:
        fields: dict[str, Any] = {
            fact.name: (self.annotation(fact.type), _field(fact)) for fact in shape.facts_in(self._version)
        }
        checks = [check.function for check in shape.checks if check.holds_in(self._version)]
        validators: dict[str, Any] = {"run_checks": _validator(checks)} if checks else {}
        base = _Closed if shape.is_closed else _Base
        return create_model(shape.name, __base__=base, __validators__=validators, **fields)

    def annotation(self, word: object) -> object:
        """Return the annotation that pydantic understands for one of this module's words or a plain type."""
        match word:
            case Shape():
                return self.model(word)
            case ListOf(item):
                return GenericAlias(list, (self.annotation(item),))
            case ByName(item):
                return GenericAlias(dict, (str, self.annotation(item)))
            case Maybe(item):
                return _union((self.annotation(item), None))
            case Either(items):
                return _union(tuple(self.annotation(item) for item in items))
            case ByType(shapes, key):
                union = _union(tuple(self.model(shape) for shape in shapes))
                return Annotated[union, Field(discriminator=key)] if len(shapes) > 1 else union
            case _:
                return word


def _union(annotations: tuple[Any, ...]) -> Any:  # noqa: ANN401 - an annotation is any object
    return reduce(or_, annotations)


def _field(fact: Fact) -> PydanticField:
    default: Any = ... if fact.default is REQUIRED else fact.default
    limits: Any = {"ge": fact.at_least, "gt": fact.above, "le": fact.at_most, "pattern": fact.pattern}
    return Field(default, **{name: limit for name, limit in limits.items() if limit is not None})  # type: ignore[no-any-return] # Field is typed by its default


def _validator(checks: list[CheckFunction]) -> object:
    def run_checks(model: BaseModel) -> BaseModel:
        for check in checks:
            check(model.__dict__, model.model_fields_set)
        return model

    return model_validator(mode="after")(run_checks)
