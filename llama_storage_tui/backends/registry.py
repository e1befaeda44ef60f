"""Which engine opens which target. A driver is imported when the first backend of its kind is opened, not before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, assert_never

from llama_storage_tui.backends.protocols import Reader, RoleLogin, RoleServer
from llama_storage_tui.backends.unsupported import UnsupportedReader
from llama_storage_tui.errors import FailureKind, RefusedError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import (
    LoginTarget,
    MongoTarget,
    PostgresTarget,
    SqliteTarget,
    Target,
    UnsupportedTarget,
)

PYMONGO_HELP: Final = "pip install 'llama-storage-tui[mongo]'"


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
            case MongoTarget():
                with _needing_pymongo():
                    from llama_storage_tui.backends.mongodb.reader import mongo_reader

                return mongo_reader(target, timeouts=limits)
            case UnsupportedTarget():
                return UnsupportedReader(target.reason)
            case _:
                assert_never(target)
    except RefusedError as refused:
        return UnsupportedReader(refused.message, failure=FailureKind.DRIVER_MISSING, help=refused.help)
    except ModuleNotFoundError as error:
        return UnsupportedReader(
            f"The driver is not installed: {error.name}.",
            failure=FailureKind.DRIVER_MISSING,
            help="Install the program again with its dependencies.",
        )


def open_role(target: LoginTarget, *, timeouts: Timeouts | None = None) -> RoleLogin:
    """Return the role of a target, which logs in with whatever password it is asked about. Holds nothing open.

    Raises RefusedError where the driver is an optional one and missing.
    """
    limits = timeouts or Timeouts()
    match target:
        case PostgresTarget():
            from llama_storage_tui.backends.postgres.role import PostgresRole

            return PostgresRole(target, timeouts=limits)
        case MongoTarget():
            with _needing_pymongo():
                from llama_storage_tui.backends.mongodb.role import MongoRole

            return MongoRole(target, timeouts=limits)
        case _:
            assert_never(target)


def open_role_server(target: LoginTarget, *, timeouts: Timeouts | None = None) -> RoleServer:
    """Return the role of a target with the right to change it: for a rotation that was confirmed, and nothing else.

    Raises RefusedError where the driver is an optional one and missing.
    """
    limits = timeouts or Timeouts()
    match target:
        case PostgresTarget():
            from llama_storage_tui.backends.postgres.role_change import PostgresRoleWriter

            return PostgresRoleWriter(target, timeouts=limits)
        case MongoTarget():
            with _needing_pymongo():
                from llama_storage_tui.backends.mongodb.role_change import MongoRoleWriter

            return MongoRoleWriter(target, timeouts=limits)
        case _:
            assert_never(target)


@contextmanager
def _needing_pymongo() -> Iterator[None]:
    """Raise RefusedError where pymongo is missing, or is older than its asynchronous client."""
    try:
        yield
    except ImportError:
        raise RefusedError(
            "MongoDB is spoken to with the optional driver pymongo (4.13 or newer), which is not installed",
            help=PYMONGO_HELP,
        ) from None
