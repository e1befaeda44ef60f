"""Rows brought from one SQLite table to another by SQLite itself, where they need no more than another beginning of their key.

A source in another file is attached to the writer's connection, as read-only as any other, and read in the writer's transaction.
Every value is compared with its source by SQLite, too.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from llama_storage_tui.backends.ranges import ranges_of, selects_the_rest, successor
from llama_storage_tui.backends.sqlite.raw_rows import RawTable, count_rows, key_condition, last_row, quoted
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.transfer import KeepRows, MoveKeys, TransferItem

Parameters = tuple[object, ...]

_LARGEST: Final = 2**62
"""A row's number beyond which others may have no room behind it."""


def can_bring(item: TransferItem) -> bool:
    """Tell whether SQLite can convert the rows of an item by itself."""
    convert = item.convert
    return isinstance(convert, KeepRows) or (isinstance(convert, MoveKeys) and convert.expiry is None)


def bring(
    connection: sqlite3.Connection, schema: str, source: RawTable, target: RawTable, item: TransferItem
) -> int | None:
    """Insert all rows of the source in `schema`, and compare each; None where not all can be: nothing was written.

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
    """What is brought: `number` rows of the source, those that `condition` means, from its row `first` to its row `last`.

    `before` is the last row that the target had.
    """

    connection: sqlite3.Connection
    rows: str
    source: RawTable
    target: RawTable
    item: TransferItem
    number: int
    first: int
    last: int
    before: int
    condition: str
    parameters: Parameters

    def insert(self) -> int:
        """Insert the rows in the order of the source; return how many."""
        if self._is_plain():
            # Between tables of one form SQLite copies records as they are, and keeps their numbers.
            statement = f"INSERT INTO main.{self.target.quoted} SELECT * FROM {self.rows}"  # noqa: S608 - names are quoted
            return self.connection.execute(statement).rowcount
        names = [quoted(name) for name in self.source.columns]
        cells = [self._cell(name) for name in self.source.columns]
        given = self._beginning
        # Where the source has gaps, the rows get their numbers with the same gaps: by those each is found again.
        shift = self.before + 1 - self.first
        if self._has_gaps and not self.target.has_number_key and self.last + shift < _LARGEST:
            names, cells = [*names, self.target.row_id], [*cells, f"s.{self.source.row_id} + ?"]
            given = (*given, shift)
        statement = (
            f"INSERT INTO main.{self.target.quoted} ({', '.join(names)}) SELECT {', '.join(cells)} FROM {self.rows} AS s"  # noqa: S608 - quoted
            f" WHERE {self.condition} ORDER BY s.{self.source.row_id}"
        )
        return self.connection.execute(statement, (*given, *self.parameters)).rowcount

    def same(self) -> int:
        """Count the rows of the source whose every value, and its type, is at the target."""
        conditions = [self._is_same(name) for name in self.source.columns if name not in self.item.identity]
        shift = self._shift()
        # By its number a row is found without a search by its identity, which the `+` rules out.
        sign = "" if shift is None else "+"
        conditions += [f"{sign}n.{quoted(name)} = {self._cell(name)}" for name in self.item.identity]
        if shift is not None:
            conditions.append(f"n.{self.target.row_id} = s.{self.source.row_id} + {shift}")
        # CROSS: the source is walked in its order.
        query = (
            f"SELECT count(*) FROM {self.rows} AS s CROSS JOIN main.{self.target.quoted} AS n"  # noqa: S608 - names are quoted
            f" ON {' AND '.join(conditions)} WHERE {self.condition}"
        )
        found = self.connection.execute(query, (*self._beginning, *self.parameters)).fetchone()
        return int(found[0])

    @property
    def _beginning(self) -> Parameters:
        """The parameters of a key's new beginning."""
        convert = self.item.convert
        if not isinstance(convert, MoveKeys):
            return ()
        return (convert.new, convert.old) if convert.old else (convert.new,)

    @property
    def _has_gaps(self) -> bool:
        return self.last - self.first + 1 != self.number

    def _is_plain(self) -> bool:
        """Tell whether all rows of the source are brought, as they are, to a table with the same columns."""
        if not isinstance(self.item.convert, KeepRows) or self.item.source.keys is not None:
            return False
        columns = [
            tuple(each[0] for each in self.connection.execute(f"SELECT * FROM {rows} LIMIT 0").description)  # noqa: S608 - quoted
            for rows in (self.rows, f"main.{self.target.quoted}")
        ]
        return columns == [self.source.columns, self.source.columns]

    def _shift(self) -> int | None:
        """Return how far the numbers of the rows have moved; None where their distances are not those of the source."""
        if self.target.has_number_key or not self.number:
            return None
        first = self.connection.execute(
            f"SELECT min({self.target.row_id}) FROM main.{self.target.quoted} WHERE {self.target.row_id} > ?",  # noqa: S608 - quoted
            (self.before,),
        ).fetchone()[0]
        is_alike = (
            first is not None and last_row(self.connection, self.target) - first == self.last - self.first
        )
        return first - self.first if is_alike else None

    def _cell(self, name: str) -> str:
        """Return the SQL of what a column's cell becomes."""
        if isinstance(self.item.convert, MoveKeys) and name == "key":
            # By its bytes: of a text, `substr` gives nothing behind a zero character.
            rest = "CAST(substr(CAST(s.key AS BLOB), length(CAST(? AS BLOB)) + 1) AS TEXT)"
            return f"? || {rest if self.item.convert.old else 's.key'}"
        return f"s.{quoted(name)}"

    def _is_same(self, name: str) -> str:
        """Return the condition that a cell is at the target: columns of one declared type keep a value in one form."""
        condition = f"n.{quoted(name)} IS s.{quoted(name)} COLLATE BINARY"
        if self.source.type_of(name) == self.target.type_of(name):
            return condition
        return f"{condition} AND typeof(n.{quoted(name)}) = typeof(s.{quoted(name)})"


def _bridge(
    connection: sqlite3.Connection, schema: str, source: RawTable, target: RawTable, item: TransferItem
) -> _Bridge | None:
    """Look at all rows that are meant; None where some of them cannot be brought this way."""
    rows, keys = f"{schema}.{source.quoted}", item.source.keys
    condition, parameters = key_condition(keys, key="s.key")
    number = count_rows(connection, rows, keys)
    if isinstance(item.convert, MoveKeys) and item.convert.has_texts:
        other = f"SELECT 1 FROM {rows} AS s WHERE {condition} AND typeof(s.value) <> 'text' LIMIT 1"  # noqa: S608 - names are quoted
        if connection.execute(other, parameters).fetchone() is not None:
            return None
    if isinstance(item.convert, MoveKeys) and not _all_begin_with(item.convert.old, keys):
        old = item.convert.old
        (fitting,) = connection.execute(
            f"SELECT count(*) FROM {rows} AS s WHERE {condition} AND typeof(s.key) = 'text'"  # noqa: S608 - names are quoted
            f" AND substr(s.key, 1, {len(old)}) = ?",
            (*parameters, old),
        ).fetchone()
        if fitting != number:
            return None
    one = f"SELECT s.{source.row_id} FROM {rows} AS s WHERE {condition} ORDER BY s.{source.row_id}"  # noqa: S608 - names are quoted
    ends = [connection.execute(f"{one} {way} LIMIT 1", parameters).fetchone() for way in ("ASC", "DESC")]
    first, last = (0 if end is None else int(end[0]) for end in ends)
    between = f"s.{source.row_id} BETWEEN ? AND ?"
    # Without gaps the rows that are meant are a range of numbers. What is written to the source's own table lies behind them.
    is_range = last - first + 1 == number
    return _Bridge(
        connection,
        rows,
        source,
        target,
        item,
        number,
        first,
        last,
        last_row(connection, target),
        between if is_range else f"{between} AND {condition}",
        (first, last) if is_range else (first, last, *parameters),
    )


def _all_begin_with(old: str, keys: KeySelection | None) -> bool:
    """Tell whether every key that is meant is a text that begins with `old`."""
    if keys is None or selects_the_rest(keys):
        return False
    end = successor(old)
    return all(
        each.low.startswith(old) and (end is None or (each.high is not None and each.high <= end))
        for each in ranges_of(keys)
    )
