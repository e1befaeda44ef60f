"""Both stages together: a judge is made for one viewer and then asked about any number of rows."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.deferred import replace
from llama_storage_tui.model.access import (
    AccessRules,
    AccessStage,
    Decision,
    Ownership,
    SqlEngine,
    Tenancy,
    Viewer,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.policy.dialect import PolicyDialect, dialect_of
from llama_storage_tui.upstream.policy.filters import SqlFilter, default_filter, open_filter
from llama_storage_tui.upstream.policy.owners import Owners, UnreadableRowError
from llama_storage_tui.upstream.policy.stage import SqlStage
from llama_storage_tui.upstream.policy.verdicts import Policy, PolicyVerdict
from llama_storage_tui.upstream.policy.wording import explain_filter, explain_tenant

SYSTEM: Final = "system"
"""Who an anonymous request is under tenancy `single`."""

_CACHED: Final = 200_000
"""Different ownerships whose decisions are remembered: far more than a table has, unless every row has an owner of its own."""

_ORDER: Final = (
    "The rules are the built-in default written out. The default's own order changes from start to start, and only a start "
    "where the two agree uses the default's SQL filter"
)


_REFUSED: Final = Decision(
    may_read=False,
    because="The request is refused: tenancy is multi, and it comes without a tenant",
    stage=AccessStage.TENANT,
    by_sql=False,
    by_policy=False,
)


class Judge:
    """Decides which rows of a table one viewer may read on a server of some version."""

    def __init__(
        self, rules: AccessRules, version: Version, engine: SqlEngine, table: str, viewer: Viewer | None
    ) -> None:
        self._dialect = dialect_of(version)
        self._tenancy = rules.tenancy if self._dialect.has_tenancy else Tenancy.DISABLED
        self._default_tenant = rules.default_tenant
        self._viewer = self._at_the_door(viewer)
        self._prefix = f"sql_record::{table}::"
        self._owners = Owners(
            engine,
            is_never_none=self._dialect.everybody_owns,
            has_tenant=self._tenancy is not Tenancy.DISABLED,
        )
        self._policy = None if self._viewer is None else Policy(rules.rules, self._dialect, self._viewer)
        filters = _filters(self._dialect, rules, self._viewer)
        self._stages = tuple(SqlStage(sql_filter, engine) for sql_filter in filters)
        self._decided: dict[tuple[Ownership, frozenset[str]], Decision] = {}

    def decide(self, row_id: str | None, ownership: Ownership) -> Decision:
        """Decide about one row; servers take `unknown` for the id of a row whose table has no column of that name."""
        meant = self._policy.resources_of(f"{self._prefix}{row_id}") if self._policy else frozenset()
        decision = self._decided.get((ownership, meant))
        if decision is None:
            if len(self._decided) >= _CACHED:
                self._decided.clear()
            decision = self._decided[ownership, meant] = self._decide(ownership, meant)
        return decision

    def _at_the_door(self, viewer: Viewer | None) -> Viewer | None:
        """Return who asks, once the server's tenancy has had its say."""
        if self._tenancy is Tenancy.DISABLED:
            return None if viewer is None else replace(viewer, tenant=None)
        if self._tenancy is Tenancy.MULTI:
            return viewer
        given = viewer or Viewer("")
        return replace(given, name=given.name or SYSTEM, tenant=self._default_tenant)

    def _decide(self, ownership: Ownership, meant: frozenset[str]) -> Decision:
        if self._is_refused:
            return _REFUSED
        row = ownership if self._tenancy is Tenancy.DISABLED else self._filled_in(ownership)
        verdict = self._verdict(row, meant)
        likeliest, *others = [self._both(stage, row, verdict) for stage in self._stages]
        answer = likeliest.may_read, likeliest.fails
        if any((other.may_read, other.fails) != answer for other in others):
            return replace(likeliest, depends_on=_ORDER)
        return likeliest

    @property
    def _is_refused(self) -> bool:
        """Whether the request ends at the door: tenancy `multi` wants a tenant."""
        return self._tenancy is Tenancy.MULTI and (self._viewer is None or not self._viewer.tenant)

    def _filled_in(self, ownership: Ownership) -> Ownership:
        """Return the row as it is once the server has started: tenancy `single` fills in a tenant that is NULL."""
        tenant = ownership.tenant if ownership.has_tenant_column else None
        if self._tenancy is Tenancy.SINGLE and tenant is None:
            tenant = self._default_tenant
        return replace(ownership, tenant=tenant, has_tenant_column=True)

    def _verdict(self, row: Ownership, meant: frozenset[str]) -> PolicyVerdict | str:
        """Return what the policy says, or why the server cannot ask it."""
        try:
            owner = self._owners.owner_of(row)
        except UnreadableRowError as error:
            return str(error)
        return PolicyVerdict(permits=True) if self._policy is None else self._policy.verdict(owner, meant)

    def _both(self, stage: SqlStage, row: Ownership, verdict: PolicyVerdict | str) -> Decision:
        permits = not isinstance(verdict, str) and verdict.permits
        if self._tenancy is not Tenancy.DISABLED:
            tenant = self._viewer.tenant if self._viewer is not None else None
            if row.tenant != tenant:
                because = explain_tenant(tenant, row.tenant)
                return _hidden(because, AccessStage.TENANT, permits=permits)
        shown = stage.shows(row)
        if isinstance(shown, str):
            return _hidden(_failing(shown), AccessStage.FILTER, permits=permits, fails=True)
        if not shown:
            where, because = explain_filter(stage.filter, row, self._viewer)
            return _hidden(because, where, permits=permits)
        if isinstance(verdict, str):
            return Decision(
                may_read=False,
                because=_failing(verdict),
                stage=AccessStage.POLICY,
                by_policy=False,
                fails=True,
            )
        return _by_policy(verdict, row)


def _hidden(because: str, stage: AccessStage, *, permits: bool, fails: bool = False) -> Decision:
    return Decision(
        may_read=False, because=because, stage=stage, by_sql=False, by_policy=permits, fails=fails
    )


def _by_policy(verdict: PolicyVerdict, row: Ownership) -> Decision:
    because, rule = verdict.because or _public(row), verdict.rule
    if verdict.permits:
        return Decision(may_read=True, because=because, rule=rule)
    return Decision(may_read=False, because=because, stage=AccessStage.POLICY, rule=rule, by_policy=False)


def _failing(why: str) -> str:
    return f"Every request that meets this row fails: {why}"


def _public(row: Ownership) -> str:
    if row.owner == "":
        return "Nobody owns the row: it is public"
    return "The row has no access attributes, which makes it public whoever owns it"


def _filters(dialect: PolicyDialect, rules: AccessRules, viewer: Viewer | None) -> tuple[SqlFilter, ...]:
    """Return the filters that a server may put before the policy, the likeliest first."""
    if rules.is_default:
        return (default_filter(dialect, viewer),)
    if dialect.may_be_default(rules.rules):
        return (open_filter(dialect, viewer), default_filter(dialect, viewer))
    if dialect.is_default(rules.rules) and not dialect.has_default_by_chance:
        return (default_filter(dialect, viewer),)
    return (open_filter(dialect, viewer),)
