"""Finding a text in what a widget shows: where the hits are, a slice of work at a time, and how they are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from rich.style import Style

from llama_storage_tui.text import block
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.theme import tone_style

Hit = tuple[int, ...]
"""Where a hit is, in the widget's own terms: hits of one widget are in reading order as tuples are."""

Hits = Iterator[Hit | None]
"""Hits in reading order; None between them wherever some milliseconds have passed, so that whoever asks lets others run."""

MOST_HITS: Final = 10_000
WINDOW: Final = 100_000
"""Characters of a text that are searched, or shown, at a time."""
TAB: Final = 4


class Searchable(Protocol):
    """A widget that a text can be found in."""

    @property
    def place(self) -> Hit:
        """Where the reader is: the search begins at the first hit from there on."""

    def hits(self, pattern: re.Pattern[str]) -> Hits:
        """Return every hit in all that the widget holds, on show or not."""

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Mark all hits on show; None takes the marks off."""

    def go_to(self, hit: Hit) -> str:
        """Bring a hit on show and mark it as the current one; return a sentence where it cannot be shown."""


def pattern_of(text: str) -> re.Pattern[str]:
    """Return what finds a text: in any case where it has no capital, else letter by letter."""
    return re.compile(re.escape(text), 0 if text != text.lower() else re.IGNORECASE)


def shown_window(text: str, window: int, more: int = 0) -> str:
    """Return a window of a text as it is shown, and `more` characters of the next one."""
    return block(text[window * WINDOW : (window + 1) * WINDOW + more]).expandtabs(TAB)


def text_hits(pattern: re.Pattern[str], text: str) -> Hits:
    """Return the hits in a text: window, start and end in the window as it is shown."""
    # What begins in a window may end in the next one. A hit is no longer than its pattern, which is escaped text.
    more = len(pattern.pattern)
    for window in range(max(1, -(-len(text) // WINDOW))):
        is_last = (window + 1) * WINDOW >= len(text)
        length = None if is_last else len(shown_window(text, window))
        for found in pattern.finditer(shown_window(text, window, more)):
            if length is not None and found.start() >= length:
                break
            yield window, found.start(), found.end()
        yield None


def has_hit(pattern: re.Pattern[str], text: str) -> Iterator[bool | None]:
    """Yield True for a text with a hit, False for one without; before it None after each slice of work."""
    for hit in text_hits(pattern, text):
        if hit is not None:
            yield True
            return
        yield None
    yield False


def hit_style(variables: Mapping[str, str], *, is_current: bool = False) -> Style:
    """Return how a hit is drawn: turned around, the current one in bold and underlined besides."""
    if is_current:
        return tone_style(Tone.WARNING, variables) + Style(reverse=True, bold=True, underline=True)
    return tone_style(Tone.KEY, variables) + Style(reverse=True)
