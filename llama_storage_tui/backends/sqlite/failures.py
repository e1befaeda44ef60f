"""SQLite's result codes as errors that an operator understands."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from functools import partial
from typing import Final

from llama_storage_tui.backends import network, sql_failures
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.next_steps import Advice, Step

_DRIVERS: Final = frozenset({"sqlite3", "aiosqlite"})

_SQLITE_CODES: dict[int, network.Words] = {
    sqlite3.SQLITE_PERM: (FailureKind.PERMISSION, "The file may not be read.", "Check its owner and mode."),
    sqlite3.SQLITE_AUTH: (FailureKind.PERMISSION, "The file may not be read.", "Check its owner and mode."),
    sqlite3.SQLITE_BUSY: (
        FailureKind.LOCKED,
        "Another process holds the file.",
        Advice("Try again.", Step.SEE_HOLDERS),
    ),
    sqlite3.SQLITE_LOCKED: (FailureKind.LOCKED, "Another process holds the file.", "Try again."),
    sqlite3.SQLITE_INTERRUPT: (FailureKind.TIMEOUT, "The query was stopped.", None),
    sqlite3.SQLITE_NOTADB: (
        FailureKind.NOT_A_DATABASE,
        "The file is not a SQLite database, or it is encrypted.",
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


def translating(where: str) -> AbstractContextManager[None]:
    """Return what raises BackendError for whatever the driver raises inside; see `sql_failures.translating`."""
    return sql_failures.translating(where, drivers=_DRIVERS, translated=partial(translated, where=where))


def translated(error: BaseException, *, where: str) -> BackendError:
    """Return the error that an operator reads for the driver's exception."""
    inner = sql_failures.unwrapped(error)
    if isinstance(inner, sqlite3.Error):
        return _of_sqlite(inner, where)
    return sql_failures.otherwise(error, where=where, is_closed=sql_failures.is_invalidated(error))


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
        words = sql_failures.first_line(error)
        # SQLite has no code of its own for these.
        is_gone = words.startswith(("no such table", "no such column"))
        known = (
            FailureKind.QUERY,
            f"SQLite refuses the query: {words}.",
            sql_failures.LIST_AGAIN if is_gone else None,
        )
    return network.made(known, where)
