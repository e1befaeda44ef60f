"""Filters of records as they are typed: a text, or an operator and a text, with the operators of conditions on rows."""

from __future__ import annotations

import re
from typing import Final

from llama_storage_tui.backends.comparing import compares, texts_of
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Filter, Operator
from llama_storage_tui.model.records import Compares, Condition, Equals, Field, Not, OneOf

_OPERATOR: Final = re.compile(r"(?P<sign>!=|<=|>=|=|<|>|~)(?P<text>.*)", re.DOTALL)
_IN: Final = re.compile(r"in\s+(?P<texts>.*,.*)", re.IGNORECASE | re.DOTALL)
"""With a comma: `in progress` is a text."""


@dataclass(frozen=True, slots=True)
class TextFilter:
    """How a text compares: `!=` holds also where nothing is stored."""

    text: str
    operator: Operator = Operator.EQUALS

    @classmethod
    def of(cls, written: str) -> TextFilter:
        """Read what was typed: without an operator it is the text itself, and `=TEXT` is the text as it stands."""
        found = _OPERATOR.fullmatch(written)
        if found is not None:
            operator = Operator(found["sign"])
            return cls(found["text"] if operator is Operator.EQUALS else found["text"].strip(), operator)
        among = _IN.fullmatch(written.strip())
        return cls(written) if among is None else cls(among["texts"], Operator.IN)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that it names as a whole; raises UsageError for a list that is none."""
        is_named = self.operator in (Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN)
        return texts_of(self._filter) if is_named else ()

    @property
    def _filter(self) -> Filter:
        return Filter("", self.text, self.operator)

    def holds(self, stored: object) -> bool:
        """Tell whether it holds for a stored value, None where nothing is stored."""
        return compares(stored, self._filter)

    def condition(self, field: Field) -> Condition:
        """Return it as a condition on a field."""
        match self.operator:
            case Operator.EQUALS:
                return Equals(field, self.text)
            case Operator.NOT_EQUALS:
                return Not(Equals(field, self.text))
            case Operator.IN:
                return OneOf(field, self.texts)
            case _:
                return Compares(field, self.operator, self.text)
