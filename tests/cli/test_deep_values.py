"""Any depth of nesting that a store holds gets an answer, from every command that shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_exit_codes import on_sqlite
from tests.response_rows import document, row
from tests.response_stores import create, insert
from tests.stores import KEY_VALUE_TABLE, SqliteStore

DEPTHS = (50, 99, 101, 255, 480, 900, 1_100, 2_100, 100_000)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.fixture(params=DEPTHS)
def deep(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """Make a deployment whose values are nested so deeply; return its config and the depth."""
    monkeypatch.setenv("HOME", str(tmp_path))
    depth: int = request.param
    store = SqliteStore(tmp_path / "store.db")
    create(store)
    text = json.dumps(document("resp_1"))[:-1] + f', "metadata": {{"deep": {nested(depth)}}}}}'
    insert(store, [row("resp_1", text=text, attributes=nested(depth)), row("resp_2")])
    store.execute(
        f"{KEY_VALUE_TABLE}; CREATE TABLE openai_conversations (id TEXT PRIMARY KEY, created_at INTEGER, items JSON, metadata JSON,"
        " owner_principal TEXT, access_attributes JSON);"
        "CREATE TABLE conversation_items (id TEXT, conversation_id TEXT, created_at INTEGER, item_data JSON,"
        " owner_principal TEXT, access_attributes JSON);"
        "CREATE TABLE inference_store (id TEXT PRIMARY KEY, created INTEGER, model TEXT, choices JSON, input_messages JSON,"
        " owner_principal TEXT, access_attributes JSON);"
        "CREATE TABLE openai_files (id TEXT PRIMARY KEY, filename TEXT, purpose TEXT, bytes INTEGER, created_at INTEGER,"
        " file_path TEXT, owner_principal TEXT, access_attributes JSON)"
    )
    value = nested(depth)
    store.insert(
        "INSERT INTO kvstore VALUES (?, ?, NULL)",
        [("registry:distributions:registry:v10::model:m", f'{{"type": "model", "metadata": {value}}}')],
    )
    store.insert(
        "INSERT INTO openai_conversations VALUES ('conv_1', 1, ?, ?, '', ?)", [(value, value, value)]
    )
    store.insert("INSERT INTO conversation_items VALUES ('item_1', 'conv_1', 1, ?, '', ?)", [(value, value)])
    store.insert(
        "INSERT INTO inference_store VALUES ('chatcmpl-1', 1, 'm', ?, ?, '', ?)", [(value, value, value)]
    )
    store.insert(
        "INSERT INTO openai_files VALUES ('file-1', 'f', 'p', 1, 1, '/srv/files/f', '', ?)", [(value,)]
    )
    config = tmp_path / "config.yaml"
    config.write_text(on_sqlite(store.path))
    return str(config), depth


COMMANDS = (
    ("get", "CONFIG", "kv_default", "registry", "distributions:registry:v10::model:m"),
    ("rows", "CONFIG", "sql_default", "responses"),
    ("responses", "CONFIG", "list"),
    ("responses", "CONFIG", "show", "resp_1"),
    ("responses", "CONFIG", "chain", "resp_1"),
    ("responses", "CONFIG", "who", "resp_1", "--user", "bob", "--attributes", '{"roles": ["x"]}'),
    ("responses", "CONFIG", "attention"),
    ("conversations", "CONFIG", "list"),
    ("conversations", "CONFIG", "show", "conv_1"),
    ("conversations", "CONFIG", "orphans"),
    ("completions", "CONFIG", "list"),
    ("completions", "CONFIG", "show", "chatcmpl-1"),
    ("objects", "CONFIG"),
    ("objects", "CONFIG", "registry", "model:m"),
    ("objects", "CONFIG", "files", "file-1"),
    ("check", "CONFIG", "--data"),
)


def test_every_command_answers(deep: tuple[str, int], run: Run) -> None:
    config, _ = deep
    wrong = []
    for words in COMMANDS:
        for more in ((), ("--json",)):
            answer = run(*(word.replace("CONFIG", config) for word in words), *more)
            if answer.code not in (0, 1) or (more and not isinstance(answer.json, dict)):
                wrong.append((words, more, answer.code, answer.err[-300:]))
    assert wrong == []


@pytest.mark.parametrize("format_", ["jsonl", "json", "csv"])
def test_a_stream_goes_on_behind_such_a_row(deep: tuple[str, int], format_: str, run: Run) -> None:
    config, depth = deep
    answer = run("rows", config, "sql_default", "responses", "--all", "--format", format_)
    assert (answer.code, answer.err) == (0, "")
    assert "resp_2" in answer.out
    if format_ == "jsonl":
        first = json.loads(answer.out.splitlines()[0])["response_object"]
        assert ("$too_deep" in first) is (depth > 98)
