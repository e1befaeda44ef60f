"""Exit codes are those of the README, on every command: a script can rely on them without knowing the command."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llama_storage_tui.cli.exit_codes import ExitCode
from tests.cli.conftest import Run
from tests.response_rows import row
from tests.response_stores import create, insert
from tests.servers import Server
from tests.stores import KEY_VALUE_TABLE, SqliteStore

READS = {
    "namespaces": ("namespaces", "CONFIG", "KV"),
    "keys": ("keys", "CONFIG", "KV", "registry"),
    "get": ("get", "CONFIG", "KV", "registry", "m"),
    "tables": ("tables", "CONFIG", "SQL"),
    "rows": ("rows", "CONFIG", "SQL", "responses"),
    "rows all": ("rows", "CONFIG", "SQL", "responses", "--all"),
    "responses list": ("responses", "CONFIG", "list"),
    "responses show": ("responses", "CONFIG", "show", "resp_1"),
    "responses chain": ("responses", "CONFIG", "chain", "resp_1"),
    "responses who": ("responses", "CONFIG", "who", "resp_1"),
    "responses attention": ("responses", "CONFIG", "attention"),
    "conversations list": ("conversations", "CONFIG", "list"),
    "conversations show": ("conversations", "CONFIG", "show", "conv_1"),
    "conversations orphans": ("conversations", "CONFIG", "orphans"),
    "completions list": ("completions", "CONFIG", "list"),
    "completions show": ("completions", "CONFIG", "show", "chatcmpl-1"),
    "objects files": ("objects", "CONFIG", "files"),
}
"""Commands that need an answer of a store, and nothing else."""
NEED_CONFIG = {
    **READS,
    "check": ("check", "CONFIG"),
    "check data": ("check", "CONFIG", "--data"),
    "show": ("show", "CONFIG"),
    "test": ("test", "CONFIG"),
    "objects": ("objects", "CONFIG"),
    "rotate": ("rotate", "CONFIG", "SQL", "--dry-run"),
    "migrate-data": ("migrate-data", "CONFIG", "--dry-run"),
}

HEAD = """\
version: 2
distro_name: demo
providers:
  responses:
  - provider_id: builtin
    provider_type: inline::builtin
    config: {persistence: {responses: {backend: sql_default, table_name: responses}}}
  files:
  - provider_id: local
    provider_type: inline::localfs
    config: {storage_dir: /srv/files, metadata_store: {backend: sql_default, table_name: files}}
storage:
  stores:
    metadata: {backend: kv_default, namespace: registry}
    inference: {backend: sql_default, table_name: inference_store}
    conversations: {backend: sql_default, table_name: openai_conversations}
    prompts: {backend: sql_default, table_name: prompts}
    connectors: {backend: sql_default, table_name: connectors}
  backends:
"""


def on_postgres(port: int, password: str) -> str:
    settings = f"host: 127.0.0.1, port: {port}, db: llamastack, user: operator, password: '{password}'"
    return f"{HEAD}    kv_default: {{type: kv_postgres, {settings}}}\n    sql_default: {{type: sql_postgres, {settings}}}\n"


def on_sqlite(path: object) -> str:
    return f"{HEAD}    kv_default: {{type: kv_sqlite, db_path: '{path}'}}\n    sql_default: {{type: sql_sqlite, db_path: '{path}'}}\n"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], str]:
    """Write a config and return its name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NOT_SET", raising=False)

    def write(text: str | bytes) -> str:
        path = tmp_path / "config.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


def called(run: Run, words: tuple[str, ...], config: str) -> tuple[int, str]:
    """Return a command's exit code and, of its JSON answer, the kind of error."""
    names = {"CONFIG": config, "KV": "kv_default", "SQL": "sql_default"}
    answer = run(*(names.get(word, word) for word in words), "--json", "--timeout", "2")
    document = {} if words[-1] == "--all" and answer.code == 0 else answer.json
    error = document.get("error") if isinstance(document, dict) else None
    return answer.code, error["kind"] if isinstance(error, dict) else ""


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Give a port that nobody listens on, nor can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("words", READS.values(), ids=READS)
def test_a_server_out_of_reach_is_3(
    words: tuple[str, ...], run: Run, written: Callable[[str], str], closed_port: int
) -> None:
    assert called(run, words, written(on_postgres(closed_port, "x"))) == (ExitCode.UNREACHABLE, "backend")


@pytest.mark.parametrize("words", READS.values(), ids=READS)
def test_a_refused_login_is_3(
    words: tuple[str, ...], run: Run, written: Callable[[str], str], postgres_server: Server
) -> None:
    config = written(on_postgres(postgres_server.port, "wrong-one"))
    assert called(run, words, config) == (ExitCode.UNREACHABLE, "backend")


@pytest.mark.parametrize("words", READS.values(), ids=READS)
def test_a_backend_whose_variable_is_not_set_is_3(
    words: tuple[str, ...], run: Run, written: Callable[[str], str]
) -> None:
    config = written(on_postgres(5432, "${env.NOT_SET}"))
    assert called(run, words, config) == (ExitCode.UNREACHABLE, "backend")


@pytest.mark.parametrize("words", READS.values(), ids=READS)
def test_a_file_that_is_no_database_is_3(
    words: tuple[str, ...], run: Run, written: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "store.db").write_text("no database " * 1_000)
    config = written(on_sqlite(tmp_path / "store.db"))
    assert called(run, words, config) == (ExitCode.UNREACHABLE, "backend")


@pytest.mark.parametrize("words", NEED_CONFIG.values(), ids=NEED_CONFIG)
@pytest.mark.parametrize(
    "content", [b"storage: [", b"\xff\xfe\x00", b"a: 1\n---\nb: 2\n", b"- a list\n"], ids=str
)
def test_a_config_that_cannot_be_read_is_2(
    content: bytes, words: tuple[str, ...], run: Run, written: Callable[[bytes], str]
) -> None:
    assert called(run, words, written(content)) == (ExitCode.USAGE, "config")


@pytest.mark.parametrize("words", NEED_CONFIG.values(), ids=NEED_CONFIG)
def test_a_config_that_is_not_there_is_2(words: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    assert called(run, words, str(tmp_path / "nowhere.yaml")) == (ExitCode.USAGE, "config")


@pytest.mark.parametrize("name", ["namespaces", "keys", "get", "tables", "rows", "test", "rotate"])
def test_a_backend_that_the_config_does_not_have_is_2(
    name: str, run: Run, written: Callable[[str], str], tmp_path: Path
) -> None:
    words = tuple(word if word not in ("KV", "SQL") else "nobody" for word in NEED_CONFIG[name])
    words = (*words, "nobody") if name == "test" else words
    assert called(run, words, written(on_sqlite(tmp_path / "store.db"))) == (ExitCode.USAGE, "usage")


@pytest.mark.parametrize("name", ["namespaces", "keys", "get"])
def test_keys_of_a_backend_with_tables_are_2(
    name: str, run: Run, written: Callable[[str], str], tmp_path: Path
) -> None:
    words = tuple("SQL" if word == "KV" else word for word in READS[name])
    assert called(run, words, written(on_sqlite(tmp_path / "store.db"))) == (ExitCode.USAGE, "usage")


def test_a_failed_test_is_1_whatever_the_reason(
    run: Run, written: Callable[[str], str], closed_port: int, postgres_server: Server
) -> None:
    for text in (
        on_postgres(closed_port, "x"),
        on_postgres(postgres_server.port, "wrong-one"),
        on_postgres(5432, "${env.NOT_SET}"),
    ):
        assert called(run, NEED_CONFIG["test"], written(text)) == (ExitCode.WRONG, "")


def test_a_change_that_cannot_begin_is_4(
    run: Run, written: Callable[[str], str], closed_port: int, tmp_path: Path
) -> None:
    for text in (on_postgres(closed_port, "x"), on_sqlite(tmp_path / "store.db")):
        assert called(run, NEED_CONFIG["rotate"], written(text))[0] == ExitCode.REFUSED


def test_a_question_that_was_answered_is_0_whatever_the_answer(
    run: Run, written: Callable[[str], str], tmp_path: Path
) -> None:
    store = SqliteStore(tmp_path / "store.db")
    create(store)
    insert(store, [row("resp_1", status="failed", owner="alice")])
    store.execute(
        "CREATE TABLE openai_conversations (id TEXT PRIMARY KEY, created_at INTEGER, items JSON, metadata JSON,"
        " owner_principal TEXT, access_attributes JSON);"
        "CREATE TABLE conversation_items (id TEXT, conversation_id TEXT, created_at INTEGER, item_data JSON,"
        " owner_principal TEXT, access_attributes JSON);"
        "INSERT INTO conversation_items VALUES ('item_1', 'conv_gone', 1, '{}', '', 'null')"
    )
    config = written(on_sqlite(store.path))
    who = (*READS["responses who"], "--user", "bob", "--attributes", "{}")
    for words in (READS["responses attention"], READS["conversations orphans"], who):
        assert called(run, words, config) == (ExitCode.DONE, "")
    denied = run("responses", config, "who", "resp_1", "--user", "bob", "--attributes", "{}", "--json")
    decision = denied.json["decision"]
    assert (denied.json["may_read"], decision["may_read"], decision["certain"]) == (False, False, True)
    assert denied.json["because"]


@pytest.mark.parametrize(
    "words",
    [
        ("responses", "CONFIG", "show", "resp_none"),
        ("keys", "CONFIG", "KV", "nowhere"),
        ("rows", "CONFIG", "SQL", "none"),
    ],
    ids=str,
)
def test_what_is_not_there_is_1(
    words: tuple[str, ...], run: Run, written: Callable[[str], str], tmp_path: Path
) -> None:
    store = SqliteStore(tmp_path / "store.db")
    create(store)
    store.execute(KEY_VALUE_TABLE)
    assert called(run, words, written(on_sqlite(store.path))) == (ExitCode.WRONG, "not-found")
