"""Who may read a stored row: the rules of a config, who owns the row, who asks, and what a server would answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from llama_storage_tui.deferred import dataclass


class SqlEngine(StrEnum):
    """What runs the SQL filter; the two differ in how they match text and read JSON."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


class Tenancy(StrEnum):
    """How a server keeps tenants apart (ogx 1.2 and later)."""

    DISABLED = "disabled"
    SINGLE = "single"
    MULTI = "multi"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule is about. `principal` and `resource` are everybody and everything where they are None or empty.

    `actions` is a tuple where the file has a list: servers tell the two apart when they look for their own default.
    """

    actions: str | tuple[str, ...]
    principal: str | None = None
    resource: str | None = None

    def covers(self, action: str) -> bool:
        """Tell whether the rule is about an action."""
        return action in ((self.actions,) if isinstance(self.actions, str) else self.actions)


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One rule of an access policy, as written: one of `permit` and `forbid` is set, and at most one of the conditions.

    A condition is a text or a tuple of them, all of which must hold. Where the rule stands in the file does not count in a
    comparison.
    """

    permit: Scope | None = None
    forbid: Scope | None = None
    when: str | tuple[str, ...] | None = None
    unless: str | tuple[str, ...] | None = None
    description: str | None = None
    where: str = field(default="", compare=False)
    line: int | None = field(default=None, compare=False)

    @property
    def scope(self) -> Scope:
        """What the rule is about."""
        scope = self.forbid or self.permit
        if scope is None:
            raise ValueError("a rule permits or forbids")
        return scope


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What a config says about reading rows; without rules the version's own default holds.

    `problem` says why the rules cannot be known (no server would load them, or a variable is missing); nobody can be decided
    for then. `line` is that of the policy in the file.
    """

    rules: tuple[AccessRule, ...] = ()
    tenancy: Tenancy = Tenancy.DISABLED
    default_tenant: str | None = None
    has_authentication: bool = False
    has_route_policy: bool = False
    problem: str | None = None
    line: int | None = None

    @property
    def is_default(self) -> bool:
        """Whether the version's own default policy holds."""
        return not self.rules

    @property
    def has_effect(self) -> bool:
        """Whether any request comes with a user whom the rules could be applied to.

        Without an authentication provider every request is anonymous, except under tenancy `single`.
        """
        return self.has_authentication or self.tenancy is Tenancy.SINGLE


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in user: the principal, the attributes, and the tenant that authentication gave. None stands for nobody."""

    name: str
    attributes: Mapping[str, tuple[str, ...]] | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """The columns of a row that decide, raw: `attributes` is the stored JSON text; None is SQL NULL in all of them."""

    owner: str | None
    attributes: str | None
    tenant: str | None = None
    has_tenant_column: bool = True


class AccessStage(StrEnum):
    """What hides a row: its tenant, that its owner is NULL, the rest of the SQL filter, or the policy in Python."""

    TENANT = "tenant"
    NULL_OWNER = "null-owner"
    FILTER = "filter"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Hiding:
    """What hides a row from somebody: the stage, with the rule where one decided; or the stage that `fails` at it."""

    stage: AccessStage | None
    rule: str | None = None
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a server does when somebody reads a row.

    `by_sql` and `by_policy` are what each stage says for itself; `stage` is the one that hides the row, or that fails;
    `rule` the rule that decided, where one did. With `fails` the request ends in an error, and so does any page of a listing
    that this row is on. Where not `is_certain`, another start of the same server may decide otherwise; `depends_on` says on
    what.
    """

    may_read: bool
    because: str
    stage: AccessStage | None = None
    rule: str | None = None
    by_sql: bool = True
    by_policy: bool = True
    fails: bool = False
    depends_on: str | None = None

    @property
    def hiding(self) -> Hiding | None:
        """What hides the row, None where nothing does."""
        return None if self.may_read else Hiding(self.stage, self.rule, self.fails)

    @property
    def is_certain(self) -> bool:
        """Whether every start of the server decides so."""
        return self.depends_on is None
