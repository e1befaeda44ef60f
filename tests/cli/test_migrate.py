"""`migrate` on the command line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from llama_storage_tui.cli.migration_document import MigrateDocument
from tests.cli.conftest import Run
from tests.tui.terminal import Terminal

TEXT = """\
version: 2
image_name: shop
apis: [inference, eval]
providers:
  inference: []
  eval:
  - provider_id: e
    provider_type: inline::meta-reference
    config: {kvstore: {type: sqlite, db_path: /data/eval.db}}
metadata_store:
  type: postgres
  user: app
  password: s3cret-word
inference_store: {type: sqlite, db_path: /data/inference.db}
"""


@pytest.fixture
def legacy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LLAMA_STORAGE_TUI_STATE_DIR", str(tmp_path / "state"))
    path = tmp_path / "run.yaml"
    path.write_text(TEXT)
    return path


def test_stdout_is_the_difference_and_nothing_is_written(run: Run, legacy: Path) -> None:
    answer = run("migrate", str(legacy), "--to", "1.5.0")
    assert answer.code == 1
    assert answer.out.startswith(f"--- {legacy}\n+++ {legacy} (for ogx 1.5.0)\n@@ ")
    assert "\n-image_name: shop\n-apis: [inference, eval]\n+distro_name: shop\n" in answer.out
    assert "s3cret" not in answer.out + answer.err
    assert "line 6, providers.eval: ogx 1.5.0 has no API eval" in answer.err
    assert "line 2: image_name is deprecated" in answer.err
    assert legacy.read_text() == TEXT


def test_the_document_follows_its_schema_and_holds_no_secret(run: Run, legacy: Path) -> None:
    answer = run("migrate", str(legacy), "--to", "1.5", "--json")
    document = answer.json
    jsonschema.validate(document, MigrateDocument.model_json_schema(by_alias=True))
    assert {"plan", "outcome", "journal", "next"} <= document.keys()
    plan = document["plan"]
    assert {"from", "to", "layout", "changes", "not_carried", "diff"} <= plan.keys()
    assert (plan["from"], plan["to"], plan["layout"], document["outcome"]) == (
        "0.2.24",
        "1.5.0",
        "keep",
        "none",
    )
    assert {"path": "image_name", "line": 2, "kind": "renamed-key"}.items() <= plan["changes"][
        -1
    ].items() or any(
        {"path": "image_name", "line": 2, "kind": "renamed-key"}.items() <= change.items()
        for change in plan["changes"]
    )
    assert [(one["path"], one["line"]) for one in plan["not_carried"]] == [("providers.eval", 6)]
    assert "s3cret" not in answer.out


def test_a_dash_prints_the_new_file_byte_for_byte(run: Run, legacy: Path, tmp_path: Path) -> None:
    printed = run("migrate", str(legacy), "--to", "1.5.0", "--output", "-")
    written = run("migrate", str(legacy), "--to", "1.5.0", "--output", str(tmp_path / "new.yaml"))
    assert printed.code == written.code == 1
    assert printed.out == (tmp_path / "new.yaml").read_text()
    assert written.out == ""
    assert yaml.safe_load(printed.out)["storage"]["backends"]["kv_default"]["password"] == "s3cret-word"
    assert legacy.read_text() == TEXT
    again = run("migrate", str(tmp_path / "new.yaml"), "--to", "1.5.0")
    assert (again.code, again.out) == (0, "")
    assert run("check", str(tmp_path / "new.yaml"), "--for", "1.5.0").code == 0


def test_writing_needs_a_yes_where_nobody_can_be_asked(
    run: Run, legacy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    refused = run("migrate", str(legacy), "--to", "1.5.0", "--write")
    assert (refused.code, legacy.read_text()) == (4, TEXT)
    done = run("migrate", str(legacy), "--to", "1.5.0", "--write", "--yes", "--json")
    assert done.code == 1
    document = done.json
    assert document["outcome"] == "applied"
    assert Path(document["backup"]).read_text() == TEXT
    assert (
        document["next"]
        == f"llama-storage-tui migrate-data {legacy} --from {document['backup']} --for 1.5.0 --dry-run"
    )
    assert "storage:" in legacy.read_text()


def test_a_dry_run_writes_nothing_whatever_else_is_asked(run: Run, legacy: Path) -> None:
    answer = run("migrate", str(legacy), "--to", "1.5.0", "--write", "--dry-run", "--yes")
    assert (answer.code, legacy.read_text()) == (1, TEXT)
    assert answer.out.startswith("--- ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "9.9.9"), "not a known release"),
        (("--to", "0.2.0"), "no backends with names"),
        (("--to", "1.5.0", "--write", "--output", "x"), "--write replaces"),
        (("--to", "1.5.0", "--layout", "both"), "'keep', 'merge'"),
        (("--to", "1.5.0", "--json", "--output", "-"), "--json"),
        ((), "--to"),
    ],
)
def test_a_wrong_call_is_one_sentence(run: Run, legacy: Path, words: tuple[str, ...], said: str) -> None:
    answer = run("migrate", str(legacy), *words)
    assert answer.code == 2
    assert said in answer.out + answer.err


def test_an_existing_file_is_not_overwritten(run: Run, legacy: Path) -> None:
    answer = run("migrate", str(legacy), "--to", "1.5.0", "--output", str(legacy))
    assert (answer.code, legacy.read_text()) == (4, TEXT)


def test_the_difference_is_coloured_where_that_is_asked_for(
    run: Run, legacy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = run("migrate", str(legacy), "--to", "1.5.0").out
    assert "\x1b[32m+distro_name: shop\x1b[0m\n" in out
    assert "\x1b[31m-image_name: shop\x1b[0m\n" in out


def test_a_config_is_piped_through(legacy: Path) -> None:
    command = [sys.executable, "-m", "llama_storage_tui", "migrate", "-", "--to", "1.5.0"]
    with legacy.open("rb") as stdin:
        done = subprocess.run([*command, "--output", "-"], stdin=stdin, capture_output=True, check=False)
    assert done.returncode == 1
    assert yaml.safe_load(done.stdout)["distro_name"] == "shop"
    with legacy.open("rb") as stdin:
        refused = subprocess.run(
            [*command, "--write", "--json"], stdin=stdin, capture_output=True, check=False
        )
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["error"]["kind"] == "usage"


def test_the_name_in_the_question_is_cleaned(legacy: Path) -> None:
    odd = legacy.rename(legacy.with_name("run\x1b[2J\u202e.yaml"))
    with Terminal(("migrate", str(odd), "--to", "1.5.0", "--write"), is_imported=True) as asked:
        asked.expect("run␛[2J\\u202e.yaml? [y/N]")
        assert b"\x1b[2J" not in asked.raw
        asked.send("n\n")
        assert asked.ended() == 4
