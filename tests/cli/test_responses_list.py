"""`responses RUN_CONFIG list` as a script and as a person calls it."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Run, config_beside
from tests.response_rows import row
from tests.response_stores import create, insert
from tests.stores import SqliteStore

KEYS = [
    "id", "created_at", "model", "status", "owner", "previous_response_id", "conversation", "conversation_inferred",
    "input_items", "output_items", "total_tokens", "error",
]  # fmt: skip


@pytest.fixture
def config(response_store: SqliteStore) -> str:
    """Make a deployment with a few responses."""
    create(response_store)
    insert(
        response_store,
        [
            row("resp_1", created_at=1_700_000_000, owner="alice"),
            row("resp_2", created_at=1_700_000_100, status="failed", error={"code": "c", "message": "\x1b[31mred"}),
            row("resp_3", created_at=1_700_000_200, text="{cut"),
        ],
    )  # fmt: skip
    return config_beside(response_store)


def test_the_document_has_the_promised_keys_and_follows_its_schema(run: Run, config: str) -> None:
    document = run("responses", config, "list", "--json").json
    assert {"responses", "next", "complete", "order"} <= set(document)
    assert set(KEYS) <= set(document["responses"][0])
    assert [each["id"] for each in document["responses"]] == ["resp_3", "resp_2", "resp_1"]
    assert document["responses"][1]["error"] == {"code": "c", "message": "\x1b[31mred"}
    assert document["responses"][0]["document"] == "broken"
    jsonschema.validate(document, run("schema", "responses list").json)


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "responses", "{}", "list"),
        ("responses", "--json", "{}", "list"),
        ("responses", "{}", "--json", "list"),
        ("responses", "{}", "list", "--json"),
        ("responses", "--timeout", "3", "{}", "--timeout", "4", "--json", "list"),
        ("responses", "{}", "--timeout=4", "list", "--json"),
    ],
)
def test_options_are_taken_at_every_level(run: Run, config: str, words: tuple[str, ...]) -> None:
    answer = run(*(word.format(config) for word in words))
    assert answer.code == 0
    assert len(answer.json["responses"]) == 3


def test_pages_follow_each_other(run: Run, config: str) -> None:
    first = run("responses", config, "list", "--limit", "2", "--json").json
    rest = run("responses", config, "list", "--limit", "2", "--after", first["next"], "--json").json
    assert [each["id"] for each in first["responses"] + rest["responses"]] == ["resp_3", "resp_2", "resp_1"]
    assert rest["next"] is None


def test_a_person_reads_what_failed_and_nothing_reaches_the_terminal(run: Run, config: str) -> None:
    answer = run("responses", config, "list")
    assert answer.code == 0
    assert "\x1b" not in answer.out
    assert "c: ␛[31mred" in answer.out
    assert "2023-11-14 22:13:20" in answer.out
    assert "no response: broken" in answer.out


def test_nothing_found_is_no_failure(run: Run, config: str) -> None:
    answer = run("responses", config, "list", "--owner", "nobody at all", "--json")
    assert (answer.code, answer.json["responses"], answer.json["complete"]) == (0, [], True)


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (["--since", "yesterday-ish"], 2, "usage"),
        (["--order", "sideways"], 2, "usage"),
        (["--after", "nonsense"], 2, "usage"),
        (["--limit", "0"], 2, "usage"),
    ],
)
def test_what_cannot_be_is_a_usage_error(
    run: Run, config: str, words: list[str], code: int, kind: str
) -> None:
    answer = run("responses", config, "list", *words, "--json")
    assert (answer.code, answer.json["error"]["kind"]) == (code, kind)


def test_a_status_that_no_server_writes_and_no_row_has_is_a_usage_error_that_lists_the_known_ones(
    run: Run, config: str
) -> None:
    for order in ("newest", "stored"):
        refused = run("responses", config, "list", "--status", "fialed", "--order", order)
        assert refused.code == 2
        assert "'fialed'" in refused.err
        assert "completed, failed, incomplete, in_progress, queued, cancelled" in refused.err


def test_days_have_names(run: Run, config: str) -> None:
    assert run("responses", config, "list", "--since", "yesterday", "--until", "today").code == 0
    refused = run("responses", config, "list", "--since", "yestrday")
    assert refused.code == 2
    assert "Cannot read 'yestrday' as a time" in refused.err
    assert "yesterday" in refused.err


def test_a_missing_store_is_a_backend_error_and_no_file_appears(
    run: Run, config: str, tmp_path: Path
) -> None:
    (tmp_path / "sql.db").unlink()
    answer = run("responses", config, "list", "--json")
    assert (answer.code, answer.json["error"]["kind"]) == (3, "backend")
    assert not (tmp_path / "sql.db").exists()


def test_a_config_without_responses_says_what_it_would_take(run: Run, config: str) -> None:
    path = Path(config)
    path.write_text(path.read_text().replace("responses: {", "elsewhere: {"))
    answer = run("responses", config, "list", "--for", "1.5.0", "--json")
    assert (answer.code, answer.json["error"]["kind"]) == (1, "not-found")


def test_a_list_as_somebody_leaves_out_what_a_server_would(run: Run, config: str) -> None:
    path = Path(config)
    auth = "server:\n  auth:\n    provider_config: {type: custom, endpoint: 'http://127.0.0.1:1/x'}\n"
    path.write_text(path.read_text() + auth)
    words = ("responses", config, "list", "--as", "bob", "--attributes", '{"teams": ["x"]}', "--json")
    assert [each["id"] for each in run(*words).json["responses"]] == ["resp_3", "resp_2"]


def test_who_tells_the_owner_the_rule_and_what_hides_a_response(run: Run, config: str) -> None:
    path = Path(config)
    auth = "server:\n  auth:\n    provider_config: {type: custom, endpoint: 'http://127.0.0.1:1/x'}\n"
    path.write_text(path.read_text() + auth)
    answer = run("responses", config, "who", "resp_1", "--user", "bob", "--json")
    document = answer.json
    jsonschema.validate(document, run("schema", "responses who").json)
    assert (answer.code, document["owner"], document["may_read"], document["stage"]) == (
        0,
        "alice",
        False,
        "filter",
    )
    mine = run("responses", config, "who", "resp_1", "--user", "alice", "--json").json
    assert (mine["may_read"], mine["stage"]) == (True, None)
    assert "owner" in mine["rule"]
    read = run("responses", config, "who", "resp_1", "--user", "bob")
    assert "bob may not read it" in read.out
    nobody = run("responses", config, "who", "resp_1", "--json").json
    jsonschema.validate(nobody, run("schema", "responses who").json)
    assert [nobody[key] for key in ("user", "decision", "may_read", "rule")] == [None] * 4
    assert run("responses", config, "who", "resp_none", "--json").json["error"]["kind"] == "not-found"
    assert run("responses", config, "who", "resp_1", "--tenant", "t", "--json").code == 2


def test_a_sorted_list_keeps_its_keys_and_pages(run: Run, config: str) -> None:
    plain = run("responses", config, "list", "--json").json
    first = run("responses", config, "list", "--sort", "created_at:asc", "--limit", "2", "--json").json
    rest = run("responses", config, "list", "--sort", "created_at", "--after", first["next"], "--json").json
    assert set(first) == set(plain)
    assert first["order"] == "sorted"
    assert [each["id"] for each in (*first["responses"], *rest["responses"])] == [
        "resp_1",
        "resp_2",
        "resp_3",
    ]
    jsonschema.validate(first, run("schema", "responses list").json)


def test_a_sort_says_what_it_costs(run: Run, config: str) -> None:
    answer = run("responses", config, "list", "--sort", "owner:desc")
    assert answer.err.startswith(
        "Sorted by owner descending, which reads all 3 rows for each page where no index serves it."
    )
    assert next(line.split()[-1] for line in answer.out.splitlines()[1:]) == "resp_1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sort", "status"), "inside the JSON of column response_object"),
        (("--sort", "model", "--order", "stored"), "two orders"),
        (("--sort", "model", "--follow"), "cannot be followed"),
    ],
)
def test_a_sort_that_cannot_be_is_refused(run: Run, config: str, words: tuple[str, ...], said: str) -> None:
    answer = run("responses", config, "list", *words)
    assert answer.code == 2
    assert said in answer.err
