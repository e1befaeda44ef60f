"""How the program is called: words, options, exit codes, and what goes where."""

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Run


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (["check", "nowhere.yaml"], 2, "config"),
        (["check", "run.yaml", "--for", "9.9"], 2, "usage"),
        (["check", "run.yaml", "--for", "x"], 2, "usage"),
        (["check", "run.yaml", "--nonsense"], 2, "usage"),
        (["check", "run.yaml", "--map-path", "x"], 2, "usage"),
        (["check", "run.yaml", "--env-file", "nowhere.env"], 2, "config"),
        (["check", "run.yaml", "--timeout", "soon"], 2, "usage"),
        (["check", "run.yaml", "--log-file", "nowhere/x.log"], 2, "usage"),
        (["tables"], 2, "usage"),
        (["tables", "run.yaml", "nowhere"], 2, "usage"),
        (["namespaces", "run.yaml", "sql_default"], 2, "usage"),
        (["keys", "run.yaml", "kv_default"], 2, "usage"),
        (["keys", "run.yaml", "kv_default", "nowhere"], 1, "not-found"),
        (["keys", "run.yaml", "kv_default", "registry", "--after", "x"], 2, "usage"),
        (["keys", "run.yaml", "kv_default", "registry", "--limit", "0"], 2, "usage"),
        (["get", "run.yaml", "kv_default", "registry"], 2, "usage"),
        (["get", "run.yaml", "kv_default", "registry", "nowhere"], 1, "not-found"),
        (["get", "run.yaml", "kv_default", "registry", "lost"], 1, "not-found"),
        (["rows", "run.yaml", "sql_default", "nowhere"], 1, "not-found"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--where", "id"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--where", "nowhere=1"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--where", "created=soon"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--where", "choices=x"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--where", 'choices.0.a"b=x'], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--where", "id.x=1"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--where", "created > yestrday"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--order-by", "choices"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--columns", "nowhere"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--all", "--format", "xml"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--all", "--columns", "nowhere"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--all", "--after", "x"], 2, "usage"),
        (["rows", "run.yaml", "sql_default", "inference_store", "--all", "--limit", "5"], 2, "usage"),
        (["schema", "nonsense"], 2, "usage"),
        (["--demo", "check"], 2, "usage"),
        (["tables", "run.yaml", "sql_default", "--map-path", "{}=/nowhere"], 3, "backend"),
    ],
)
def test_an_error_is_one_object_on_stdout_with_its_code(
    words: list[str], code: int, kind: str, run: Run, config: str
) -> None:
    words = [word.format(Path(config).parent) for word in words]
    answer = run(*words, "--json")
    assert (answer.code, answer.json["error"]["kind"]) == (code, kind), answer.out
    assert answer.err == ""
    assert answer.json["error"]["message"]
    plain = run(*words)
    assert (plain.code, plain.out) == (code, "")
    assert plain.err.startswith("Error: ")
    assert "Traceback" not in plain.err


def test_an_unknown_version_comes_with_the_list(run: Run, config: str) -> None:
    assert "1.5.0" in run("check", config, "--for", "9.9", "--json").json["error"]["help"]


@pytest.mark.parametrize("before", [True, False])
def test_options_may_stand_before_and_after_the_command(run: Run, config: str, *, before: bool) -> None:
    options = ["--json", "--for", "1.4.1", "--assume-set", "--no-environ"]
    answer = run(*options, "check", config) if before else run("check", config, *options)
    assert (answer.code, answer.json["version"]["for"]) == (0, "1.4.1")


def test_repeated_options_add_up_over_both_levels(run: Run, config: str, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("STORE=/first\n")
    (tmp_path / "b.env").write_text("STORE=/second\n")
    answer = run("--env-file", "a.env", "show", config, "--env-file", "b.env", "--json")
    assert answer.json["backends"][0]["location"] == "/second/kv.db"
    [notice] = answer.err.splitlines()
    assert notice.startswith("Notice: STORE differs between b.env (line 1) and the process environment")
    quiet = run("show", config, "--env-file", "a.env", "--no-environ", "--json")
    assert quiet.err == ""


def test_a_first_word_equal_to_a_command_is_the_command(run: Run, config: str, tmp_path: Path) -> None:
    (tmp_path / "check").write_text(CONFIG)
    answer = run("check", "./check", "--json")
    assert (answer.code, answer.json["config"]) == (0, "check")
    assert config


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_config_that_is_left_out_is_the_one_found(
    command: str, run: Run, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(command, "--json").json["error"]["kind"] == "usage"
    monkeypatch.setenv("OGX_CONFIG", config)
    assert run(command, "--json").json["config"] == config


def test_a_config_is_read_from_stdin(run: Run, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.TextIOWrapper(io.BytesIO(Path(config).read_bytes()))
    monkeypatch.setattr("sys.stdin", content)
    assert run("check", "-", "--json").json["config"] == "-"


def test_an_entry_of_a_manifest_is_named_by_key(run: Run, config: str, tmp_path: Path) -> None:
    entry = "".join(f"    {line}\n" for line in CONFIG.splitlines())
    text = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  a.yaml: |\n{entry}  b.yaml: |\n{entry}"
    (tmp_path / "cm.yaml").write_text(text)
    assert run("show", "cm.yaml", "--json").code == 2
    assert [each["config"] for each in run("check", "cm.yaml", "--json").json["configs"]] == [
        "cm.yaml#a.yaml",
        "cm.yaml#b.yaml",
    ]
    assert run("check", "cm.yaml", "--key", "b.yaml", "--json").json["config"] == "cm.yaml#b.yaml"
    assert config


def test_answers_for_people_are_clean_and_uncoloured(run: Run, config: str) -> None:
    for words in (
        ["check", config],
        ["show", config],
        ["test", config],
        ["namespaces", config, "kv_default"],
        ["keys", config, "kv_default", "--unassigned"],
        ["tables", config, "sql_default"],
        ["rows", config, "sql_default", "inference_store"],
    ):
        answer = run(*words)
        assert (answer.code, answer.err) == (0, ""), answer.err
        assert answer.out
        assert "\x1b" not in answer.out


def test_a_value_goes_out_byte_for_byte_where_no_person_reads(run: Run, config: str) -> None:
    assert run("get", config, "kv_default", "--unassigned", "lost").out == "\u202eevil \x1b[31m é"


def test_pages_of_keys_follow_each_other(run: Run, config: str) -> None:
    seen: list[str] = []
    after: list[str] = []
    while True:
        page = run("keys", config, "kv_default", "registry", "--limit", "2", "--json", *after).json
        seen += [entry["key"] for entry in page["keys"]]
        if page["next"] is None:
            break
        after = ["--after", page["next"]]
    assert seen == [*(f"registry:model:{number}" for number in range(5)), "registry:text"]


@pytest.mark.parametrize("order", [[], ["--order-by", "created:desc"], ["--order-by", "model"]])
def test_pages_of_rows_follow_each_other_in_every_order(order: list[str], run: Run, config: str) -> None:
    seen: list[str] = []
    after: list[str] = []
    while True:
        page = run(
            "rows", config, "sql_default", "inference_store", "--limit", "2", "--json", *order, *after
        ).json
        seen += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        after = ["--after", page["next"]]
    assert sorted(seen) == [f"c{number}" for number in range(5)]
    if order == ["--order-by", "created:desc"]:
        assert seen == ["c4", "c3", "c2", "c1", "c0"]


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        (["--where", "created=1700000002"], ["c2"]),
        (["--where", "id=c1", "--where", "created=1700000002"], []),
        (["--where-null", "model"], ["c3"]),
        (["--where", "model="], []),
        (["--where", "model=m é"], ["c0", "c1", "c2", "c4"]),
    ],
)
def test_rows_are_filtered_by_values_of_the_columns_type(
    conditions: list[str], ids: list[str], run: Run, config: str
) -> None:
    page = run("rows", config, "sql_default", "inference_store", "--json", *conditions).json
    assert [row["id"] for row in page["rows"]] == ids


def test_everything_is_streamed_in_each_format(run: Run, config: str) -> None:
    words = ["rows", config, "sql_default", "inference_store", "--all", "--columns", "id,choices", "--format"]
    lines = run(*words, "jsonl").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"c{number}" for number in range(5)]
    assert json.loads(run(*words, "json").out) == [json.loads(line) for line in lines]
    assert run(*words, "csv").out.splitlines()[:2] == ["id,choices", 'c0,"{""a"": 1}"']


def test_looking_into_the_data_adds_findings(run: Run, config: str) -> None:
    with_data = run("check", config, "--data", "--json")
    assert with_data.code == 0
    stages = {finding["stage"] for finding in with_data.json["findings"] if finding["rule"] != "tls-required"}
    assert stages <= {"never"}


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["rows", "-h"], ["--version"]])
def test_help_and_version_are_data(words: list[str], run: Run) -> None:
    answer = run(*words)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out


def test_a_name_with_a_line_feed_cannot_begin_a_line(run: Run, config: str) -> None:
    path = Path(config)
    path.write_text(
        path.read_text().replace(
            "  stores:", '    "a\\n✓ b": {type: kv_sqlite, db_path: /nowhere}\n  stores:'
        )
    )
    for words in (["test"], ["show"], ["check"], ["tables", "nope"]):
        command, *rest = words
        answer = run(command, config, *rest)
        assert "a␊✓ b" in answer.out + answer.err
        assert not any(line.startswith("✓ b") for line in (answer.out + answer.err).splitlines())


def test_a_view_without_a_key_says_that_it_stopped(run: Run, config: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sql.db")) as connection:
        connection.execute("CREATE VIEW v AS SELECT 1 AS a UNION ALL SELECT 2")
        connection.commit()
    answer = run("rows", config, "sql_default", "v", "--limit", "1")
    assert answer.code == 0
    assert "More rows follow" in answer.err
    assert "--all" in answer.err


def test_a_locked_file_is_answered_with_the_command_that_names_who_has_it(
    run: Run, config: str, tmp_path: Path
) -> None:
    named = "`test RUN_CONFIG` names the processes that have it open, where they can be seen."
    with closing(sqlite3.connect(tmp_path / "sql.db", isolation_level=None)) as server:
        server.execute("BEGIN EXCLUSIVE")
        for words in (("tables", config, "sql_default"), ("rows", config, "sql_default", "prompts")):
            answer = run(*words)
            assert answer.code == 3
            assert answer.err.splitlines()[-1].strip() == f"Try again. {named}"
        tested = run("test", config, "sql_default", "--json").json["results"][0]
        assert tested["error"]["kind"] == "locked"
        assert tested["error"]["help"] == "Try again."


@pytest.mark.parametrize(
    "words", [["show", ""], ["check", ""], ["check", CONFIG, ""], ["responses", "", "list"], [""]]
)
def test_an_empty_name_of_a_config_is_said_to_be_one(words: list[str], run: Run, config: str) -> None:
    words = [config if word == CONFIG else word for word in words]
    answer = run(*words)
    assert answer.code == 2
    assert "Error: The name of the config is empty" in answer.err
    assert "directory" not in answer.err
    if words != [""]:
        error = run(*words, "--json").json["error"]
        assert (error["kind"], error["message"]) == ("usage", "The name of the config is empty")
