"""What the lists of stored records share: a headline, the list, a note on the row under the cursor, a status line."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.widgets.form import Form
from llama_storage_tui.tui.widgets.listing import Listing


class RecordFrame(SessionScreen):
    """Lays the screen out. Subclasses compose it with `frame`."""

    CSS_PATH = [  # noqa: RUF012 - Textual reads it and leaves it
        # Whole paths: Textual looks for others beside the module of the subclass.
        Path(__file__).parent.parent / "screens" / "browse.tcss",
        Path(__file__).with_name("responses.tcss"),
    ]

    chooses_column = False
    """Whether ← → choose a column of the list."""

    def frame(self, name: str, *forms: Form) -> ComposeResult:
        """Lay out forms, the list of that name, and the note."""
        yield from forms
        yield Listing(id=name, chooses_column=self.chooses_column)
        yield Static(id="detail", classes="note")

    def note(self, text: Content | None) -> None:
        """Say more of the row under the cursor, nothing where there is none."""
        note = self.query_one("#detail", Static)
        note.display = text is not None
        if text is not None:
            # The screen is laid out anew only where the note needs more or fewer lines: with every row, all would be sent again.
            height, room = note.styles.height, note.content_size
            is_free = height is None or height.is_auto
            fits = not is_free or text.get_height(note.styles.get_rules(), room.width) == room.height
            note.update(text, layout=room.width == 0 or not fits)
