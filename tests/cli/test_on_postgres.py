"""The commands on a real PostgreSQL server: answers, exit codes, and no password anywhere."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.configs import POSTGRES
from tests.deployments import backend_of, config_of
from tests.servers import PASSWORD
from tests.stores import KEY_VALUE_TABLE, PostgresStore

WRONG = "hunter22"


@pytest.fixture
def config(postgres_store: PostgresStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a deployment whose keys and rows lie in PostgreSQL, beside backends that fail each in its way."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    postgres_store.execute(
        f"{KEY_VALUE_TABLE}; INSERT INTO kvstore VALUES ('registry:m:1', '{{\"n\": 1}}', NULL), ('lost', 'x', NULL);"
        "CREATE TABLE inference_store (id INTEGER PRIMARY KEY, model TEXT, owner_principal TEXT);"
        "INSERT INTO inference_store VALUES (1, 'a', ''), (2, NULL, NULL), (3, 'a', '')"
    )
    backends = {
        "kv": backend_of(postgres_store, "kv"),
        "sql": backend_of(postgres_store, "sql"),
        "wrong": backend_of(postgres_store, "sql", password=WRONG),
        "gone": backend_of(postgres_store, "sql", db="no_such_database"),
        "dead": backend_of(postgres_store, "sql", port=1),
    }
    stores = {
        "metadata": {"backend": "kv", "namespace": "registry"},
        "inference": {"backend": "sql", "table_name": "inference_store"},
    }
    path = tmp_path / "run.yaml"
    path.write_text(config_of(backends, stores))
    return str(path)


ANSWERED = (
    (["test", "kv", "sql"], 0),
    (["test", "wrong"], 1),
    (["test", "gone"], 1),
    (["test", "dead"], 1),
    (["test"], 1),
    (["tables", "sql"], 0),
    (["tables", "sql", "--fast"], 0),
    (["tables", "wrong"], 3),
    (["tables", "gone"], 3),
    (["tables", "dead"], 3),
    (["tables", "nowhere"], 2),
    (["rows", "sql", "inference_store"], 0),
    (["rows", "sql", "nope"], 1),
    (["rows", "sql", "inference_store", "--where", "id=x"], 2),
    (["rows", "wrong", "inference_store"], 3),
    (["namespaces", "kv"], 0),
    (["namespaces", "sql"], 2),
    (["keys", "kv", "registry"], 0),
    (["keys", "kv", "nope"], 1),
    (["get", "kv", "registry", "m:1"], 0),
    (["get", "kv", "registry", "m:2"], 1),
    (["check", "--data"], 1),
    (["show"], 0),
)


@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize(
    ("words", "code"), ANSWERED, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_each_answer_has_its_code_and_no_password(
    words: list[str], code: int, run: Run, config: str, *, is_json: bool
) -> None:
    command, *rest = words
    extra = ["--json"] if is_json else []
    answer = run(command, config, *rest, "--timeout", "3", "--log-file", "x.log", *extra)
    assert answer.code == code
    said = answer.out + answer.err + Path("x.log").read_text()
    for secret in (PASSWORD, json.dumps(PASSWORD)[1:-1], WRONG):
        assert secret not in said
    assert "Traceback" not in said
    if is_json:
        json.loads(answer.out)
        assert answer.out.isascii()


def test_each_failed_test_has_its_kind_and_a_next_step(run: Run, config: str) -> None:
    answer = run("test", config, "--json", "--timeout", "3")
    errors = {result["backend"]: result["error"] for result in answer.json["results"]}
    assert {name: error["kind"] for name, error in errors.items() if error} == {
        "wrong": "authentication",
        "gone": "unknown-database",
        "dead": "unreachable",
    }
    assert all(error["help"] for error in errors.values() if error)


def test_pages_of_rows_follow_one_another(run: Run, config: str) -> None:
    words = ("rows", config, "sql", "inference_store", "--columns", "id", "--limit", "2", "--json")
    first = run(*words).json
    second = run(*words, "--after", first["next"]).json
    assert [row["id"] for row in (*first["rows"], *second["rows"])] == [1, 2, 3]
    assert second["next"] is None


def test_rows_are_filtered_and_sorted_by_the_server(run: Run, config: str) -> None:
    words = ("rows", config, "sql", "inference_store", "--json")
    assert [row["id"] for row in run(*words, "--where-null", "model").json["rows"]] == [2]
    assert [row["id"] for row in run(*words, "--where", "model=a", "--order-by", "id:desc").json["rows"]] == [
        3,
        1,
    ]


def test_namespaces_and_keys_are_counted_and_told_apart(run: Run, config: str) -> None:
    found = run("namespaces", config, "kv", "--json").json
    assert [(each["name"], each["keys"]) for each in found["namespaces"]] == [("registry", 1)]
    assert found["unassigned"]["keys"] == 1
    assert [each["key"] for each in run("keys", config, "kv", "--unassigned", "--json").json["keys"]] == [
        "lost"
    ]
    assert run("get", config, "kv", "registry", "m:1", "--json").json["value"] == {"n": 1}


def test_the_data_is_looked_into(run: Run, config: str) -> None:
    rules = {
        found["rule"] for found in run("check", config, "--data", "--json", "--timeout", "3").json["findings"]
    }
    assert {"rows-without-owner", "data-not-checked"} <= rules


def test_no_variable_of_libpq_is_consulted(
    run: Run, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:*:{PASSWORD}\n")
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    assert run("tables", config, "wrong").code == 3
    path = Path(config)
    path.write_text(path.read_text().replace(f'"password": {json.dumps(WRONG)}', '"password": null'))
    assert run("tables", config, "wrong").code == 3


def test_an_unresolved_password_is_never_tried(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASS", raising=False)
    path = tmp_path / "run.yaml"
    path.write_text(POSTGRES)
    answer = run("test", str(path), "sql_default", "--json")
    assert answer.code == 1
    assert answer.json["results"][0]["error"]["kind"] == "unresolved"
