"""Which releases are known, and which one a short version means."""

import pytest

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.versions import NEWEST, RELEASES, newest


@pytest.mark.parametrize(
    ("text", "release"),
    [("0.3", "0.3.5"), ("0.2", "0.2.24"), ("1.5", "1.5.0"), ("1.5.0", "1.5.0"), (" 0.7.1 ", "0.7.1")],
)
def test_a_short_version_is_its_newest_release_and_a_full_one_is_itself(text: str, release: str) -> None:
    assert str(newest(text)) == release


@pytest.mark.parametrize("text", ["0.3.6", "0.9", "1.6", "2.0.0"])
def test_an_unknown_release_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        newest(text)
    assert raised.value.help is not None
    assert "0.3.0 to 0.3.5" in help_words(raised.value.help)
    assert "0.8.0, 1.0.0 to 1.0.4" in help_words(raised.value.help)


def test_releases_stand_in_order_without_doubles() -> None:
    assert list(RELEASES) == sorted(set(RELEASES))
    assert RELEASES[-1] == NEWEST == Version(1, 5)
    assert Version(0, 2, 0) in RELEASES
