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

SHALLOW = (50, 99, 101, 255, 480, 900)
DEEP = (1_100, 2_100, 100_000)
"""Beyond what SQLite's own functions read: rows of a page that are read in another way, together with those around them."""


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.fixture(params=[SHALLOW, DEEP], ids=["shallow", "deep"])
def deep(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, tuple[int, ...]]:
    """Make a deployment with values nested so deeply, one of each depth; return its config and the depths."""
    monkeypatch.setenv("HOME", str(tmp_path))
    depths: tuple[int, ...] = request.param
    store = SqliteStore(tmp_path / "store.db")
    create(store)
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
    insert(store, [row("resp_last")])
    for depth in depths:
        _store(store, depth)
    config = tmp_path / "config.yaml"
    config.write_text(on_sqlite(store.path))
    return str(config), depths


def _store(store: SqliteStore, depth: int) -> None:
    value = nested(depth)
    text = json.dumps(document(f"resp_{depth}"))[:-1] + f', "metadata": {{"deep": {value}}}}}'
    insert(store, [row(f"resp_{depth}", text=text, attributes=value)])
    for sql, parameters in (
        (
            f"kvstore VALUES ('registry:distributions:registry:v10::model:m{depth}', ?, NULL)",
            (f'{{"type": "model", "metadata": {value}}}',),
        ),
        (f"openai_conversations VALUES ('conv_{depth}', 1, ?, ?, '', ?)", (value, value, value)),
        (f"conversation_items VALUES ('item_{depth}', 'conv_{depth}', 1, ?, '', ?)", (value, value)),
        (f"inference_store VALUES ('chatcmpl-{depth}', 1, 'm', ?, ?, '', ?)", (value, value, value)),
        (f"openai_files VALUES ('file-{depth}', 'f', 'p', 1, 1, '/srv/files/f', '', ?)", (value,)),
    ):
        store.insert(f"INSERT INTO {sql}", [parameters])


OF_ALL = (
    ("rows", "CONFIG", "sql_default", "responses"),
    ("responses", "CONFIG", "list"),
    ("responses", "CONFIG", "attention"),
    ("conversations", "CONFIG", "list"),
    ("conversations", "CONFIG", "orphans"),
    ("completions", "CONFIG", "list"),
    ("objects", "CONFIG"),
    ("check", "CONFIG", "--data"),
)
OF_ONE = (
    ("get", "CONFIG", "kv_default", "registry", "distributions:registry:v10::model:mDEPTH"),
    ("responses", "CONFIG", "show", "resp_DEPTH"),
    ("responses", "CONFIG", "chain", "resp_DEPTH"),
    ("responses", "CONFIG", "who", "resp_DEPTH", "--user", "bob", "--attributes", '{"roles": ["x"]}'),
    ("conversations", "CONFIG", "show", "conv_DEPTH"),
    ("completions", "CONFIG", "show", "chatcmpl-DEPTH"),
    ("objects", "CONFIG", "registry", "model:mDEPTH"),
    ("objects", "CONFIG", "files", "file-DEPTH"),
)


def test_every_command_answers(deep: tuple[str, tuple[int, ...]], run: Run) -> None:
    config, depths = deep
    commands = [*OF_ALL]
    for depth in depths:
        commands += [tuple(word.replace("DEPTH", str(depth)) for word in words) for words in OF_ONE]
    wrong = []
    for words in commands:
        for more in ((), ("--json",)):
            answer = run(*(word.replace("CONFIG", config) for word in words), *more)
            if answer.code not in (0, 1) or (more and not isinstance(answer.json, dict)):
                wrong.append((words, more, answer.code, answer.err[-300:]))
    assert wrong == []


@pytest.mark.parametrize("format_", ["jsonl", "json", "csv"])
def test_a_stream_goes_on_behind_such_a_row(
    deep: tuple[str, tuple[int, ...]], format_: str, run: Run
) -> None:
    config, depths = deep
    answer = run("rows", config, "sql_default", "responses", "--all", "--format", format_)
    assert (answer.code, answer.err) == (0, "")
    for id_ in ("last", *depths):
        assert f"resp_{id_}" in answer.out
    if format_ == "jsonl":
        found = {each["id"]: each["response_object"] for each in map(json.loads, answer.out.splitlines())}
        for depth in depths:
            assert ("$too_deep" in found[f"resp_{depth}"]) is (depth > 98)
