"""`server.auth.access_policy` and `server.tenancy` as values: what a server of that version makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.environment import contains_unknown
from llama_storage_tui.model.access import AccessRule, AccessRules, Scope, Tenancy
from llama_storage_tui.upstream import changes

POLICY: Final[Path] = ("server", "auth", "access_policy")


class _UnknownRulesError(Exception):
    """Why the rules cannot be known."""


def read_access_rules(context: Context) -> AccessRules:
    """Return the access rules of a config. Imports pydantic: the very models of the load verdict read them."""
    auth = get(context.data, "server", "auth")
    is_given = isinstance(auth, dict) and "access_policy" in auth
    line = context.line(POLICY) if is_given else None
    try:
        rules = tuple(_rules(context, get(auth, "access_policy"))) if is_given else ()
        tenancy, tenant = _tenancy(context)
    except _UnknownRulesError as error:
        return AccessRules(problem=str(error), line=line)
    return AccessRules(
        rules,
        tenancy,
        tenant,
        has_authentication=get(auth, "provider_config") is not None,
        has_route_policy=bool(get(auth, "route_policy")),
        line=line,
    )


def _rules(context: Context, policy: object) -> Iterator[AccessRule]:
    from pydantic_core import ValidationError

    from llama_storage_tui.upstream.run_config.access import ACCESS_RULE
    from llama_storage_tui.upstream.run_config.builder import shape_validator

    if contains_unknown(policy):
        raise _UnknownRulesError("a rule of server.auth.access_policy depends on a variable that is not set")
    if not isinstance(policy, list):
        raise _UnknownRulesError("server.auth.access_policy is not a list: no server loads it")
    rule = shape_validator(ACCESS_RULE, context.version)
    for index, entry in enumerate(policy):
        path = context.resolution.file_path((*POLICY, index))
        where = f"{'.'.join(map(str, POLICY))}[{path[-1]}]"
        try:
            yield _rule(rule.validate_python(entry), where, context.line(path))
        except ValidationError:
            raise _UnknownRulesError(
                f"{where} is not a rule that a server of {context.version} loads"
            ) from None


def _rule(read: Any, where: str, line: int | None) -> AccessRule:  # noqa: ANN401 - values by the names of tables
    return AccessRule(
        _scope(read.permit),
        _scope(read.forbid),
        _texts(read.when),
        _texts(read.unless),
        read.description,
        where,
        line,
    )


def _scope(read: Any) -> Scope | None:  # noqa: ANN401 - the same
    return None if read is None else Scope(_texts(read.actions) or (), read.principal, read.resource)


def _texts(read: str | list[str] | None) -> str | tuple[str, ...] | None:
    return tuple(read) if isinstance(read, list) else read


def _tenancy(context: Context) -> tuple[Tenancy, str | None]:
    tenancy = get(context.data, "server", "tenancy")
    if context.version < changes.TENANCY or not isinstance(tenancy, dict):
        return Tenancy.DISABLED, None
    if contains_unknown(tenancy):
        raise _UnknownRulesError("server.tenancy depends on a variable that is not set")
    mode, tenant = tenancy.get("mode", Tenancy.DISABLED), tenancy.get("default_tenant_id")
    if mode not in list(Tenancy):
        raise _UnknownRulesError("no server loads this server.tenancy.mode")
    return Tenancy(mode), tenant.strip().lower() if isinstance(tenant, str) and tenant else None
