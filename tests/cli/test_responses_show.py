"""`responses RUN_CONFIG show` and `diff` as a script and as a person call them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from tests import items
from tests.cli.conftest import Answer, Run, config_beside
from tests.response_stores import create, insert
from tests.stores import SqliteStore

HOSTILE = "\x1b]52;c;eHg=\x07\u202egnp\u200b [red]x[/red]\n  9  assistant  resp_forged\r\x9b31m"

OUTPUT = [
    items.reasoning(HOSTILE),
    items.function_call(arguments=json.dumps({"city": HOSTILE})),
    items.mcp_call(output=None, error=HOSTILE),
    items.list_tools(),
    items.approval_request(),
    items.web_search(),
    items.file_search(),
    items.refusal(HOSTILE),
    items.message(HOSTILE, "assistant"),
    {"type": HOSTILE, "deep": [[HOSTILE]]},
    HOSTILE,
]
TOOL = {"type": "mcp", "server_label": "wiki", "headers": {"X-Key": "hunter2"}}


@pytest.fixture
def config(response_store: SqliteStore) -> str:
    """Make a deployment with a chain of two, a hostile response, and broken ones."""
    create(response_store)
    child = items.response(
        id="resp_2",
        previous_response_id="resp_1",
        input_storage_mode="incremental",
        input=[items.message("And Rome?")],
        output=[items.message("Dry.", "assistant")],
        messages=[
            items.said("user", "How is Oslo?"),
            items.said("assistant", "Wet."),
            items.said("user", "And Rome?"),
        ],
        temperature=0.9,
    )
    hostile = items.response(id="resp_evil", output=OUTPUT, instructions=HOSTILE, model=HOSTILE, tools=[TOOL])
    rows = [
        items.row(),
        items.row(child),
        items.row(hostile, owner_principal=HOSTILE),
        items.row("{cut", id="resp_cut"),
        items.row(None, id="resp_null") | {"response_object": None},
        items.row(
            items.response(
                id="resp_failed", status="failed", error={"code": "server_error", "message": "no luck"}
            )
        ),
    ]
    insert(response_store, rows)  # type: ignore[arg-type] # cells, as a driver takes them
    return config_beside(response_store)


def shown(run: Run, config: str, *words: str) -> Answer:
    answer = run("responses", config, *words)
    assert answer.code == 0, answer.err
    return answer


@pytest.mark.parametrize("id_", ["resp_1", "resp_2", "resp_evil", "resp_cut", "resp_null", "resp_failed"])
def test_the_document_has_the_promised_keys_and_follows_its_schema(run: Run, config: str, id_: str) -> None:
    answer = shown(run, config, "show", id_, "--json")
    assert answer.out.isascii()
    promised = {
        *("response", "instructions", "input", "output", "messages", "usage", "error", "incomplete"),
        *("resume", "disagreements", "place", "notices"),
    }
    assert promised <= set(answer.json)
    assert {"possible", "way", "loses", "because"} <= set(answer.json["resume"])
    assert answer.json["place"] == {"backend": "sql_default", "table": "responses"}
    jsonschema.validate(answer.json, run("schema", "responses show").json)


def test_the_parts_stand_in_the_document(run: Run, config: str) -> None:
    document = shown(run, config, "show", "resp_1", "--json").json
    assert document["response"]["id"] == "resp_1"
    assert [entry["summary"] for entry in document["output"]] == ["Wet."]
    assert [message["role"] for message in document["messages"]] == ["user", "assistant"]
    assert document["usage"]["total_tokens"] == 7
    assert document["resume"]["way"] == "messages"
    assert document["disagreements"] == []
    failed = shown(run, config, "show", "resp_failed", "--json").json
    assert failed["error"] == {"code": "server_error", "message": "no luck"}


def test_the_timeline_reads_from_the_question_to_what_a_server_can_do_with_it(run: Run, config: str) -> None:
    lines = shown(run, config, "show", "resp_1").out.splitlines()
    assert lines[0] == "resp_1  completed  openai/gpt-4o"
    assert "  created      1700000000 (2023-11-14T22:13:20Z)" in lines
    for before, after in [
        ("input (1)", "output (1)"),
        ("output (1)", "messages that the model was sent (2)"),
    ]:
        assert lines.index(before) < lines.index(after)
    assert "  1  user  msg_1" in lines
    assert lines[lines.index("  1  user  msg_1") + 1] == "     How is Oslo?"
    assert "     Because it has 2 stored messages, which 1.5.0 loads." in lines


def test_the_answer_follows_the_chosen_version(run: Run, config: str) -> None:
    resume = shown(run, config, "show", "resp_2", "--json", "--for", "1.0").json["resume"]
    assert "1.0.4" in resume["because"]


def test_hostile_text_is_inert_and_cannot_forge_a_line(run: Run, config: str) -> None:
    out = shown(run, config, "show", "resp_evil").out
    assert not set("\x1b\x07\x9b\u202e\u200b\r") & set(out)
    assert "[red]x[/red]" in out
    assert not [line for line in out.splitlines() if line.startswith("  9  assistant  resp_forged")]


def test_credentials_in_a_row_are_masked_unless_the_row_itself_is_asked_for(run: Run, config: str) -> None:
    for words in (
        ["show", "resp_evil"],
        ["show", "resp_evil", "--json"],
        ["diff", "resp_1", "resp_evil", "--json"],
    ):
        assert "hunter2" not in shown(run, config, *words).out
    assert "hunter2" in shown(run, config, "show", "resp_evil", "--raw").out


@pytest.mark.parametrize("id_", ["resp_evil", "resp_cut"])
def test_raw_is_what_is_stored_byte_for_byte(run: Run, config: str, tmp_path: Path, id_: str) -> None:
    with closing(sqlite3.connect(tmp_path / "sql.db")) as connection:
        [stored] = connection.execute("SELECT response_object FROM responses WHERE id = ?", [id_]).fetchone()
    assert shown(run, config, "show", id_, "--raw").out == stored


def test_broken_rows_are_called_broken_and_shown_as_far_as_they_go(run: Run, config: str) -> None:
    assert "is not JSON" in shown(run, config, "show", "resp_cut").out
    assert "nothing is stored but the columns" in shown(run, config, "show", "resp_null").out
    assert shown(run, config, "show", "resp_null", "--raw").out == ""


def test_what_is_not_there_is_exit_code_1_and_a_wrong_call_2(run: Run, config: str) -> None:
    missing = run("responses", config, "show", "resp_9", "--json")
    assert missing.code == 1
    assert missing.json["error"]["kind"] == "not-found"
    assert run("responses", config, "show", "resp_1", "--raw", "--json").code == 2


def test_a_diff_tells_what_the_second_added(run: Run, config: str) -> None:
    document = shown(run, config, "diff", "resp_1", "resp_2", "--json").json
    jsonschema.validate(document, run("schema", "responses diff").json)
    assert document["chained"]
    assert [entry["summary"] for entry in document["input"]] == ["And Rome?"]
    assert [entry["summary"] for entry in document["output"]] == ["Dry."]
    assert [message["summary"] for message in document["messages"]] == ["And Rome?"]
    assert document["changes"] == [{"name": "temperature", "before": 0.5, "after": 0.9}]
    text = shown(run, config, "diff", "resp_1", "resp_2").out
    assert "   - 0.5\n   + 0.9\n" in text
    assert "And Rome?" in text


def test_options_are_taken_at_every_level(run: Run, config: str) -> None:
    for words in (
        ["--json", "responses", config, "show", "resp_1"],
        ["responses", "--json", config, "show", "resp_1"],
        ["responses", config, "--json", "show", "resp_1"],
        ["responses", config, "show", "--json", "resp_1"],
    ):
        assert run(*words).json["response"]["id"] == "resp_1"


def test_a_column_that_holds_bytes_is_in_the_document_as_in_a_list_and_in_text_without_python(
    run: Run, config: str, response_store: SqliteStore
) -> None:
    with closing(sqlite3.connect(response_store.path)) as connection, connection:
        connection.execute(
            "UPDATE responses SET model = x'1b5b324aff' WHERE id IN ('resp_cut', 'resp_1')",
        )
    listed = shown(run, config, "list", "--json").json["responses"]
    (expected,) = [each["model"] for each in listed if each["id"] == "resp_cut"]
    assert expected == {"$bytes": "G1sySv8="}
    assert shown(run, config, "show", "resp_cut", "--json").json["response"]["model"] == expected
    text = shown(run, config, "show", "resp_cut").out
    assert "␛[2J\ufffd" in text
    assert "b'" not in text
    own = shown(run, config, "show", "resp_1", "--json").json["response"]
    assert isinstance(own["model"], str)
    (problem,) = [each for each in own["problems"] if "column model" in each]
    assert "b'" not in problem
