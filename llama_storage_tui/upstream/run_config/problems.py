"""From pydantic's errors to problems: places in the document, a small set of kinds, and our own sentences.

A problem never repeats a value of the file, since the value may be a secret: a sentence is made of the kind of the error, the
limits of the field and the type of what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from llama_storage_tui.deferred import dataclass

Loc = tuple[str | int, ...]


class ProblemKind(StrEnum):
    """What is wrong with a value, so that a rule can be chosen without reading the sentence."""

    MISSING = "missing"
    WRONG_TYPE = "wrong-type"
    OUT_OF_RANGE = "out-of-range"
    UNKNOWN_TYPE = "unknown-type"
    NOT_ALLOWED = "not-allowed"
    UNKNOWN_FIELD = "unknown-field"
    CONFLICT = "conflict"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a server rejects the document; `loc` is a path into it, which ends at a field that may be missing."""

    loc: Loc
    kind: ProblemKind
    message: str


_EXPECTED: Final = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping",
    "model": "a mapping",
    "list": "a list",
    "path": "a path",
    "none": "null",
    "url": "a URL",
    "mapping": "a mapping",
}
"""By the first word of pydantic's error type."""

_FOUND: Final = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number with a fraction"),
    (str, "text"),
    (Mapping, "a mapping"),
    (list, "a list"),
    (type(None), "null"),
)

_LIMITS: Final = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def problems_of(document: object, errors: Iterable[Mapping[str, Any]]) -> tuple[Problem, ...]:
    """Translate pydantic's errors; the several failed branches of a union become one problem."""
    found: dict[Loc, _Draft] = {}
    for error in errors:
        draft = _draft(document, error)
        earlier = found.get(draft.loc)
        found[draft.loc] = draft if earlier is None else earlier.joined(draft)
    deeper = {loc[:depth] for loc in found for depth in range(len(loc))}
    return tuple(
        draft.problem()
        for loc, draft in found.items()
        if not (draft.kind is ProblemKind.WRONG_TYPE and loc in deeper)
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A problem whose sentence is still in parts."""

    loc: Loc
    kind: ProblemKind
    message: str = ""
    expected: tuple[str, ...] = ()
    found: str = ""

    def joined(self, other: _Draft) -> _Draft:
        """Merge two failed branches of a union: what either expects would do."""
        if self.kind is not ProblemKind.WRONG_TYPE:
            return self
        if other.kind is not ProblemKind.WRONG_TYPE:
            return other
        expected = tuple(dict.fromkeys((*self.expected, *other.expected)))
        return _Draft(self.loc, self.kind, expected=expected, found=self.found)

    def problem(self) -> Problem:
        if self.message:
            return Problem(self.loc, self.kind, self.message)
        message = f"Must be {' or '.join(self.expected)}, but is {self.found}."
        return Problem(self.loc, self.kind, message)


def _draft(document: object, error: Mapping[str, Any]) -> _Draft:
    kind: str = error["type"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    is_ours = "field" in context
    loc = place_in(document, error["loc"], is_missing=kind == "missing" and not is_ours)
    if is_ours:
        field = context["field"]
        return _Draft((*loc, field) if field else loc, ProblemKind(kind), error["msg"])
    match kind:
        case "missing":
            return _Draft(loc, ProblemKind.MISSING, f"{loc[-1]} is required.")
        case "union_tag_not_found":
            key = _key(context)
            return _Draft((*loc, key), ProblemKind.MISSING, f"{key} is required.")
        case "union_tag_invalid":
            known = str(context["expected_tags"]).replace("'", "")
            return _Draft((*loc, _key(context)), ProblemKind.UNKNOWN_TYPE, f"Must be one of {known}.")
        case "literal_error" | "enum":
            return _Draft(
                loc, ProblemKind.NOT_ALLOWED, f"Must be {str(context['expected']).replace(chr(39), '')}."
            )
        case "extra_forbidden":
            return _Draft(loc, ProblemKind.UNKNOWN_FIELD, "No field of that name is allowed here.")
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            name, words = _LIMITS[kind]
            return _Draft(loc, ProblemKind.OUT_OF_RANGE, f"Must be {words} {context[name]:g}.")
        case _:
            return _type_draft(loc, kind, error.get("input"))


def _key(context: Mapping[str, Any]) -> str:
    return str(context["discriminator"]).strip("'")


def _type_draft(loc: Loc, kind: str, value: object) -> _Draft:
    expected = _EXPECTED.get(kind.split("_", 1)[0])
    if expected is None:
        return _Draft(loc, ProblemKind.INVALID, "The value is not valid here.")
    found = next((words for type_, words in _FOUND if isinstance(value, type_)), "something else")
    if found == expected or kind.endswith("_parsing"):
        return _Draft(loc, ProblemKind.WRONG_TYPE, f"Cannot be read as {expected}.")
    return _Draft(loc, ProblemKind.WRONG_TYPE, expected=(expected,), found=found)


def place_in(document: object, loc: Sequence[str | int], *, is_missing: bool) -> Loc:
    """Return the part of pydantic's loc that is a path into the document: what it adds are names of union branches."""
    place: list[str | int] = []
    node: Any = document
    for index, step in enumerate(loc):
        if _is_tag(node, step):
            continue
        if _holds(node, step):
            node = node[step]
        elif not (is_missing and index == len(loc) - 1):
            continue
        place.append(step)
    return tuple(place)


def _holds(node: object, step: str | int) -> bool:
    if isinstance(node, list):
        return isinstance(step, int) and step < len(node)
    return isinstance(node, Mapping) and step in node


def _is_tag(node: object, step: str | int) -> bool:
    """Whether a step is the branch that the mapping's own `type` chose, even if a key has the same name."""
    return isinstance(node, Mapping) and node.get("type") == step
