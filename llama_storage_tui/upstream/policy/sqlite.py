"""The SQL filter on SQLite, asked of SQLite itself: one row at a time, in memory.

How `json_extract` reads paths, broken JSON and equal keys, and how LIKE compares, are SQLite's to know. Everything that the
viewer brings is bound, whatever the server did with it.
"""

from __future__ import annotations

import sqlite3
import weakref

from llama_storage_tui.model.access import Ownership
from llama_storage_tui.upstream.policy.dialect import PublicRows
from llama_storage_tui.upstream.policy.filters import Category, SqlFilter

# The columns' types are those of the server's tables: they decide how a value is kept and compared.
_TABLE = "CREATE TABLE row (owner_principal VARCHAR, access_attributes JSON)"

_PUBLIC = {
    PublicRows.JSON_NULL: "access_attributes = 'null'",
    PublicRows.ANY_NULL: "(access_attributes IS NULL OR access_attributes = 'null')",
    PublicRows.UNOWNED: None,
}


class SqliteJudge:
    """Applies one filter to rows; keeps a database in memory until it is forgotten."""

    def __init__(self, sql_filter: SqlFilter) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._connection.close)
        self._connection.execute(_TABLE)
        condition, self._parameters = _condition(sql_filter)
        self._query = f"SELECT 1 FROM row WHERE {condition}"  # noqa: S608 - of this module's own words

    def shows(self, ownership: Ownership) -> bool | str:
        """Tell whether the filter shows a row; a text says why the statement fails."""
        self._connection.execute("DELETE FROM row")
        self._connection.execute("INSERT INTO row VALUES (?, ?)", (ownership.owner, ownership.attributes))
        try:
            return self._connection.execute(self._query, self._parameters).fetchone() is not None
        except sqlite3.Error as error:
            return f"SQLite stops with “{error}”"


def _condition(sql_filter: SqlFilter) -> tuple[str, list[str]]:
    terms = ["owner_principal = ?"] * len(sql_filter.owners)
    parameters = list(sql_filter.owners)
    public = _PUBLIC[sql_filter.public]
    if public is not None:
        terms.append(public)
    matches = []
    for category in sql_filter.categories:
        match, bound = _match(category, is_exact=sql_filter.is_exact, may_lack=sql_filter.needs_all)
        matches.append(match)
        parameters += bound
    if matches:
        terms.append(f"({' AND '.join(matches)})" if sql_filter.needs_all else " OR ".join(matches))
    return " OR ".join(terms), parameters


def _match(category: Category, *, is_exact: bool, may_lack: bool) -> tuple[str, list[str]]:
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
