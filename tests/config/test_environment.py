"""`${env.X}` is expanded as servers do it, and every value knows where it came from."""

import math
from pathlib import Path

import pytest

from llama_storage_tui.config.dotenv import merge, parse_env_file
from llama_storage_tui.config.environment import UNKNOWN, Resolution, contains_unknown, resolve
from llama_storage_tui.model.catalog import NOT_SET, SourceKind
from llama_storage_tui.model.version import Version
from llama_storage_tui.reports.notices import notice_words
from tests.configs import HOME, POSTGRES, SQLITE, catalog_of, found, only, setting, with_provider

NOW = Version(1, 5)


def expand(
    text: object, *, version: Version = NOW, assumes_set: bool = False, **variables: str
) -> Resolution:
    return resolve(text, merge([], variables, assumes_set=assumes_set, home=HOME), version)


@pytest.mark.parametrize(
    ("text", "value", "result"),
    [
        ("${env.X}", "word", "word"),
        ("${env.X}", "123456", 123456),
        ("${env.X}", "true", True),
        ("${env.X}", "FALSE", False),
        ("${env.X}", "1e5", 100000.0),
        ("${env.X}", "0012", 12),
        ("${env.X}", "1_000", 1000),
        ("${env.X}", " 7 ", 7),
        ("${env.X}", "none", "none"),
        ("${env.X:=5432}", "", 5432),
        ("${env.X:=5432}", "1", 1),
        ("${env.X:=}", "", None),
        ("x${env.X:=}y", "", "xy"),
        ("${env.X:=a}b}", "", "ab}"),
        ("${env.X:+there}", "1", "there"),
        ("${env.X:+there}", "", None),
        ("${env.X}${env.X}", "12", 1212),
        ("http://${env.X}:80", "host", "http://host:80"),
        ("${env.X}", "~/data", f"{HOME}/data"),
        ("${env.X:=~/data}", "", f"{HOME}/data"),
        ("~/data", "", "~/data"),
        ("$${env.X}", "a", "$a"),
        ("${env.lower}", "a", "${env.lower}"),
        ("${env.X:-a}", "b", "${env.X:-a}"),
        ("${env.X:a}", "b", "${env.X:a}"),
        ("12345", "", "12345"),
        ("${env.X:=${env.Y}}", "", "${env.Y}"),
    ],
)
def test_a_string_expands_as_on_a_server(text: str, value: str, result: object) -> None:
    assert expand(text, X=value).data == result
    assert type(expand(text, X=value).data) is type(result)


def test_nan_becomes_a_number_too() -> None:
    data = expand("${env.X}", X="nan").data
    assert isinstance(data, float)
    assert math.isnan(data)


def test_keys_numbers_and_booleans_are_left_alone() -> None:
    data = {"${env.X}": 5432, "b": True, "n": None}
    assert expand(data, X="1").data == data


def test_all_missing_variables_are_reported_together_with_their_lines() -> None:
    text = POSTGRES.replace("db.example.org", "${env.HOST}").replace("user: stack", "user: ${env.USER_NAME}")
    catalog = catalog_of(text, environ={"USER_NAME": ""})
    findings = found(catalog, "unset-variable")
    assert [(finding.where, finding.line) for finding in findings] == [
        ("storage.backends.sql_default.host", 13),
        ("storage.backends.sql_default.user", 15),
        ("storage.backends.sql_default.password", 16),
    ]
    assert "HOST is not set" in findings[0].message
    assert "USER_NAME is set to an empty text" in findings[1].message
    assert not catalog.verdict.loads


def test_a_missing_variable_is_unknown_and_not_empty_text() -> None:
    resolution = expand({"a": ["x${env.X}"], "b": 1})
    assert contains_unknown(resolution.data)
    assert resolution.data == {"a": [UNKNOWN], "b": 1}


def test_assume_set_reports_nothing_missing_and_holds_no_wrong_type_against_the_value() -> None:
    text = SQLITE.replace("/srv/stack/kv.db", "${env.NOWHERE}") + "server: {insecure: true}\n"
    catalog = catalog_of(text, assumes_set=True)
    assert catalog.verdict.loads
    assert not catalog.findings
    shown = setting(catalog, "kv_default", "db_path")
    assert (shown.value, shown.expression, shown.is_resolved) == (None, "${env.NOWHERE}", False)


def test_a_disabled_provider_is_dropped_before_its_config_is_expanded() -> None:
    text = with_provider(
        SQLITE, "files", "inline::localfs", "{x: '${env.MISSING}'}", provider_id="__disabled__"
    )
    catalog = catalog_of(text)
    assert not found(catalog, "unset-variable")
    assert catalog.verdict.loads


def test_a_provider_whose_id_resolves_to_nothing_is_still_expanded() -> None:
    text = with_provider(
        SQLITE,
        "files",
        "inline::localfs",
        "{metadata_store: {backend: sql_default, table_name: files_metadata}, x: '${env.MISSING}'}",
        provider_id="${env.ON:+localfs}",
    )
    catalog = catalog_of(text)
    assert "MISSING" in only(catalog, "unset-variable").message
    [reference] = [one for one in catalog.references if one.kind == "provider"]
    assert (reference.name, reference.is_enabled) == ("localfs", False)


@pytest.mark.parametrize(
    ("version", "field", "is_dropped"),
    [
        (Version(0, 4, 0), "model_id", False),
        (Version(0, 4, 1), "model_id", True),
        (Version(0, 6, 1), "toolgroup_id", True),
        (Version(0, 7), "toolgroup_id", False),
        (Version(0, 8), "dataset_id", False),
        (Version(0, 5), "model_id", True),
        (Version(0, 8), "shield_id", True),
        (Version(1, 0), "shield_id", False),
        (Version(1, 5), "vector_store_id", True),
    ],
)
def test_a_resource_without_an_id_is_dropped_from_the_version_on_that_does_so(
    version: Version, field: str, *, is_dropped: bool
) -> None:
    resolution = expand([{field: "${env.X:+id}", "y": 1}, {field: "kept"}], version=version)
    assert (resolution.dropped == {(0,): f"its {field} resolves to nothing"}) is is_dropped
    assert isinstance(resolution.data, list)
    assert len(resolution.data) == (1 if is_dropped else 2)


def test_a_path_of_the_resolved_data_leads_back_to_the_index_of_the_file() -> None:
    resolution = expand({"providers": {"files": [{"provider_id": "__disabled__"}, {"provider_id": "a"}]}})
    assert resolution.file_path(("providers", "files", 0, "config")) == ("providers", "files", 1, "config")


@pytest.mark.parametrize(("version", "is_off"), [(Version(0, 5, 4), False), (Version(0, 6), True)])
def test_authentication_without_a_type_is_off_and_not_expanded(version: Version, *, is_off: bool) -> None:
    data = {"server": {"auth": {"provider_config": {"type": "${env.AUTH:=}", "key": "${env.KEY}"}}}}
    resolution = expand(data, version=version)
    assert ([missing.variable for missing in resolution.missing] == []) is is_off
    assert (("server", "auth", "provider_config") in resolution.dropped) is is_off


def test_an_expression_left_after_expansion_fails_a_worker_from_1_2_on() -> None:
    text = SQLITE.replace("/srv/stack/kv.db", "${env.A:=${env.B}}")
    assert only(catalog_of(text, "1.5"), "expanded-twice").where == "storage.backends.kv_default.db_path"
    assert not found(catalog_of(text, "1.1"), "expanded-twice")
    assert not found(catalog_of(SQLITE, "1.5"), "expanded-twice")


def test_a_value_of_an_env_file_names_the_file_and_the_line() -> None:
    source = setting(
        catalog_of(POSTGRES, env_file="# comment\nPGPASS=word\n"), "sql_default", "password"
    ).source
    assert (source.kind, source.variable, source.file, source.line) == (
        SourceKind.VARIABLE,
        "PGPASS",
        ".env",
        2,
    )


def test_a_value_of_the_process_names_the_variable_alone() -> None:
    source = setting(catalog_of(POSTGRES, environ={"PGPASS": "word"}), "sql_default", "password").source
    assert (source.kind, source.variable, source.file, source.line) == (
        SourceKind.VARIABLE,
        "PGPASS",
        None,
        None,
    )


def test_a_default_and_a_literal_name_their_line_of_the_config() -> None:
    text = POSTGRES.replace("db.example.org", "${env.HOST:=localhost}")
    catalog = catalog_of(text, environ={"PGPASS": "word"})
    default = setting(catalog, "sql_default", "host")
    assert (default.value, default.expression) == ("localhost", "${env.HOST:=localhost}")
    assert (default.source.kind, default.source.variable, default.source.line) == (
        SourceKind.DEFAULT,
        "HOST",
        13,
    )
    literal = setting(catalog, "sql_default", "db").source
    assert (literal.kind, literal.file, literal.line) == (SourceKind.LITERAL, "run.yaml", 14)
    assert setting(catalog, "sql_default", "port").source == NOT_SET


def test_a_later_env_file_and_any_named_file_win_over_the_process_with_a_notice() -> None:
    first, second = parse_env_file("A=1\nB=1", "a.env"), parse_env_file("A=2", "b.env")
    environment = merge([first, second], {"A": "0", "B": "1", "C": "0"}, home=HOME)
    assert {name: variable.value for name, variable in environment.variables.items()} == {
        "A": "2",
        "B": "1",
        "C": "0",
    }
    [notice] = notice_words(environment.notices)
    assert notice.startswith("A differs between b.env (line 1) and the process environment")


def test_the_process_environment_can_be_ignored() -> None:
    assert merge([], None).variables == {}


def test_the_values_of_variables_are_not_in_a_representation() -> None:
    environment = merge([parse_env_file("A=hunter22", ".env")], {"B": "hunter23"}, home=str(Path("/h")))
    assert "hunter" not in repr(environment)
