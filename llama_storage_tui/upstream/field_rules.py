"""What a field of a stored object must be for a server of version V to load it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What a field must be from a version on; `is_required` where it must be there at all."""

    since: Version
    type: Any
    is_required: bool = False


def rule(rules: tuple[FieldRule, ...], version: Version) -> FieldRule | None:
    """Return the rule that holds at a version, None where it has no such field."""
    found = None
    for each in rules:
        if version >= each.since:
            found = each
    return found


@cache
def checker(rule_: FieldRule) -> TypeAdapter[Any]:
    """Return what validates a field's value as a server does."""
    from pydantic import TypeAdapter  # here, since screens that only offer to look import this

    return TypeAdapter(rule_.type)
