"""`objects` as a script and as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Run
from tests.objects import BATCH, TOKEN, create_tables, fill_keys, insert
from tests.stores import SqliteStore

CONFIG = """\
version: 2
distro_name: demo
apis: [batches]
providers:
  files:
  - {provider_id: fs, provider_type: "inline::localfs", config: {metadata_store: {backend: sql_default, table_name: f}}}
  batches:
  - {provider_id: r, provider_type: "inline::reference", config: {sqlstore: {backend: sql_default, table_name: b}}}
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: "${env.STORE}/kv.db"}
    sql_default: {type: sql_sqlite, db_path: "${env.STORE}/sql.db"}
  stores:
    metadata: {backend: kv_default, namespace: registry}
    inference: {backend: sql_default, table_name: inference_store}
    conversations: {backend: sql_default, table_name: openai_conversations}
    prompts: {backend: sql_default, table_name: prompts}
    connectors: {backend: sql_default, table_name: connectors}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a deployment of ogx 1.5 with a few objects; its key-value file is not there yet."""
    monkeypatch.setenv("STORE", str(tmp_path))
    store = SqliteStore(tmp_path / "sql.db")
    create_tables(store)
    insert(store, "batches", id="batch_1", created_at=1_700_000_000, status="completed", batch_data=BATCH)
    insert(store, "openai_files", id="file-in", filename="a\x1b[31m\nb", bytes=12, created_at=1_700_000_000)
    insert(
        store,
        "connectors",
        id="kb",
        url=f"https://u:{TOKEN}@kb/sse",
        connector_data={"headers": {"A": TOKEN}},
    )
    path = tmp_path / "run.yaml"
    path.write_text(CONFIG)
    return str(path)


@pytest.mark.parametrize(
    ("words", "schema"),
    [
        ([], "objects"),
        (["batches"], "objects list"),
        (["files", "--limit", "1"], "objects list"),
        (["batches", "batch_1"], "objects show"),
        (["connectors", "kb"], "objects show"),
    ],
    ids=str,
)
def test_an_answer_follows_its_schema(words: list[str], schema: str, run: Run, config: str) -> None:
    answer = run("objects", config, *words, "--json")
    assert answer.code == 0, answer.err
    jsonschema.validate(answer.json, run("schema", schema).json)
    assert answer.out.isascii()
    assert TOKEN not in answer.out


def test_people_read_a_record_in_order_and_where_it_leads(run: Run, config: str) -> None:
    answer = run("objects", config, "batches", "batch_1")
    lines = [line.split() for line in answer.out.splitlines() if line]
    assert lines[0] == ["Batches"]
    assert ["created", "2023-11-14", "22:13:20"] in lines
    assert ["input", "file", "files", "file-in"] in lines


def test_people_read_lists_in_which_stored_text_is_harmless(run: Run, config: str) -> None:
    answer = run("objects", config, "files")
    assert answer.code == 0
    assert "\x1b" not in answer.out
    assert len(answer.out.splitlines()) == 2


def test_families_are_counted_where_a_file_is_missing(run: Run, config: str) -> None:
    answer = run("objects", config, "--json")
    counts = {each["name"]: each["count"] for each in answer.json["families"]}
    assert counts["batches"] == 1
    assert counts["registry"] is None


def test_what_is_not_there_is_told_by_the_exit_code(run: Run, config: str) -> None:
    assert run("objects", config, "batches", "batch_2", "--json").code == 1
    assert run("objects", config, "agents", "--json").code == 1
    assert run("objects", config, "dreams", "--json").code == 2
    assert run("objects", config, "prompts", "--of", "prompt", "--json").code == 2
    missing = run("objects", config, "registry", "--json")
    assert missing.code == 3
    assert json.loads(missing.out)["error"]["kind"] == "backend"


def test_a_relation_restricts_a_list(run: Run, config: str) -> None:
    answer = run("objects", config, "prompts", "--of", "prompt=pmpt_a", "--json")
    assert answer.json["objects"] == []
    assert answer.json["next"] is None


def test_a_page_that_ends_before_anything_fits_does_not_say_that_nothing_does(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE", str(tmp_path))
    old = CONFIG.replace(
        "sqlstore: {backend: sql_default, table_name: b}", "kvstore: {backend: kv_default, namespace: b}"
    )
    (tmp_path / "run.yaml").write_text(old)
    batches = {f"batch:{number:03}": {**BATCH, "id": f"{number:03}"} for number in range(100)}
    fill_keys(SqliteStore(tmp_path / "kv.db"), {**batches, "batch:last": {**BATCH, "status": "failed"}})
    words = (
        "objects",
        str(tmp_path / "run.yaml"),
        "--for",
        "0.5.4",
        "batches",
        "--where",
        "status=failed",
        "--limit",
        "1",
    )
    first = run(*words)
    assert "No batches match so far" in first.err
    answer = json.loads(run(*words, "--json").out)
    seen = [answer["objects"]]
    while answer["next"] is not None:
        answer = json.loads(run(*words, "--json", "--after", answer["next"]).out)
        seen.append(answer["objects"])
    assert [len(objects) for objects in seen] == [0, 0, 1]


def test_objects_in_tables_are_sorted_and_those_in_keys_are_not(run: Run, config: str) -> None:
    answer = run("objects", config, "batches", "--sort", "created:desc", "--json")
    assert [each["id"] for each in answer.json["objects"]] == ["batch_1"]
    assert set(answer.json) == set(run("objects", config, "batches", "--json").json)
    refused = run("objects", config, "registry", "--sort", "id")
    assert refused.code == 2
    assert "Registered objects are kept as keys on backend" in refused.err
