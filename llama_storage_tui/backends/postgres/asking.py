"""A few questions in plain SQL on a connection of their own: what needs no more than that must not wait for SQLAlchemy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

from llama_storage_tui.backends import network
from llama_storage_tui.backends.postgres import failures
from llama_storage_tui.backends.postgres.connecting import close_quietly, connect
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.model.limits import Timeouts

T = TypeVar("T")

GRACE_SECONDS: Final = 2.0
"""How much later than the server this side gives up: for a host that stopped answering in mid-query."""


def statement_timeout(seconds: float | None) -> str:
    """Return a time limit as PostgreSQL takes it, in milliseconds; None: no limit."""
    return "0" if seconds is None else str(max(1, round(seconds * 1000)))


async def ask_once(
    target: PostgresTarget, questions: Callable[[asyncpg.Connection], Awaitable[T]], *, timeouts: Timeouts
) -> T:
    """Connect, ask in one read-only transaction, and close; raises BackendError."""
    where = target.location
    with failures.translating(where):
        connection = await connect(target, seconds=timeouts.connect)
        try:
            return await ask(connection, questions, seconds=timeouts.query, where=where)
        finally:
            await close_quietly(connection)


async def ask(
    connection: asyncpg.Connection,
    questions: Callable[[asyncpg.Connection], Awaitable[T]],
    *,
    seconds: float | None,
    where: str,
) -> T:
    """Ask in one read-only transaction of a connection that is closed afterwards; raises BackendError where no answer comes."""
    try:
        async with asyncio.timeout(None if seconds is None else seconds + GRACE_SECONDS):
            return await _in_transaction(connection, questions, seconds)
    except TimeoutError:
        raise network.timed_out(seconds or 0, where=where, doing="reading") from None


async def _in_transaction(
    connection: asyncpg.Connection,
    questions: Callable[[asyncpg.Connection], Awaitable[T]],
    seconds: float | None,
) -> T:
    # Not `async with`: it would send a ROLLBACK after what a server does not answer, and wait for that without a limit.
    transaction = connection.transaction(readonly=True)
    await transaction.start()
    # Within the transaction, so that behind a pooler it holds for this one alone.
    await connection.fetchval("SELECT set_config('statement_timeout', $1, true)", statement_timeout(seconds))
    answer = await questions(connection)
    await transaction.commit()
    return answer
