"""Exceptions of drivers that SQLAlchemy wraps, or does not: what the engines with a dialect share in translating them.

Told apart by codes (SQLSTATE, SQLite's result code, errno), never by text where a code exists. A message never holds SQL text:
SQLAlchemy's own puts statement and parameters in, so only the driver's first line is ever used, and only where the server's words
say more than ours. Which code means what is each engine's own (`failures.py` of its package).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from llama_storage_tui.backends import network
from llama_storage_tui.errors import BackendError, ContentError, FailureKind

LIST_AGAIN: Final = "Go back and list the tables again."

CLOSED: Final[network.Words] = (
    FailureKind.UNREACHABLE,
    "The server closed the connection.",
    "Try again; see the server's log.",
)


@contextmanager
def translating(
    where: str, *, drivers: frozenset[str], translated: Callable[[Exception], BackendError]
) -> Iterator[None]:
    """Raise BackendError for whatever a driver raises inside, wrapped by SQLAlchemy or not; other exceptions pass.

    `drivers` are the packages whose exceptions are meant. SQLAlchemy 2.1.9 wraps what a driver raises while a statement begins,
    and nothing that asyncpg raises while the rows of `stream()` are fetched. The driver's exception is not shown as its cause: it
    repeats the statement and its parameters.
    """
    failure: BackendError
    try:
        yield
    except Exception as error:
        if not _is_of_driver(error, drivers):
            raise
        failure = _all_busy(where) if _is_from_sqlalchemy(error, "TimeoutError") else translated(error)
    else:
        return
    raise failure from None


def _is_of_driver(error: Exception, drivers: frozenset[str]) -> bool:
    """Tell whether an exception is a driver's, its encoding's or its socket's: known by the modules of its class."""
    if isinstance(error, OSError | UnicodeError):
        return True
    names = drivers | {"sqlalchemy"}
    return any(each.__module__.partition(".")[0] in names for each in type(error).__mro__)


def _is_from_sqlalchemy(error: BaseException, name: str) -> bool:
    """Tell whether an exception is SQLAlchemy's of that name: by its class, so that it need not be imported for it."""
    return any(each.__module__ == "sqlalchemy.exc" and each.__name__ == name for each in type(error).__mro__)


def _all_busy(where: str) -> BackendError:
    return BackendError(
        "All connections of this backend are busy.",
        failure=FailureKind.TIMEOUT,
        where=where,
        help="Cancel an export that still runs, or wait for it.",
    )


def unwrapped(error: BaseException) -> BaseException:
    """Return the driver's own exception."""
    found = getattr(error, "orig", None) if _is_from_sqlalchemy(error, "DBAPIError") else None
    return found if isinstance(found, BaseException) else error


def is_invalidated(error: BaseException) -> bool:
    """Tell whether SQLAlchemy gave a connection up because of what the driver raised."""
    return _is_from_sqlalchemy(error, "DBAPIError") and bool(getattr(error, "connection_invalidated", False))


def otherwise(error: BaseException, *, where: str, is_closed: bool) -> BackendError:
    """Return the error for an exception that has no code of the engine; `is_closed` where a connection ended under a statement."""
    inner = unwrapped(error)
    if isinstance(inner, OSError):
        return network.of_network(inner, where=where)
    if isinstance(inner, UnicodeDecodeError):
        return ContentError(
            "A row holds bytes that are not text in the database's encoding.",
            failure=FailureKind.QUERY,
            where=where,
        )
    if isinstance(inner, UnicodeEncodeError):
        return BackendError(
            "A stored name or value is not valid text.", failure=FailureKind.QUERY, where=where
        )
    if is_closed:
        return network.made(CLOSED, where)
    return BackendError(
        f"The driver failed ({type(inner).__name__}).", failure=FailureKind.QUERY, where=where
    )


def first_line(error: BaseException) -> str:
    """Return the server's own words, without the class name that the adapter puts in front of them."""
    line = next(iter(str(error).splitlines()), "")
    return line.rpartition("'>: ")[2][:300]
