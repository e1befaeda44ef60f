from __future__ import annotations

import pytest

from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.reports.notices import notice_words


@pytest.mark.parametrize("count", [1, 2_000])
def test_every_notice_has_words_and_says_all_that_it_is_given(count: int) -> None:
    for kind in NoticeKind:
        (words,) = notice_words([Notice(kind, "{what}", "of", "why", count, 3_000)])
        assert words
        assert "  " not in words, kind
    (words,) = notice_words(
        [Notice(NoticeKind.TABLE_NOT_READ, "responses on backend {one}", why="it is {away}")]
    )
    assert words == "Table responses on backend {one} was not read: it is {away}"


def test_one_and_many_are_worded_as_such() -> None:
    one, many = notice_words(
        [Notice(NoticeKind.DOCUMENTS_DIFFER, "resp_1", count=number) for number in (1, 2)]
    )
    assert one.startswith("The column and the document of resp_1 name different")
    assert many.startswith("In 2 rows (resp_1 is the first) the column and the document name different")
