"""The second line of defence: no control or format character leaves for the terminal, whatever a widget was given."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from llama_storage_tui.text import is_safe

STAND_IN = "\ufffd"


class ControlFilter(LineFilter):
    """Replaces what `text.line` would have made visible, keeping every character's width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Return the segments, those with unsafe text replaced."""
        if all(is_safe(segment.text) for segment in segments):
            return segments
        return [
            segment
            if segment.control or is_safe(segment.text)
            else Segment("".join(_harmless(character) for character in segment.text), segment.style)
            for segment in segments
        ]


def _harmless(character: str) -> str:
    if is_safe(character):
        return character
    return STAND_IN if cell_len(character) else ""
