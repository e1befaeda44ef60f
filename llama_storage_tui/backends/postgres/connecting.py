"""One connection to PostgreSQL, from nothing but the target's own parameters.

asyncpg fills what is missing from PGHOST, PGPORT, PGUSER, PGPASSWORD, PGPASSFILE, ~/.pgpass, PGDATABASE, PGSSLMODE and its
companions, ~/.postgresql, PGTARGETSESSIONATTRS, PGKRBSRVNAME and PGGSSLIB (connect_utils.py). Each is given here, an absent
password as an empty one, so that none is ever looked up; PGSERVICE is only read together with a DSN.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final

import asyncpg

from llama_storage_tui.backends import network
from llama_storage_tui.backends.postgres import failures, tls
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.errors import BackendError, FailureKind

APPLICATION_NAME: Final = "llama-storage-tui"

AFTER_THE_PASSWORD: Final = frozenset({"InitPostgres", "InitializeSessionUserId", "CheckMyDatabase"})
"""Routines of the server that run once the password was right; measured on 15 and 18."""

_NO_RULE: Final = "28000"
"""No pg_hba.conf line lets this kind of connection in: the one login error that another kind may not get."""


@dataclass(frozen=True, slots=True)
class FailedConnection:
    """Why there is no connection: the error to show, and what the server called it.

    `routine` is the function of the server that reported it: the same SQLSTATE says another thing before and after the
    password was checked. Both are None where no server answered.
    """

    error: BackendError
    sqlstate: str | None = None
    routine: str | None = None
    is_worth_another: bool = False
    """Whether the other kind of connection, with or without TLS, may fare better."""


async def connect(target: PostgresTarget, *, seconds: float) -> asyncpg.Connection:
    """Return a connection; raises BackendError, after `seconds` seconds at the latest, name lookup and TLS included.

    The error is raised outside of any handler: the frames of a driver's traceback hold the password.
    """
    found = await try_to_connect(target, seconds=seconds)
    if isinstance(found, FailedConnection):
        raise found.error
    return found


async def try_to_connect(target: PostgresTarget, *, seconds: float) -> asyncpg.Connection | FailedConnection:
    """Return a connection, or why there is none; raises BackendError for a target that cannot be tried at all."""
    where = location(target)
    _refuse_incomplete(target, where)
    attempts = tls.plan(target.ssl_mode, target.ca_cert_path, host=target.host, where=where).attempts
    failed = FailedConnection(
        BackendError("No connection was tried.", failure=FailureKind.UNREACHABLE, where=where)
    )
    try:
        async with asyncio.timeout(seconds):
            for context in attempts:
                found = await _attempt(target, context, where)
                if isinstance(found, asyncpg.Connection):
                    return found
                failed = found
                if not failed.is_worth_another:
                    break
    except TimeoutError:
        failed = FailedConnection(network.timed_out(seconds, where=where, doing="connecting"))
    return failed


def location(target: PostgresTarget) -> str:
    """Return the target's place, without its credentials."""
    return f"postgresql://{target.host}:{target.port}/{target.database}"


def tls_of(connection: object) -> str | None:
    """Return protocol and cipher of our own link, `TLSv1.3 TLS_AES_256_GCM_SHA384`; None where it is plain.

    pg_stat_ssl would tell of the server's last leg, which behind a pooler is another link.
    """
    transport = getattr(connection, "_transport", None)  # asyncpg offers no other way to the socket
    found = None if transport is None else transport.get_extra_info("ssl_object")
    if not isinstance(found, ssl.SSLObject):
        return None
    cipher = found.cipher()
    return " ".join(part for part in (found.version(), cipher[0] if cipher else None) if part)


async def _attempt(
    target: PostgresTarget, context: ssl.SSLContext | None, where: str
) -> asyncpg.Connection | FailedConnection:
    try:
        return await asyncpg.connect(
            host=[target.host],
            port=[target.port],
            user=target.user,
            password=target.password.reveal() if target.password is not None else "",
            database=target.database,
            ssl=context or False,
            direct_tls=False,
            timeout=None,
            statement_cache_size=0,
            target_session_attrs="any",
            krbsrvname="postgres",
            gsslib="gssapi",
            server_settings={"application_name": APPLICATION_NAME},
        )
    except asyncpg.PostgresError as error:
        routine = getattr(error, "server_source_function", None)
        return FailedConnection(
            failures.translated(error, where=where),
            error.sqlstate,
            routine,
            # A role that may not log in gets the same code, but only after its password was right.
            is_worth_another=error.sqlstate == _NO_RULE and routine not in AFTER_THE_PASSWORD,
        )
    except OSError as error:
        is_refused = context is not None and failures.is_tls_refused(error)
        return FailedConnection(failures.of_network(error, where=where), is_worth_another=is_refused)
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError) as error:
        if network.is_of_name(error):
            return FailedConnection(network.of_network(error, where=where))
        return FailedConnection(
            BackendError(
                "What answers there is not a PostgreSQL server, or one that this program cannot talk to.",
                failure=FailureKind.UNREACHABLE,
                where=where,
                help="Check host and port.",
            )
        )


def _refuse_incomplete(target: PostgresTarget, where: str) -> None:
    missing = [
        name
        for name, value in (("host", target.host), ("db", target.database), ("user", target.user))
        if not value
    ]
    if not 0 < target.port < 65536:
        missing.append("port")
    if missing:
        raise BackendError(
            f"The backend has no usable {' and '.join(missing)}.",
            failure=FailureKind.UNRESOLVED,
            where=where,
            help="A server may fill it from PG* variables; this program never reads those.",
        )
