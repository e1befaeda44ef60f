"""What a service may ask of an engine.

Reading and nothing else: browsing is handed a Reader, and no method of a Reader can write. Every method may raise
BackendError and is cancelled with its task, at the engine too. A stream that is left before its end is closed by whoever reads it
(`contextlib.aclosing`): it may hold a connection.

An engine's classes extend these. What has a body here is what most engines do.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol

from llama_storage_tui.model.data import (
    Cell,
    Count,
    Cursor,
    Filter,
    KeyLevel,
    KeyPage,
    KeySelection,
    Probe,
    RowPage,
    RowQuery,
    StoredValue,
    Table,
)
from llama_storage_tui.model.following import Mark, RowsSince, StoredSince
from llama_storage_tui.model.raw_rows import (
    Found,
    RawBatch,
    RawExtent,
    RawRow,
    RefusedRow,
    RowIdentity,
    RowLocator,
    Sheet,
)
from llama_storage_tui.model.records import (
    Extent,
    Record,
    RecordBatch,
    RecordPage,
    RecordQuery,
    Tallied,
    TallyBatch,
)
from llama_storage_tui.model.rotation import CommitState, LoginAnswer, RoleChange, RoleFacts, StoredForm
from llama_storage_tui.model.store_user import StoreUser
from llama_storage_tui.model.transfer import TransferItem
from llama_storage_tui.secrets import Secret

Notify = Callable[[str], None]
"""Hears the name of each step of a change right after it."""


class RoleLogin(Protocol):
    """One role at one address. It can be asked and not changed; each question is a login of its own."""

    async def login(self, password: Secret) -> LoginAnswer:
        """Try a password; never raises for what the server answers."""

    async def stored_form(self) -> StoredForm | None:
        """Return how the server keeps the role's password; None where it does not tell, or has one form only."""
        return None

    async def describe(self, password: Secret) -> RoleFacts:
        """Log in and say who the role is, on which server, with which sessions, and what that means; raises BackendError."""


class RoleServer(RoleLogin, Protocol):
    """A role whose password can be changed: never part of a Reader, made by an opener of its own."""

    async def change(self, change: RoleChange, notify: Notify) -> CommitState:
        """Set the new password; raises RefusedError where nothing was changed.

        `notify` hears of each of the steps that `RoleFacts.steps` names.
        """

    async def settle(self, change: RoleChange) -> CommitState:
        """Tell whether the server, which takes the new password, has it for good; UNKNOWN where a crash could still take it."""

    async def hold(self, password: Secret, *, identity: tuple[str, int]) -> None:
        """Raise RefusedError where an unfinished change of the role still runs at the server."""


class Prober(Protocol):
    """A connection test."""

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect and describe; `thorough` also checks the file or counts exactly."""


class KeyValueReader(Protocol):
    """The keys and values of a kv_* backend, by their physical text."""

    async def count(self, selection: KeySelection, *, fast: bool = False) -> Count:
        """Count keys; `fast` allows an estimate."""

    async def counts(self, selections: Sequence[KeySelection], *, fast: bool = False) -> tuple[Count, ...]:
        """Count the keys of several selections, in their order: in one go where the engine has to look at all keys."""

    async def page(
        self,
        selection: KeySelection,
        *,
        prefix: str = "",
        limit: int = 100,
        after: Cursor | None = None,
        exact: bool = False,
    ) -> KeyPage:
        """Return a page in key order of the selected keys whose physical text also starts with `prefix`.

        `exact` looks at as many keys as that takes, without a budget or a time limit.
        """

    async def level(self, selection: KeySelection, prefix: str = "", *, separator: str) -> KeyLevel | None:
        """Return what comes next after a prefix, by separators: a bounded read that no branch's size makes longer.

        None where keys have no order by which a branch can be passed over.
        """
        del selection, prefix, separator
        return None

    async def value(self, key: str | bytes | None, *, limit: int | None = None) -> StoredValue | None:
        """Return one value, cut to `limit` characters (None: whole); None where there is no such key."""

    async def values_of(self, keys: Sequence[str], *, limit: int | None = None) -> tuple[StoredValue, ...]:
        """Return the values of those of the keys that are there, in their order, each cut to `limit` characters."""

    def stream(self, selection: KeySelection) -> AsyncGenerator[Sequence[StoredValue], None]:
        """Yield batches of whole values in key order, without a time limit."""


class TableReader(Protocol):
    """The tables of a backend."""

    async def tables(self, *, counts: bool = True, fast: bool = True) -> tuple[Table, ...]:
        """List tables and views with columns; `counts` with row counts, `fast` allows estimates where counting is not cheap."""

    async def table(self, name: str) -> Table | None:
        """Describe one table without counting; None where there is none."""

    async def count(self, name: str, filters: Sequence[Filter] = ()) -> Count:
        """Count the rows exactly, without a time limit."""

    async def page(self, query: RowQuery) -> RowPage:
        """Return a page of rows by keyset; raises UsageError for a column or a filter value that cannot be."""

    async def rows_since(self, query: RowQuery, mark: Mark | None, *, limit: int) -> RowsSince:
        """Return the rows of a query among the `limit` rows that were stored next after a mark; without one only where to go on.

        Its order, limit and cursor are ignored. It is a bounded read. Raises as `page` does; BackendError without positions.
        """

    async def row(self, table: str, cursor: Cursor) -> dict[str, Cell] | None:
        """Return one whole row by its cursor of a RowPage; None where it is gone."""

    def stream(self, query: RowQuery) -> AsyncGenerator[Sequence[tuple[Cell, ...]], None]:
        """Yield batches of all rows that the query selects (its limit is ignored), without a time limit."""


class RecordReader(Protocol):
    """JSON documents in the rows of tables, found by what is inside them."""

    async def page(self, query: RecordQuery, *, seconds: float | None = None) -> RecordPage:
        """Return a page of records in the query's order; `seconds` limits it, None: without a limit.

        Raises NotFoundError for an unknown table, UsageError for a column or a cursor that cannot be, BackendError.
        """

    def search(self, query: RecordQuery) -> AsyncGenerator[RecordBatch, None]:
        """Yield all records of the query as they are found, in stored order, without limits of time or number.

        A batch comes at least about every second, empty ones included: it says how far the search is.
        """

    def tally(
        self, query: RecordQuery, tallies: Sequence[Tallied], *, examples: int = 0
    ) -> AsyncGenerator[TallyBatch, None]:
        """Yield counts of the records that meet each tally's conditions, in stored order, all tallies in one scan.

        Of the query only the table and its id column matter. Each batch has up to `examples` ids for each tally. A batch comes
        at least about every second; whoever has seen enough leaves.
        """

    async def find(self, query: RecordQuery, ids: Sequence[str]) -> tuple[Record, ...]:
        """Return the records with these ids that meet the query's conditions, in no order; `limit` and `after` are ignored."""

    async def ids(self, table: str, column: str, beginning: str, *, limit: int) -> tuple[str, ...]:
        """Return up to `limit` texts of a column of text that begin with a text, by its own index: a bounded read."""

    async def stored_since(
        self, query: RecordQuery, mark: Mark | None, *, limit: int, newest: int | None = None
    ) -> StoredSince:
        """Return the records of a query among the `limit` rows that were stored next after a mark; without one only where to go on.

        With `newest`, where it has no conditions: of those the last so many. Order, limit and cursor are ignored. It is a bounded
        read. Raises BackendError (UNSUPPORTED where the rows of a table have no position) and NotFoundError.
        """

    async def extent(self, table: str) -> Extent | None:
        """Return how large a table is without counting; None where there is no such table."""


class Reader(Prober, Protocol):
    """An open backend: shared by everything that reads it, closed by who opened it.

    Engines have the parts that they can have: one that is not there raises BackendError (UNSUPPORTED) when it is asked for.
    """

    @property
    def tables(self) -> TableReader:
        """The backend's tables: a key-value backend of a SQL engine has them too, one of another engine has not."""

    @property
    def records(self) -> RecordReader:
        """The JSON documents in the backend's tables."""

    @property
    def key_values(self) -> KeyValueReader:
        """The backend's keys; raises UsageError on a SQL backend."""

    def load(self) -> None:
        """Import what all parts need, which may take a third of a second: else each does when it is first asked for."""

    async def close(self) -> None:
        """Close the engine; waits for nothing longer than a second."""


class ItemSource(Protocol):
    """The rows of a store as they are stored, whole, in one snapshot of it where the engine has such, without a trace.

    JSON is the stored text, byte for byte; what the engine has a type for that `Cell` has not is its text. A container that is not
    there has no rows.
    """

    stamps_others: bool = False
    """Whether a stamp also changes when somebody writes what is not asked about, or at any time."""

    async def stamp(self, container: str) -> str:
        """Return a text that is another one as soon as a row of the container was written."""

    async def blocks_writers(self) -> bool:
        """Tell whether nobody can write while the rows are read: not where that is a snapshot, or short questions."""
        return False

    async def extent(self, container: str, keys: KeySelection | None, *, fast: bool = False) -> RawExtent:
        """Count rows and bytes exactly, without a time limit; `fast` estimates the bytes by some of the rows."""

    def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield all rows in stored order, in batches of bounded weight; `keys` None reads every row."""

    async def is_empty(self, container: str) -> bool:
        """Tell whether a container has no row, or is not there."""

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the store has in its place."""

    async def close(self) -> None:
        """End the snapshot."""


class ItemWriter(Protocol):
    """One transaction on one store, for a transfer that was confirmed, and nothing else: made by an opener of its own.

    Nothing is seen by others before `commit`; every other end leaves the store as it was, if `is_atomic`. What is written is read
    back, and counts as written only where that gave the same values.
    """

    is_atomic: bool = True
    """Whether the engine has transactions; without, what is written stays whatever the end is: for a move to an empty place."""

    @property
    def is_touched(self) -> bool:
        """Whether something may stay in the store if it is closed now, without a commit: only of an engine without transactions."""
        return False

    async def obstacles(self, sheets: Sequence[Sheet]) -> tuple[str, ...]:
        """Return why these could not be written, a sentence each: rights, a read-only file. Writes nothing."""

    async def users(self) -> tuple[StoreUser, ...] | None:
        """Return who else has the store open; None where that cannot be told."""

    async def free_bytes(self) -> int | None:
        """Return how much room there is for new rows; None where that cannot be told, as by most servers."""
        return None

    async def begin(self) -> bool:
        """Open the transaction and keep other writers out; return whether the store was made for it. Raises BackendError.

        What stands above may be asked before, and writes nothing; everything below is asked within the transaction.
        """

    async def prepare(self, sheet: Sheet) -> bool:
        """Create the container or a missing column where need be; return whether a container was created."""

    async def is_empty(self, container: str) -> bool:
        """Tell whether a container has no row, or is not there."""

    def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield the rows that were there when reading began, with their locators, within the transaction."""

    async def bring(self, item: TransferItem) -> int | None:
        """Bring all rows of an item within the engine; return how many.

        None where the engine cannot do that by itself, or not with every row: then nothing was written. A server cannot.
        """
        del item
        return None

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the store has in its place."""

    def packed(self, sheet: Sheet, rows: Sequence[RawRow]) -> object:
        """Return rows as they are sent, for `insert`: asks nothing, and is called in a thread while other rows are sent.

        None where the engine gains nothing by that, or cannot do it yet, or where one of the rows is none that it takes.
        """
        del sheet, rows
        return None

    async def insert(
        self, sheet: Sheet, rows: Sequence[RawRow], packed: object = None
    ) -> Sequence[RefusedRow]:
        """Add rows that are not there; return those that the engine does not take as they are.

        `packed` is what the method of that name made of them. Raises TakenError where one is there already: then none of them was
        added.
        """

    async def update(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[RefusedRow]:
        """Put rows in place of those of the same identity, each with one; return those that the engine does not take."""

    async def delete(self, sheet: Sheet, identities: Sequence[RowIdentity]) -> int:
        """Remove rows by identity; return how many there were."""

    async def remove(self, container: str, locators: Sequence[RowLocator]) -> int:
        """Remove rows that `read` gave; return how many there were."""

    async def drop(self, container: str) -> None:
        """Drop a container that has no row."""

    async def discard(self) -> None:
        """Have `close` remove a store that `begin` once made, if the commit leaves nothing in it."""

    async def commit(self) -> bool:
        """Make it all last; return False where the answer got lost, so that nobody knows. Raises BackendError: nothing lasts."""

    async def close(self) -> None:
        """Roll back what is not committed, and let go of the store."""
