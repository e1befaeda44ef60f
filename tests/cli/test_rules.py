"""`rules`: the list of what findings come from, and one of them explained."""

from __future__ import annotations

import jsonschema

from llama_storage_tui.services.rule_book import RULES
from tests.cli.conftest import Run


def test_the_list_has_every_rule_with_its_severity_and_releases(run: Run) -> None:
    answer = run("rules")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].split()[:2] == ["rule", "severity"]
    assert [line.split()[0] for line in lines[1:]] == [rule.id for rule in RULES]
    assert "before 1.0.3" in answer.out


def test_one_rule_is_explained_with_all_that_its_findings_can_be(run: Run) -> None:
    answer = run("rules", "bad-port")
    assert answer.code == 0
    assert "A port is text that is not a number." in answer.out
    assert (
        "error (reported by the server: at start), or warning (reported by the server: never)" in answer.out
    )


def test_the_document_follows_its_schema(run: Run) -> None:
    answer = run("rules", "--json")
    jsonschema.validate(answer.json, run("schema", "rules").json)
    assert [rule["id"] for rule in answer.json["rules"]] == [rule.id for rule in RULES]
    tls = next(rule for rule in answer.json["rules"] if rule["id"] == "tls-required")
    assert (tls["severity"], tls["stage"], tls["since"], tls["until"]) == ("info", "start", "1.2.0", None)


def test_a_name_that_is_no_rule_is_a_wrong_call(run: Run) -> None:
    answer = run("rules", "tls-requird")
    assert answer.code == 2
    assert "Did you mean tls-required?" in answer.err


def test_every_finding_of_check_can_be_looked_up(run: Run, config: str) -> None:
    findings = run("check", config, "--data", "--json").json["findings"]
    assert findings
    for finding in findings:
        assert run("rules", finding["rule"]).code == 0
