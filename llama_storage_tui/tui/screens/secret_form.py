"""A labelled line to type on, as dialogs lay it out: masked where it is for a secret."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label

from llama_storage_tui.tui.widgets.variable_input import VariableInput


def field(
    label: str,
    id_: str,
    value: str = "",
    placeholder: str = "",
    *,
    is_secret: bool = False,
    may_be_variable: bool = False,
) -> ComposeResult:
    """Lay out a label and a line to type on; of a secret that `may_be_variable`, the variable's name is readable."""
    with Horizontal(classes="field", id=f"line-{id_}"):
        yield Label(label, markup=False)
        made = VariableInput if is_secret and may_be_variable else Input
        typed = made(
            value, placeholder=placeholder, password=is_secret, compact=True, select_on_focus=False, id=id_
        )
        typed.cursor_blink = False
        yield typed
