"""The SQL stage of one filter: owners are compared here, attributes by what knows the engine, each text once."""

from __future__ import annotations

from typing import Protocol

from llama_storage_tui.model.access import Ownership, SqlEngine
from llama_storage_tui.upstream.policy.filters import SqlFilter
from llama_storage_tui.upstream.policy.postgres import PostgresAttributes

_REMEMBERED = 100_000


class AttributeFilter(Protocol):
    """Applies the part of a filter that looks at access attributes; with `failure` no statement of the viewer's can run."""

    failure: str | None

    def matches(self, attributes: str | None) -> bool | str:
        """Tell whether attributes let a row through; a text says why the statement fails at them."""


class SqlStage:
    """Which rows one filter shows."""

    def __init__(self, sql_filter: SqlFilter, engine: SqlEngine) -> None:
        self.filter = sql_filter
        self._attributes = _attribute_filter(sql_filter, engine)
        self._failure = sql_filter.failure or self._attributes.failure
        self._known: dict[str | None, bool | str] = {}

    def shows(self, row: Ownership) -> bool | str:
        """Tell whether the filter shows a row; a text says why the statement fails."""
        if self.filter.is_open:
            return True
        if self._failure is not None:
            return self._failure
        # As the engines do: whom the owner lets through, the attributes are not looked at for.
        if row.owner in self.filter.owners:
            return True
        known = self._known.get(row.attributes)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[row.attributes] = self._attributes.matches(row.attributes)
        return known


def _attribute_filter(sql_filter: SqlFilter, engine: SqlEngine) -> AttributeFilter:
    if engine is SqlEngine.POSTGRES:
        return PostgresAttributes(sql_filter)
    # Imported here: a config that keeps its rows on PostgreSQL needs no SQLite.
    from llama_storage_tui.upstream.policy.sqlite import SqliteAttributes

    return SqliteAttributes(sql_filter)
