"""What dialogs share that take a password: masked fields, shown while the operator wants that."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label


def field(label: str, id_: str, *, is_secret: bool, value: str = "", placeholder: str = "") -> ComposeResult:
    """Lay out a label and a line to type on."""
    with Horizontal(classes="field", id=f"line-{id_}"):
        yield Label(label, markup=False)
        typed = Input(
            value, placeholder=placeholder, password=is_secret, compact=True, select_on_focus=False, id=id_
        )
        typed.cursor_blink = False
        yield typed
