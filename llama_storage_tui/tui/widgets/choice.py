"""One of a few words, chosen with the arrows; the chosen one is marked by a glyph, not by a colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.keys import hidden_key

GAP = 3


class Choice(Static, can_focus=True):
    """A line of words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        hidden_key("right,l,space", "turn(1)", "Next choice", "choice.next", "Choose the next word"),
        hidden_key("left,h", "turn(-1)", "Previous choice", "choice.before", "Choose the previous word"),
    ]

    @dataclass(eq=False)
    class Turned(Message):
        """Another word was chosen."""

        choice: Choice

        @property
        def control(self) -> Choice:
            """The line of words."""
            return self.choice

    def __init__(
        self,
        words: Sequence[str],
        *,
        chosen: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        super().__init__("", id=id)
        self._words = tuple(words)
        self._chosen = self._words.index(chosen) if chosen is not None else 0
        self._draw()

    @property
    def chosen(self) -> str:
        """The word that is chosen."""
        return self._words[self._chosen]

    def _draw(self) -> None:
        self.update(
            Content(" " * GAP).join(
                [
                    Content.styled(f"(•) {word}", f"bold {Tone.KEY.style}")
                    if place == self._chosen
                    else Content.styled(f"( ) {word}", Tone.PLAIN.style)
                    for place, word in enumerate(self._words)
                ]
            )
        )

    def _choose(self, place: int) -> None:
        self._chosen = place % len(self._words)
        self._draw()
        self.post_message(self.Turned(self))

    def action_turn(self, step: int) -> None:
        """Choose the next word, or the one before."""
        self._choose(self._chosen + step)

    def on_click(self, event: events.Click) -> None:
        start = 0
        for place, word in enumerate(self._words):
            if start <= event.x < start + len(word) + 4:
                self._choose(place)
            start += len(word) + 4 + GAP
