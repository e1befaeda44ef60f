"""How two responses hang together is said in words that stand by themselves."""

from __future__ import annotations

import pytest

from llama_storage_tui.model.resume import Addition, Disagreement, DisagreementKind, Succession
from llama_storage_tui.model.transcript import ChatMessage
from llama_storage_tui.reports.comparison import addition_notes, disagreement


@pytest.mark.parametrize(
    ("addition", "notes"),
    [
        (Addition(Succession.NEXT, "resp_1"), ()),
        (Addition(Succession.OTHER_PARENT, "resp_0"), ("the second continues resp_0, not the first",)),
        (
            Addition(Succession.NEXT, "resp_1", branches_at=2, first_messages=5),
            ("their messages are the same up to message 2 of 5, and differ from there on",),
        ),
        (
            Addition(Succession.NEXT, "resp_1", branches_at=0, first_messages=5),
            ("their messages differ from the first one on",),
        ),
        (
            Addition(Succession.NEXT, "resp_1", second_in_part=True),
            ("of the second only the new input was compared: the responses before it were not read",),
        ),
    ],
)
def test_what_two_responses_have_to_do_with_each_other_is_said(
    addition: Addition, notes: tuple[str, ...]
) -> None:
    assert addition_notes(addition) == notes


def test_a_message_without_an_item_is_named_by_its_place_and_on_one_line() -> None:
    message = ChatMessage(2, "assistant", "Dry")
    found = Disagreement(
        DisagreementKind.MESSAGE_ONLY, "assistant", message=message, in_message="Dry\nand cold"
    )
    assert disagreement(found) == "what the assistant said in message 3 has no item: 'Dry and cold'"
