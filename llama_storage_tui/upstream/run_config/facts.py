"""The words in which the schema's tables are written.

A `Fact` is one field in the versions that have it; a `Shape` is the fields of one mapping. A field that changed stands as two
facts whose versions do not overlap, so that a new release is new lines and no code. `builder` tells them to pydantic's core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.changes import CATALOG, DatedFromCatalog
from llama_storage_tui.upstream.run_config.problems import ProblemKind

if TYPE_CHECKING:
    from pydantic_core import PydanticCustomError


class Required:
    """The default of a field that has none."""


REQUIRED: Final = Required()


@dataclass(frozen=True, slots=True)
class Fact(DatedFromCatalog):
    """One field: its type, its default, and its limits.

    `type` is a Python type or one of this module's words (a Shape, ListOf, ByName, Maybe, Either, ByType).
    """

    name: str
    type: object
    default: object = REQUIRED
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    is_secret: bool = False


Values = Mapping[str, Any]
"""A validated mapping's fields: `Any`, since each check knows the types of its own shape."""


@dataclass(frozen=True, slots=True)
class FieldCheck(DatedFromCatalog):
    """A rule between the fields of one mapping.

    The function gets the values and the names of those that the file sets; it raises `broken(…)`.
    """

    function: Callable[[Values, AbstractSet[str]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Shape(DatedFromCatalog):
    """The fields of one mapping and the rules between them. Other keys are ignored, as every version does."""

    name: str
    facts: tuple[Fact, ...]
    checks: tuple[FieldCheck, ...] = ()

    def facts_in(self, version: Version) -> tuple[Fact, ...]:
        """Return the fields that a server of that version knows."""
        return tuple(fact for fact in self.facts if fact.holds_for(version))


def shape(
    name: str,
    *facts: Fact,
    checks: tuple[FieldCheck, ...] = (),
    since: Version | None = CATALOG,
    until: Version | None = None,
) -> Shape:
    """Return a shape with its fields one after the other, as the tables write it."""
    return Shape(name, facts, checks, since=since, until=until)


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
    """One of two kinds, told apart by trying."""

    first: object
    second: object


@dataclass(frozen=True, slots=True)
class ByType:
    """One of several shapes, told apart by their field `type`."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class CheckedMapping:
    """A kind of thing whose values also pass a check, which returns the value or raises `broken(…)`."""

    item: object
    check: Callable[[Any], object]


def broken(kind: ProblemKind, message: str, *, field: str = "") -> PydanticCustomError:
    """Make the error of a broken rule: its kind, our sentence, and the field that it stands on where that is not the whole.

    The sentence must not hold a value of the file: it may be a secret.
    """
    # Imported here: the tables are read before the first screen is drawn, pydantic is not needed until something is checked.
    from pydantic_core import PydanticCustomError

    return PydanticCustomError(kind.value, message, {"field": field})
