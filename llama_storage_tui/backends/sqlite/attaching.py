"""Rows brought from one SQLite file to another by SQLite itself, where they need no more than another beginning of their key.

The source is attached to the writer's connection, as read-only as any other, and read in the writer's transaction. Every value is
compared with its source by SQLite, too.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from llama_storage_tui.backends.sqlite.raw_rows import RawTable, key_condition, last_row, quoted
from llama_storage_tui.model.transfer import KeepRows, MoveKeys, TransferItem

Parameters = tuple[object, ...]


def can_bring(item: TransferItem) -> bool:
    """Tell whether SQLite can convert the rows of an item by itself."""
    return isinstance(item.convert, KeepRows | MoveKeys)


def bring(
    connection: sqlite3.Connection, schema: str, source: RawTable, target: RawTable, item: TransferItem
) -> int | None:
    """Insert all rows of the source that is attached as `schema`, and compare each; None where not all can be: nothing was written.

    The target has every column of the source.
    """
    bridge = _bridge(connection, schema, source, target, item)
    if bridge is None:
        return None
    connection.execute("SAVEPOINT bring")
    try:
        is_whole = bridge.insert() == bridge.number == bridge.same()
    except (sqlite3.IntegrityError, sqlite3.DataError):
        is_whole = False
    if not is_whole:
        connection.execute("ROLLBACK TO bring")
    connection.execute("RELEASE bring")
    return bridge.number if is_whole else None


@dataclass(frozen=True, slots=True)
class _Bridge:
    """What is brought: `number` rows of the source, those that `condition` means.

    `shift` is how far the numbers of the rows move; None where the source's have gaps, so that nobody knows.
    """

    connection: sqlite3.Connection
    rows: str
    source: RawTable
    target: RawTable
    item: TransferItem
    number: int
    condition: str
    parameters: Parameters
    shift: int | None

    def insert(self) -> int:
        """Insert the rows in the order of the source; return how many."""
        names = ", ".join(quoted(name) for name in self.source.columns)
        cells = ", ".join(self._cell(name) for name in self.source.columns)
        statement = (
            f"INSERT INTO main.{self.target.quoted} ({names}) SELECT {cells} FROM {self.rows} AS s"  # noqa: S608 - names are quoted
            f" WHERE {self.condition} ORDER BY s.{self.source.row_id}"
        )
        return self.connection.execute(statement, (*self._beginning, *self.parameters)).rowcount

    def same(self) -> int:
        """Count the rows of the source whose every value, and its type, is at the target."""
        conditions = [
            f"n.{quoted(name)} IS s.{quoted(name)} AND typeof(n.{quoted(name)}) = typeof(s.{quoted(name)})"
            for name in self.source.columns
            if name not in self.item.identity
        ]
        # By its number a row is found without a search by its identity, which the `+` rules out.
        sign = "" if self.shift is None else "+"
        conditions += [f"{sign}n.{quoted(name)} = {self._cell(name)}" for name in self.item.identity]
        if self.shift is not None:
            conditions.append(f"n.{self.target.row_id} = s.{self.source.row_id} + {self.shift}")
        # CROSS: the source is walked in its order.
        query = (
            f"SELECT count(*) FROM {self.rows} AS s CROSS JOIN main.{self.target.quoted} AS n"  # noqa: S608 - names are quoted
            f" ON {' AND '.join(conditions)} WHERE {self.condition}"
        )
        found = self.connection.execute(query, (*self._beginning, *self.parameters)).fetchone()
        return int(found[0])

    @property
    def _beginning(self) -> Parameters:
        """The parameter of a key's new beginning."""
        return (self.item.convert.new,) if isinstance(self.item.convert, MoveKeys) else ()

    def _cell(self, name: str) -> str:
        """Return the SQL of what a column's cell becomes."""
        if isinstance(self.item.convert, MoveKeys) and name == "key":
            return f"? || substr(s.key, {len(self.item.convert.old) + 1})"
        return f"s.{quoted(name)}"


def _bridge(
    connection: sqlite3.Connection, schema: str, source: RawTable, target: RawTable, item: TransferItem
) -> _Bridge | None:
    """Look at all rows that are meant; None where some of them cannot be brought this way."""
    condition, parameters = key_condition(item.source.keys, key="s.key")
    moved = item.convert.old if isinstance(item.convert, MoveKeys) else None
    fits = "1"
    given: Parameters = ()
    if moved is not None:
        fits, given = f"typeof(s.key) = 'text' AND substr(s.key, 1, {len(moved)}) = ?", (moved,)
    rows = f"{schema}.{source.quoted}"
    first, last, number, fitting = connection.execute(
        f"SELECT min(s.{source.row_id}), max(s.{source.row_id}), count(*), coalesce(sum({fits}), 0)"  # noqa: S608 - names are quoted
        f" FROM {rows} AS s WHERE {condition}",
        (*given, *parameters),
    ).fetchone()
    if fitting != number:
        return None
    shift = None
    if number and last - first + 1 == number:
        # Without gaps they are a range of numbers, and stand at the target as they do here.
        condition, parameters = f"s.{source.row_id} BETWEEN ? AND ?", (first, last)
        shift = None if target.has_number_key else last_row(connection, target) + 1 - first
    return _Bridge(connection, rows, source, target, item, number, condition, parameters, shift)
