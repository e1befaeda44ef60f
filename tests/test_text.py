"""What reaches a terminal is inert."""

import pickle
from datetime import UTC, datetime, timedelta

import pytest

from llama_storage_tui import text
from llama_storage_tui.secrets import MASK, Redactor, Secret


@pytest.mark.parametrize(
    "code", [*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x200B, 0xFEFF, 0x2028, 0xD800]
)
def test_no_control_or_format_character_survives_on_a_line(code: int) -> None:
    shown = text.line(f"a{chr(code)}b")
    assert chr(code) not in shown
    assert shown.startswith("a")
    assert shown.endswith("b")


def test_line_feeds_and_tabs_survive_in_a_block_and_nothing_else_does() -> None:
    assert text.block("a\r\n\tb\x1b[31m\rc") == "a\n\tb␛[31m␍c"


def test_ordinary_text_of_any_script_is_left_alone() -> None:
    for sample in ("München", "日本語", "naïve ☃ 🙂", "عربي"):
        assert text.line(sample) == sample
        assert text.is_safe(sample)


def test_a_cut_line_is_never_longer_than_its_limit() -> None:
    assert text.line("x" * 50, 10) == "x" * 9 + text.ELLIPSIS
    assert len(text.line("\x9b" * 50, 10)) == 10


def test_a_secret_shows_its_mask_wherever_it_is_printed() -> None:
    secret = Secret("hunter2-hunter2")
    shown = f"{secret} {secret!r} {secret:>20} {[secret]} { ({'password': secret}) }"
    assert "hunter2" not in shown
    assert MASK in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_redaction_finds_a_secret_as_it_is_and_percent_encoded() -> None:
    redact = Redactor([Secret("p@ss/word")])
    assert redact("login p@ss/word failed for postgresql://u:p%40ss%2Fword@h") == (
        f"login {MASK} failed for postgresql://u:{MASK}@h"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "less than a minute ago"),
        (59, "less than a minute ago"),
        (60, "1 minute ago"),
        (119 * 60, "119 minutes ago"),
        (2 * 3600, "2 hours ago"),
        (47 * 3600, "47 hours ago"),
        (3 * 86400, "3 days ago"),
    ],
)
def test_how_long_ago_something_was_is_said_in_words(seconds: int, words: str) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    assert text.since(then, then + timedelta(seconds=seconds)) == words
