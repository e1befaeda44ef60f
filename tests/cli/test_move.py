"""`move` as it is called: the way there and back, what it refuses, what it says of servers that run, and its undoing."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import jsonschema
import pytest

from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.move_document import MoveDocument
from tests.cli.conftest import Answer, Run
from tests.moves import (
    ENVIRON,
    MOVED,
    MOVER,
    VERSIONS,
    add_hard_values,
    content,
    made,
    on_postgres,
    server_on,
)
from tests.stores import PostgresStore
from tests.tui.terminal import Terminal


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LLAMA_STORAGE_TUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Make a deployment of 0.7.3 on SQLite."""
    path = made("llama-stack-0.7.3", tmp_path / "old")
    add_hard_values(path.parent)
    return path


def documented(answer: Answer) -> dict[str, object]:
    document: dict[str, object] = json.loads(answer.out)
    jsonschema.validate(document, MoveDocument.model_json_schema(by_alias=True))
    return document


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("version", VERSIONS)
def test_to_postgres_and_back_every_value_is_what_it_was(
    run: Run, postgres_store: PostgresStore, tmp_path: Path, version: str
) -> None:
    config = made(version, tmp_path / "old")
    add_hard_values(config.parent)
    before = {name: content(config.parent / name) for name in ("kvstore.db", "sql_store.db")}
    bytes_before = {name: (config.parent / name).read_bytes() for name in before}
    words = ("--for", version.rpartition("-")[2], "--yes", "--json")
    for backend in ("kv", "sql"):
        document = documented(run("move", str(config), backend, "--to", *on_postgres(postgres_store), *words))
        assert document["outcome"] == "applied"
    keys = postgres_store.ask("SELECT string_agg(key, ' ') FROM llamastack_kvstore").split()
    assert all(
        key.startswith(("registry:", "agents:", "vector_io::faiss:", "batches:", "prompts:")) for key in keys
    )
    assert {name: (config.parent / name).read_bytes() for name in before} == bytes_before
    assert MOVED not in config.read_text()
    for backend, name in (("kv", "kvstore.db"), ("sql", "sql_store.db")):
        target = ("sqlite", "--set", f"db_path={tmp_path / 'back' / name}")
        assert documented(run("move", str(config), backend, "--to", *target, *words))["outcome"] == "applied"
        assert content(tmp_path / "back" / name) == before[name]


def test_a_dry_run_says_what_would_move_and_writes_nothing(
    run: Run, postgres_store: PostgresStore, config: Path
) -> None:
    before = files(config.parent)
    call = ("move", str(config), "kv", "--to", *on_postgres(postgres_store), "--dry-run")
    document = documented(run(*call, "--json"))
    plan = document["plan"]
    assert isinstance(plan, dict)
    assert {
        "backend",
        "from",
        "to",
        "references",
        "tables",
        "namespaces",
        "rows",
        "bytes",
        "downtime",
        "creates",
        "space",
        "seconds",
        "notices",
    } <= set(plan)
    (made,) = plan["creates"]
    assert "_kvstore (\n\tkey TEXT NOT NULL" in made["statements"][0]
    assert "TIMESTAMP WITHOUT TIME ZONE" in made["statements"][0]
    assert plan["space"] == {"needed": round(2.2 * plan["bytes"]), "free": None}
    assert "storage.stores.metadata" in plan["references"]
    assert {each["name"] for each in plan["namespaces"]} >= {"namespace registry", "namespace prompts"}
    assert plan["tables"] == []
    assert plan["rows"] == sum(each["rows"] for each in plan["namespaces"]) > 0
    text = run(*call).out
    assert "kv_postgres" in text
    assert "puts registry: before them" in text
    assert "+    kv: {type: kv_postgres" in text
    assert files(config.parent) == before
    assert postgres_store.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


@pytest.mark.parametrize(
    "words",
    [
        ("--set", "password=made-up-word"),
        ("--set", "password=${env.MOVED:=made-up-word}"),
        ("--set", "host=someone:made-up-word@db"),
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(
    run: Run, config: Path, words: tuple[str, ...]
) -> None:
    answer = run("move", str(config), "sql", "--to", "postgres", *words, "--dry-run")
    assert answer.code == ExitCode.USAGE
    assert "made-up-word" not in answer.out + answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sql", "--to", "kv_postgres"), "keeps its family"),
        (("sql", "--to", "oracle"), "cannot be moved to"),
        (("sql", "--to", "postgres", "--set", "nonsense=1"), "has no field nonsense"),
        (("nowhere", "--to", "postgres"), "has no backend"),
        (("sql", "--to", "sqlite"), "already"),
        (("sql",), "to what"),
        (("sql", "--to", "postgres", "--set", "word"), "FIELD=VALUE"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    run: Run, config: Path, words: tuple[str, ...], said: str
) -> None:
    answer = run("move", str(config), *words, "--dry-run")
    assert answer.code == ExitCode.USAGE
    assert said in answer.err


def test_a_target_that_holds_rows_is_refused_and_nothing_is_changed(
    run: Run, postgres_store: PostgresStore, config: Path
) -> None:
    postgres_store.execute(
        "CREATE TABLE openai_conversations (id VARCHAR PRIMARY KEY); INSERT INTO openai_conversations VALUES ('other')"
    )
    before = files(config.parent)
    call = ("move", str(config), "sql", "--to", *on_postgres(postgres_store), "--yes")
    answer = run(*call)
    assert answer.code == ExitCode.REFUSED
    assert "openai_conversations at the target holds rows already" in answer.out
    assert documented(run(*call, "--json"))["outcome"] == "refused"
    assert files(config.parent) == before
    assert postgres_store.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "1"


def test_a_table_of_the_target_that_cannot_tell_rows_apart_is_refused(
    run: Run, postgres_store: PostgresStore, config: Path
) -> None:
    postgres_store.execute("CREATE TABLE openai_conversations (id VARCHAR, created_at INTEGER)")
    postgres_store.execute("CREATE TABLE keys (key TEXT, value TEXT, expiration TIMESTAMP)")
    for backend, more in (("sql", {}), ("kv", {"table_name": "keys"})):
        answer = run(
            "move",
            str(config),
            backend,
            "--to",
            *on_postgres(postgres_store, **more),
            "--for",
            "0.7.3",
            "--yes",
        )
        assert answer.code == ExitCode.REFUSED
        assert "is not its primary key" in answer.err


def test_a_target_where_nothing_can_be_made_is_refused(
    run: Run, postgres_store: PostgresStore, config: Path
) -> None:
    postgres_store.ask(
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC; ALTER SCHEMA public OWNER TO CURRENT_USER"
    )
    postgres_store.ask("REVOKE ALL ON SCHEMA public FROM operator")
    before = files(config.parent)
    answer = run("move", str(config), "sql", "--to", *on_postgres(postgres_store), "--yes")
    assert answer.code == ExitCode.REFUSED
    assert "GRANT CREATE ON SCHEMA is missing" in answer.out
    assert files(config.parent) == before


def test_a_target_that_does_not_answer_is_refused(run: Run, config: Path) -> None:
    words = (
        "--set",
        "host=127.0.0.1",
        "--set",
        "port=1",
        "--set",
        "db=x",
        "--set",
        "user=x",
        "--set",
        "password=${env.MOVED}",
    )
    answer = run("move", str(config), "sql", "--to", "postgres", *words, "--yes", "--timeout", "2")
    assert answer.code == ExitCode.REFUSED


def test_undone_the_config_has_every_byte_again_and_the_target_has_nothing(
    run: Run, postgres_store: PostgresStore, config: Path
) -> None:
    config.write_text("# kept\r\n" + config.read_text().replace("\n", "\r\n"), newline="")
    before = files(config.parent)
    assert run("move", str(config), "kv", "--to", *on_postgres(postgres_store), "--yes").code == ExitCode.DONE
    assert "kv_postgres" in config.read_text()
    undone = documented(run("move", str(config), "--undo", "--yes", "--json"))
    assert undone["outcome"] == "undone"
    assert files(config.parent) == before
    assert postgres_store.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
    assert run("move", str(config), "--undo", "--yes").code == ExitCode.REFUSED


def test_undone_after_servers_wrote_there_it_says_what_is_left(
    run: Run, postgres_store: PostgresStore, config: Path
) -> None:
    run("move", str(config), "sql", "--to", *on_postgres(postgres_store), "--yes")
    postgres_store.ask(
        "INSERT INTO responses (id, model) VALUES ('resp_new', 'm'); UPDATE responses SET model = 'other' WHERE id = 'hard_1'"
    )
    answer = run("move", str(config), "--undo", "--yes")
    assert answer.code == ExitCode.WRONG
    assert "hard_1" in answer.out
    assert "2 rows are left" in answer.err
    assert "sql_sqlite" in config.read_text()
    assert postgres_store.ask("SELECT string_agg(id, ' ' ORDER BY id) FROM responses") == "hard_1 resp_new"


def test_beside_a_server_it_brings_all_once_and_waits_for_its_end(
    run: Run, tmp_path: Path, config: Path
) -> None:
    source, target = config.parent / "sql_store.db", tmp_path / "new.db"
    before = config.read_bytes()
    with server_on(source) as server:
        server("PRAGMA journal_mode=WAL")
        server("UPDATE responses SET model = 'm1' WHERE id = 'hard_1'")
        answer = run("move", str(config), "sql", "--to", "sqlite", "--set", f"db_path={target}", "--yes")
        assert answer.code == ExitCode.PENDING
        assert "stop the servers first" in answer.err
        assert f"llama-storage-tui move {config} --resume" in answer.err
        assert config.read_bytes() == before
        server("UPDATE responses SET model = 'm2' WHERE id = 'hard_1'")
        server("DELETE FROM responses WHERE id = 'hard_2'")
        server("INSERT INTO responses (id, model) VALUES ('hard_9', 'late')")
        assert run("move", str(config), "--resume", "--yes").code == ExitCode.PENDING
        server("DELETE FROM responses WHERE id = 'hard_3'")
        assert run("check", str(config)).err.count("--resume") == 1
    answer = run("move", str(config), "--resume", "--yes", "--json")
    assert documented(answer)["outcome"] == "recovered"
    assert content(target) == content(source)
    assert str(target) in config.read_text()


def test_undone_before_its_end_nothing_of_it_stays_whatever_became_of_the_source(
    run: Run, tmp_path: Path, config: Path
) -> None:
    target = tmp_path / "new.db"
    with server_on(config.parent / "sql_store.db") as server:
        server("PRAGMA journal_mode=WAL")
        server("UPDATE responses SET model = 'm1' WHERE id = 'hard_1'")
        run("move", str(config), "sql", "--to", "sqlite", "--set", f"db_path={target}", "--yes")
        server("UPDATE responses SET model = 'm2' WHERE id = 'hard_1'")
        server("DELETE FROM responses WHERE id = 'hard_2'")
    assert run("move", str(config), "--undo", "--yes").code == ExitCode.DONE
    assert content(target) == {}


def test_beside_a_server_a_file_without_wal_is_not_read(run: Run, tmp_path: Path, config: Path) -> None:
    with server_on(config.parent / "kvstore.db") as server:
        server("SELECT count(*) FROM kvstore")
        target = tmp_path / "new.db"
        answer = run("move", str(config), "kv", "--to", "sqlite", "--set", f"db_path={target}", "--yes")
    assert answer.code == ExitCode.REFUSED
    assert "not WAL" in answer.out
    assert not target.exists()


def test_the_other_command_does_not_finish_a_move(run: Run, tmp_path: Path, config: Path) -> None:
    target = ("--set", f"db_path={tmp_path / 'new.db'}")
    assert run("move", str(config), "sql", "--to", "sqlite", *target, "--yes").code == ExitCode.DONE
    answer = run("migrate-data", str(config), "--undo", "--yes", "--for", "0.7.3")
    assert answer.code == ExitCode.REFUSED
    assert run("move", str(config), "--undo", "--yes").code == ExitCode.DONE


def test_what_the_target_cannot_keep_stops_it_before_the_config(
    run: Run, postgres_store: PostgresStore, config: Path
) -> None:
    with closing(sqlite3.connect(config.parent / "kvstore.db")) as connection, connection:
        connection.execute("INSERT INTO kvstore VALUES ('prompts:v1:zero', 'a' || char(0) || 'b', NULL)")
    before = config.read_bytes()
    answer = run("move", str(config), "kv", "--to", *on_postgres(postgres_store), "--yes")
    assert answer.code == ExitCode.PENDING
    assert "prompts:v1:zero" in answer.err
    assert config.read_bytes() == before
    assert run("move", str(config), "--undo", "--yes").code == ExitCode.DONE
    assert postgres_store.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


@contextmanager
def at_a_terminal(*words: str) -> Iterator[Terminal]:
    with Terminal(words, is_imported=True) as found:
        yield found


def test_a_password_that_nobody_gave_is_typed_unseen_and_kept_nowhere(
    run: Run, postgres_store: PostgresStore, config: Path, tmp_path: Path
) -> None:
    target = [*on_postgres(postgres_store)]
    at = target.index("password=${env.MOVED}")
    without = (*target[: at - 1], *target[at + 1 :])
    call = ("move", str(config), "kv", "--to", *without, "--for", "0.7.3")
    with at_a_terminal(*call) as found:
        found.expect("password of the target")
        found.send(f"{MOVED}\n")
        found.expect("The config gets password: ${env.KV_PASSWORD:=}", "Move kv with")
        found.send("y\n")
        assert found.ended() == ExitCode.DONE
        assert MOVED.encode() not in found.raw
    assert "${env.KV_PASSWORD:=}" in config.read_text()
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [content for content in written if MOVED.encode() in content]
    assert postgres_store.ask("SELECT count(*) > 0 FROM llamastack_kvstore") == "t"
    answer = run("move", str(config), "--undo", "--yes", "--for", "0.7.3")
    assert (answer.code, "KV_PASSWORD is not set now" in answer.err) == (ExitCode.REFUSED, True)
    with at_a_terminal("move", str(config), "--undo", "--yes", "--for", "0.7.3") as found:
        found.expect("password of the target")
        found.send(f"{MOVED}\n")
        assert found.ended() == ExitCode.DONE
    assert postgres_store.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


def test_from_one_database_to_a_schema_of_another_every_row_goes_as_it_is(
    run: Run, postgres_store: PostgresStore, config: Path
) -> None:
    other = PostgresStore(postgres_store.server, f"{postgres_store.database}_other")
    other.create()
    try:
        there = on_postgres(other)
        other.ask("CREATE SCHEMA second AUTHORIZATION operator")
        other.ask(f"ALTER ROLE {MOVER} IN DATABASE {other.database} SET search_path = second")
        words = ("--for", "0.7.3", "--yes", "--json")
        for backend in ("kv", "sql"):
            for target in (on_postgres(postgres_store), there):
                document = documented(run("move", str(config), backend, "--to", *target, *words))
                assert document["outcome"] == "applied"
        assert f"db: {other.database}" in config.read_text()
        names = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = '{}'"
        assert other.ask(names.format("public")) == ""
        tables = other.ask(names.format("second")).split()
        assert set(tables) >= {"llamastack_kvstore", "responses", "openai_conversations"}
        assert tables == postgres_store.ask(names.format("public")).split()
        for name in tables:
            rows = f"SELECT md5(string_agg(r::text, '|' ORDER BY r::text COLLATE \"C\")) FROM {{}}.{name} r"
            assert other.ask(rows.format("second")) == postgres_store.ask(rows.format("public")), name
            form = (
                "SELECT string_agg(concat_ws(' ', column_name, data_type, is_nullable), ', ' ORDER BY ordinal_position)"
                f" FROM information_schema.columns WHERE table_schema = '{{}}' AND table_name = '{name}'"
            )
            assert other.ask(form.format("second")) == postgres_store.ask(form.format("public")), name
    finally:
        other.drop()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_of_another_encoding_gets_what_it_can_hold_and_no_config_otherwise(
    run: Run, postgres_store: PostgresStore, config: Path, encoding: str
) -> None:
    name = f"{postgres_store.database}_{encoding.lower()}"
    postgres_store.server.execute(
        f"CREATE DATABASE {name} OWNER operator TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
    )
    other = PostgresStore(postgres_store.server, name)
    with closing(sqlite3.connect(config.parent / "sql_store.db")) as connection, connection:
        connection.execute("UPDATE responses SET model = '\u6a21\u578b' WHERE id = 'hard_1'")
    before = config.read_bytes()
    try:
        answer = run("move", str(config), "sql", "--to", *on_postgres(other), "--for", "0.7.3", "--yes")
        assert answer.code in (ExitCode.REFUSED, ExitCode.PENDING), answer.out + answer.err
        assert encoding in answer.out + answer.err or "responses, hard_1" in answer.err
        assert config.read_bytes() == before
        if answer.code == ExitCode.PENDING:
            assert run("move", str(config), "--undo", "--yes", "--for", "0.7.3").code == ExitCode.DONE
        assert other.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
    finally:
        other.drop()


def test_the_demo_has_a_backend_that_moves_by_the_commands_of_the_readme(
    run: Run, postgres_store: PostgresStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Moving a backend")[2].partition("```\n")[2].partition("```")[0]
    demo, *moves = [shlex.split(line)[1:] for line in section.splitlines()]
    assert run(*demo).code == ExitCode.DONE
    before = files(tmp_path / "demo")
    for words in moves:
        answer = run(*words, *(() if "--dry-run" in words else ("--yes",)))
        assert answer.code == ExitCode.DONE, answer.err
        assert (files(tmp_path / "demo") == before) is ("--dry-run" in words or "--undo" in words)
    _, config, backend, _, _, _, _, *options = moves[1]
    for name, code in (("kv_default", ExitCode.DONE), (backend, ExitCode.PENDING)):
        answer = run("move", config, name, "--to", *on_postgres(postgres_store), *options, "--yes")
        assert answer.code == code, answer.err
    assert "its JSON is not valid, and PostgreSQL's json takes nothing else" in answer.err
    assert postgres_store.ask("SELECT count(*) > 9 FROM ogx_kvstore") == "t"
