"""The policy: rules tested in order, the first that matches decides, and without a match the answer is no."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import AccessRule, Viewer
from llama_storage_tui.upstream.policy.conditions import Condition, Owner, parse_condition
from llama_storage_tui.upstream.policy.dialect import PolicyDialect
from llama_storage_tui.upstream.policy.wording import explain_rule, name_rule

READ: Final = "read"
_REGEX: Final = "regex:"


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """What the policy says: the name of the rule that decided, None where none matched or the policy was not asked."""

    permits: bool
    rule: str | None = None
    because: str = ""


_OTHER_TENANT: Final = PolicyVerdict(permits=False, because="The row's owner is of another tenant")
_NO_RULE: Final = PolicyVerdict(permits=False, because="No rule of the policy matches")


@dataclass(frozen=True, slots=True)
class _Prepared:
    verdict: PolicyVerdict
    resource: str | None
    when: tuple[Condition, ...]
    unless: tuple[Condition, ...]

    def decides(self, viewer: Viewer, owner: Owner | None) -> bool:
        conditions = self.when or self.unless
        # No generator: this is the innermost loop of a listing.
        for condition in conditions:
            if not condition.holds(viewer, owner):
                return not self.when
        return bool(self.when) or not self.unless


class Policy:
    """The rules that can decide whether one viewer reads something, in order."""

    def __init__(self, rules: tuple[AccessRule, ...], dialect: PolicyDialect, viewer: Viewer) -> None:
        self._dialect = dialect
        self._viewer = viewer
        self._rules = tuple(
            self._prepared(rule)
            for rule in rules or dialect.default_rules()
            if rule.scope.covers(READ) and (not rule.scope.principal or rule.scope.principal == viewer.name)
        )
        self._resources = tuple(
            dict.fromkeys(one.resource for one in self._rules if one.resource is not None)
        )

    def _prepared(self, rule: AccessRule) -> _Prepared:
        verdict = PolicyVerdict(rule.permit is not None, name_rule(rule), explain_rule(rule))
        resource = rule.scope.resource or None
        return _Prepared(verdict, resource, self._parsed(rule.when), self._parsed(rule.unless))

    def _parsed(self, conditions: str | tuple[str, ...] | None) -> tuple[Condition, ...]:
        texts = (conditions,) if isinstance(conditions, str) and conditions else tuple(conditions or ())
        return tuple(map(self._condition, texts))

    def _condition(self, text: str) -> Condition:
        missing = self._dialect.everybody_owns
        condition = parse_condition(text, is_missing_shared=missing, has_unowned=self._dialect.has_unowned)
        if condition is None:
            raise ValueError(f"no server of that version can read the condition {text!r}")
        return condition

    def resources_of(self, resource: str) -> frozenset[str]:
        """Return those of the rules' resources that mean a row: what of its name matters to the policy."""
        return frozenset(
            scope for scope in self._resources if is_meant(scope, resource, has_regex=self._dialect.has_regex)
        )

    def verdict(self, owner: Owner | None, resources: frozenset[str]) -> PolicyVerdict:
        """Decide for a row whose name the given resources mean."""
        if owner is not None and owner.is_of_another_tenant(self._viewer):
            return _OTHER_TENANT
        for one in self._rules:
            if (one.resource is None or one.resource in resources) and one.decides(self._viewer, owner):
                return one.verdict
        return _NO_RULE


def is_meant(scope: str, resource: str, *, has_regex: bool) -> bool:
    """Tell whether a rule's resource means a thing: its name, `TYPE::*`, or (0.6 and later) `regex:` for its beginning."""
    if scope == resource:
        return True
    if has_regex and scope.startswith(_REGEX):
        pattern = _compiled(scope.removeprefix(_REGEX))
        return pattern is not None and pattern.match(resource) is not None
    return scope.endswith("::*") and resource.startswith(scope[:-1])


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None
