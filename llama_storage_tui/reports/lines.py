"""What a report is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.next_steps import Help


class Tone(StrEnum):
    """The meaning that a colour may underline, by the colour's name in a theme; nothing is said by the colour alone."""

    PLAIN = "foreground"
    MUTED = "muted"
    KEY = "primary"
    GOOD = "success"
    WARNING = "warning"
    BAD = "error"

    @property
    def style(self) -> str:
        """The tone as a style of text that is marked up: `$error`."""
        return f"${self.value}"


@dataclass(frozen=True, slots=True)
class LineMark:
    """What stands before a line: a sign, a number or a word."""

    text: str
    tone: Tone = Tone.MUTED


GOOD, BAD, WARNING = LineMark("✓", Tone.GOOD), LineMark("✗", Tone.BAD), LineMark("▲", Tone.WARNING)
POINT, ARROW = LineMark("·"), LineMark("→", Tone.KEY)
NOW, LATER = LineMark("◌", Tone.KEY), LineMark("○")
MARKS: Final = {Severity.ERROR: BAD, Severity.WARNING: WARNING, Severity.INFO: POINT}
"""The sign of a severity; its word stands beside it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, or advice that the front end completes with its own key or option."""

    text: Help
    tone: Tone = Tone.PLAIN
    mark: LineMark | None = None
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together, under a title where they have one."""

    lines: tuple[Line, ...]
    title: str = ""
