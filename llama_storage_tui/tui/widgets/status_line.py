"""The line above the footer: what is being waited for, what came of it, or what went wrong and what to do next."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import Tone

LONGEST = 600


class StatusLine(Static):
    """One sentence at a time; the kind of sentence is a glyph and a word as well as a colour."""

    def __init__(self, *, id: str | None = "status") -> None:  # noqa: A002 - Textual's word
        super().__init__("", id=id)
        self.text = ""
        """The sentence on show, without its colours."""

    def wait(self, what: str) -> None:
        """Say what is being waited for, and how to stop it."""
        self._put(
            Content.assemble(
                (f"◌ {line(what, LONGEST)}… ", Tone.KEY.style), ("escape cancels", Tone.MUTED.style)
            )
        )

    def say(self, text: str) -> None:
        """Say how things are."""
        self._put(Content.styled(line(text, LONGEST), Tone.MUTED.style))

    def warn(self, message: str, help_text: str) -> None:
        """Say what needs attention, and the next step on a line of its own."""
        self._put(
            Content.assemble(
                (f"▲ {line(message, LONGEST)}", Tone.WARNING.style),
                (f"\n  {line(help_text, LONGEST)}", Tone.MUTED.style),
            )
        )

    def fail(self, message: str, help_text: str | None = None) -> None:
        """Say what went wrong, and the next step on a line of its own."""
        parts: list[Content | tuple[str, str]] = [(f"✗ {line(message, LONGEST)}", Tone.BAD.style)]
        if help_text:
            parts.append((f"\n  {line(help_text, LONGEST)}", Tone.MUTED.style))
        self._put(Content.assemble(*parts))

    def _put(self, content: Content) -> None:
        self.text = content.plain
        self.update(content)
