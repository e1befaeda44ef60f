"""One connection to PostgreSQL, from nothing but the target's own parameters.

asyncpg fills what is missing from PGHOST, PGPORT, PGUSER, PGPASSWORD, PGPASSFILE, ~/.pgpass, PGDATABASE, PGSSLMODE and its
companions, ~/.postgresql, PGTARGETSESSIONATTRS, PGKRBSRVNAME and PGGSSLIB (connect_utils.py). Each is given here, an absent
password as an empty one, so that none is ever looked up; PGSERVICE is only read together with a DSN.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import asyncpg

from llama_storage_tui.backends import network
from llama_storage_tui.backends.postgres import failures, tls
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.postgres.uri import ANY
from llama_storage_tui.backends.program_name import SESSION_NAME
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.limits import Timeouts

AFTER_THE_PASSWORD: Final = frozenset({"InitPostgres", "InitializeSessionUserId", "CheckMyDatabase"})
"""Routines of the server that run once the password was right; measured on 15 and 18."""

_NO_RULE: Final = "28000"
"""No pg_hba.conf line lets this kind of connection in: the one login error that another kind may not get."""
_NOT_NOW: Final = "57P03"
"""Starting up, shutting down or recovering: the one answer of a server after which asyncpg tries the next host."""
_ROUNDS: Final = {"prefer-standby": ("standby", ANY)}
"""What is looked for, one after the other, where a word of target_session_attrs means more than one."""


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
    is_of_host: bool = False
    """Whether another host of the same database may fare better: this one was not reached, or is not of the kind asked for."""


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
    _refuse_incomplete(target, target.location)
    failed: list[FailedConnection] = []
    try:
        async with asyncio.timeout(seconds):
            for kind in _ROUNDS.get(target.session.kind, (target.session.kind,)):
                failed = []
                for host in target.each_host:
                    found = await _try_host(host, kind)
                    if isinstance(found, asyncpg.Connection):
                        return found
                    failed.append(found)
                    if not found.is_of_host:
                        return found
    except TimeoutError:
        return FailedConnection(network.timed_out(seconds, where=target.location, doing="connecting"))
    return failed[0] if len(failed) == 1 else _of_all(target, failed)


async def _try_host(target: PostgresTarget, kind: str) -> asyncpg.Connection | FailedConnection:
    """Connect in one of the ways that the target's ssl_mode allows: there is one at least."""
    found: asyncpg.Connection | FailedConnection
    for context in tls.attempts_of(target, target.location):
        found = await _attempt(target, kind, context, target.location)
        if isinstance(found, asyncpg.Connection) or not found.is_worth_another:
            break
    return found


def _of_all(target: PostgresTarget, failed: list[FailedConnection]) -> FailedConnection:
    """Return why none of several hosts is connected to; what the server called the last refusal stays with it."""
    places = (one.place for one in target.each_host)
    each = "; ".join(
        f"{place}: {one.error.message.rstrip('.')}" for place, one in zip(places, failed, strict=True)
    )
    last = failed[-1]
    error = BackendError(
        f"None of the {len(failed)} hosts of the connection_string can be used. {each}.",
        failure=last.error.failure,
        where=target.location,
        help=last.error.help,
    )
    return replace(last, error=error)


async def close_quietly(connection: asyncpg.Connection) -> None:
    """Close a connection, whatever became of it."""
    try:
        await connection.close(timeout=1)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        connection.terminate()


class HeldConnection:
    """A connection that is made for the first question, and held until `close`: what reads and writes whole tables has one."""

    def __init__(self, target: PostgresTarget, timeouts: Timeouts) -> None:
        self._target = target
        self._timeouts = timeouts
        self._where = target.location
        self._held: asyncpg.Connection | None = None

    async def _opened(self, connection: asyncpg.Connection) -> None:
        """Begin with a new connection; nothing need be done."""

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[asyncpg.Connection]:
        """Give the connection; raises BackendError for whatever the driver raises inside."""
        with failures.translating(self._where):
            if self._held is None:
                self._held = await connect(self._target, seconds=self._timeouts.connect)
                await self._opened(self._held)
            yield self._held

    async def close(self) -> None:
        """End the session, which rolls back what is not committed."""
        connection, self._held = self._held, None
        if connection is not None:
            await close_quietly(connection)


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
    target: PostgresTarget, kind: str, context: ssl.SSLContext | None, where: str
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
            target_session_attrs=kind,
            krbsrvname="postgres",
            gsslib="gssapi",
            server_settings={**dict(target.session.settings), "application_name": SESSION_NAME},
        )
    except asyncpg.PostgresError as error:
        routine = getattr(error, "server_source_function", None)
        return FailedConnection(
            failures.translated(error, where=where),
            error.sqlstate,
            routine,
            # A role that may not log in gets the same code, but only after its password was right.
            is_worth_another=error.sqlstate == _NO_RULE and routine not in AFTER_THE_PASSWORD,
            is_of_host=error.sqlstate == _NOT_NOW,
        )
    except OSError as error:
        is_refused = context is not None and failures.is_tls_refused(error)
        found = failures.of_network(error, where=where)
        return FailedConnection(found, is_worth_another=is_refused, is_of_host=True)
    except asyncpg.TargetServerAttributeNotMatched:
        return FailedConnection(
            BackendError(
                f"The server is not what target_session_attrs={kind} asks for.",
                failure=FailureKind.READ_ONLY,
                where=where,
                help="Name the host of such a server in the connection_string, or leave the option out.",
            ),
            is_of_host=True,
        )
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError) as error:
        if network.is_of_name(error):
            return FailedConnection(network.of_network(error, where=where), is_of_host=True)
        return FailedConnection(
            BackendError(
                "What answers there is not a PostgreSQL server, or one that this program cannot talk to.",
                failure=FailureKind.UNREACHABLE,
                where=where,
                help="Check host and port.",
            )
        )


def _refuse_incomplete(target: PostgresTarget, where: str) -> None:
    hosts = all(host for host, _ in target.seeds)
    missing = [
        name for name, value in (("host", hosts), ("db", target.database), ("user", target.user)) if not value
    ]
    if not all(0 < port < 65536 for _, port in target.seeds):
        missing.append("port")
    if missing:
        raise BackendError(
            f"The backend has no usable {' and '.join(missing)}.",
            failure=FailureKind.UNRESOLVED,
            where=where,
            help="A server may fill it from PG* variables; this program never reads those.",
        )
