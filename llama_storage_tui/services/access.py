"""Who may read a stored row: the answer that a server of that version would give, and why.

Nothing is contacted: the caller brings the raw columns of the row. For many rows, ask one judge of a `TableAccess` for each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.model.access import AccessRules, Decision, Ownership, SqlEngine, Tenancy, Viewer
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.policy.dialect import dialect_of
from llama_storage_tui.upstream.policy.judge import Judge
from llama_storage_tui.upstream.policy.owners import UnreadableRowError, checked_attributes, decode_attributes

_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,127}")
_STRANGER: Final = "some other user"
_ATTRIBUTES_HELP: Final = (
    """Write an object of lists of strings, such as {"roles": ["admin"], "teams": ["ml"]}."""
)


@dataclass(frozen=True, slots=True)
class WhoReport:
    """Who may read one row.

    `attributes` are the owner's as the server reads them, None where there are none or where they are broken: `raw_attributes`
    is the stored text. `decision` is for the viewer that was asked about. `stranger` is what a signed-in user without
    attributes gets, `anonymous` what a request without a user gets; `for_anybody` says both in words.
    """

    owner: str | None
    attributes: Mapping[str, tuple[str, ...]] | None
    raw_attributes: str | None
    tenant: str | None
    is_unowned: bool
    is_public: bool
    decision: Decision | None
    stranger: Decision
    anonymous: Decision
    for_anybody: str
    notices: tuple[str, ...]


def engine_of(target: Target | None) -> SqlEngine:
    """Return which of the two engines applies the SQL filter on a backend's target; raises UsageError for any other."""
    match target:
        case SqliteTarget():
            return SqlEngine.SQLITE
        case PostgresTarget():
            return SqlEngine.POSTGRES
        case _:
            raise UsageError("Rows with owners are kept in SQLite or PostgreSQL only")


@dataclass(frozen=True, slots=True)
class TableAccess:
    """Who may read the rows of a physical table: the config's rules, and the release and engine of the server that applies them."""

    rules: AccessRules
    version: Version
    engine: SqlEngine
    table: str

    def judge(self, viewer: Viewer | None) -> Judge:
        """Return what decides for one viewer (None: an anonymous request) about any number of rows.

        Raises ConfigError where the config's rules cannot be known.
        """
        if self.rules.problem is not None:
            raise ConfigError(
                f"Who may read a row is unknown: {self.rules.problem}", where="server.auth.access_policy"
            )
        return Judge(self.rules, self.version, self.engine, self.table, viewer)

    def decide(self, row_id: str | None, ownership: Ownership, viewer: Viewer | None) -> Decision:
        """Decide about one row; raises as `judge` does."""
        return self.judge(viewer).decide(row_id, ownership)

    def who(self, row_id: str | None, ownership: Ownership, viewer: Viewer | None = None) -> WhoReport:
        """Report who may read one row, and whether the viewer may, where one is named; raises as `judge` does."""
        stranger = self.decide(row_id, ownership, Viewer(_STRANGER, None, ownership.tenant))
        anonymous = self.decide(row_id, ownership, None)
        decision = None if viewer is None else self.decide(row_id, ownership, viewer)
        decisions = [one for one in (decision, stranger, anonymous) if one is not None]
        return WhoReport(
            owner=ownership.owner,
            attributes=_parsed(ownership, self.engine),
            raw_attributes=ownership.attributes,
            tenant=ownership.tenant if ownership.has_tenant_column else None,
            is_unowned=not ownership.owner,
            is_public=anonymous.may_read,
            decision=decision,
            stranger=stranger,
            anonymous=anonymous,
            for_anybody=_for_anybody(self.rules, stranger, anonymous),
            notices=tuple(dict.fromkeys(_notices(self, ownership, decisions))),
        )


def parse_viewer(name: str, attributes: str | None = None, tenant: str | None = None) -> Viewer:
    """Make a viewer of an operator's words; raises UsageError for what no server would take for a user.

    `attributes` is a JSON object of lists of texts: the stores of every version take nothing else. The tenant is written as
    servers write it, in lower case.
    """
    values = None if attributes is None else _attributes(attributes)
    if not name and not values:
        raise UsageError(
            "The user needs a name", help="Leave the user out to ask about a request that is not signed in."
        )
    return Viewer(_clean(name, "name"), values, None if tenant is None else _tenant(tenant))


def _attributes(text: str) -> dict[str, tuple[str, ...]]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("The attributes are not JSON", help=_ATTRIBUTES_HELP) from None
    if not isinstance(given, dict):
        raise UsageError("The attributes are not a JSON object", help=_ATTRIBUTES_HELP)
    for key, values in given.items():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise UsageError(f"The attribute {key!r} is not a list of strings", help=_ATTRIBUTES_HELP)
    return {
        _clean(key, "attribute"): tuple(_clean(value, "attribute") for value in values)
        for key, values in given.items()
    }


def _clean(text: str, what: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"The {what} {text!r} is not Unicode text") from None
    return text


def _tenant(text: str) -> str:
    tenant = text.strip().lower()
    if not _TENANT.fullmatch(tenant):
        raise UsageError(
            f"{text!r} is not a tenant id",
            help="It has 1 to 128 letters, digits, - and _, and starts with a letter or a digit.",
        )
    return tenant


def _parsed(ownership: Ownership, engine: SqlEngine) -> dict[str, tuple[str, ...]] | None:
    try:
        attributes = checked_attributes(decode_attributes(ownership.attributes, engine))
    except UnreadableRowError:
        return None
    return None if attributes is None else {key: tuple(values) for key, values in attributes.items()}


def _for_anybody(rules: AccessRules, stranger: Decision, anonymous: Decision) -> str:
    signed_in = f"A signed-in user without attributes {_may(stranger)} read it."
    if not rules.has_effect:
        return f"No authentication is configured: every request is anonymous and {_may(anonymous)} read it."
    if rules.has_authentication:
        return f"{signed_in} A request that is not signed in is refused."
    return f"Every request runs as the user system, and {_may(anonymous)} read it."


def _may(decision: Decision) -> str:
    if decision.depends_on is not None:
        return "may, depending on the server's start,"
    return "may" if decision.may_read else "may not"


def _notices(access: TableAccess, ownership: Ownership, decisions: list[Decision]) -> Iterator[str]:
    rules = access.rules
    if not rules.has_effect and not rules.is_default:
        yield (
            "The config has an access policy and no authentication provider: every request is anonymous, and the policy "
            "decides nothing."
        )
    elif not rules.has_effect:
        yield "The config has no authentication provider: every request is anonymous."
    if rules.has_route_policy:
        yield "The config has a route policy, which may refuse the request before any row is looked at."
    if ownership.owner is None:
        yield (
            "The owner is NULL: the row was written before 0.3.2, or before the column was there. From 0.4 on the default "
            "filter shows it to nobody."
        )
    tenant = ownership.tenant if ownership.has_tenant_column else None
    if rules.tenancy is Tenancy.SINGLE and dialect_of(access.version).has_tenancy and tenant is None:
        yield f"The row has no tenant: the server gives it {rules.default_tenant!r} when it starts."
    yield from _attribute_notices(access.engine, ownership)
    yield from (decision.depends_on + "." for decision in decisions if decision.depends_on is not None)


def _attribute_notices(engine: SqlEngine, ownership: Ownership) -> Iterator[str]:
    try:
        attributes = checked_attributes(decode_attributes(ownership.attributes, engine))
    except UnreadableRowError as error:
        yield f"A server that has to read the owner of this row fails: {error}."
        return
    if attributes is not None and ownership.attributes is not None:
        names = [name for name, _ in json.loads(ownership.attributes, object_pairs_hook=list)]
        if len(names) != len(set(names)):
            first = "first" if engine is SqlEngine.SQLITE else "last"
            yield f"The access attributes name a key twice: the SQL filter takes the {first} of them, the policy the last."
