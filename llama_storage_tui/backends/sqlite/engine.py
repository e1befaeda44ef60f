"""A SQLite file's connections: one for each unit of work, opened the way that the file allows at that moment.

Opening costs well under a millisecond, and a connection kept open would keep a writer's -wal from being folded in when it stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import aiosqlite

from llama_storage_tui.backends import network
from llama_storage_tui.backends.batches import Pace
from llama_storage_tui.backends.sqlite import checking, failures
from llama_storage_tui.backends.sqlite.access import HeldFile, Look, OpenMode, look, uri
from llama_storage_tui.backends.sqlite.copying import COPY_LIMIT, PrivateCopy
from llama_storage_tui.backends.sqlite.failures import SaidDamagedError
from llama_storage_tui.backends.sqlite.in_thread import ComposingConnection, PlainConnection, driven
from llama_storage_tui.backends.sqlite.python_json import FUNCTION, OUTLINE, json_outline, python_json
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    # Names of annotations only: what needs no more than plain SQL must not wait for SQLAlchemy.
    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from llama_storage_tui.backends.engine import BesideWork, Statement, Work
    from llama_storage_tui.backends.sqlite.dialect import SqliteDialect

T = TypeVar("T")
PlainWork = Callable[[PlainConnection], Awaitable[T]]
"""Work with statements in plain SQL."""

BUSY_SECONDS: Final = 1.0
"""How long to wait for a writer: readers of WAL never wait, and a rollback-journal writer holds the file for milliseconds."""

_ATTEMPTS: Final = 4
"""A unit of work is begun anew where the file changed under it; a file that changes four times in a row has a live writer
that makes -wal and -shm, so one of the attempts can use them."""

_STOP_SECONDS: Final = 0.02
"""Between two interrupts of a unit that is to stop: one may fall between two of its statements."""

CLOSE_SECONDS: Final = 1.0

_MOST_AT_ONCE: Final = 32
"""How many units of one file run at a time."""

_SCHEMA_NEED_NOT_BE_TRUSTED: Final = sqlite3.sqlite_version_info >= (3, 41)
"""Before 3.41, trusted_schema=OFF refuses a whole file for an index or a generated column on a JSON function, with SQLITE_CORRUPT.

What it forbids are functions and virtual tables that do more than compute. A connection here is read-only, loads no extension and
keeps SQLite's own refusal of `load_extension` and the like within a schema, so that reading is as safe without it.
"""


_OPENING: Final[ContextVar[Callable[[], Awaitable[aiosqlite.Connection]]]] = ContextVar("_OPENING")
"""Opens the file that a unit of work is about to connect to."""

_OPENING_BESIDE: Final[ContextVar[Callable[[], sqlite3.Connection]]] = ContextVar("_OPENING_BESIDE")
"""The same for a unit that runs in a thread as a whole."""


class SqliteEngine:
    """Satisfies `engine.Engine` for one file."""

    def __init__(
        self, path: Path, *, timeouts: Timeouts, copy_limit: int = COPY_LIMIT, makes_folders: bool = True
    ) -> None:
        self.where = str(path)
        self._path = path
        self._timeouts = timeouts
        self._makes_folders = makes_folders
        self._held = HeldFile()
        self._copy = PrivateCopy(limit=copy_limit)
        self._closed = threading.Event()
        self._check: tuple[Look, Callable[[SaidDamagedError], BackendError]] | None = None
        self._running: dict[asyncio.Task[object], list[sqlite3.Connection]] = {}

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        """The threads of units: not the event loop's own few, all of which long reads could keep from everything else."""
        return ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="sqlite")

    @cached_property
    def dialect(self) -> SqliteDialect:
        """How SQLite does what engines do differently."""
        from llama_storage_tui.backends.sqlite.dialect import SqliteDialect

        return SqliteDialect()

    @property
    def raw(self) -> None:
        """None: text already comes as it is stored."""
        return None

    async def look(self) -> Look:
        """Look at the file now; raises BackendError."""
        return await asyncio.to_thread(look, self._path, self._held, makes_folders=self._makes_folders)

    async def run(self, work: Work[T], *, seconds: float | None) -> T:
        """Run a unit of reading; again where the file changed under an immutable connection."""
        return await self._repeated(partial(self._unit, work), seconds)

    async def run_plain(self, work: PlainWork[T], *, seconds: float | None) -> T:
        """Run a unit of reading in plain SQL, as `run` does one that SQLAlchemy composes."""
        return await self._repeated(partial(self._plain_unit, work), seconds)

    async def run_beside(self, work: BesideWork[T], *, seconds: float | None) -> T:
        """Run a unit of reading that is written for calls that block, as `run` does one that is written for awaiting."""
        return await self._repeated(partial(self._beside_unit, work), seconds)

    async def _repeated(
        self, unit: Callable[[Look, list[sqlite3.Connection]], Awaitable[T]], seconds: float | None
    ) -> T:
        failure: BackendError | None = None
        for _ in range(_ATTEMPTS):
            before = await self.look()
            failure = None
            try:
                with failures.translating(self.where):
                    opened: list[sqlite3.Connection] = []
                    result = await self._stoppable(unit(before, opened), opened, seconds=seconds)
            except BackendError as error:
                failure = error
            is_doubtful = self._may_be_torn(before) or _may_be_gone(failure)
            if not is_doubtful or before == await self.look():
                if failure is not None:
                    raise await self._checked(failure, before) from None
                return result
        raise _keeps_changing(self.where) if failure is None or _may_be_gone(failure) else failure

    async def stream(self, statement: Statement) -> AsyncGenerator[Sequence[Sequence[object]], None]:
        """Yield a statement's rows in batches; the file's read lock is held until it ends."""
        before = await self.look()
        has_begun = False
        while True:
            try:
                async for batch in self._batches(statement, before):
                    has_begun = True
                    yield batch
            except SaidDamagedError as error:
                raise await self._checked(error, before) from None
            except BackendError as error:
                now = await self.look()
                if has_begun or not _may_be_gone(error) or now == before:
                    raise
                before = now
            else:
                return

    async def _batches(
        self, statement: Statement, before: Look
    ) -> AsyncGenerator[Sequence[Sequence[object]], None]:
        opened: list[sqlite3.Connection] = []
        with failures.translating(self.where):
            async with self._connected(before, opened) as connection:
                result = await self._stoppable(connection.stream(statement), opened)
                pace = Pace()
                while batch := await self._stoppable(result.fetchmany(pace.size), opened):
                    if self._may_be_torn(before) and before != await self.look():
                        raise _keeps_changing(self.where)
                    yield batch
                    pace.after(batch)

    async def _checked(self, error: BackendError, before: Look) -> BackendError:
        """Return the error to raise: where SQLite called the file damaged, what a check of it came to, made once for each look."""
        if not isinstance(error, SaidDamagedError):
            return error
        if self._check is None or self._check[0] != before:
            self._check = (before, await self._check_file(before))
        return self._check[1](error)

    async def _check_file(self, before: Look) -> Callable[[SaidDamagedError], BackendError]:
        seconds = self._timeouts.query or checking.SECONDS
        opened: list[sqlite3.Connection] = []
        try:
            with failures.translating(self.where):
                unit = self._plain_unit(checking.quick_check, before, opened)
                problem = await self._stoppable(unit, opened, seconds=seconds)
        except BackendError as error:
            is_late = error.failure is FailureKind.TIMEOUT
            why = (
                f"did not finish within {seconds:g} s"
                if is_late
                else f"could not be run: {error.message.rstrip('.')}"
            )
            return partial(checking.unchecked, why=why)
        return partial(checking.judged, problem=problem)

    async def close(self) -> None:
        """Stop what runs, remove a private copy, and let go of the file."""
        self._closed.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                for task, opened in tuple(self._running.items()):
                    await _stop(task, opened)
        threads: ThreadPoolExecutor | None = self.__dict__.pop("_threads", None)
        if threads is not None:
            threads.shutdown(wait=False)
        await asyncio.to_thread(self._copy.close)
        self._held.close()

    def _may_be_torn(self, before: Look) -> bool:
        """Whether a connection takes no lock that a writer would respect."""
        return before.way in {OpenMode.IMMUTABLE, OpenMode.COPY}

    async def _unit(self, work: Work[T], before: Look, opened: list[sqlite3.Connection]) -> T:
        def awaited(connection: sa.Connection) -> T:
            return driven(work, ComposingConnection(connection).as_awaited)

        return await self._beside_unit(awaited, before, opened)

    async def _plain_unit(self, work: PlainWork[T], before: Look, opened: list[sqlite3.Connection]) -> T:
        def unit(opening: Callable[[], sqlite3.Connection]) -> T:
            with contextlib.closing(opening()) as connection:
                connection.execute("BEGIN")
                return driven(work, PlainConnection(connection))

        return await self._in_thread(unit, before, opened)

    async def _beside_unit(self, work: BesideWork[T], before: Look, opened: list[sqlite3.Connection]) -> T:
        def unit(opening: Callable[[], sqlite3.Connection]) -> T:
            opens = _OPENING_BESIDE.set(opening)
            try:
                with _composing_beside().connect() as connection:
                    connection.exec_driver_sql("BEGIN")
                    return work(connection)
            finally:
                _OPENING_BESIDE.reset(opens)

        return await self._in_thread(unit, before, opened)

    async def _in_thread(
        self,
        unit: Callable[[Callable[[], sqlite3.Connection]], T],
        before: Look,
        opened: list[sqlite3.Connection],
    ) -> T:
        opening = partial(_connect, await self._path_of(before), before.way, opened)
        return await asyncio.get_running_loop().run_in_executor(self._threads, unit, opening)

    async def _path_of(self, before: Look) -> Path:
        """Return what to open: the file, or a private copy of it."""
        if before.way is OpenMode.COPY:
            return await asyncio.to_thread(self._copy.path, before, self._closed)
        return before.path

    @asynccontextmanager
    async def _connected(
        self, before: Look, opened: list[sqlite3.Connection]
    ) -> AsyncIterator[AsyncConnection]:
        path = await self._path_of(before)
        async with contextlib.AsyncExitStack() as stack:
            opening = _OPENING.set(partial(self._open, path, before.way, opened))
            try:
                connection = await stack.enter_async_context(_composing().connect())
            finally:
                _OPENING.reset(opening)
            yield connection

    async def _open(
        self, path: Path, way: OpenMode, opened: list[sqlite3.Connection]
    ) -> aiosqlite.Connection:
        return await aiosqlite.Connection(partial(_connect, path, way, opened), iter_chunk_size=64)

    async def _stoppable(
        self, work: Awaitable[T], opened: list[sqlite3.Connection], *, seconds: float | None = None
    ) -> T:
        """Await work in a task of its own; when cancelled or out of time, interrupt SQLite first.

        A cancelled task alone would wait for its statement: the thread that runs it knows nothing of tasks.
        """
        task: asyncio.Task[T] = asyncio.create_task(_awaited(work))
        self._running[task] = opened
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            await _stop(task, opened)
            raise
        finally:
            del self._running[task]
        if not done:
            await _stop(task, opened)
            if task.cancelled() or task.exception() is not None:
                raise network.timed_out(seconds or 0, where=self.where, doing="reading")
        return task.result()


def _connect(path: Path, way: OpenMode, opened: list[sqlite3.Connection]) -> sqlite3.Connection:
    """Open the file read-only, whoever makes the statements, and note the connection where what stops a unit looks for it."""
    connection = sqlite3.connect(
        uri(path, way),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=0,
    )
    connection.text_factory = _text
    connection.create_function(FUNCTION, 1, python_json, deterministic=True)
    connection.create_function(OUTLINE, 2, json_outline, deterministic=True)
    connection.execute("PRAGMA query_only=ON")
    if _SCHEMA_NEED_NOT_BE_TRUSTED:
        connection.execute("PRAGMA trusted_schema=OFF")
    opened.append(connection)
    return connection


@cache
def _composing() -> AsyncEngine:
    """Return what runs the statements that SQLAlchemy composes: one for all files, so that each is composed once.

    It keeps no connection.
    """
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    return create_async_engine("sqlite+aiosqlite://", async_creator=_opened, poolclass=NullPool)


async def _opened() -> aiosqlite.Connection:
    return await _OPENING.get()()


def _opened_beside() -> sqlite3.Connection:
    return _OPENING_BESIDE.get()()


@cache
def _composing_beside() -> sa.Engine:
    """Return the same for units that run in a thread as a whole."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    return create_engine("sqlite://", creator=_opened_beside, poolclass=NullPool)


async def _awaited(work: Awaitable[T]) -> T:
    return await work


async def _stop(task: asyncio.Task[T], opened: Sequence[sqlite3.Connection]) -> None:
    while not task.done():
        for driver in opened:
            with contextlib.suppress(sqlite3.ProgrammingError):  # closed by now, or at this moment
                driver.interrupt()
        await asyncio.wait({task}, timeout=_STOP_SECONDS)
    if not task.cancelled():
        task.exception()


def _may_be_gone(failure: BackendError | None) -> bool:
    """Tell whether a failure may be that of a file that was there when it was looked at: the last writer to go removes -wal."""
    return failure is not None and failure.failure is FailureKind.PERMISSION


def _text(stored: bytes) -> str | bytes:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def _keeps_changing(where: str) -> BackendError:
    return BackendError(
        "The file changed while it was read, and again when tried anew.",
        failure=FailureKind.LOCKED,
        where=where,
        help="Another process writes to it without -wal and -shm in reach; try again.",
    )
