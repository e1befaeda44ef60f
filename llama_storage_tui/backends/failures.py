"""Driver exceptions as errors that an operator understands, in one place.

Told apart by codes (SQLSTATE, SQLite's result code, errno), never by text where a code exists, and without importing a
driver. A message never holds SQL text: SQLAlchemy's own puts statement and parameters in, so only the driver's first line is
ever used, and only where the server's words say more than ours.
"""

from __future__ import annotations

import socket
import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from llama_storage_tui.errors import BackendError, ContentError, FailureKind
from llama_storage_tui.next_steps import Advice, Help, Step

_LOGIN_HELP = (
    "PostgreSQL gives the same answer for a wrong password, an unknown role and an expired password: check all three, and"
    " pg_hba.conf where the server is yours."
)

_CLOSED = (
    FailureKind.UNREACHABLE,
    "The server closed the connection.",
    "Try again; see the server's log.",
)

_STATEMENT_POOLING = (
    FailureKind.UNSUPPORTED,
    "The pooler runs in pool_mode = statement, which allows no transactions, and every read is one.",
    "Set pool_mode = transaction or session for this database in PgBouncer; a server's own driver begins transactions too.",
)
"""PgBouncer refuses BEGIN with 08P01, as it does everything, and closes the connection."""

_LIST_AGAIN = "Go back and list the tables again."

_SQLSTATES: dict[str, tuple[FailureKind, str, Help | None]] = {
    "28P01": (FailureKind.AUTHENTICATION, "The server refuses the role or its password.", _LOGIN_HELP),
    "28000": (
        FailureKind.AUTHENTICATION,
        "The server lets this role, database and address in under no rule.",
        "Its pg_hba.conf has no matching line, asks for TLS, or the role may not log in.",
    ),
    "3D000": (
        FailureKind.UNKNOWN_DATABASE,
        "The server has no database of that name.",
        "Check the backend's `db`; its default changed from llamastack to ogx with ogx 1.0.",
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
    "42P01": (FailureKind.QUERY, "The table is gone: dropped or renamed since it was listed.", _LIST_AGAIN),
    "42703": (FailureKind.QUERY, "A column is gone: dropped or renamed since it was listed.", _LIST_AGAIN),
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

_SQLITE_CODES: dict[int, tuple[FailureKind, str, str | None]] = {
    sqlite3.SQLITE_PERM: (FailureKind.PERMISSION, "The file may not be read.", "Check its owner and mode."),
    sqlite3.SQLITE_AUTH: (FailureKind.PERMISSION, "The file may not be read.", "Check its owner and mode."),
    sqlite3.SQLITE_BUSY: (
        FailureKind.LOCKED,
        "Another process holds the file.",
        "Try again; `details` names who has it open where that can be told.",
    ),
    sqlite3.SQLITE_LOCKED: (FailureKind.LOCKED, "Another process holds the file.", "Try again."),
    sqlite3.SQLITE_INTERRUPT: (FailureKind.TIMEOUT, "The query was stopped.", None),
    sqlite3.SQLITE_NOTADB: (
        FailureKind.NOT_A_DATABASE,
        "The file is no SQLite database, or it is encrypted.",
        "Check the backend's `db_path`.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        FailureKind.PERMISSION,
        "SQLite cannot open the file or one of its companions (-wal, -shm).",
        "Check that all of them are readable.",
    ),
    sqlite3.SQLITE_IOERR: (
        FailureKind.UNREACHABLE,
        "Reading the file failed.",
        "Check the disk or the mount.",
    ),
    sqlite3.SQLITE_FULL: (FailureKind.QUERY, "The disk has no room for a temporary sort.", None),
}

_CONTENT_CLASSES = ("22", "54")
"""SQLSTATE classes of what a value can cause: data exceptions, and a document nested deeper than the server's stack allows."""

_DRIVERS = frozenset({"asyncpg", "sqlalchemy", "sqlite3", "aiosqlite"})


class SaidDamagedError(BackendError):
    """SQLite called the file damaged, in these words, which it also does of sound files: the engine checks before it says so."""

    def __init__(self, words: str, *, where: str | None) -> None:
        super().__init__(
            f"SQLite refuses the query: {words}.", failure=FailureKind.NOT_A_DATABASE, where=where
        )
        self.words = words


HOT_JOURNAL = (
    "An interrupted write left a -journal beside the file: reading it would need a recovery, which changes the file.",
    (
        "Copy both files first, and read the copy. The next program that writes here, such as the server, undoes the interrupted"
        " write; where the file was replaced since then (a backup put back), the -journal does not belong to it, and undoing would"
        " damage it."
    ),
)


@contextmanager
def translating(where: str) -> Iterator[None]:
    """Raise BackendError for whatever a driver raises inside, wrapped by SQLAlchemy or not; other exceptions pass.

    SQLAlchemy 2.1.9 wraps what a driver raises while a statement begins, and nothing that asyncpg raises while the rows of
    `stream()` are fetched. The driver's exception is not shown as its cause: it repeats the statement and its parameters.
    """
    failure: BackendError
    try:
        yield
    except exc.TimeoutError:
        failure = BackendError(
            "All connections of this backend are busy.",
            failure=FailureKind.TIMEOUT,
            where=where,
            help="Cancel an export that still runs, or wait for it.",
        )
    except Exception as error:
        if not _is_of_driver(error):
            raise
        failure = translated(error, where=where)
    else:
        return
    raise failure from None


def _is_of_driver(error: Exception) -> bool:
    """Tell whether an exception is a driver's, its encoding's or its socket's: known by the modules of its class."""
    if isinstance(error, OSError | UnicodeError):
        return True
    return any(each.__module__.partition(".")[0] in _DRIVERS for each in type(error).__mro__)


def is_connection_lost(error: exc.DBAPIError) -> bool:
    """Tell whether a pooled connection turned out dead, so that a new one may answer."""
    return error.connection_invalidated


def sqlstate_of(error: BaseException) -> str | None:
    """Return PostgreSQL's code of a driver exception, however it is wrapped; None where there is none."""
    inner = error.orig if isinstance(error, exc.DBAPIError) else error
    code = getattr(inner, "sqlstate", None)
    return code if isinstance(code, str) else None


def translated(error: BaseException, *, where: str) -> BackendError:
    """Return the error that an operator reads for a driver's exception."""
    inner = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    sqlstate = sqlstate_of(inner)
    if sqlstate is not None:
        return _of_postgres(sqlstate, inner, _said(inner), where)
    if isinstance(inner, sqlite3.Error):
        return _of_sqlite(inner, where)
    if isinstance(inner, OSError):
        return of_network(inner, where=where)
    if isinstance(inner, UnicodeDecodeError):
        return ContentError(
            "A row holds bytes that are not text in the database's encoding.",
            failure=FailureKind.QUERY,
            where=where,
        )
    if isinstance(inner, UnicodeEncodeError):
        return BackendError("A name or value there is no valid text.", failure=FailureKind.QUERY, where=where)
    if _is_closed(error, inner):
        kind, message, advice = _CLOSED
        return BackendError(message, failure=kind, where=where, help=advice)
    return BackendError(
        f"The driver failed ({type(inner).__name__}).", failure=FailureKind.QUERY, where=where
    )


def _is_closed(error: BaseException, inner: BaseException) -> bool:
    """Tell whether a connection ended under a statement, which asyncpg says by its InterfaceError where no server said why."""
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated
    return type(inner).__name__ == "InterfaceError" and "closed" in str(inner)


def of_network(error: OSError, *, where: str) -> BackendError:
    """Return the error for a socket's exception."""
    kind, message, advice = _network_words(error)
    return BackendError(message, failure=kind, where=where, help=advice)


def is_tls_refused(error: OSError) -> bool:
    """Tell whether the server said that it has no TLS; the driver tells that in words only."""
    return "rejected SSL" in str(error)


def timed_out(seconds: float, *, where: str, doing: str) -> BackendError:
    """Return the error for a limit of our own that was reached."""
    return BackendError(
        f"No answer within {seconds:g} s while {doing}.",
        failure=FailureKind.TIMEOUT,
        where=where,
        help=Advice("Check host, port and firewalls.", Step.WAIT_LONGER)
        if doing == "connecting"
        else Advice("Narrow the query, or sort by the primary key.", Step.QUERY_LONGER),
    )


def _network_words(error: OSError) -> tuple[FailureKind, str, str | None]:
    match error:
        case socket.gaierror():
            return (
                FailureKind.UNKNOWN_HOST,
                "The host name is not known.",
                "Check its spelling and the DNS from here.",
            )
        case ssl.SSLCertVerificationError():
            return (
                FailureKind.TLS,
                f"The server's certificate is refused: {error.verify_message}.",
                "Check ca_cert_path, the name in the certificate, and its dates.",
            )
        case ssl.SSLError():
            return (
                FailureKind.TLS,
                f"TLS failed: {error.reason or 'handshake'}.",
                "Check ssl_mode and the server's TLS.",
            )
        case ConnectionRefusedError():
            return (
                FailureKind.UNREACHABLE,
                "The connection is refused: nothing listens there.",
                "Check host and port.",
            )
        case TimeoutError():
            return FailureKind.TIMEOUT, "The host does not answer.", "Check host, port and firewalls."
        case FileNotFoundError():
            return (
                FailureKind.UNREACHABLE,
                "There is no server socket in that directory.",
                "Check the directory, the port, and that the server runs.",
            )
        case PermissionError():
            return FailureKind.PERMISSION, "The socket may not be used.", "Check its owner and mode."
        case _ if is_tls_refused(error):
            return (
                FailureKind.TLS,
                "The server does not offer TLS, and ssl_mode asks for it.",
                "Switch TLS on at the server, or choose ssl_mode prefer.",
            )
        case _:
            return (
                FailureKind.UNREACHABLE,
                "The host cannot be reached, or it closed the connection.",
                "Check host, port, firewalls, and the server's log.",
            )


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what caused it, the nearest first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _said(error: BaseException) -> tuple[str, str] | None:
    """Return the code and the words of the last message that a server sent; None where the driver made the error by itself.

    Where a server speaks and closes the connection, asyncpg raises an error of its own, and the server's is its cause.
    """
    found = None
    for each in causes(error):
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
        known = _CLOSED
        if said is not None:
            known = (_CLOSED[0], f"{_CLOSED[1].rstrip('.')}: {said[1]}.", _CLOSED[2])
    if known is None and sqlstate.startswith("28"):
        known = (FailureKind.AUTHENTICATION, "The server refuses the login.", _LOGIN_HELP)
    if known is None:
        words = _first_line(error)
        known = (FailureKind.QUERY, f"The server refuses the query: {words} (SQLSTATE {sqlstate}).", None)
    kind, message, advice = known
    made = ContentError if sqlstate.startswith(_CONTENT_CLASSES) else BackendError
    return made(message, failure=kind, where=where, help=advice)


def _of_pooler(sqlstate: str, said: tuple[str, str] | None) -> tuple[FailureKind, str, Help | None] | None:
    """Return what a pooler refuses with the one code that it has: what it says is all that tells."""
    if sqlstate != "08P01" or said is None:
        return None
    if "statement pooling mode" in said[1]:
        return _STATEMENT_POOLING
    kind, _, advice = _SQLSTATES[sqlstate]
    return kind, f"What answers there refuses the connection: {said[1]}.", advice


def _of_sqlite(error: sqlite3.Error, where: str) -> BackendError:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_READONLY_ROLLBACK:
        return BackendError(HOT_JOURNAL[0], failure=FailureKind.LOCKED, where=where, help=HOT_JOURNAL[1])
    known = _SQLITE_CODES.get(code & 0xFF) if isinstance(code, int) else None
    is_corrupt = isinstance(code, int) and code & 0xFF == sqlite3.SQLITE_CORRUPT
    if is_corrupt and not str(error).startswith("malformed database schema"):
        return SaidDamagedError(str(error), where=where)
    if is_corrupt:
        # Said of a schema that this SQLite cannot parse, too: a newer one's syntax, a function or module that it lacks.
        known = (
            FailureKind.QUERY,
            "This program's SQLite cannot read the file's schema, which does not mean that the file is damaged.",
            "Run `PRAGMA quick_check` with the SQLite that the server uses; if that says ok, read the file with a newer Python.",
        )
    if known is None:
        words = _first_line(error)
        # SQLite has no code of its own for these.
        is_gone = words.startswith(("no such table", "no such column"))
        known = (
            FailureKind.QUERY,
            f"SQLite refuses the query: {words}.",
            _LIST_AGAIN if is_gone else None,
        )
    kind, message, advice = known
    return BackendError(message, failure=kind, where=where, help=advice)


def _first_line(error: BaseException) -> str:
    """Return the server's own words, without the class name that the adapter puts in front of them."""
    line = next(iter(str(error).splitlines()), "")
    return line.rpartition("'>: ")[2][:300]
