"""Filters of records that compare with a text: the text itself, `!=TEXT`, or `in A,B`, as in conditions on rows."""

from __future__ import annotations

import re
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.records import Condition, Equals, Field, Not, OneOf

_IN: Final = re.compile(r"in\s+(?P<texts>.*,.*)", re.IGNORECASE | re.DOTALL)
"""With a comma: `in progress` is a text."""


@dataclass(frozen=True, slots=True)
class TextFilter:
    """One of these texts, or none of them; `!=` holds also where nothing is stored."""

    texts: tuple[str, ...]
    is_not: bool = False

    @classmethod
    def of(cls, written: str) -> TextFilter:
        """Read what was typed; `=TEXT` is the text as it stands, whatever it begins with."""
        if written.startswith("="):
            return cls((written[1:],))
        if written.startswith("!="):
            return cls((written[2:].strip(),), is_not=True)
        found = _IN.fullmatch(written.strip())
        return cls((written,)) if found is None else cls(tuple(map(str.strip, found["texts"].split(","))))

    def holds(self, stored: str | None) -> bool:
        """Tell whether it holds for a stored text, None where nothing is stored."""
        return (stored in self.texts) is not self.is_not

    def condition(self, field: Field) -> Condition:
        """Return it as a condition on a field."""
        one: Condition = Equals(field, self.texts[0]) if len(self.texts) == 1 else OneOf(field, self.texts)
        return Not(one) if self.is_not else one
