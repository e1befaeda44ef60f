"""The filter of stored records: what is typed becomes a query and back, and conditions come off one by one."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.model.attention import Thresholds
from llama_storage_tui.model.completions import CompletionQuery
from llama_storage_tui.model.conversations import ConversationQuery
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import ResponseQuery
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.categories import category
from llama_storage_tui.tui.records import record_filter
from llama_storage_tui.tui.records.response_query import Question
from llama_storage_tui.tui.widgets.form import FormField

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "form"),
    [
        (ResponseQuery(), record_filter.RESPONSE_FIELDS),
        (CompletionQuery(), record_filter.COMPLETION_FIELDS),
        (ConversationQuery(), record_filter.CONVERSATION_FIELDS),
    ],
)
def test_a_form_asks_for_what_its_query_has_and_nothing_else(
    query: ResponseQuery | CompletionQuery | ConversationQuery, form: tuple[FormField, ...]
) -> None:
    has = {field.name for field in fields(query)} - {"conditions", "order", "limit", "after"}
    assert {field.name for field in form} == has
    values = {name: "2h" if name in ("since", "until") else f" {name} " for name in has}
    asked = record_filter.parse(values, query, now=NOW)
    again = record_filter.parse(record_filter.typed(asked), query, now=NOW)
    assert again == asked
    assert len(record_filter.words(asked, UTC)) == len(has)
    assert record_filter.unfiltered(asked) == query
    assert record_filter.parse(dict.fromkeys(has, " "), asked, now=NOW) == query


def test_nobody_is_an_owner_and_blanks_around_a_text_are_looked_for() -> None:
    asked = record_filter.parse({"owner": "''", "contains": " x "}, ResponseQuery(), now=NOW)
    assert (asked.owner, asked.contains) == ("", " x ")
    assert record_filter.words(asked, UTC) == ["owner nobody", "containing “ x ”"]
    assert record_filter.typed(asked) == {"owner": "''", "contains": " x "}


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(UsageError, match="as a time"):
        record_filter.parse({"since": "yesterday-ish"}, ResponseQuery(), now=NOW)


def test_conditions_come_off_in_the_order_that_they_are_named_in_from_the_last() -> None:
    stuck = category("stuck", Version(1, 5), Thresholds(), now=NOW.timestamp())
    query = ResponseQuery(status="failed", until=3.0, conditions=stuck.conditions, order=RecordOrder.STORED)
    question = Question(query, Viewer("bob"), title="stuck", marks=True)
    named = question.words(UTC)
    assert named[0] == "only stuck"
    while question.has_conditions:
        assert question.words(UTC) == named
        named.pop()
        question = question.without_last()
    assert question == Question(ResponseQuery(order=RecordOrder.STORED))
    assert not named
