"""Who may read a row, in the words of a report."""

import json
from pathlib import Path

import pytest

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.model.access import (
    AccessRule,
    AccessRules,
    AccessStage,
    Ownership,
    Scope,
    SqlEngine,
    Tenancy,
    Viewer,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.access import TableAccess, WhoReport, engine_of, parse_viewer

NEWEST = Version(1, 5)
DEFAULT = AccessRules(has_authentication=True)
ALICES = Ownership("alice", '{"teams": ["ml"]}')


def report(
    ownership: Ownership,
    viewer: Viewer | None = None,
    *,
    rules: AccessRules = DEFAULT,
    version: Version = NEWEST,
) -> WhoReport:
    return TableAccess(rules, version, SqlEngine.SQLITE, "responses").who("resp_1", ownership, viewer)


def test_the_owner_reads_and_the_rule_is_named() -> None:
    found = report(ALICES, Viewer("alice"))
    assert found.decision is not None
    assert found.decision.may_read
    assert found.decision.rule == "default policy: user is owner"
    assert found.attributes == {"teams": ("ml",)}
    assert not found.is_public
    assert found.for_anybody == (
        "A signed-in user without attributes may not read it. A request that is not signed in is refused."
    )


def test_a_row_that_nobody_owns_is_public() -> None:
    found = report(Ownership("", "null"))
    assert found.decision is None
    assert found.is_unowned
    assert found.is_public
    assert found.stranger.may_read
    assert found.stranger.rule == "default policy: resource is unowned"


def test_a_row_without_an_owner_column_value_is_hidden_by_that() -> None:
    found = report(Ownership(None, None), Viewer("alice"))
    assert found.decision is not None
    assert found.decision.stage is AccessStage.NULL_OWNER
    assert not found.decision.by_sql
    assert found.decision.by_policy
    assert any("The owner is NULL" in notice for notice in found.notices)


def test_the_rule_of_a_config_is_named_by_its_place() -> None:
    rules = AccessRules(
        (
            AccessRule(permit=Scope("read", principal="bob"), where="server.auth.access_policy[0]"),
            AccessRule(forbid=Scope("read"), unless="user is owner", where="server.auth.access_policy[1]"),
        ),
        has_authentication=True,
    )
    found = report(ALICES, Viewer("carol"), rules=rules)
    assert found.decision is not None
    assert found.decision.stage is AccessStage.POLICY
    assert found.decision.rule == "server.auth.access_policy[1]"
    assert found.decision.because == (
        "The rule server.auth.access_policy[1] forbids reading unless user is owner"
    )


def test_a_policy_without_authentication_is_said_to_decide_nothing() -> None:
    found = report(ALICES, rules=AccessRules((AccessRule(permit=Scope("read")),)))
    assert (
        found.for_anybody
        == "No authentication is configured: every request is anonymous and may not read it."
    )
    assert any("decides nothing" in notice for notice in found.notices)


def test_what_depends_on_a_start_is_said_to() -> None:
    conditions = [f"user in owners {name}" for name in ("roles", "teams", "projects", "namespaces")]
    scope = Scope(("create", "read", "update", "delete"))
    written_out = tuple(
        AccessRule(permit=scope, when=(condition,))
        for condition in (*conditions, "user is owner", "resource is unowned")
    )
    rules = AccessRules(written_out, has_authentication=True)
    by_chance = report(Ownership(None, "null"), Viewer("alice"), rules=rules)
    assert by_chance.decision is not None
    assert not by_chance.decision.is_certain
    assert by_chance.decision.depends_on is not None
    assert f"{by_chance.decision.depends_on}." in by_chance.notices
    assert "depending on the server's start" in by_chance.for_anybody
    certain = report(ALICES, Viewer("alice"), rules=rules)
    assert certain.decision is not None
    assert certain.decision.is_certain
    earlier = report(Ownership(None, "null"), Viewer("alice"), rules=rules, version=Version(0, 7, 3))
    assert earlier.decision is not None
    assert earlier.decision.is_certain


def test_tenancy_single_fills_in_the_tenant_and_names_nobody_system() -> None:
    rules = AccessRules(tenancy=Tenancy.SINGLE, default_tenant="acme")
    systems = Ownership("system", "null", None)
    found = report(systems, rules=rules)
    assert found.anonymous.may_read
    assert any("'acme' when it starts" in notice for notice in found.notices)
    assert report(Ownership("", "null", ""), rules=rules).anonymous.stage is AccessStage.TENANT
    assert report(Ownership("", "null", None, has_tenant_column=False), rules=rules).anonymous.may_read


def test_tenancy_multi_refuses_a_request_without_a_tenant() -> None:
    rules = AccessRules(tenancy=Tenancy.MULTI, has_authentication=True)
    found = report(Ownership("", "null", "acme"), Viewer("alice"), rules=rules)
    assert found.decision is not None
    assert found.decision.stage is AccessStage.TENANT
    assert "refused" in found.decision.because
    assert report(Ownership("", "null", "acme"), Viewer("alice", None, "acme"), rules=rules).stranger.may_read


def test_a_row_that_a_server_fails_on_is_not_read_and_kept_raw() -> None:
    found = report(Ownership("alice", '{"roles": "dev"}'), Viewer("bob", {"roles": ("dev",)}))
    assert found.decision is not None
    assert found.decision.fails
    assert found.attributes is None
    assert found.raw_attributes == '{"roles": "dev"}'
    assert any("not lists of texts" in notice for notice in found.notices)


def test_a_key_that_stands_twice_is_noticed() -> None:
    found = report(Ownership("alice", '{"teams": ["a"], "teams": ["b"]}'))
    assert found.attributes == {"teams": ("b",)}
    assert any("twice" in notice for notice in found.notices)


def test_rules_that_cannot_be_known_decide_about_nobody() -> None:
    rules = AccessRules(problem="a rule depends on a variable that is not set")
    with pytest.raises(ConfigError, match="depends on a variable"):
        TableAccess(rules, NEWEST, SqlEngine.SQLITE, "responses").judge(None)


def test_a_viewer_is_read_from_an_operators_words() -> None:
    viewer = parse_viewer("bob", '{"roles": ["admin"], "teams": []}', " Acme ")
    assert viewer == Viewer("bob", {"roles": ("admin",), "teams": ()}, "acme")
    assert parse_viewer("bob") == Viewer("bob")


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "roles",
        '["admin"]',
        '{"roles": "admin"}',
        '{"roles": [1]}',
        '{"roles": null}',
        '"x"',
        "{",
        "[" * 99999,
    ],
)
def test_attributes_of_another_shape_are_refused(attributes: str) -> None:
    with pytest.raises(UsageError, match="attribute") as raised:
        parse_viewer("bob", attributes)
    assert raised.value.help is not None


@pytest.mark.parametrize("tenant", ["", "-x", "a b", "ü", "x" * 129])
def test_a_tenant_that_no_server_takes_is_refused(tenant: str) -> None:
    with pytest.raises(UsageError, match="tenant"):
        parse_viewer("bob", None, tenant)


def test_a_user_has_a_name_or_attributes() -> None:
    with pytest.raises(UsageError, match="name"):
        parse_viewer("", "{}")
    assert parse_viewer("", json.dumps({"roles": ["x"]})).name == ""


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(UsageError, match="Unicode"):
        parse_viewer("bob", '{"roles": ["\\ud800"]}')


def test_the_physical_table_is_part_of_a_rules_resource() -> None:
    rules = AccessRules((AccessRule(permit=Scope("read", resource="sql_record::responses::*")),))
    for table, expected in (("responses", True), ("openai_responses", False)):
        decision = TableAccess(rules, NEWEST, SqlEngine.SQLITE, table).decide("resp_1", ALICES, Viewer("bob"))
        assert decision.may_read is expected


def test_the_engine_is_that_of_the_target() -> None:
    assert engine_of(SqliteTarget(Path("sql.db"))) is SqlEngine.SQLITE
    assert engine_of(PostgresTarget("db", 5432, "stack", "stack")) is SqlEngine.POSTGRES
    for target in (None, RedisTarget("r", 6379)):
        with pytest.raises(UsageError, match="SQLite or PostgreSQL"):
            engine_of(target)
