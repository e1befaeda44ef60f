"""What the versions do differently when they decide who may read a row."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import AccessRule, Scope
from llama_storage_tui.model.version import Version

CATEGORIES: Final = ("roles", "teams", "projects", "namespaces")
"""The attributes that the default policy compares; from 0.8 on the only ones that the SQL filter looks at."""

_EVERYTHING: Final = Scope(("create", "read", "update", "delete"))


class PublicRows(StrEnum):
    """Which rows the SQL filter shows to everybody, besides those whose owner is the empty text."""

    JSON_NULL = "json-null"
    """0.3.0 and 0.3.1: whose attributes are JSON null, but not SQL NULL."""
    ANY_NULL = "any-null"
    """0.3.2 to 0.3.5: whose attributes are JSON null or SQL NULL."""
    UNOWNED = "unowned"
    """0.4 and later: none."""


class Matching(StrEnum):
    """How the SQL filter finds a user's value among those of a row."""

    PASTED = "pasted"
    """Until 0.5.1: LIKE, with the user's values pasted into the statement."""
    LIKE = "like"
    """0.5.2 to 1.0.2: LIKE with bound values."""
    EXACT = "exact"
    """1.0.3 and later: equal to an element of the list."""


@dataclass(frozen=True, slots=True)
class PolicyDialect:
    """One version's way to decide.

    `needs_all_categories`: the default filter wants a match in each of the user's attributes that the row has, instead of in any.
    `everybody_owns`: every row has an owner, if a nameless one, and a condition `user in owners X` holds for rows without X.
    `keys_share_parameters`: attributes whose names differ in punctuation only share their bound values, the last one's.
    `has_default_by_chance`: the order of the default's rules, and with it which written-out rules count as the default, changes
    from start to start.
    """

    public: PublicRows
    matching: Matching
    needs_all_categories: bool
    everybody_owns: bool
    has_unowned: bool
    has_regex: bool
    has_free_keys: bool
    has_default_by_chance: bool
    has_tenancy: bool

    @property
    def keys_share_parameters(self) -> bool:
        """Whether values are bound under a name made of the attribute's name."""
        return self.matching is Matching.LIKE and self.has_free_keys

    def default_rules(self) -> tuple[AccessRule, ...]:
        """Return the rules that hold where a config has none."""
        if self.everybody_owns:
            return (
                AccessRule(permit=_EVERYTHING, when=tuple(f"user in owners {name}" for name in CATEGORIES)),
            )
        conditions = (
            *(f"user in owners {name}" for name in CATEGORIES),
            "user is owner",
            "resource is unowned",
        )
        return tuple(AccessRule(permit=_EVERYTHING, when=(condition,)) for condition in conditions)

    def is_default(self, rules: tuple[AccessRule, ...]) -> bool:
        """Tell whether rules that are written out are the very default, in the order that stands here."""
        return rules == self.default_rules()

    def may_be_default(self, rules: tuple[AccessRule, ...]) -> bool:
        """Tell whether they are in some order that a start may have."""
        default = self.default_rules()
        if not self.has_default_by_chance or len(rules) != len(default):
            return False
        return sorted(map(repr, map(_bare, rules[:4]))) == sorted(map(repr, map(_bare, default[:4]))) and (
            rules[4:] == default[4:]
        )


def _bare(rule: AccessRule) -> tuple[object, ...]:
    return rule.permit, rule.forbid, rule.when, rule.unless, rule.description


def dialect_of(version: Version) -> PolicyDialect:
    """Return how a version decides."""
    is_old = version < Version(0, 4)
    public = PublicRows.JSON_NULL if version < Version(0, 3, 2) else PublicRows.ANY_NULL
    matching = Matching.PASTED if version < Version(0, 5, 2) else Matching.LIKE
    return PolicyDialect(
        public=public if is_old else PublicRows.UNOWNED,
        matching=Matching.EXACT if version >= Version(1, 0, 3) else matching,
        needs_all_categories=is_old,
        everybody_owns=is_old,
        has_unowned=not is_old,
        has_regex=version >= Version(0, 6),
        has_free_keys=version < Version(0, 8),
        has_default_by_chance=version >= Version(0, 8),
        has_tenancy=version >= Version(1, 2),
    )
