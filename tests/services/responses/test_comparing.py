"""The stored messages are held against the items, and a response against the one before it."""

from __future__ import annotations

from typing import cast

import pytest

from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.resume import Comparison, DisagreementKind, NotCompared
from llama_storage_tui.model.transcript import Transcript
from llama_storage_tui.reports.comparison import addition_notes
from llama_storage_tui.reports.comparison import disagreement as sentence_of
from llama_storage_tui.services.responses.comparing import compare
from llama_storage_tui.services.responses.diff import difference
from llama_storage_tui.services.responses.parsing import read_transcript
from tests import items
from tests.items import Json

ASKED, ANSWERED = items.message("How is Oslo?"), items.message("Wet.", "assistant")
SENT: list[Json] = [items.said("user", "How is Oslo?"), items.said("assistant", "Wet.")]


def transcript(**changes: object) -> Transcript:
    return read_transcript(cast("dict[str, Cell]", items.row(items.response(**changes))))


def compared(**changes: object) -> Comparison:
    return compare(transcript(**changes))


def kinds(found: Comparison) -> list[str]:
    return [disagreement.kind.value for disagreement in found.disagreements]


def test_messages_and_items_that_agree_are_silent() -> None:
    assert compared() == Comparison()


@pytest.mark.parametrize(
    "changes",
    [
        {"input": [items.message("be nice", "system"), ASKED]},
        {"messages": [items.said("system", "be nice"), *SENT]},
        {"messages": [items.said("user", [{"type": "text", "text": "How is Oslo?"}]), SENT[1]]},
        {"output": [items.reasoning(), items.list_tools(), items.approval_request(), ANSWERED]},
        {"messages": [SENT[0], items.said("assistant", "Wet <|file-abc|>.")]},
    ],
    ids=["system item", "system message", "parts", "items without a message", "citation"],
)
def test_what_servers_do_not_store_on_both_sides_is_no_disagreement(changes: dict[str, object]) -> None:
    assert compared(**changes) == Comparison()


def test_parallel_calls_agree_in_either_order() -> None:
    one, two = items.function_call("a"), items.function_call("b", "get_time", '{"zone": "UTC", "n": 1}')
    outputs = [items.function_output("a", "21"), items.function_output("b", "noon")]
    told = [items.told("a", "21"), items.told("b", "noon")]
    spaced = {**two, "arguments": '{"n":1,"zone":"UTC"}'}
    for messages in (
        [items.called(one, spaced), *told],
        [items.called(one), told[0], items.called(two), told[1]],
    ):
        assert (
            compared(input=[ASKED, one, two, *outputs], messages=[SENT[0], *messages, SENT[1]])
            == Comparison()
        )


def test_searches_and_failed_mcp_calls_agree_with_whatever_the_model_was_told() -> None:
    searched: Json = {"call_id": "s", "name": "knowledge_search", "arguments": '{"query": "rain"}'}
    failed = items.mcp_call(output=None, error="timed out")
    messages = [
        SENT[0],
        items.called(searched),
        items.told("s", "many chunks"),
        items.called({**failed, "call_id": "m"}),
        items.told("m", "Tool execution failed"),
        SENT[1],
    ]
    assert compared(output=[items.file_search(), failed, ANSWERED], messages=messages) == Comparison()


def test_texts_that_differ_are_paired() -> None:
    found = compared(messages=[SENT[0], items.said("assistant", "Dry.")])
    [disagreement] = found.disagreements
    assert disagreement.kind is DisagreementKind.TEXT
    assert (
        sentence_of(disagreement)
        == "what the assistant said is 'Wet.' in output item 1 and 'Dry.' in message 2"
    )
    assert disagreement.entry is not None
    assert disagreement.message is not None


def test_calls_that_differ_are_paired() -> None:
    call = items.function_call()
    other = {**call, "arguments": '{"city": "Rome"}'}
    found = compared(output=[call], messages=[SENT[0], items.called(other)])
    assert kinds(found) == ["call"]


def test_an_item_without_a_message_and_a_message_without_an_item_are_told() -> None:
    assert kinds(compared(output=[ANSWERED, items.refusal()])) == ["item-only"]
    assert kinds(compared(messages=[*SENT, items.said("user", "And Rome?")])) == ["message-only"]


def test_an_image_that_was_not_sent_is_told() -> None:
    asked = items.message(
        "",
        content=[{"type": "input_text", "text": "How is Oslo?"}, {"type": "input_image", "image_url": "x"}],
    )
    assert kinds(compared(input=[asked])) == ["text"]


def test_turns_before_the_first_item_are_history_as_in_a_conversation() -> None:
    earlier = [items.said("user", "Hello"), items.said("assistant", "Hi")]
    found = compared(messages=[*earlier, *SENT])
    assert (found.history, found.disagreements) == (2, ())


def test_nothing_in_common_is_no_history() -> None:
    assert len(compared(messages=[items.said("tool", "x"), items.said("developer", "y")]).disagreements) == 4


def test_new_input_alone_is_not_compared_with_the_whole_history() -> None:
    child = transcript(
        previous_response_id="resp_0", input_storage_mode="incremental", messages=[*SENT, *SENT]
    )
    assert compare(child).unchecked is NotCompared.PART_OF_INPUT
    before = transcript(id="resp_0")
    assert compare(child, (*before.input, *before.output, *child.input)) == Comparison()


@pytest.mark.parametrize("messages", [None, [], {"a": 1}])
def test_without_messages_nothing_is_compared(messages: object) -> None:
    assert compared(messages=messages).unchecked


def test_a_long_history_is_compared_in_little_time() -> None:
    many = [items.message(f"same {number % 3}") for number in range(4_000)]
    other = [items.said("user", f"other {number}") for number in range(4_000)]
    assert len(compared(input=many, messages=other).disagreements) == 4_001


def child_of(parent: Transcript, added: Json, **changes: object) -> Transcript:
    whole = [entry.raw for entry in (*parent.input, *parent.output)]
    return transcript(**{"id": "resp_2", "input": [*whole, added]} | changes)


def test_what_a_response_added_is_its_input_beyond_the_first_and_its_output() -> None:
    parent = transcript()
    child = child_of(parent, items.message("And Rome?"), messages=[*SENT, items.said("user", "And Rome?")])
    added = difference(parent, child)
    assert added.is_chained
    assert [entry.summary for entry in added.input] == ["And Rome?"]
    assert [message.summary for message in added.messages] == ["And Rome?"]
    assert added.dropped == ()
    assert added.output == child.output


def test_new_input_alone_is_what_was_added() -> None:
    parent = transcript()
    child = transcript(
        id="resp_2",
        previous_response_id="resp_1",
        input_storage_mode="incremental",
        input=[items.message("And Rome?")],
    )
    added = difference(parent, child)
    assert added.is_chained
    assert [entry.summary for entry in added.input] == ["And Rome?"]
    assert addition_notes(added) == ()


def test_parameters_that_changed_are_listed_with_both_values() -> None:
    parent = transcript(instructions="Be brief.")
    child = child_of(
        parent, ANSWERED, model="openai/gpt-5", temperature=None, tool_choice="none", instructions=None
    )
    changes = {change.name: (change.before, change.after) for change in difference(parent, child).changes}
    assert changes == {
        "model": ("openai/gpt-4o", "openai/gpt-5"),
        "instructions": ("Be brief.", None),
        "temperature": (0.5, None),
        "tool_choice": (None, "none"),
    }


def test_what_the_second_does_not_have_of_the_first_is_told() -> None:
    added = difference(transcript(), transcript(id="resp_2", input=[ASKED, items.message("No?")]))
    assert not added.is_chained
    assert [entry.summary for entry in added.dropped] == ["Wet."]
    assert [entry.summary for entry in added.input] == ["No?"]
    assert "does not continue the first" in addition_notes(added)[0]
