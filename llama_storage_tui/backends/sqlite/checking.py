"""Whether a file that SQLite calls damaged is: it says so of a function that it forbids, or a broken virtual table, too."""

from __future__ import annotations

import sqlite3
from typing import Final

from llama_storage_tui.backends.sqlite.failures import SaidDamagedError
from llama_storage_tui.backends.sqlite.in_thread import PlainConnection
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.text import line

SECONDS: Final = 10.0
"""How long a check may take where queries have no time limit."""

_LONGEST: Final = 200
_DAMAGED: Final = "Stop the server and copy the file with its -wal. Restore a backup, or try `.recover` on the copy: what it"
" finds may lack rows."
_UNSURE: Final = (
    "Stop the server, copy the file with its -wal, and run `PRAGMA quick_check` on the copy. Only where that does not say ok:"
    " restore a backup, or try `.recover` on the copy."
)
_SOUND: Final = (
    "Restore nothing. The cause is what that query reads beside the tables: a virtual table, or a function in the schema that this"
    " program's SQLite lacks or forbids. Try the query with the SQLite that the server uses."
)


async def quick_check(connection: PlainConnection) -> str | None:
    """Check the whole file; return the first problem, None where there is none. A file too damaged to be checked is a problem."""
    try:
        found = await connection.execute_fetchall("PRAGMA quick_check(1)")
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF != sqlite3.SQLITE_CORRUPT or str(error).startswith("malformed database schema"):
            raise
        return "it cannot be read to its end"
    text = "\n".join(str(each[0]) for each in found)
    return None if text == "ok" else line(text.rpartition("***\n")[2], _LONGEST)


def judged(said: SaidDamagedError, problem: str | None) -> BackendError:
    """Return what an operator reads of a file that SQLite called damaged and that was checked since."""
    if problem is None:
        return BackendError(
            f"SQLite refuses the query ({said.words}), but the file is sound: PRAGMA quick_check, run just now, says ok.",
            failure=FailureKind.QUERY,
            where=said.where,
            help=_SOUND,
        )
    return BackendError(
        f"The file is damaged: SQLite says so ({said.words}), and PRAGMA quick_check, run just now, confirms it ({problem}).",
        failure=FailureKind.NOT_A_DATABASE,
        where=said.where,
        help=_DAMAGED,
    )


def unchecked(said: SaidDamagedError, why: str) -> BackendError:
    """Return what an operator reads of a file that SQLite called damaged and that could not be checked."""
    return BackendError(
        f"SQLite refuses the query ({said.words}). Whether the file is damaged is not known: PRAGMA quick_check {why}.",
        failure=FailureKind.NOT_A_DATABASE,
        where=said.where,
        help=_UNSURE,
    )
