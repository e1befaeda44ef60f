"""The SQL filter on SQLite, asked of SQLite itself: one row at a time, in memory.

How `json_extract` reads paths, broken JSON and equal keys, and how LIKE compares, are SQLite's to know. Everything that the
viewer brings is bound, whatever the server did with it.
"""

from __future__ import annotations

import sqlite3
import weakref

from llama_storage_tui.upstream.policy.dialect import PublicRows
from llama_storage_tui.upstream.policy.filters import AttributeCondition, SqlFilter

# The column's type is that of the server's tables: it decides how a value is kept and compared.
_TABLE = "CREATE TABLE row (number INTEGER PRIMARY KEY, access_attributes JSON)"

_PUBLIC = {
    PublicRows.JSON_NULL: "access_attributes = 'null'",
    PublicRows.ANY_NULL: "(access_attributes IS NULL OR access_attributes = 'null')",
    PublicRows.UNOWNED: None,
}


class SqliteAttributes:
    """Applies one filter to access attributes; keeps a database in memory until it is forgotten."""

    failure: str | None = None

    def __init__(self, sql_filter: SqlFilter) -> None:
        condition, self._parameters = _condition(sql_filter)
        self._query = f"SELECT 1 FROM row WHERE {condition}"  # noqa: S608 - of this module's own words
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._connection.close)
        self._connection.execute(_TABLE)

    def matches(self, attributes: str | None) -> bool | str:
        """Tell whether attributes let a row through; a text says why the statement fails at them."""
        self._connection.execute("REPLACE INTO row VALUES (1, ?)", (attributes,))
        try:
            return self._connection.execute(self._query, self._parameters).fetchone() is not None
        except sqlite3.Error as error:
            return f"SQLite stops with “{error}”"


def _condition(sql_filter: SqlFilter) -> tuple[str, list[str]]:
    public = _PUBLIC[sql_filter.public]
    terms = [] if public is None else [public]
    found = [
        _match(category, is_exact=sql_filter.is_exact, may_lack=sql_filter.needs_all)
        for category in sql_filter.categories
    ]
    if found:
        joined = (" AND " if sql_filter.needs_all else " OR ").join(match for match, _ in found)
        terms.append(f"({joined})")
    return " OR ".join(terms) or "0", [text for _, bound in found for text in bound]


def _match(category: AttributeCondition, *, is_exact: bool, may_lack: bool) -> tuple[str, list[str]]:
    path = f"$.{category.key}"
    if is_exact:
        one = "EXISTS (SELECT 1 FROM json_each(json_extract(access_attributes, ?)) WHERE value = ?)"
    else:
        one = "json_extract(access_attributes, ?) LIKE ?"
    terms = [one] * len(category.wanted)
    parameters = [text for wanted in category.wanted for text in (path, wanted)]
    if may_lack:
        terms.insert(0, "json_extract(access_attributes, ?) IS NULL")
        parameters.insert(0, path)
    return f"({' OR '.join(terms)})", parameters
