"""Statements for the test server by its own client library, in this process: a psql for each would start a program."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL, c_char_p, c_int, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, Final

_ROWS: Final = 2
_FAILED: Final = 7
_POINTERS: Final = ("PQconnectdb", "PQgetResult")
_TEXTS: Final = ("PQerrorMessage", "PQresultErrorMessage", "PQgetvalue")


class StatementError(Exception):
    """The server refused a connection or a statement; the message is its own."""


def ask(folder: Path, settings: str, sql: str) -> str:
    """Run statements as one message, as `psql -c` does.

    Args:
        folder: where the library is.
        settings: how to connect, as libpq writes it.
        sql: the statements.

    Returns:
        The rows of all results, a line each, with `|` between values and nothing for NULL.

    Raises:
        StatementError: what the server refused.
    """
    library = _library(folder)
    with _connected(library, settings) as connection:
        if not library.PQsendQuery(connection, sql.encode()):
            raise StatementError(_said(library.PQerrorMessage(connection)))
        lines: list[str] = []
        failure: str | None = None
        while result := _next_result(library, connection):
            status = library.PQresultStatus(result)
            if status == _ROWS:
                lines += _rows(library, result)
            elif status == _FAILED:
                failure = failure or _said(library.PQresultErrorMessage(result))
            library.PQclear(result)
    if failure is not None:
        raise StatementError(failure)
    return "\n".join(lines)


@cache
def _library(folder: Path) -> Any:  # noqa: ANN401 - functions of C
    (found, *_) = [*folder.glob("libpq.so.5"), *folder.glob("libpq.5.dylib")]
    library = CDLL(str(found))
    for name in _POINTERS:
        getattr(library, name).restype = c_void_p
    for name in _TEXTS:
        getattr(library, name).restype = c_char_p
    one = ("PQgetResult", "PQstatus", "PQerrorMessage", "PQsocket", "PQconsumeInput", "PQisBusy", "PQfinish")
    of_result = ("PQresultStatus", "PQresultErrorMessage", "PQntuples", "PQnfields", "PQclear")
    for name in (*one, *of_result):
        getattr(library, name).argtypes = [c_void_p]
    library.PQconnectdb.argtypes = [c_char_p]
    library.PQsendQuery.argtypes = [c_void_p, c_char_p]
    library.PQgetvalue.argtypes = [c_void_p, c_int, c_int]
    return library


@contextmanager
def _connected(library: Any, settings: str) -> Iterator[int]:  # noqa: ANN401 - functions of C
    connection = library.PQconnectdb(settings.encode())
    try:
        if library.PQstatus(connection):
            raise StatementError(_said(library.PQerrorMessage(connection)))
        yield connection
    finally:
        library.PQfinish(connection)


def _next_result(library: Any, connection: int) -> int | None:  # noqa: ANN401 - functions of C
    # Waited for here and not in C, where a signal (of a test that takes too long) would be heard of only afterwards.
    while library.PQisBusy(connection):
        select.select([library.PQsocket(connection)], [], [])
        if not library.PQconsumeInput(connection):
            break
    found: int | None = library.PQgetResult(connection)
    return found


def _rows(library: Any, result: int) -> Iterator[str]:  # noqa: ANN401 - functions of C
    columns = range(library.PQnfields(result))
    for row in range(library.PQntuples(result)):
        yield "|".join(library.PQgetvalue(result, row, column).decode() for column in columns)


def _said(message: bytes) -> str:
    return message.decode(errors="replace").strip()
