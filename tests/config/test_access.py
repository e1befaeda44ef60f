"""A config's access policy as a server of its version reads it."""

import pytest

from llama_storage_tui.model.access import AccessRule, AccessRules, Scope, Tenancy
from tests.configs import OLDEST, SQLITE, catalog_of

PROVIDER = "    provider_config: {type: custom, endpoint: 'https://example.org'}\n"


def rules_of(
    policy: str, *, version: str = "1.5.0", config: str = SQLITE, assumes_set: bool = False
) -> AccessRules:
    text = f"{config}server:\n  auth:\n{PROVIDER}    access_policy: {policy}\n"
    return catalog_of(text, version=version, environ={"ADMIN": "root"}, assumes_set=assumes_set).access


def test_a_config_without_a_policy_has_the_default_and_no_authentication() -> None:
    rules = catalog_of(SQLITE, version="1.5.0").access
    assert rules == AccessRules()
    assert rules.is_default
    assert not rules.has_effect


def test_rules_keep_their_order_their_place_and_how_they_are_written() -> None:
    rules = rules_of(
        """
    - permit: {principal: bob, actions: read, resource: 'model::*'}
      when: user is owner
    - forbid: {actions: [read, delete]}
      unless: [user with admin in roles]
      description: admins only
"""
    )
    assert rules.problem is None
    assert rules.rules == (
        AccessRule(permit=Scope("read", "bob", "model::*"), when="user is owner"),
        AccessRule(
            forbid=Scope(("read", "delete")),
            unless=("user with admin in roles",),
            description="admins only",
        ),
    )
    assert [rule.where for rule in rules.rules] == [f"server.auth.access_policy[{index}]" for index in (0, 1)]
    assert [rule.line for rule in rules.rules] == [24, 26]
    assert rules.has_effect


def test_variables_are_expanded_before_the_rules_are_read() -> None:
    rules = rules_of("[{permit: {principal: '${env.ADMIN}', actions: read}, when: '${env.NOTHING:=}'}]")
    assert rules.rules == (AccessRule(permit=Scope("read", "root")),)


def test_misspelt_keys_are_dropped_as_servers_drop_them() -> None:
    assert rules_of("[{permit: {principle: bob, actions: read}, wen: user is owner}]").rules == (
        AccessRule(permit=Scope("read")),
    )


@pytest.mark.parametrize(
    "policy",
    [
        "null",
        "{}",
        "word",
        "[null]",
        "[{permit: {actions: list}}]",
        "[{permit: {actions: read}, when: user in owner teams}]",
    ],
)
def test_a_policy_that_no_server_loads_is_a_problem(policy: str) -> None:
    rules = rules_of(policy)
    assert rules.problem is not None
    assert rules.rules == ()


def test_a_condition_that_came_later_is_a_problem_before() -> None:
    policy = "[{permit: {actions: read}, when: resource is unowned}]"
    assert rules_of(policy).problem is None
    assert rules_of(policy, version="0.3.5", config=OLDEST).problem is not None


def test_a_rule_of_an_unset_variable_is_a_problem() -> None:
    problem = rules_of("[{permit: {principal: '${env.WHO}', actions: read}}]", assumes_set=True).problem
    assert problem is not None
    assert "variable" in problem


def test_tenancy_is_read_from_1_2_on() -> None:
    text = f"{SQLITE}server:\n  tenancy: {{mode: single, default_tenant_id: ' Acme '}}\n"
    rules = catalog_of(text, version="1.5.0").access
    assert (rules.tenancy, rules.default_tenant) == (Tenancy.SINGLE, "acme")
    assert rules.has_effect
    assert catalog_of(text, version="1.1.0").access.tenancy is Tenancy.DISABLED


def test_authentication_whose_type_is_empty_is_off() -> None:
    text = (
        f"{SQLITE}server:\n  auth:\n    provider_config: {{type: '${{env.KIND:=}}'}}\n    access_policy: []\n"
    )
    assert not catalog_of(text, version="1.5.0").access.has_authentication
