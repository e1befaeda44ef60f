"""`fleet`, and `check` on several configs: forms, exit codes, and that no password is printed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Answer, Run
from tests.configs import SQLITE
from tests.fleets import on_postgres, write_fleet

TEXTS = {
    "a.yaml": on_postgres(password="hush-one"),
    "b.yaml": on_postgres(password="hush-two", name="other"),
    "c.yaml": SQLITE.replace("table_name: prompts", "table_name: my_prompts"),
    "values.yaml": "replicaCount: 1\nimage: {tag: x}\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(write_fleet(tmp_path, {f"fleet/{name}": text for name, text in TEXTS.items()}))
    return "fleet"


def schema_of(run: Run, command: str) -> dict[str, Any]:
    found: dict[str, Any] = run("schema", command).json
    return found


def test_the_document_names_configs_servers_collisions_and_drift(run: Run, folder: str) -> None:
    answer = run("fleet", folder, "--json")
    found = answer.json
    jsonschema.validate(found, schema_of(run, "fleet"))
    assert answer.code == 0
    assert [each["config"] for each in found["configs"]] == ["fleet/a.yaml", "fleet/b.yaml", "fleet/c.yaml"]
    server = found["servers"][0]
    assert (server["identity"], server["spellings"], server["configs"]) == (
        None,
        ["db.example.org:5432"],
        ["fleet/a.yaml", "fleet/b.yaml"],
    )
    assert found["files"][0]["spellings"] == ["/srv/stack/stack-kv.db"]
    assert {
        "kind": "table",
        "backend": "sql_default",
        "place": "postgresql://db.example.org:5432/stack",
        "name": "prompts",
        "configs": ["fleet/a.yaml", "fleet/b.yaml"],
    } in found["collisions"]
    assert {
        "kind": "password",
        "backend": "sql_default",
        "place": "db.example.org:5432",
        "name": "stack",
        "configs": ["fleet/a.yaml", "fleet/b.yaml"],
    } in found["collisions"]
    assert {each["path"] for each in found["drift"]} >= {"storage.stores.prompts.table_name"}
    assert {each["rule"] for each in found["findings"]} >= {"fleet-shared-table", "fleet-password-differs"}
    assert (found["contacted"], found["unanswered"]) == (False, [])
    assert "Not run configs, left out: fleet/values.yaml" in answer.err


def test_no_answer_has_a_password(run: Run, folder: str) -> None:
    answers: list[Answer] = [
        run(*words, folder, *options)
        for words in (("fleet",), ("check",))
        for options in ((), ("--json",), ("--all-equal",) if words == ("fleet",) else ())
    ]
    for answer in answers:
        assert "hush" not in answer.out + answer.err
    assert "********" in answers[2].out


def test_the_text_says_what_it_rests_on(run: Run, folder: str) -> None:
    answer = run("fleet", folder)
    assert "By the files alone: no server was contacted" in answer.out
    assert "fleet/c.yaml  ogx 1.5.0" in answer.out
    assert "2 passwords for stack on db.example.org:5432" in answer.out
    asked = run("fleet", folder, "--test", "--timeout", "1")
    assert asked.code == 1
    assert "By the files alone" not in asked.out
    assert "▲ db.example.org:5432 (fleet/a.yaml" in asked.out


def test_one_config_that_cannot_be_read_does_not_hide_the_others(run: Run, folder: str) -> None:
    Path(folder, "broken.yaml").write_text(SQLITE.replace("[inference]", "[inference"))
    for command in ("fleet", "check"):
        answer = run(command, folder, "--json")
        assert answer.code == 2
        assert len(answer.json["configs"]) == 4
        assert sum("error" in each for each in answer.json["configs"]) == 1
    named = next(each for each in run("fleet", folder, "--json").json["configs"] if "error" in each)
    assert named["config"] == "fleet/broken.yaml"
    text = run("fleet", folder)
    assert "cannot be read" in text.out
    assert "Error: fleet/broken.yaml" in text.err


def test_an_error_in_any_config_is_exit_code_1(run: Run, folder: str) -> None:
    Path(folder, "d.yaml").write_text(SQLITE.replace("backend: kv_default", "backend: nowhere"))
    assert run("fleet", folder).code == 1
    assert run("check", folder).code == 1
    assert run("fleet", f"{folder}/a.yaml").code == 0


def test_check_on_several_configs_adds_what_is_between_them(run: Run, folder: str) -> None:
    several = run("check", f"{folder}/a.yaml", f"{folder}/b.yaml", "--json").json
    jsonschema.validate(several, schema_of(run, "check several"))
    assert {"fleet-shared-table", "fleet-password-differs"} <= {each["rule"] for each in several["findings"]}
    alone = run("check", "fleet/a.yaml", "--json").json
    assert several["configs"][0] == alone
    assert [*alone] == ["config", "version", "verdict", "findings"]
    text = run("check", "fleet/a.yaml", "fleet/b.yaml").out
    assert (
        text.index("fleet/a.yaml: ogx") < text.index("fleet/b.yaml: ogx") < text.index("between the configs")
    )
    assert "between the configs" not in run("check", "fleet/a.yaml").out


def test_a_folder_gives_the_form_of_several_whatever_it_holds(run: Run, folder: str) -> None:
    for name in ("b.yaml", "c.yaml"):
        Path(folder, name).unlink()
    assert [*run("check", folder, "--json").json] == ["configs", "findings"]


def test_nothing_to_read_is_a_usage_error(run: Run, folder: str) -> None:
    for words in (("fleet",), ("fleet", f"{folder}/*.json"), ("check", f"{folder}/*.json")):
        answer = run(*words, "--json")
        assert answer.code == 2
        assert answer.json["error"]["kind"] == "usage"


def test_every_rule_of_a_fleet_is_explained(run: Run) -> None:
    listed = [rule for rule in run("rules", "--json").json["rules"] if rule["id"].startswith("fleet-")]
    assert len(listed) == 8
    assert "At most one of them can be right" in run("rules", "fleet-password-differs").out


def test_the_help_of_check_says_the_form_of_several(run: Run) -> None:
    text = " ".join(run("check", "--help").out.split())
    assert '{"configs": [one document each], "findings": [what is found between them]}' in text
    assert "No server is contacted without --test" in " ".join(run("fleet", "--help").out.split())


def test_hostile_names_stay_on_their_line(run: Run, folder: str) -> None:
    hostile = (
        on_postgres()
        .replace("distro_name: demo", 'distro_name: "d\\e[31m\\u202e\\nfleet"')
        .replace("db: stack", 'db: "x\\e[2J\\ny"')
    )
    Path(folder, "h1.yaml").write_text(hostile)
    Path(folder, "h2.yaml").write_text(hostile.replace("table_name: prompts", 'table_name: "p\\e[31m"'))
    for words in (("fleet", folder), ("check", folder)):
        answer = run(*words)
        assert not {"\x1b", "\u202e"} & set(answer.out + answer.err)
    json.loads(run("fleet", folder, "--json").out)


def test_a_config_from_a_pipe_is_read_once(run: Run, folder: str) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        pipe.write(TEXTS["a.yaml"])
    try:
        answer = run("fleet", f"/dev/fd/{reading}", f"{folder}/b.yaml", "--json")
    finally:
        os.close(reading)
    assert answer.code == 0
    assert [each["config"] for each in answer.json["configs"]] == [f"/dev/fd/{reading}", "fleet/b.yaml"]
    assert any(each["rule"] == "fleet-password-differs" for each in answer.json["findings"])


def test_a_bundle_of_manifests_is_checked_whole_and_one_of_its_entries_alone(
    run: Run, folder: str, tmp_path: Path
) -> None:
    text = next(Path(folder).glob("*.yaml")).read_text()
    entry = "\n".join(f"    {line}" for line in text.splitlines())
    manifests = [
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  config.yaml: |\n{entry}\n"
        for name in ("one", "two")
    ]
    bundle = tmp_path / "bundle.yaml"
    bundle.write_text("---\n".join(manifests))
    names = [f"{bundle}#{name}/config.yaml" for name in ("one", "two")]
    for command in ("check", "fleet"):
        configs = run(command, str(bundle), "--json").json["configs"]
        assert [each["config"] for each in configs] == names
    chosen = run("check", str(bundle), "--key", "two/config.yaml", "--json")
    assert chosen.json["config"] == names[1]
