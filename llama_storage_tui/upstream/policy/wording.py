"""The sentences of a decision."""

from __future__ import annotations

from llama_storage_tui.model.access import AccessRule, AccessStage, Ownership, Viewer
from llama_storage_tui.upstream.policy.filters import SqlFilter


def name_rule(rule: AccessRule) -> str:
    """Return where a rule stands in the file, or its condition where it is the version's own."""
    return rule.where or f"default policy: {_texts(rule.when)}"


def explain_rule(rule: AccessRule) -> str:
    """Say what a rule that matched does."""
    verb = "permits" if rule.permit is not None else "forbids"
    conditions = [
        f"{word} {_texts(given)}" for word, given in (("when", rule.when), ("unless", rule.unless)) if given
    ]
    scope = rule.scope
    about = [f"for {scope.principal}"] if scope.principal else []
    about += [f"on {scope.resource}"] if scope.resource else []
    detail = " ".join((*about, *conditions))
    name = "The default policy" if not rule.where else f"The rule {rule.where}"
    return f"{name} {verb} reading{' ' + detail if detail else ''}"


def explain_tenant(asking: str | None, tenant: str | None) -> str:
    """Say why the tenant filter hides a row of some tenant from a request of another."""
    return f"The row has {'no tenant' if tenant is None else f'the tenant {tenant!r}'}, the request the tenant {asking!r}"


def explain_filter(
    sql_filter: SqlFilter, ownership: Ownership, viewer: Viewer | None
) -> tuple[AccessStage, str]:
    """Say which part of the SQL filter hides a row, and why."""
    if ownership.owner is None:
        return AccessStage.NULL_OWNER, "The owner is NULL, which the SQL filter shows to nobody as public"
    if viewer is None:
        return AccessStage.FILTER, f"Nobody is signed in, and the row belongs to {ownership.owner!r}"
    if not sql_filter.categories and not sql_filter.needs_all:
        return (
            AccessStage.FILTER,
            f"The row belongs to {ownership.owner!r}, and the user has no attribute to share",
        )
    wish = "every one of them that the row has" if sql_filter.needs_all else "any of them"
    names = ", ".join(category.key for category in sql_filter.categories) or "none"
    return (
        AccessStage.FILTER,
        f"The SQL filter compares the user's attributes ({names}) with the row's and finds no match in {wish}",
    )


def _texts(conditions: str | tuple[str, ...] | None) -> str:
    texts = (conditions,) if isinstance(conditions, str) else conditions or ()
    return " and ".join(texts)
