"""A stored response is read as what it is, item by item, however broken it is."""

from __future__ import annotations

import json
from typing import cast

import pytest

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transcript import EntryKind, MessagesState, Side, Transcript, TranscriptEntry
from llama_storage_tui.secrets import MASK
from llama_storage_tui.services.responses.items import joined, read_item
from llama_storage_tui.services.responses.parsing import read_transcript
from llama_storage_tui.services.responses.tolerant_json import CUT, DEEPEST
from llama_storage_tui.services.values import to_json
from tests import items
from tests.items import Json


def read(stored: object = None, **columns: object) -> Transcript:
    return read_transcript(cast("dict[str, Cell]", items.row(stored, **columns)))


def entry(item: object) -> TranscriptEntry:
    return read_item(item, Side.OUTPUT, 0)


def test_the_head_says_what_the_object_and_its_row_say() -> None:
    head = read(
        items.response(error={"code": "server_error", "message": "no luck"}, status="failed"),
        owner_principal="o'brien",
        access_attributes='{"roles": ["admin"]}',
        tenant_id="acme",
    ).head
    assert (head.id, head.status, head.error_code, head.error) == (
        "resp_1",
        "failed",
        "server_error",
        "no luck",
    )
    assert (head.owner, head.tenant, head.access_attributes) == ("o'brien", "acme", '{"roles": ["admin"]}')
    assert head.seconds == 3
    assert head.usage is not None
    assert (head.usage.total, head.usage.cached, head.usage.reasoning) == (7, 1, 2)


def test_settings_are_those_that_are_set_and_unknown_ones_are_kept() -> None:
    head = read(items.response(temperature=0.0, top_p=None, tool_choice="auto", knob={"turn": 1})).head
    assert {setting.name: setting.text for setting in head.settings} == {
        "tool_choice": "auto",
        "temperature": "0.0",
        "knob": '{"turn": 1}',
        "store": "true",
    }


def test_credentials_of_mcp_servers_are_masked_everywhere() -> None:
    tool = {
        "type": "mcp",
        "server_label": "wiki",
        "server_url": "https://me:hunter2@wiki.example/mcp?token=s3cret&page=1",
        "headers": {"X-Key": "hunter2"},
        "authorization": "s3cret",
    }
    transcript = read(items.response(tools=[tool], input=[tool | {"type": "odd"}]))
    assert "hunter2" not in repr(transcript)
    assert "s3cret" not in repr(transcript)
    [setting] = [found for found in transcript.head.settings if found.name == "tools"]
    assert setting.text == "mcp wiki (1 header, masked)"
    assert cast("list[Json]", setting.value)[0]["headers"] == {"X-Key": MASK}


def test_a_tool_s_schema_that_names_a_credential_is_no_credential() -> None:
    schema = {"type": "object", "properties": {"api_key": {"type": "string"}}}
    tool = {"type": "function", "name": "login", "parameters": schema}
    [setting] = [found for found in read(items.response(tools=[tool])).head.settings if found.name == "tools"]
    assert setting.value == [tool]


@pytest.mark.parametrize(
    ("item", "label", "summary"),
    [
        (items.message("How is Oslo?"), "user", "How is Oslo?"),
        ({"role": "system", "content": "be nice"}, "system", "be nice"),
        (items.refusal(), "assistant", "[refusal] I will not."),
        (items.reasoning(), "reasoning", "Weather. It may rain."),
        (items.function_call(), "function call get_weather", '{"city": "Oslo"}'),
        (items.function_output(), "function output", '{"temp": 21}'),
        (items.mcp_call(), "MCP call wiki.search", '{"q": "Oslo"}'),
        (items.mcp_call(error="timed out", output=None), "MCP call wiki.search", "failed: timed out"),
        (items.list_tools(), "MCP tools of wiki", "1 tool: search"),
        (items.approval_request(), "approval asked: wiki.edit", "{}"),
        (items.approval_response(), "approval", "refused: not now"),
        (items.web_search(), "web search", "Oslo weather; Oslo rain"),
        (items.file_search(), "file search", "rain (1 result)"),
        (items.compaction(), "compaction", "They spoke of Oslo."),
        (items.image(file_id="file-9"), "user", "[image: file file-9]"),
        (items.image(image_url="data:image/png;base64,AAAA"), "user", "[image: image/png, about 3 bytes]"),
        (items.file(filename="a.pdf", file_data="AAAA"), "user", "[file: a.pdf, 3 bytes]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_item_is_read_by_its_type(item: Json, label: str, summary: str) -> None:
    found = entry(item)
    assert (found.label, found.summary, found.problems) == (label, summary, ())


def test_an_unknown_type_is_kept_as_json_and_called_unknown() -> None:
    found = entry({"type": "teleport", "to": "Oslo"})
    assert found.kind is EntryKind.UNKNOWN
    assert found.label == "teleport"
    assert json.loads(found.summary) == {"type": "teleport", "to": "Oslo"}
    assert found.problems


def test_citations_stand_with_the_text_that_they_belong_to() -> None:
    notes = [
        {
            "type": "url_citation",
            "title": "Oslo",
            "url": "https://oslo.example",
            "start_index": 0,
            "end_index": 1,
        },
        {"type": "file_citation", "filename": "oslo.md", "file_id": "file-1", "index": 3},
    ]
    content = [{"type": "output_text", "text": "Wet.", "annotations": notes}]
    [part] = entry(items.message("", "assistant", content=content)).parts
    assert part.annotations == ("url_citation: Oslo https://oslo.example", "file_citation: oslo.md file-1")


def test_a_call_has_the_output_that_answered_it_wherever_it_stands() -> None:
    transcript = read(
        items.response(
            input=[items.function_output("b", "2"), items.function_call("a")],
            output=[items.function_call("b", "get_time")],
        )
    )
    unanswered, answered = transcript.input[1], transcript.output[0]
    assert unanswered.answer is None
    assert answered.answer is not None
    assert answered.answer.output == "2"
    assert transcript.input[0].label == "function output: get_time"
    later = read(items.response(input=[items.function_output("a", "1")])).input
    [_, call, _] = joined((*transcript.input, *transcript.output), later)
    assert call.answer is not None
    assert call.answer.output == "1"


def test_an_approval_answers_its_request() -> None:
    [request] = read(
        items.response(input=[items.approval_response(approve=True)], output=[items.approval_request()])
    ).output
    assert request.answer is not None
    assert request.answer.is_approved is True


def test_messages_are_read_with_their_calls() -> None:
    call = items.function_call()
    stored = [
        items.said("user", [{"type": "text", "text": "hi"}]),
        items.called(call),
        items.told("call_1", "21"),
    ]
    transcript = read(items.response(messages=stored))
    assert transcript.messages_state is MessagesState.STORED
    assert [(found.role, found.summary) for found in transcript.messages] == [
        ("user", "hi"),
        ("assistant", 'calls get_weather({"city": "Oslo"})'),
        ("tool", "21"),
    ]
    assert transcript.messages[1].tool_calls[0].arguments == {"city": "Oslo"}


@pytest.mark.parametrize(
    ("stored", "state"),
    [
        (None, MessagesState.MISSING),
        ([], MessagesState.EMPTY),
        ({}, MessagesState.BROKEN),
        ("x", MessagesState.BROKEN),
    ],
)
def test_what_is_no_list_of_messages_is_told_apart(stored: object, state: MessagesState) -> None:
    assert read(items.response(messages=stored)).messages_state is state


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (None, "NULL"),
        ("", "not JSON"),
        (
            '{"id": "resp_1", ',
            "not JSON: Expecting property name enclosed in double quotes at character 18 of 17",
        ),
        ('["a"]', "is a list"),
        ("null", "is null"),
        ("3", "is a number"),
        ('"text"', "is a JSON text"),
        (b"\xff\xfe", "2 bytes that are not UTF-8"),
        (7, "is a number"),
        ("[" * 200_000, "nested too deeply"),
        ('{"n": ' + "9" * 10_000 + "}", "too many digits"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_broken_object_is_called_what_it_is_and_the_columns_remain(cell: Cell, problem: str) -> None:
    transcript = read_transcript({"id": "resp_1", "model": "m", "created_at": 5, "response_object": cell})
    assert transcript.stored is None
    assert problem in " ".join(transcript.problems)
    assert (transcript.head.id, transcript.head.model, transcript.head.created_at) == ("resp_1", "m", 5)


@pytest.mark.parametrize(
    "cell", [json.dumps(json.dumps(items.response())), json.dumps(items.response()).encode()]
)
def test_an_object_encoded_twice_or_stored_as_bytes_is_still_read(cell: Cell) -> None:
    transcript = read_transcript({"id": "resp_1", "response_object": cell})
    assert len(transcript.problems) in (1, 2)
    assert transcript.output[0].summary == "Wet."


def test_nan_is_read_and_named() -> None:
    transcript = read(json.dumps(items.response(temperature=float("nan"))))
    assert any("NaN" in problem for problem in transcript.problems)
    assert transcript.output


def test_a_value_nested_too_deeply_is_cut_and_the_rest_is_read() -> None:
    deep: object = "bottom"
    for _ in range(DEEPEST * 3):
        deep = [deep]
    transcript = read(
        items.response(output=[items.message("Wet.", "assistant"), {"type": "odd", "deep": deep}])
    )
    assert transcript.output[0].summary == "Wet."
    shown = json.dumps(to_json(transcript.output[1].raw))
    assert json.dumps(CUT) in shown
    assert "bottom" not in shown


def test_what_column_and_object_tell_differently_is_said() -> None:
    transcript = read(
        items.response(previous_response_id="resp_0"), previous_response_id="resp_9", created_at=5
    )
    assert transcript.head.previous_response_id == "resp_0"
    assert [problem.split(" says")[0] for problem in transcript.problems] == [
        "the column created_at",
        "the column previous_response_id",
    ]


def test_input_that_is_new_only_is_told_from_the_whole() -> None:
    assert read(items.response(input_storage_mode="incremental")).is_incremental
    assert not read().is_incremental


def test_a_huge_text_has_a_short_summary() -> None:
    found = entry(items.message("word " * 2_000_000))
    assert len(found.summary) <= 200
    assert len(found.parts[0].text) == 10_000_000
