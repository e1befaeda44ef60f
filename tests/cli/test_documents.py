"""Every command's JSON has the keys that are promised to scripts, and follows the schema that the program prints."""

import json

import jsonschema
import pytest

from tests.cli.conftest import Run

FINDING = ["rule", "severity", "stage", "where", "line", "message", "help"]
REFERENCE = [
    "path",
    "kind",
    "name",
    "enabled",
    "defaulted",
    "family",
    "backend",
    "namespace",
    "table",
    "physical",
]
VERSION = ["guess", "range", "because", "for"]

CALLS = [
    ("check", [], ["config", "version", "verdict", "findings"]),
    ("show", [], ["config", "distribution", "version", "backends", "references"]),
    ("test", [], ["results"]),
    ("namespaces", ["kv_default"], ["backend", "namespaces", "unassigned"]),
    ("keys", ["kv_default", "registry"], ["keys", "next", "complete", "scanned"]),
    ("get", ["kv_default", "registry", "registry:model:1"], ["key", "value", "bytes", "expires_at"]),
    ("tables", ["sql_default"], ["backend", "tables"]),
    ("rows", ["sql_default", "inference_store"], ["columns", "rows", "next", "complete"]),
    ("goto", ["registry:model"], ["id", "matches", "asked", "notices", "failed", "complete"]),
    (
        "upgrade-check",
        ["--to", "1.5.0", "--from", "0.7.3"],
        [
            "config",
            "from",
            "to",
            "loads",
            "starts",
            "stores",
            "lost",
            "rewritten_by_server",
            "findings",
            "steps",
            "notices",
        ],
    ),
    ("left-behind", [], ["findings", "spaces", "notices"]),
]

PARTS = [
    ("check", [], ("version",), VERSION),
    ("check", [], ("verdict",), ["load", "start"]),
    (
        "show",
        [],
        ("backends", 0),
        ["name", "type", "family", "location", "settings", "credential", "references"],
    ),
    ("show", [], ("backends", 0, "credential"), ["user", "field", "source"]),
    ("show", [], ("backends", 0, "credential", "source"), ["kind", "variable", "file", "line"]),
    ("show", [], ("references", 0), [*REFERENCE]),
    ("show", [], ("references", 0, "physical"), ["container", "tables", "prefixes"]),
    (
        "test",
        [],
        ("results", 0),
        ["backend", "ok", "latency_ms", "server", "user", "tls", "writable", "details", "error"],
    ),
    ("namespaces", ["kv_default"], ("namespaces", 0), ["name", "keys", "exact", "referenced_by"]),
    ("namespaces", ["kv_default"], ("unassigned",), ["keys", "exact"]),
    ("keys", ["kv_default", "registry"], ("keys", 0), ["key", "bytes", "expires_at", "expired"]),
    (
        "upgrade-check",
        ["--to", "1.5.0"],
        ("stores", 0),
        [
            "path",
            "backend",
            "before",
            "before_location",
            "after",
            "after_location",
            "visible",
            "invisible",
            "exact",
            "newest",
            "reason",
            "problem",
            "there",
        ],
    ),
    ("upgrade-check", ["--to", "1.5.0", "--from", "1.2"], ("rewritten_by_server", 0), ["what", "cost"]),
    ("upgrade-check", ["--to", "1.5.0"], ("steps", 0), ["command", "text"]),
    (
        "left-behind",
        [],
        ("spaces", 0),
        [
            "backend",
            "table",
            "namespace",
            "items",
            "exact",
            "bytes",
            "newest",
            "per_day",
            "referenced_by",
        ],
    ),
    ("goto", ["c1"], ("matches", 0), ["kind", "id", "backend", "where", "exact"]),
    ("tables", ["sql_default"], ("tables", 0), ["name", "rows", "exact", "columns", "referenced_by"]),
    ("tables", ["sql_default"], ("tables", 0, "columns", 0), ["name", "type", "primary_key", "nullable"]),
]


@pytest.mark.parametrize(("command", "arguments", "keys"), CALLS, ids=[call[0] for call in CALLS])
def test_an_answer_has_its_keys_and_follows_its_schema(
    command: str, arguments: list[str], keys: list[str], run: Run, config: str
) -> None:
    answer = run(command, config, *arguments, "--json")
    assert answer.code == 0, answer.err
    assert set(keys) <= set(answer.json)
    schema = run("schema", command)
    assert schema.code == 0
    jsonschema.Draft202012Validator.check_schema(schema.json)
    jsonschema.validate(answer.json, schema.json)
    assert answer.out.isascii()
    assert answer.err == ""


@pytest.mark.parametrize(("command", "arguments", "path", "keys"), PARTS)
def test_a_part_of_an_answer_has_its_keys(
    command: str, arguments: list[str], path: tuple[str | int, ...], keys: list[str], run: Run, config: str
) -> None:
    part = run(command, config, *arguments, "--json").json
    for step in path:
        part = part[step]
    assert set(keys) <= set(part)


def test_a_finding_has_its_keys(run: Run, config: str) -> None:
    answer = run("check", config, "--no-environ", "--json")
    assert answer.code == 1
    assert set(FINDING) <= set(answer.json["findings"][0])
    assert answer.json["verdict"] == {"load": "reject", "start": None}


def test_a_failed_test_has_its_error(run: Run, config: str) -> None:
    answer = run("test", config, "--json", "--no-environ")
    assert answer.code == 1
    assert {result["error"]["kind"] for result in answer.json["results"]} == {"unresolved"}
    assert set(answer.json["results"][0]["error"]) >= {"kind", "message", "help"}
    jsonschema.validate(answer.json, run("schema", "test").json)


def test_several_configs_are_answered_in_one_document_with_the_highest_code(run: Run, config: str) -> None:
    answer = run("check", config, "nowhere.yaml", "--json")
    assert answer.code == 2
    good, missing = answer.json["configs"]
    assert good["config"] == config
    assert missing["error"]["kind"] == "config"


def test_an_error_is_one_object_and_follows_its_schema(run: Run, config: str) -> None:
    answer = run("tables", config, "nowhere", "--json")
    assert set(answer.json["error"]) == {"kind", "message", "where", "help"}
    jsonschema.validate(answer.json, run("schema", "error").json)


def test_settings_and_their_origins_are_shown(run: Run, config: str) -> None:
    shown = run("show", config, "--json").json["backends"][0]
    assert shown["settings"]["db_path"].endswith("/kv.db")
    assert shown["references"] == ["storage.stores.metadata"]
    assert shown["credential"]["source"]["kind"] == "none"


def test_a_value_is_parsed_and_odd_text_is_escaped(run: Run, config: str) -> None:
    assert run("get", config, "kv_default", "registry", "model:2", "--json").json["value"] == {"n": 2}
    odd = run("get", config, "kv_default", "--unassigned", "lost", "--json")
    assert odd.out.isascii()
    assert "\x1b" not in odd.out
    assert json.loads(odd.out)["value"] == "\u202eevil \x1b[31m é"


def test_json_columns_are_parsed(run: Run, config: str) -> None:
    row = run("rows", config, "sql_default", "inference_store", "--limit", "1", "--json").json["rows"][0]
    assert row == {"id": "c0", "created": 1700000000, "model": "m é", "choices": {"a": 1}}
