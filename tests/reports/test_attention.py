"""Each reason to look at a response is explained for the server version and the limits that it was found with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llama_storage_tui.model.attention import CategoryName, Thresholds
from llama_storage_tui.model.version import Version
from llama_storage_tui.reports.attention import category_words

SMALL = Thresholds(large=3_000)


def test_every_reason_has_a_title_a_sentence_and_a_next_step() -> None:
    words = [category_words(name, Version(1, 5), SMALL) for name in CategoryName]
    assert all(each.title and each.why.endswith(".") and each.next_step.endswith(".") for each in words)


@pytest.mark.parametrize(("version", "words"), [("0.3.5", "still shows"), ("0.7.3", "hides such rows")])
def test_rows_without_owner_are_explained_for_the_version(version: str, words: str) -> None:
    assert words in category_words(CategoryName.NO_OWNER, Version.parse(version), SMALL).why


@pytest.mark.parametrize(("seconds", "words"), [(900, "15 minutes"), (3_600, "1 hour"), (90, "90 seconds")])
def test_the_limit_of_stuck_responses_is_told(seconds: float, words: str) -> None:
    limits = replace(SMALL, stuck_after=seconds)
    assert words in category_words(CategoryName.STUCK, Version(1, 5), limits).title
