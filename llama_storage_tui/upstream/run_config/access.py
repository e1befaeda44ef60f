"""`server.auth.access_policy` and `route_policy`: rules that permit or forbid.

Source: `core/access_control/datatypes.py` and `conditions.py`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final, Literal

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.policy.conditions import parse_condition
from llama_storage_tui.upstream.run_config.facts import (
    Either,
    Fact,
    FieldCheck,
    ListOf,
    Maybe,
    Shape,
    Values,
    broken,
    shape,
)
from llama_storage_tui.upstream.run_config.problems import ProblemKind

_UNOWNED: Final = Version(0, 4, 0)

Action = Literal["create", "read", "update", "delete"]

_SCOPE: Final = shape(
    "Scope",
    Fact("principal", Maybe(str), None),
    Fact("actions", Either(Action, ListOf(Action))),
    Fact("resource", Maybe(str), None),
)

_ROUTE_SCOPE: Final = shape("RouteScope", Fact("paths", Either(str, ListOf(str))))


def _check_exclusions(values: Values, _given: AbstractSet[str]) -> None:
    if not (values["permit"] or values["forbid"]):
        raise broken(ProblemKind.MISSING, "A rule needs permit or forbid.")
    if values["permit"] and values["forbid"]:
        raise broken(ProblemKind.CONFLICT, "A rule has permit or forbid, not both.")
    if values["when"] and values["unless"]:
        raise broken(ProblemKind.CONFLICT, "A rule has when or unless, not both.")


def _check_conditions(values: Values, *, knows_unowned: bool) -> None:
    for field in ("when", "unless"):
        given = values[field]
        # An empty text is no condition; an empty text in a list is a condition that cannot be read.
        conditions = given if isinstance(given, list) else [given] if given else []
        if any(parse_condition(condition, has_unowned=knows_unowned) is None for condition in conditions):
            message = (
                "Conditions read 'user [not] in owners X', 'user with V [not] in X' or 'user is [not] owner'"
            )
            other = " or 'resource is unowned'." if knows_unowned else "."
            raise broken(ProblemKind.INVALID, message + other, field=field)


def _check_old_conditions(values: Values, _given: AbstractSet[str]) -> None:
    _check_conditions(values, knows_unowned=False)


def _check_new_conditions(values: Values, _given: AbstractSet[str]) -> None:
    _check_conditions(values, knows_unowned=True)


def _rule(name: str, scope: Shape) -> Shape:
    return shape(
        name,
        Fact("permit", Maybe(scope), None),
        Fact("forbid", Maybe(scope), None),
        Fact("when", Maybe(Either(str, ListOf(str))), None),
        Fact("unless", Maybe(Either(str, ListOf(str))), None),
        Fact("description", Maybe(str), None),
        checks=(
            FieldCheck(_check_exclusions),
            FieldCheck(_check_old_conditions, until=_UNOWNED),
            FieldCheck(_check_new_conditions, since=_UNOWNED),
        ),
    )


ACCESS_RULE: Final = _rule("AccessRule", _SCOPE)

ROUTE_RULE: Final = _rule("RouteRule", _ROUTE_SCOPE)
