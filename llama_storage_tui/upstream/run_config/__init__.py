"""What a server of version V accepts as a run config, after the `${env…}` expressions have been replaced.

The tables of this room are written in the words of `facts`; a validator is made of them for one version when that version
is first asked for, never at import. Whether a reference names a backend that exists and is of the right family is not checked
here: `default_stores` says which stores a version has and whether its loader compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.run_config.facts import REQUIRED, Shape
from llama_storage_tui.upstream.run_config.problems import Loc, Problem, ProblemKind, problems_of
from llama_storage_tui.upstream.run_config.rewrites import ValidatedDocument, readings
from llama_storage_tui.upstream.run_config.storage import BACKENDS
from llama_storage_tui.upstream.run_config.stores import (
    KV_REFERENCE,
    RESPONSES_REFERENCE,
    SQL_REFERENCE,
    StoreSpec,
    default_stores,
    store_shape,
)

__all__ = [
    "FieldInfo",
    "Loc",
    "Problem",
    "ProblemKind",
    "StoreSpec",
    "backend_fields",
    "default_stores",
    "reference_problems",
    "store_fields",
    "validate",
]


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field that a server of one version reads: its default is None where it `is_required`."""

    name: str
    default: object
    is_required: bool
    is_secret: bool


def validate(document: Mapping[str, object], version: Version) -> tuple[Problem, ...]:
    """Return every reason why a server of that version would reject the document; the document is not changed.

    Raises UsageError for a version before 0.3.0, whose stores were configured inline.
    """
    if version < changes.CATALOG:
        raise UsageError(f"Configs of version {version} are not validated", help="Choose 0.3.0 or newer.")
    found: dict[Loc, Problem] = {}
    for reading in readings(document, version):
        for problem in (*reading.problems, *_problems_in(reading, version)):
            found.setdefault(problem.loc, problem)
    return tuple(found.values())


def _problems_in(reading: ValidatedDocument, version: Version) -> Iterator[Problem]:
    # Imported here: a screen is drawn before anything is validated.
    from pydantic_core import ValidationError

    from llama_storage_tui.upstream.run_config.builder import stack_validator

    try:
        stack_validator(version).validate_python(reading.document)
    except ValidationError as error:
        for problem in problems_of(reading.document, error.errors(include_url=False)):
            yield Problem(_place_in_file(problem.loc, reading.moved), problem.kind, problem.message)


def reference_problems(
    reference: object, family: Family, version: Version, *, is_responses: bool = False
) -> tuple[Problem, ...]:
    """Return every reason why a provider of that version would reject a reference in its config.

    The reference of the responses has fields of its own (`is_responses`); a problem's `loc` starts at the reference.
    """
    from pydantic_core import ValidationError

    from llama_storage_tui.upstream.run_config.builder import shape_validator

    shape = KV_REFERENCE if family is Family.KV else RESPONSES_REFERENCE if is_responses else SQL_REFERENCE
    try:
        shape_validator(shape, version).validate_python(reference)
    except ValidationError as error:
        return problems_of(reference, error.errors(include_url=False))
    return ()


def _place_in_file(loc: Loc, moved: Mapping[Loc, Loc]) -> Loc:
    for new, old in moved.items():
        if loc[: len(new)] == new:
            return old + loc[len(new) :]
    return loc


def backend_fields(backend_type: str, version: Version) -> tuple[FieldInfo, ...] | None:
    """Return the fields of a backend type besides `type`, in upstream's order; None for an unknown type."""
    shape = BACKENDS.get(backend_type)
    return None if shape is None else _fields(shape, version)


def store_fields(name: str, version: Version) -> tuple[FieldInfo, ...] | None:
    """Return the fields of a store's reference; None where that version has no such store."""
    shape = store_shape(name, version)
    return None if shape is None else _fields(shape, version)


def _fields(shape: Shape, version: Version) -> tuple[FieldInfo, ...]:
    return tuple(
        FieldInfo(
            fact.name,
            None if fact.default is REQUIRED else fact.default,
            fact.default is REQUIRED,
            fact.is_secret,
        )
        for fact in shape.facts_in(version)
        if fact.name != "type"
    )
