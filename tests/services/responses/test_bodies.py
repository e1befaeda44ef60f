"""An entry's full text holds everything that was said, and nothing of what is not to be shown."""

from __future__ import annotations

import pytest

from llama_storage_tui.model.transcript import Side
from llama_storage_tui.services.responses.bodies import body, message_body
from llama_storage_tui.services.responses.items import read_item
from llama_storage_tui.services.responses.messages import read_message
from tests import items
from tests.items import Json


@pytest.mark.parametrize(
    ("item", "lines"),
    [
        (items.message("one\ntwo"), ["one", "two"]),
        (items.refusal(), ["[refusal] I will not."]),
        (items.reasoning(), ["Weather.", "It may rain."]),
        (items.function_call(), ["{", '  "city": "Oslo"', "}"]),
        (items.function_call(arguments="not JSON"), ["not JSON"]),
        (items.function_output("call_1", [{"type": "input_text", "text": "21"}]), ["21"]),
        (items.mcp_call(output=None, error="timed out"), ["{", '  "q": "Oslo"', "}", "error: timed out"]),
        (items.mcp_call(arguments="{}"), ["{}", "output: a city"]),
        (items.list_tools(), ["search"]),
        (items.approval_request(), ["{}"]),
        (items.approval_response(), ["refused: not now"]),
        (items.web_search(), ["Oslo weather", "Oslo rain"]),
        (items.file_search(), ["rain", "› oslo.md (score 0.5)", "It rains."]),
        (items.compaction(), ["They spoke of Oslo."]),
        ({"type": "teleport"}, ["{", '  "type": "teleport"', "}"]),
        (["odd"], ["[", '  "odd"', "]"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_body_holds_what_an_item_says(item: object, lines: list[str]) -> None:
    assert body(read_item(item, Side.OUTPUT, 0)).split("\n") == lines


def test_the_data_of_an_image_is_not_part_of_a_body() -> None:
    data = "QUJD" * 1000
    shown = body(read_item(items.image(image_url=f"data:image/png;base64,{data}"), Side.INPUT, 0))
    assert shown == "[image: image/png, about 3,000 bytes]"


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        (items.said("user", "hi"), ["hi"]),
        (items.called(items.function_call(arguments="{}")), ["calls get_weather (call_1)", "{}"]),
        (items.said("assistant", "Wet.", reasoning_content="rain"), ["[reasoning] rain", "Wet."]),
        (7, ["7"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_message_is_told_with_its_calls(message: Json, lines: list[str]) -> None:
    assert message_body(read_message(message, 0)).split("\n") == lines
