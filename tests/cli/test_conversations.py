"""`conversations RUN_CONFIG …` and `completions RUN_CONFIG …` as a script and as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from llama_storage_tui.model.data import Cell
from tests.cli.conftest import Run, config_beside
from tests.response_rows import NEW, item_row
from tests.response_stores import create_tables, insert
from tests.stores import SqliteStore

HOSTILE = "conv_\u202e[bold red]\x1b[2J"
DEEP = "[" * 500 + "]" * 500


@pytest.fixture
def config(response_store: SqliteStore) -> str:
    """Make a deployment with two conversations, some orphans, and a chat completion."""
    create_tables(response_store, NEW)
    head: dict[str, Cell] = {"items": None, "access_attributes": "null", "owner_principal": "ann"}
    conversations: list[dict[str, Cell]] = [
        {"id": "conv_a", "created_at": 1000, "metadata": '{"topic": "中"}', **head},
        {"id": HOSTILE, "created_at": 2000, "metadata": "{broken", **head},
    ]
    insert(response_store, conversations, "openai_conversations")
    secret = {
        "type": "mcp_call",
        "headers": {"Authorization": "Bearer s3cr3t"},
        "nested": json.loads("[" * 90 + "]" * 90),
    }
    items = [
        item_row(NEW, "conv_a", "msg_1", sort_order=0),
        item_row(NEW, "conv_a", "msg_2", sort_order=1, data=secret),
        item_row(NEW, "conv_a", "msg_3", sort_order=2) | {"item_data": DEEP},
        item_row(NEW, HOSTILE, "msg_\x1b[31m"),
        item_row(NEW, "conv_gone", "msg_5"),
    ]
    insert(response_store, items, "conversation_items")
    choices = [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello \x1b[2J"}}
    ]
    completion: dict[str, Cell] = {"id": "chatcmpl-1", "created": 1000, "model": "m", "choices": json.dumps(choices), "input_messages": '[{"role": "user", "content": "hi"}]', "access_attributes": "null", "owner_principal": "ann"}  # fmt: skip
    insert(response_store, [completion], "inference_store")
    return config_beside(response_store)


def test_every_document_holds_its_keys_and_its_schema(run: Run, config: str) -> None:
    wanted = {
        ("conversations", "list"): {"conversations", "next", "complete"},
        ("conversations", "show", "conv_a"): {"conversation", "items", "messages", "responses", "notices"},
        ("conversations", "orphans"): {"orphans", "scanned", "complete"},
        ("completions", "list"): {"completions", "next", "complete"},
        ("completions", "show", "chatcmpl-1"): {"completion", "messages", "choices", "response"},
    }
    for (group, command, *rest), keys in wanted.items():
        found = run(group, config, command, *rest, "--json")
        assert found.code == 0
        assert keys <= found.json.keys()
        jsonschema.validate(found.json, run("schema", f"{group} {command}").json)


def test_a_conversation_has_its_items_in_order_and_no_credentials(run: Run, config: str) -> None:
    found = run("conversations", config, "show", "conv_a", "--json")
    assert [item["id"] for item in found.json["items"]] == ["msg_1", "msg_2", "msg_3"]
    assert found.json["items"][0]["item"]["content"][0]["text"] == "item msg_1"
    assert found.json["conversation"]["items"] == 3
    assert found.json["conversation"]["metadata"] == {"topic": "中"}
    assert "s3cr3t" not in found.out
    assert "s3cr3t" not in run("conversations", config, "show", "conv_a").out


def test_broken_and_deep_documents_are_texts_or_cut(run: Run, config: str) -> None:
    listed = run("conversations", config, "list", "--json").json["conversations"]
    assert listed[0]["metadata"] == {"$text": "{broken", "$invalid_json": True}
    assert run("conversations", config, "show", "conv_a", "--json").json["items"][2]["type"] is None


def test_orphans_are_counted(run: Run, config: str) -> None:
    (orphans,) = run("conversations", config, "orphans", "--json").json["orphans"]
    assert (orphans["conversation_id"], orphans["items"]) == ("conv_gone", 1)
    assert "conv_gone" in run("conversations", config, "orphans").out


def test_orphans_of_any_stored_time_are_counted(run: Run, config: str, tmp_path: Path) -> None:
    times: dict[str, float] = {
        "conv_far": 2**63 - 1,
        "conv_never": float("inf"),
        "conv_before": float("-inf"),
    }
    insert(
        SqliteStore(tmp_path / "sql.db"),
        [item_row(NEW, name, f"msg_{name}") | {"created_at": time} for name, time in times.items()],
        "conversation_items",
    )
    found = run("conversations", config, "orphans", "--json")
    assert found.code == 0
    jsonschema.validate(found.json, run("schema", "conversations orphans").json)
    firsts = {each["conversation_id"]: each["first_created_at"] for each in found.json["orphans"]}
    assert firsts == {
        "conv_gone": 1000,
        "conv_far": {"$number": str(2**63 - 1)},
        "conv_never": {"$number": "inf"},
        "conv_before": {"$number": "-inf"},
    }
    assert run("conversations", config, "orphans").code == 0


def test_options_stand_at_every_level(run: Run, config: str) -> None:
    for words in (
        ("--json", "completions", config, "show", "chatcmpl-1"),
        ("completions", "--json", config, "show", "chatcmpl-1"),
        ("completions", config, "--json", "show", "chatcmpl-1"),
        ("completions", config, "show", "--json", "chatcmpl-1"),
    ):
        assert run(*words).json["completion"]["id"] == "chatcmpl-1"


def test_what_people_read_is_inert(run: Run, config: str) -> None:
    for words in (
        ("conversations", config, "list"),
        ("conversations", config, "show", HOSTILE),
        ("completions", config, "show", "chatcmpl-1"),
    ):
        found = run(*words)
        assert found.code == 0
        assert found.out
        assert "\x1b" not in found.out
        assert "\u202e" not in found.out


@pytest.mark.parametrize("words", [("conversations", "show"), ("completions", "show")])
def test_what_is_not_there_is_not_found(run: Run, config: str, words: tuple[str, str]) -> None:
    found = run(words[0], config, words[1], "none", "--json")
    assert found.code == 1
    assert found.json["error"]["kind"] == "not-found"


def test_lists_go_on_after_a_cursor(run: Run, config: str) -> None:
    first = run("conversations", config, "list", "--limit", "1", "--json").json
    rest = run("conversations", config, "list", "--limit", "1", "--after", first["next"], "--json").json
    assert [each["id"] for each in (*first["conversations"], *rest["conversations"])] == [HOSTILE, "conv_a"]
    assert rest["next"] is None
    assert run("conversations", config, "list", "--after", "nonsense", "--json").code == 2


@pytest.mark.parametrize("group", ["conversations", "completions"])
def test_a_list_for_people_writes_times_as_times(run: Run, config: str, group: str) -> None:
    assert "1970-01-01 00:16:40  " in run(group, config, "list").out
    assert "1970-01-01 00:16:40  " in run("objects", config, group).out


def test_a_conversation_and_a_completion_are_read_as_any_other_record_too(run: Run, config: str) -> None:
    found = run("objects", config, "completions", "chatcmpl-1", "--json").json
    assert {each["label"]: each["value"] for each in found["fields"]} == {
        "created": 1000, "model": "m", "owner": "ann", "messages": 1, "finish_reason": "stop",
    }  # fmt: skip
    found = run("objects", config, "conversations", "conv_a", "--json").json
    assert {each["label"] for each in found["fields"]} == {"created_at", "owner", "metadata"}
