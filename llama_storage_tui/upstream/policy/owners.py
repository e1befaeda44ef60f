"""From the raw columns of a row to the owner that the policy sees, by way of the server's own models."""

from __future__ import annotations

import json
import re
from typing import Final

from llama_storage_tui.model.access import Ownership, SqlEngine
from llama_storage_tui.upstream.policy.conditions import Owner

_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
"""Text that SQLite keeps as a number in a column of type JSON, whatever JSON itself says to it."""


class UnreadableRowError(Exception):
    """The server fails when it meets the row; the text says why."""


def read_owner(
    ownership: Ownership, engine: SqlEngine, *, is_never_none: bool, has_tenant: bool
) -> Owner | None:
    """Return a row's owner, None where nobody owns it; raises UnreadableRowError.

    With `is_never_none` (before 0.4) a row without an owner belongs to the empty name.
    """
    attributes = decode_attributes(ownership.attributes, engine)
    if not ownership.owner and not is_never_none:
        return None
    return Owner(
        ownership.owner or "",
        _checked(attributes),
        ownership.tenant if has_tenant and ownership.has_tenant_column else None,
    )


def decode_attributes(text: str | None, engine: SqlEngine) -> object:
    """Return the stored JSON as Python reads it: of two equal keys the last counts. Raises UnreadableRowError."""
    if text is None:
        return None
    if engine is SqlEngine.SQLITE and _NUMBER.fullmatch(text):
        return 0
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableRowError("its access attributes are not JSON") from None


def _checked(attributes: object) -> dict[str, list[str]] | None:
    if attributes is None:
        return None
    if not isinstance(attributes, dict):
        raise UnreadableRowError("its access attributes are no object")
    for values in attributes.values():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise UnreadableRowError("its access attributes are not lists of texts")
    return attributes
