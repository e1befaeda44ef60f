"""What a report is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.next_steps import Help


class LineTone(StrEnum):
    """The meaning that a colour may underline; nothing is said by the colour alone."""

    PLAIN = "plain"
    MUTED = "muted"
    KEY = "key"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands before a line: a sign, a number or a word."""

    text: str
    tone: LineTone = LineTone.MUTED


GOOD, BAD, WARNING = Mark("✓", LineTone.GOOD), Mark("✗", LineTone.BAD), Mark("▲", LineTone.WARNING)
POINT, ARROW = Mark("·"), Mark("→", LineTone.KEY)
NOW, LATER = Mark("◌", LineTone.KEY), Mark("○")
MARKS: Final = {Severity.ERROR: BAD, Severity.WARNING: WARNING, Severity.INFO: POINT}
"""The sign of a severity; its word stands beside it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, or advice that the front end completes with its own key or option."""

    text: Help
    tone: LineTone = LineTone.PLAIN
    mark: Mark | None = None
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together, under a title where they have one."""

    lines: tuple[Line, ...]
    title: str = ""
