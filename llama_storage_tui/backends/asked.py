"""What a query asks, as a text by which a cursor is recognised."""

from __future__ import annotations

from llama_storage_tui.model.data import ORDERED
from llama_storage_tui.model.records import AnyOf, Between, Compares, Condition, Not


def asked(condition: Condition) -> str:
    """Write a condition for a cursor's fingerprint: without bounds, since those that count back from now move between two pages."""
    match condition:
        case Between(field):
            return f"Between({field!r})"
        case Compares(field, operator) if operator in ORDERED:
            return f"Compares({field!r}, {operator})"
        case AnyOf(conditions):
            return f"AnyOf({[asked(each) for each in conditions]})"
        case Not(inner):
            return f"Not({asked(inner)})"
        case _:
            return repr(condition)
