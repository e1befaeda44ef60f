"""Which engine opens which target. A driver is imported when the first backend of its kind is opened, not before."""

from __future__ import annotations

from typing import assert_never

from llama_storage_tui.backends.protocols import Reader, RoleLogin, RoleServer
from llama_storage_tui.backends.unsupported import UnsupportedReader
from llama_storage_tui.errors import FailureKind
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import (
    LoginTarget,
    PostgresTarget,
    SqliteTarget,
    Target,
    UnsupportedTarget,
)


def open_reader(target: Target, *, timeouts: Timeouts | None = None) -> Reader:
    """Return a reader of a target, which connects on its first question. Whoever opens it closes it.

    Never raises: what cannot be opened is a reader that says so.
    """
    limits = timeouts or Timeouts()
    try:
        match target:
            case SqliteTarget(is_memory=True):
                return UnsupportedReader(
                    "A database in memory lives in the server's own process: there is no file to look into.",
                    help="Give the backend a db_path if its rows should outlive the server.",
                )
            case SqliteTarget():
                from llama_storage_tui.backends.sqlite.reader import sqlite_reader

                return sqlite_reader(target, timeouts=limits)
            case PostgresTarget():
                from llama_storage_tui.backends.postgres.reader import postgres_reader

                return postgres_reader(target, timeouts=limits)
            case UnsupportedTarget():
                return UnsupportedReader(target.reason)
            case _:
                assert_never(target)
    except ModuleNotFoundError as error:
        return UnsupportedReader(
            f"The driver is not installed: {error.name}.",
            failure=FailureKind.DRIVER_MISSING,
            help="Install the program again with its dependencies.",
        )


def open_role(target: LoginTarget, *, timeouts: Timeouts | None = None) -> RoleLogin:
    """Return the role of a target, which logs in with whatever password it is asked about. Holds nothing open."""
    from llama_storage_tui.backends.postgres.role import PostgresRole

    return PostgresRole(target, timeouts=timeouts or Timeouts())


def open_role_server(target: LoginTarget, *, timeouts: Timeouts | None = None) -> RoleServer:
    """Return the role of a target with the right to change it: for a rotation that was confirmed, and nothing else."""
    from llama_storage_tui.backends.postgres.role_change import PostgresRoleWriter

    return PostgresRoleWriter(target, timeouts=timeouts or Timeouts())
