"""From the raw columns of a row to the owner that the policy sees, by way of the server's own models."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Final

from llama_storage_tui.model.access import Ownership, SqlEngine
from llama_storage_tui.upstream.policy.conditions import Owner

_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
"""Text that SQLite keeps as a number in a column of type JSON, whatever JSON itself says to it."""


class UnreadableRowError(Exception):
    """The server fails when it meets the row; the text says why."""


class Owners:
    """Reads the owners of rows; each text of attributes once.

    With `is_never_none` (before 0.4) a row that nobody owns belongs to the empty name.
    """

    def __init__(self, engine: SqlEngine, *, is_never_none: bool, has_tenant: bool) -> None:
        self._engine = engine
        self._is_never_none = is_never_none
        self._has_tenant = has_tenant

    def owner_of(self, row: Ownership) -> Owner | None:
        """Return a row's owner, None where nobody owns it; raises UnreadableRowError."""
        attributes, problem, is_json = _read_attributes(row.attributes, self._engine)
        is_owned = bool(row.owner) or self._is_never_none
        if problem is not None and (is_owned or not is_json):
            raise UnreadableRowError(problem)
        if not is_owned:
            return None
        return Owner(row.owner or "", attributes, row.tenant if self._has_tenant else None)


@lru_cache(maxsize=20_000)
def _read_attributes(
    text: str | None, engine: SqlEngine
) -> tuple[dict[str, list[str]] | None, str | None, bool]:
    """Return attributes, or what is wrong with them and whether they are at least JSON."""
    try:
        decoded = decode_attributes(text, engine)
    except UnreadableRowError as error:
        return None, str(error), False
    try:
        return checked_attributes(decoded), None, True
    except UnreadableRowError as error:
        return None, str(error), True


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


def checked_attributes(attributes: object) -> dict[str, list[str]] | None:
    """Return decoded attributes where the server's own model takes them; raises UnreadableRowError."""
    if attributes is None:
        return None
    if not isinstance(attributes, dict):
        raise UnreadableRowError("its access attributes are not an object")
    for values in attributes.values():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise UnreadableRowError("its access attributes are not lists of texts")
    return attributes
