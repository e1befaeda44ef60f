"""A password in plain sight, because the operator asked for it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.secrets import Secret
from llama_storage_tui.text import visible_line
from llama_storage_tui.tui.messages import CopyRequested
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.keys import shown_key


class RevealDialog(Dialog[None]):
    """The new password of a change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("y", "copy", "Copy", "value.copy", "Send the password to the terminal's clipboard"),
    ]

    takes_typeahead = False

    def __init__(self, role: str, password: Secret) -> None:
        super().__init__()
        self.box_title = f"New password of {role}"
        self._password = password

    def body(self) -> ComposeResult:
        """Lay out the password and what to mind."""
        yield Static(
            Content.assemble(
                (visible_line(self._password.reveal()), f"bold {Tone.KEY.style}"),
                ("\n\ny copies it; escape hides it again.", Tone.MUTED.style),
            )
        )

    def action_copy(self) -> None:
        self.post_message(CopyRequested("the new password", self._password.reveal()))
