"""PostgreSQL's SQLSTATEs, a pooler's refusals and asyncpg's own exceptions as errors that an operator understands."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Final

from llama_storage_tui.backends import network, sql_failures
from llama_storage_tui.errors import BackendError, ContentError, FailureKind
from llama_storage_tui.next_steps import Advice, Step

_DRIVERS: Final = frozenset({"asyncpg"})

_LOGIN_HELP = (
    "PostgreSQL gives the same answer for a wrong password, an unknown role and an expired password: check all three, and"
    " pg_hba.conf where the server is yours."
)

_STATEMENT_POOLING = (
    FailureKind.UNSUPPORTED,
    "The pooler runs in pool_mode = statement, which allows no transactions, and every read is one.",
    "Set pool_mode = transaction or session for this database in PgBouncer; a server's own driver begins transactions too.",
)
"""PgBouncer refuses BEGIN with 08P01, as it does everything, and closes the connection."""

_SQLSTATES: dict[str, network.Words] = {
    "28P01": (FailureKind.AUTHENTICATION, "The server refuses the role or its password.", _LOGIN_HELP),
    "28000": (
        FailureKind.AUTHENTICATION,
        "The server has no rule that lets this role in to this database from this address.",
        "Its pg_hba.conf has no matching line, asks for TLS, or the role may not log in.",
    ),
    "3D000": (
        FailureKind.UNKNOWN_DATABASE,
        "The server has no database of that name.",
        "Check the backend's `db`; its default changed from llamastack to ogx at 0.8.",
    ),
    "42501": (FailureKind.PERMISSION, "The role may not do that.", "Grant it CONNECT, USAGE and SELECT."),
    "53300": (
        FailureKind.TOO_MANY_CONNECTIONS,
        "The server has no free connection left.",
        "Compare the servers' pool sizes with max_connections, or put a pooler between.",
    ),
    "57014": (
        FailureKind.TIMEOUT,
        "The server cancelled the query: at a time limit, or because somebody cancelled it.",
        Advice("Try again, narrow it, or sort by the primary key.", Step.QUERY_LONGER),
    ),
    "42P01": (
        FailureKind.QUERY,
        "The table is gone: dropped or renamed since it was listed.",
        sql_failures.LIST_AGAIN,
    ),
    "42703": (
        FailureKind.QUERY,
        "A column is gone: dropped or renamed since it was listed.",
        sql_failures.LIST_AGAIN,
    ),
    "57P03": (
        FailureKind.UNREACHABLE,
        "The server is starting up, shutting down or recovering.",
        "Try again.",
    ),
    "55P03": (FailureKind.LOCKED, "Another session holds the table.", "Try again when it has finished."),
    "40001": (
        FailureKind.TIMEOUT,
        "The standby cancelled the query: it was in the way of changes from its primary.",
        "Try again, ask the primary, or raise max_standby_streaming_delay on the standby.",
    ),
    "25006": (FailureKind.READ_ONLY, "The session is read-only.", None),
    "08P01": (
        FailureKind.UNREACHABLE,
        "What answers there does not follow PostgreSQL's protocol.",
        "Check host and port: a pooler that refuses the database or the role answers like this too.",
    ),
}

_CONTENT_CLASSES = ("22", "54")
"""SQLSTATE classes of what a value can cause: data exceptions, and a document nested deeper than the server's stack allows."""


def translating(where: str) -> AbstractContextManager[None]:
    """Return what raises BackendError for whatever the driver raises inside; see `sql_failures.translating`."""
    return sql_failures.translating(where, drivers=_DRIVERS, translated=partial(translated, where=where))


def sqlstate_of(error: BaseException) -> str | None:
    """Return PostgreSQL's code of a driver exception, however it is wrapped; None where there is none."""
    code = getattr(sql_failures.unwrapped(error), "sqlstate", None)
    return code if isinstance(code, str) else None


def translated(error: BaseException, *, where: str) -> BackendError:
    """Return the error that an operator reads for the driver's exception, wrapped by SQLAlchemy or not."""
    inner = sql_failures.unwrapped(error)
    sqlstate = sqlstate_of(inner)
    if sqlstate is not None:
        return _of_postgres(sqlstate, inner, _said(inner), where)
    if isinstance(inner, OSError):
        return of_network(inner, where=where)
    return sql_failures.otherwise(error, where=where, is_closed=_is_closed(error, inner))


def _is_closed(error: BaseException, inner: BaseException) -> bool:
    """Tell whether a connection ended under a statement, which asyncpg says by its InterfaceError where no server said why."""
    if inner is not error:
        return sql_failures.is_invalidated(error)
    return type(inner).__name__ == "InterfaceError" and "closed" in str(inner)


def of_network(error: OSError, *, where: str) -> BackendError:
    """Return the error for a socket's exception."""
    if is_tls_refused(error):
        return BackendError(
            "The server does not offer TLS, and ssl_mode asks for it.",
            failure=FailureKind.TLS,
            where=where,
            help="Switch TLS on at the server, or choose ssl_mode prefer.",
        )
    return network.of_network(error, where=where)


def is_tls_refused(error: OSError) -> bool:
    """Tell whether the server said that it has no TLS; the driver tells that in words only."""
    return "rejected SSL" in str(error)


def _said(error: BaseException) -> tuple[str, str] | None:
    """Return the code and the words of the last message that a server sent; None where the driver made the error by itself.

    Where a server speaks and closes the connection, asyncpg raises an error of its own, and the server's is its cause.
    """
    found = None
    for each in network.causes(error):
        sent, words = sqlstate_of(each), getattr(each, "message", None)
        if sent is not None and isinstance(words, str) and isinstance(getattr(each, "severity", None), str):
            found = sent, next(iter(words.splitlines()), "")[:300].rstrip(".")
    return found


def _of_postgres(
    sqlstate: str, error: BaseException, said: tuple[str, str] | None, where: str
) -> BackendError:
    if said is not None and sqlstate.startswith("08"):
        sqlstate = said[0]
    known = _of_pooler(sqlstate, said) or _SQLSTATES.get(sqlstate)
    if known is None and sqlstate.startswith(("08", "57P")):
        known = sql_failures.CLOSED
        if said is not None:
            known = (
                sql_failures.CLOSED[0],
                f"{sql_failures.CLOSED[1].rstrip('.')}: {said[1]}.",
                sql_failures.CLOSED[2],
            )
    if known is None and sqlstate.startswith("28"):
        known = (FailureKind.AUTHENTICATION, "The server refuses the login.", _LOGIN_HELP)
    if known is None:
        words = sql_failures.first_line(error)
        known = (FailureKind.QUERY, f"The server refuses the query: {words} (SQLSTATE {sqlstate}).", None)
    kind, message, advice = known
    made = ContentError if sqlstate.startswith(_CONTENT_CLASSES) else BackendError
    return made(message, failure=kind, where=where, help=advice)


def _of_pooler(sqlstate: str, said: tuple[str, str] | None) -> network.Words | None:
    """Return what a pooler refuses with the one code that it has: what it says is all that tells."""
    if sqlstate != "08P01" or said is None:
        return None
    if "statement pooling mode" in said[1]:
        return _STATEMENT_POOLING
    kind, _, advice = _SQLSTATES[sqlstate]
    return kind, f"What answers there refuses the connection: {said[1]}.", advice
