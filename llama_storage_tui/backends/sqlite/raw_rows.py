"""The rows of a SQLite table as they are stored, a page of row ids at a time, on a connection that another module opens."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import Final, TypeVar, cast

from llama_storage_tui.backends.batches import Pace, raw_pace
from llama_storage_tui.backends.ranges import ranges_of, selects_the_rest
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import Cell, KeySelection
from llama_storage_tui.model.raw_rows import RawBatch, RawExtent, UndecodableText

T = TypeVar("T")

_ROW_IDS: Final = ("rowid", "_rowid_", "oid")
"""What SQLite calls the number of a row, unless a column has that name."""

HAS_OCTET_LENGTH: Final = sqlite3.sqlite_version_info >= (3, 43)

SAMPLE: Final = 1000
"""Rows by which the size of all is estimated."""

_FIRST: Final = -(2**63)

Parameters = tuple[object, ...]


class ThreadedConnection:
    """A connection that lives in a thread of its own: its statements never hold the event loop, and run in order."""

    def __init__(self, opened: Callable[[], sqlite3.Connection]) -> None:
        self._open = opened
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-rows")
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work with the connection; when cancelled, interrupt SQLite and wait until it has let go."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            while not future.done():
                if self._connection is not None:
                    with contextlib.suppress(sqlite3.ProgrammingError):
                        self._connection.interrupt()
                await asyncio.wait({future}, timeout=0.02)
            if not future.cancelled():
                future.exception()
            raise

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._open()
        return work(self._connection)

    async def close(self) -> None:
        """Close the connection, which rolls back what is not committed, and end its thread."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, connection.close)
        self._thread.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as its rows are paged."""

    name: str
    columns: tuple[str, ...]
    row_id: str
    has_number_key: bool
    """Whether a column of its own is the row id, so that rows stand in the order of that and not of their writing."""
    types: tuple[str, ...] = ()
    """The declared type of each column, in capitals."""

    def type_of(self, column: str) -> str:
        """Return the declared type of a column that is there."""
        return self.types[self.columns.index(column)]

    @property
    def quoted(self) -> str:
        """The name in SQL."""
        return quoted(self.name)


def quoted(name: str) -> str:
    """Return a name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def free_row_id(columns: Iterable[str]) -> str | None:
    """Return a name of the row's number that no column has; None where they have them all."""
    taken = {each.lower() for each in columns}
    return next((each for each in _ROW_IDS if each not in taken), None)


def size_of(column: str) -> str:
    """Return the SQL of how many bytes a column's value has, which SQLite tells from 3.43 on without reading it."""
    return f"octet_length({column})" if HAS_OCTET_LENGTH else f"length(CAST({column} AS BLOB))"


def as_text(stored: bytes) -> str | UndecodableText:
    """Return stored text; what is not valid UTF-8 keeps its bytes and is told apart from a binary value."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return UndecodableText(stored)


def fetched(
    connection: sqlite3.Connection, query: str, parameters: Sequence[object]
) -> list[tuple[Cell, ...]]:
    """Return the rows of a query; `as_text`, which takes its time, reads texts only where one of them is not valid UTF-8."""
    connection.text_factory = str
    try:
        return connection.execute(query, parameters).fetchall()
    except sqlite3.OperationalError:
        connection.text_factory = as_text
        return connection.execute(query, parameters).fetchall()
    finally:
        connection.text_factory = as_text


def describe(
    connection: sqlite3.Connection, name: str, *, where: str, schema: str = "main"
) -> RawTable | None:
    """Return a table; None where there is none. Raises BackendError for one without row ids."""
    found = connection.execute(
        f"SELECT name, type FROM {schema}.sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')",  # noqa: S608 - our own name
        (name,),
    ).fetchone()
    if found is None:
        return None
    columns = connection.execute(f"PRAGMA {schema}.table_xinfo({quoted(name)})").fetchall()
    stored = [column for column in columns if column[6] == 0]
    names = tuple(str(column[1]) for column in stored)
    row_id = free_row_id(names)
    keys = [column for column in columns if column[5]]
    if row_id is not None and found[1] == "table":
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute(f"SELECT {row_id} FROM {schema}.{quoted(name)} LIMIT 0")  # noqa: S608 - the name is quoted
            has_number = len(keys) == 1 and str(keys[0][2]).upper() == "INTEGER"
            types = tuple(str(column[2]).upper() for column in stored)
            return RawTable(str(found[0]), names, row_id, has_number, types)
    raise BackendError(
        f"{name} is a view, or a table without row ids, which no server makes: it cannot be copied.",
        failure=FailureKind.UNSUPPORTED,
        where=where,
    )


def key_condition(
    keys: KeySelection | None, *, key: str = "key", by_index: bool = False
) -> tuple[str, Parameters]:
    """Return the condition of the keys that are meant, and its parameters.

    `by_index` lets SQLite search the index of the keys; without it the scan keeps the order of the table.
    """
    found = [*_conditions(keys, key=key, by_index=by_index)]
    parameters = [each for _, some in found for each in some]
    return f"({' OR '.join(condition for condition, _ in found) or '0'})", tuple(parameters)


def _conditions(
    keys: KeySelection | None, *, key: str = "key", by_index: bool = False
) -> Iterator[tuple[str, Parameters]]:
    """Yield conditions no two of which mean one row, each with its parameters."""
    if keys is None:
        yield "1", ()
        return
    sign = "" if by_index else "+"
    for each in ranges_of(keys):
        # Numbers come before every text, and binary values behind.
        high = f"typeof({key}) = 'text'" if each.high is None else f"{sign}{key} < ?"
        yield f"({sign}{key} >= ? AND {high})", (each.low,) if each.high is None else (each.low, each.high)
    if selects_the_rest(keys):
        yield f"typeof({key}) <> 'text'", ()


def extent(
    connection: sqlite3.Connection, table: RawTable, keys: KeySelection | None, *, fast: bool
) -> RawExtent:
    """Count the rows that are meant, and the bytes of their cells; `fast` estimates the latter by the first rows."""
    condition, parameters = key_condition(keys)
    sizes = " + ".join(f"coalesce({size_of(quoted(column))}, 0)" for column in table.columns)
    some = f"SELECT * FROM {table.quoted} WHERE {condition}{f' LIMIT {SAMPLE}' if fast else ''}"  # noqa: S608 - names are quoted
    rows, held = connection.execute(
        f"SELECT count(*), coalesce(sum({sizes}), 0) FROM ({some})",  # noqa: S608 - as above
        parameters,
    ).fetchone()
    if not fast or rows < SAMPLE:
        return RawExtent(int(rows), int(held))
    all_rows = count_rows(connection, table.quoted, keys)
    return RawExtent(all_rows, held * all_rows // rows)


def count_rows(connection: sqlite3.Connection, table: str, keys: KeySelection | None) -> int:
    """Count the rows of a table, by its quoted name, that are meant: range by range, for which the index of the keys is enough."""
    number = 0
    for condition, parameters in _conditions(keys, by_index=True):
        query = f"SELECT count(*) FROM {table} WHERE {condition}"  # noqa: S608 - names are quoted
        number += int(connection.execute(query, parameters).fetchone()[0])
    return number


def _has_rows(connection: sqlite3.Connection, table: RawTable, keys: KeySelection) -> bool:
    """Tell by the index of the keys whether a row is meant, so that a large table is not walked for none."""
    condition, parameters = key_condition(keys, by_index=True)
    query = f"SELECT 1 FROM {table.quoted} WHERE {condition} LIMIT 1"  # noqa: S608 - names are quoted
    return connection.execute(query, parameters).fetchone() is not None


def last_row(connection: sqlite3.Connection, table: RawTable) -> int:
    """Return the largest row id."""
    query = f"SELECT coalesce(max({table.row_id}), 0) FROM {table.quoted}"  # noqa: S608 - names are quoted
    return int(connection.execute(query).fetchone()[0])


@dataclass(slots=True)
class Pages:
    """Walks a table by row id up to the last row that was there when it began.

    Without locators nobody writes to the table meanwhile, and one query gives all rows.
    """

    table: RawTable
    keys: KeySelection | None
    has_locators: bool
    _pace: Pace = field(default_factory=raw_pace)
    _after: int = _FIRST
    _last: int | None = None
    _cursor: sqlite3.Cursor | None = None
    _given: int = 0

    def next(self, connection: sqlite3.Connection) -> RawBatch | None:
        """Return the next rows; None at the end."""
        if self._last is None:
            self._last = last_row(connection, self.table)
            if self.keys is not None and not _has_rows(connection, self.table, self.keys):
                return None
            if not self.has_locators:
                self._cursor = connection.execute(*self._query(self._columns()))
        if self._cursor is None:
            return self._next_by_row_id(connection)
        connection.text_factory = str
        try:
            found = self._cursor.fetchmany(self._pace.size)
        except (
            sqlite3.OperationalError
        ):  # above all for a text that is not valid UTF-8, with rows that are lost
            self._cursor = None
            if self._given:
                query, values = self._query(self.table.row_id)
                query = f"{query} LIMIT 1 OFFSET {self._given - 1}"
                self._after = int(connection.execute(query, values).fetchone()[0])
            return self._next_by_row_id(connection)
        finally:
            connection.text_factory = as_text
        self._given += len(found)
        self._pace.after(found)
        return RawBatch(self.table.columns, found) if found else None

    def _next_by_row_id(self, connection: sqlite3.Connection) -> RawBatch | None:
        """Return the next rows, with a query of their own."""
        query, values = self._query(f"{self._columns()}, {self.table.row_id}")
        found = fetched(connection, f"{query} LIMIT ?", (*values, self._pace.size))
        if not found:
            return None
        self._pace.after(found)
        self._after = cast("int", found[-1][-1])
        rows = [row[:-1] for row in found]
        return RawBatch(self.table.columns, rows, [row[-1] for row in found] if self.has_locators else ())

    def _query(self, chosen: str) -> tuple[str, Parameters]:
        condition, parameters = key_condition(self.keys)
        id_ = self.table.row_id
        query = (
            f"SELECT {chosen} FROM {self.table.quoted}"  # noqa: S608 - names are quoted
            f" WHERE {id_} > ? AND {id_} <= ? AND {condition} ORDER BY {id_}"
        )
        return query, (self._after, self._last, *parameters)

    def _columns(self) -> str:
        return ", ".join(quoted(column) for column in self.table.columns)
