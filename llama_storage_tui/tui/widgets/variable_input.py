"""A line to type on for a secret of a config, of which the name of a variable is readable and nothing else."""

from __future__ import annotations

import re
from typing import Final

from textual.widgets import Input

_READABLE: Final = re.compile(r"\$?|\$\{(e|en|env|env\.[A-Z0-9_]*(:=?)?\}?)?")
"""`${env.NAME}` and `${env.NAME:=}`, and what they begin with: no default, which would be the secret itself."""


class VariableInput(Input):
    """Masks what is typed as soon as it is more than an expression's variable."""

    def watch_value(self, value: str) -> None:
        """Mask before anything is drawn."""
        self.password = _READABLE.fullmatch(value) is None
