"""A labelled line to type on, as dialogs lay it out: masked where it is for a secret."""

from __future__ import annotations

import re
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label

_READABLE: Final = re.compile(r"\$?|\$\{(e|en|env|env\.[A-Z0-9_]*(:=?)?\}?)?")
"""`${env.NAME}` and `${env.NAME:=}`, and what they begin with: no default, which would be the secret itself."""


class VariableInput(Input):
    """A line for a secret of a config: masks what is typed as soon as it is more than an expression's variable."""

    def watch_value(self, value: str) -> None:
        """Mask before anything is drawn."""
        self.password = _READABLE.fullmatch(value) is None


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
