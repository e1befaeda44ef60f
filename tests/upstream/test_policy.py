"""Who may read a row, in the versions between those whose decisions are recorded."""

import pytest

from llama_storage_tui.model.access import (
    AccessRule,
    AccessRules,
    AccessStage,
    Decision,
    Ownership,
    Scope,
    SqlEngine,
    Viewer,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.policy.judge import Judge
from llama_storage_tui.upstream.policy.postgres import field_of, like
from llama_storage_tui.upstream.policy.verdicts import is_meant

DEFAULT = AccessRules(has_authentication=True)
SQLITE, POSTGRES = SqlEngine


def decision(
    version: str,
    ownership: Ownership,
    viewer: Viewer | None,
    *rules: AccessRule,
    engine: SqlEngine = SqlEngine.SQLITE,
) -> Decision:
    known = AccessRules(rules, has_authentication=True)
    return Judge(known, Version.parse(version), engine, "responses", viewer).decide("resp_1", ownership)


def teams(*values: str) -> Viewer:
    return Viewer("bob", {"teams": values})


@pytest.mark.parametrize(
    ("version", "sql_null", "json_null"),
    [
        ("0.3.0", False, True),
        ("0.3.1", False, True),
        ("0.3.2", True, True),
        ("0.3.5", True, True),
        ("0.4.0", False, False),
    ],
)
@pytest.mark.parametrize("engine", SqlEngine)
def test_rows_without_attributes_are_public_before_0_4(
    version: str, *, sql_null: bool, json_null: bool, engine: SqlEngine
) -> None:
    assert decision(version, Ownership("alice", None), None, engine=engine).may_read is sql_null
    assert decision(version, Ownership("alice", "null"), None, engine=engine).may_read is json_null


@pytest.mark.parametrize(("version", "reads"), [("0.3.5", False), ("0.4.0", True), ("1.5.0", True)])
def test_an_owner_without_attributes_reads_from_0_4_on(version: str, *, reads: bool) -> None:
    assert decision(version, Ownership("alice", "{}"), Viewer("alice")).may_read is reads


@pytest.mark.parametrize(
    ("version", "fails"),
    [("0.3.5", True), ("0.5.1", True), ("0.5.2", False), ("0.7.3", False), ("1.5.0", False)],
)
@pytest.mark.parametrize("engine", SqlEngine)
def test_a_value_that_looks_like_a_parameter_breaks_the_statement_where_values_are_pasted(
    version: str, *, fails: bool, engine: SqlEngine
) -> None:
    found = decision(version, Ownership("alice", '{"teams": ["x :y"]}'), teams("x :y"), engine=engine)
    assert found.fails is fails
    assert found.may_read is not fails
    assert (found.stage is AccessStage.FILTER) is fails


@pytest.mark.parametrize(
    ("version", "fails"), [("0.3.5", False), ("0.4.0", True), ("0.5.1", True), ("0.5.2", False)]
)
def test_a_name_that_looks_like_a_parameter_breaks_it_where_the_name_is_pasted(
    version: str, *, fails: bool
) -> None:
    assert decision(version, Ownership("", "null"), Viewer("a :b", {"teams": ("x",)})).fails is fails


@pytest.mark.parametrize(
    ("version", "reads"), [("0.7.3", False), ("0.8.0", False), ("1.0.2", False), ("1.0.3", True)]
)
@pytest.mark.parametrize("engine", SqlEngine)
def test_values_that_json_escapes_are_found_from_1_0_3_on(
    version: str, *, reads: bool, engine: SqlEngine
) -> None:
    row = Ownership("alice", '{"teams": ["\\u00e9"]}')
    found = decision(version, row, teams("é"), engine=engine)
    assert found.may_read is reads
    assert found.by_policy


@pytest.mark.parametrize(("version", "by_sql"), [("0.7.3", True), ("1.0.2", True), ("1.0.3", False)])
def test_wildcards_match_too_much_before_1_0_3_and_the_policy_takes_it_back(
    version: str, *, by_sql: bool
) -> None:
    found = decision(version, Ownership("alice", '{"teams": ["ml"]}'), teams("%"))
    assert found.by_sql is by_sql
    assert not found.may_read
    assert found.stage is (AccessStage.POLICY if by_sql else AccessStage.FILTER)


def test_letter_case_matters_to_postgresql_only() -> None:
    row = Ownership("alice", '{"teams": ["ML"]}')
    assert decision("0.7.3", row, teams("ml"), engine=SQLITE).by_sql
    assert not decision("0.7.3", row, teams("ml"), engine=POSTGRES).by_sql


@pytest.mark.parametrize(("version", "by_sql"), [("0.7.3", True), ("0.8.0", False), ("1.5.0", False)])
def test_only_the_four_attributes_count_in_sql_from_0_8_on(version: str, *, by_sql: bool) -> None:
    row = Ownership("alice", '{"dept": ["hr"]}')
    assert decision(version, row, Viewer("bob", {"dept": ("hr",)})).by_sql is by_sql


@pytest.mark.parametrize(
    ("version", "shares"), [("0.5.1", False), ("0.5.2", True), ("0.7.3", True), ("0.8.0", False)]
)
def test_attributes_that_differ_in_punctuation_share_a_parameter(version: str, *, shares: bool) -> None:
    viewer = Viewer("bob", {"a-b": ("one",), "a_b": ("two",)})
    assert decision(version, Ownership("alice", '{"a-b": ["two"]}'), viewer).by_sql is shares


@pytest.mark.parametrize(
    ("version", "is_pattern"), [("0.3.5", False), ("0.5.4", False), ("0.6.0", True), ("1.5.0", True)]
)
def test_regex_is_a_pattern_from_0_6_on(version: str, *, is_pattern: bool) -> None:
    rule = AccessRule(permit=Scope("read", resource="regex:sql_record::.*"))
    assert decision(version, Ownership("alice", "{}"), Viewer("bob"), rule).may_read is is_pattern


@pytest.mark.parametrize(("version", "certain"), [("0.7.3", True), ("0.8.0", False), ("1.5.0", False)])
def test_the_default_written_out_depends_on_the_start_from_0_8_on(version: str, *, certain: bool) -> None:
    scope = Scope(("create", "read", "update", "delete"))
    names = ("roles", "teams", "projects", "namespaces")
    texts = (*(f"user in owners {name}" for name in names), "user is owner", "resource is unowned")
    rules = [AccessRule(permit=scope, when=(text,)) for text in texts]
    found = decision(version, Ownership(None, None), Viewer("bob"), *rules)
    assert found.is_certain is certain
    assert found.may_read is not certain


def test_equal_rules_at_two_places_are_named_by_the_one_that_decided() -> None:
    nobody = AccessRule(permit=Scope("read"), when="user is owner", where="server.auth.access_policy[0]")
    other = AccessRule(permit=Scope("read"), when="user is owner", where="server.auth.access_policy[1]")
    forbids = AccessRule(forbid=Scope("read", resource="model::*"), where="x")
    for rules, expected in (((nobody, other), "[0]"), ((forbids, other, nobody), "[1]")):
        found = decision("1.5.0", Ownership("bob", "{}"), Viewer("bob"), *rules)
        assert found.rule == f"server.auth.access_policy{expected}"


def test_a_condition_that_nobody_can_read_is_no_condition_that_holds() -> None:
    with pytest.raises(ValueError, match="condition"):
        decision(
            "0.3.5",
            Ownership("", "null"),
            Viewer("bob"),
            AccessRule(permit=Scope("read"), when="resource is unowned"),
        )


@pytest.mark.parametrize(
    ("scope", "resource", "meant"),
    [
        ("sql_record::responses::*", "sql_record::responses::x", True),
        ("sql_record::responses::*", "sql_record::responses_2::x", False),
        ("sql_record::*", "sql_record::responses::x", True),
        ("*", "sql_record::responses::x", False),
        ("regex:.*x", "sql_record::responses::x", True),
        ("regex:(", "sql_record::responses::x", False),
    ],
)
def test_a_resource_means_a_name_a_type_or_a_pattern(scope: str, resource: str, *, meant: bool) -> None:
    assert is_meant(scope, resource, has_regex=True) is meant


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ('{"a": [1 , "x"] }', '[1 , "x"]'),
        ('{"a": 1, "a": "\\u00e9"}', '"\\u00e9"'),
        ('{"b": {"a": 1}, "a": null}', "null"),
        ('{"b": 1}', None),
        ("{}", None),
        ('["a"]', None),
        ('"a"', None),
        (" null ", None),
        ('{"\\u0061": 2}', "2"),
    ],
)
def test_a_field_of_json_is_the_text_that_postgresql_returns(text: str, piece: str | None) -> None:
    assert field_of(text, "a") == piece


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udc00\\ud800"])
def test_escapes_that_are_no_text_stop_postgresql(escape: str) -> None:
    with pytest.raises(ValueError, match="PostgreSQL stops"):
        field_of(f'{{"b": "{escape}"}}', "a")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("%x_", "a\nxy", True),
        (r"a\%", "a%", True),
        (r"a\%", "ab", False),
        ("a.c", "abc", False),
        ("", "", True),
    ],
)
def test_like_patterns_match_as_in_postgresql(pattern: str, text: str, *, matches: bool) -> None:
    assert (like(pattern).fullmatch(text) is not None) is matches
