"""Whether a server can go on from a response is said in words that an operator can act on."""

from __future__ import annotations

from typing import cast

import pytest

from llama_storage_tui.model.chain import Truncation
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.resume import MissingBeginning, Resume, ResumeWay
from llama_storage_tui.model.transcript import Transcript
from llama_storage_tui.model.version import Version
from llama_storage_tui.reports.resume import losses, resume_note, resume_reason
from llama_storage_tui.services.responses.parsing import read_transcript
from llama_storage_tui.services.responses.resuming import check_resume
from tests import items

OLD, MIDDLE, NEW = Version(0, 3, 5), Version(0, 7, 3), Version(1, 5)


def transcript(**changes: object) -> Transcript:
    return read_transcript(cast("dict[str, Cell]", items.row(items.response(**changes))))


def resumed(version: Version = NEW, **changes: object) -> Resume:
    return check_resume(transcript(**changes), version)


def test_stored_messages_are_loaded() -> None:
    resume = resumed()
    assert (resume.is_possible, resume.way) == (True, ResumeWay.MESSAGES)
    assert resume_reason(resume) == "it has 2 stored messages, which 1.5.0 loads"
    assert resume.loses == ()


@pytest.mark.parametrize(
    ("messages", "why"), [(None, "no stored messages"), ([], "stored messages are empty")]
)
def test_without_messages_the_items_are_converted(messages: object, why: str) -> None:
    resume = resumed(messages=messages)
    assert resume.way is ResumeWay.ITEMS
    assert why in resume_reason(resume)
    assert "2 items" in resume_reason(resume)


def test_what_is_lost_is_counted_and_named() -> None:
    output = [
        items.web_search(),
        items.file_search(),
        items.file_search(),
        items.message("Wet.", "assistant"),
    ]
    resume = resumed(messages=None, output=output)
    assert [(loss.what.split()[0], loss.count) for loss in losses(resume)] == [("web", 1), ("file", 2)]
    assert [entry.id for entry in resume.loses[1].entries] == ["fs_1", "fs_1"]


def test_what_cannot_be_converted_makes_it_impossible_and_is_pointed_at() -> None:
    resume = resumed(OLD, messages=None, output=[items.message("a", "assistant"), items.web_search()])
    assert (resume.is_possible, resume.way) == (False, ResumeWay.NONE)
    assert "output item 2 (web_search_call)" in resume_reason(resume)


def test_rows_of_old_servers_are_not_loaded_by_new_ones() -> None:
    old = {key: value for key, value in items.response().items() if key != "store"}
    found = read_transcript(cast("dict[str, Cell]", items.row(old)))
    assert check_resume(found, OLD).is_possible
    assert "it has no store, which servers require from 0.5.0 on" in resume_reason(check_resume(found, NEW))


def test_unfinished_responses_are_refused_from_0_6_on() -> None:
    assert resumed(Version(0, 5, 4), status="queued").is_possible
    assert "queued" in resume_reason(resumed(Version(0, 6), status="queued"))
    assert resumed(NEW, status="failed").is_possible


def test_system_messages_are_lost_where_stored_messages_are_loaded() -> None:
    [loss] = losses(resumed(input=[items.message("be nice", "system"), items.message("How is Oslo?")]))
    assert (loss.what, loss.count) == ("system messages", 1)


def test_new_input_alone_is_not_enough_to_tell_what_is_lost() -> None:
    changes = {"previous_response_id": "resp_0", "input_storage_mode": "incremental", "messages": None}
    child = transcript(**changes)
    assert not check_resume(child, NEW).is_checked
    before = transcript(id="resp_0", input=[items.web_search()])
    whole = check_resume(child, NEW, full_input=(*before.input, *before.output, *child.input))
    assert whole.is_checked
    assert losses(whole)[0].what.startswith("web searches")


def test_an_ancestor_that_is_missing_loses_what_came_before_unless_messages_are_stored() -> None:
    changes = {"previous_response_id": "resp_0", "input_storage_mode": "incremental"}
    for messages, lost in (
        (None, ["everything before what is left of its chain"]),
        (items.response()["messages"], []),
    ):
        child = transcript(**changes, messages=messages)
        missing = MissingBeginning(Truncation.MISSING_PARENT, "resp_0")
        resume = check_resume(child, NEW, full_input=child.input, missing=missing)
        assert [loss.what for loss in losses(resume)] == lost


def test_servers_before_1_1_take_what_is_new_for_everything() -> None:
    changes = {"previous_response_id": "resp_0", "input_storage_mode": "incremental", "messages": None}
    resume = resumed(MIDDLE, **changes)
    assert resume.is_checked
    assert [loss.what for loss in losses(resume)] == ["everything before this response"]


def test_what_the_next_request_must_bring_is_said() -> None:
    resume = resumed(
        instructions="Be brief.",
        output=[items.function_call()],
        messages=[items.said("user", "w"), items.called(items.function_call())],
    )
    assert tuple(map(resume_note, resume.notes)) == (
        "its instructions are not carried over: the next request must give its own",
        "the next request must bring the output of 1 function call: get_weather (call_1)",
    )


def test_what_cannot_be_read_cannot_be_resumed() -> None:
    resume = check_resume(read_transcript({"id": "resp_1", "response_object": "{"}), NEW)
    assert (resume.is_possible, resume.way) == (False, ResumeWay.NONE)
    assert "cannot be read" in resume_reason(resume)
