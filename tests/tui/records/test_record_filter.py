"""The filter of stored records: what is typed becomes a query and back, and conditions come off one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.model.attention import Thresholds
from llama_storage_tui.model.families import RecordFamily
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.categories import category
from llama_storage_tui.tui.records import record_filter
from llama_storage_tui.tui.records.response_query import Question
from llama_storage_tui.upstream.families import FAMILIES
from llama_storage_tui.upstream.families.responses import RESPONSES
from tests.queries import asking

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize("family", [family for family in FAMILIES if family.filters])
def test_a_form_asks_for_what_its_family_can_be_filtered_by_and_nothing_else(family: RecordFamily) -> None:
    has = {each.name for each in family.filters}
    assert sorted(field.name for field in record_filter.form_fields(family)) == sorted(has)
    typed = {"since": "2h", "until": "2h", "where": "status = failed and id is not null"}
    values = {name: typed.get(name, f" {name} ") for name in has}
    asked = record_filter.parse(family, values, asking(), now=NOW)
    again = record_filter.parse(family, record_filter.typed(family, asked), asking(), now=NOW)
    assert again == asked
    assert len(record_filter.words(family, asked, UTC)) == len(has)
    assert record_filter.unfiltered(asked) == asking()
    assert record_filter.parse(family, dict.fromkeys(has, " "), asked, now=NOW) == asking()


def test_nobody_is_an_owner_and_blanks_around_a_text_are_looked_for() -> None:
    asked = record_filter.parse(RESPONSES, {"owner": "''", "contains": " x "}, asking(), now=NOW)
    assert asked.filters == {"owner": "", "contains": " x "}
    assert record_filter.words(RESPONSES, asked, UTC) == ["without owner", "containing “ x ”"]
    assert record_filter.typed(RESPONSES, asked) == {"owner": "''", "contains": " x "}


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(UsageError, match="as a time"):
        record_filter.parse(RESPONSES, {"since": "yesterday-ish"}, asking(), now=NOW)


def test_conditions_come_off_in_the_order_that_they_are_named_in_from_the_last() -> None:
    stuck = category("stuck", Version(1, 5), Thresholds(), now=NOW.timestamp())
    query = asking(status="failed", until=3.0, conditions=stuck.conditions, order=RecordOrder.STORED)
    question = Question(query, Viewer("bob"), title="stuck", marks=True)
    named = question.words(UTC)
    assert named[0] == "only stuck"
    while question.has_conditions:
        assert question.words(UTC) == named
        named.pop()
        question = question.without_last()
    assert question == Question(asking(order=RecordOrder.STORED))
    assert not named
