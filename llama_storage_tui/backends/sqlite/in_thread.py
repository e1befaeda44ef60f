"""A unit of work in one thread as a whole.

A driver that hands each statement to a thread, and each result back, takes longer for that than few rows take to be read: a look at
a table was ten such changes. What engines share is written for drivers that are waited for, so a unit is a coroutine here, too.
Nothing in it waits: each statement has ended when its call returns, and its thread goes through the unit in one go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    # Names of annotations only: what needs no more than plain SQL must not wait for SQLAlchemy.
    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import AsyncConnection

    from llama_storage_tui.backends.engine import RawRow, Statement, Values

C = TypeVar("C")
T = TypeVar("T")


class PlainConnection:
    """Runs plain SQL where it is called."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def execute_fetchall(
        self, statement: str, bound: Sequence[Any] | Mapping[str, Any] = ()
    ) -> Iterable[Sequence[Any]]:
        """Return all rows of a statement; raises sqlite3.Error."""
        return self._connection.execute(statement, bound).fetchall()

    async def interrupt(self) -> None:
        """Interrupt the statement that runs, from another thread; raises sqlite3.ProgrammingError once it is closed."""
        self._connection.interrupt()


class ComposingConnection:
    """Runs what SQLAlchemy composes where it is called: as much of an AsyncConnection as units of reading use."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @property
    def plain(self) -> PlainConnection:
        """The driver's own connection, in the same transaction."""
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection), "the engine opens no other"  # noqa: S101 - for the reader
        return PlainConnection(driver)

    async def execute(self, statement: Statement, values: Values | None = None) -> sa.CursorResult[Any]:
        """Run a statement; raises what SQLAlchemy does."""
        return self._connection.execute(statement, values)

    async def exec_driver_sql(self, statement: str) -> sa.CursorResult[Any]:
        """Run plain SQL; raises what SQLAlchemy does."""
        return self._connection.exec_driver_sql(statement)

    @asynccontextmanager
    async def stream(self, statement: Statement, values: Values | None = None) -> AsyncIterator[_Rows]:
        """Run a statement whose rows are taken in batches."""
        with self._connection.execute(statement, values) as result:
            yield _Rows(result)

    @property
    def as_awaited(self) -> AsyncConnection:
        """What it is to a unit of work, which knows of no threads."""
        return cast("AsyncConnection", self)


class _Rows:
    def __init__(self, result: sa.CursorResult[Any]) -> None:
        self._result = result

    async def fetchmany(self, size: int) -> Sequence[RawRow]:
        return self._result.fetchmany(size)


def driven(work: Callable[[C], Awaitable[T]], connection: C) -> T:
    """Return what a unit of work on such a connection comes to, in this thread."""
    try:
        next(work(connection).__await__())
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("A unit in a thread waits for nothing but its statements")
