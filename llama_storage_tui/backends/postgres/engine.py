"""A PostgreSQL database's connections: a small pool, every transaction read-only and with limits of its own.

The limits are set inside each transaction, and statements are prepared without a name, so that a pooler in transaction mode is
served like a server.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from copy import copy
from typing import Any, Final, Protocol, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection, AsyncAdapt_asyncpg_ss_cursor
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.util.concurrency import await_

from llama_storage_tui.backends import network
from llama_storage_tui.backends.batches import Pace
from llama_storage_tui.backends.engine import Statement, Work
from llama_storage_tui.backends.postgres import failures
from llama_storage_tui.backends.postgres.asking import GRACE_SECONDS, statement_timeout
from llama_storage_tui.backends.postgres.connecting import connect
from llama_storage_tui.backends.postgres.dialect import PostgresDialect
from llama_storage_tui.backends.postgres.stored_text import ServerEncoding
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.model.limits import Timeouts

T = TypeVar("T")

POOL_SIZE: Final = 3
"""A page, a count beside it, and an export: more would only take connections from the servers."""

CLOSE_SECONDS: Final = 1.0
LEAVE_SECONDS: Final = 2.0
"""How long the end of a transaction is waited for; a host that does not answer it is left."""

_SETTINGS: Final = sa.text(
    "SELECT set_config('statement_timeout', :limit, true), set_config('TimeZone', 'UTC', true),"
    " set_config('DateStyle', 'ISO', true), set_config('bytea_output', 'hex', true)"
)


_opened: Final[ContextVar[Callable[[asyncpg.Connection], None]]] = ContextVar("what a unit of work is on")
"""Told of each connection that a unit of work gets, new or from the pool."""


class SteadyCursor(AsyncAdapt_asyncpg_ss_cursor):
    """A cursor of the server that fetches as many rows as it is asked for.

    SQLAlchemy's own (2.1.9) begins with 50 rows, however few are asked for (`fetchmany`, `yield_per`, `max_row_buffer`): of rows
    of 12 MB that is 600 MB and more.
    """

    __slots__ = ()

    def fetchmany(self, size: int | None = None) -> Any:  # noqa: ANN401 - rows, as the driver gives them
        """Return up to `size` rows, None: all that are left."""
        if size is not None and self._cursor is not None and not self._rowbuffer:
            fetched: Awaitable[Any] = self._cursor.fetch(size)
            self._rowbuffer.extend(await_(fetched))
            if not self._rowbuffer:
                return []
        return super().fetchmany(size)  # type: ignore[no-untyped-call] # SQLAlchemy's own


class SteadyConnection(AsyncAdapt_asyncpg_connection):
    """SQLAlchemy's connection to asyncpg, whose streams take `SteadyCursor`."""

    __slots__ = ()
    _ss_cursor_cls = SteadyCursor


class _AdaptedConnection(Protocol):
    """SQLAlchemy's adapter of a driver connection, whose class is not public."""

    readonly: bool
    """What `postgresql_readonly` sets."""
    driver_connection: asyncpg.Connection


class PostgresEngine:
    """Satisfies `engine.Engine` for one database and role."""

    def __init__(self, target: PostgresTarget, *, timeouts: Timeouts) -> None:
        self._encoding = ServerEncoding()
        self._dialect = PostgresDialect(self._encoding)
        self._raw_dialect = PostgresDialect(self._encoding, is_raw=True)
        self.is_raw = False
        self.where = target.location
        self._target = target
        self._timeouts = timeouts
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            creator=self._adapted,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=timeouts.query or 3600,
            pool_recycle=300,
            hide_parameters=True,
        )
        event.listen(self._engine.sync_engine, "connect", self._begin_connection, insert=True)

    @property
    def dialect(self) -> PostgresDialect:
        """How text is read: by the server's own conversions, or as it is stored where the server checks none."""
        return self._raw_dialect if self.is_raw or self._encoding.is_unchecked else self._dialect

    @property
    def raw(self) -> PostgresEngine | None:
        """The same connections, with every text read as it is stored; None for those."""
        if self.is_raw:
            return None
        made = copy(self)
        made.is_raw = True
        return made

    async def run(self, work: Work[T], *, seconds: float | None) -> T:
        """Run a unit of reading; once more where the pooled connection had died meanwhile."""
        with failures.translating(self.where):
            try:
                return await self._unit(work, seconds)
            except exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return await self._unit(work, seconds)

    async def stream(self, statement: Statement) -> AsyncGenerator[Sequence[Sequence[object]], None]:
        """Yield a statement's rows in batches through a cursor of the server."""
        with failures.translating(self.where):
            async with self._transaction(None) as connection, connection.stream(statement) as result:
                pace = Pace()
                while batch := await result.fetchmany(pace.size):
                    yield batch
                    pace.after(batch)

    def _begin_connection(self, connection: _AdaptedConnection, _: object) -> None:
        """Make every transaction of a new connection BEGIN READ ONLY, those of SQLAlchemy's own first questions included."""
        connection.readonly = True
        self._encoding.name = connection.driver_connection.get_settings().server_encoding

    async def close(self) -> None:
        """Close the pool."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._engine.dispose()

    async def _unit(self, work: Work[T], seconds: float | None) -> T:
        """Run a unit; a host that stops answering, also to SQLAlchemy's own first statements, is left after a while.

        Its socket is closed then: to cancel would send a ROLLBACK after what is not answered, and wait for that without a limit.
        The time runs from when the unit has a connection: to wait for a free one, and to connect, have limits of their own.
        """
        opened: list[asyncpg.Connection] = []
        timer: asyncio.TimerHandle | None = None
        is_given_up = False

        def give_up() -> None:
            nonlocal is_given_up
            is_given_up = True
            for driver in opened:
                driver.terminate()

        def begin(driver: asyncpg.Connection) -> None:
            nonlocal timer
            opened.append(driver)
            if timer is None and seconds is not None:
                timer = asyncio.get_running_loop().call_later(seconds + GRACE_SECONDS, give_up)

        before = _opened.set(begin)
        try:
            async with self._transaction(seconds) as connection:
                return await work(connection)
        except Exception:
            if is_given_up:
                raise network.timed_out(seconds or 0, where=self.where, doing="reading") from None
            raise
        finally:
            _opened.reset(before)
            if timer is not None:
                timer.cancel()

    @asynccontextmanager
    async def _transaction(self, seconds: float | None) -> AsyncIterator[AsyncConnection]:
        """Give a connection within a transaction; it may be left at any time, also where the host no longer answers."""
        left_by: BaseException | None = None
        timer: asyncio.TimerHandle | None = None
        try:
            async with self._engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                if isinstance(driver, asyncpg.Connection):
                    _opened.get(_ignored)(driver)
                try:
                    await connection.execute(_SETTINGS, {"limit": statement_timeout(seconds)})
                    yield connection
                except BaseException as error:
                    left_by = error
                    raise
                finally:
                    # A ROLLBACK follows, and before it what cancels a statement, neither of which has a limit.
                    if isinstance(driver, asyncpg.Connection):
                        timer = asyncio.get_running_loop().call_later(LEAVE_SECONDS, driver.terminate)
        except Exception:
            if left_by is not None:
                raise left_by from None
            if timer is None:
                raise
            # All that was asked for is read, and whether the server heard of the end says nothing about it.
        finally:
            if timer is not None:
                timer.cancel()

    def _adapted(self) -> DBAPIConnection:
        """Connect through the adapter itself: `async_creator` would leave no way to its two settings.

        An empty name makes a statement unnamed: a pooler may send the next transaction to another server process,
        where a named one would be missing, or another client's.
        """
        made = SteadyConnection.create(
            self._engine.dialect.loaded_dbapi,
            self._create(),
            prepared_statement_cache_size=0,
            prepared_statement_name_func=str,
        )
        return await_(made)  # type: ignore[return-value] # one of SQLAlchemy's own, whose cursor has another signature

    async def _create(self) -> asyncpg.Connection:
        driver = await connect(self._target, seconds=self._timeouts.connect)
        _opened.get(_ignored)(driver)
        return driver


def _ignored(_: asyncpg.Connection) -> None:
    """Note no connection: a stream has no limit."""
