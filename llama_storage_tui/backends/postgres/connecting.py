"""One connection to PostgreSQL, from nothing but the target's own parameters.

asyncpg fills what is missing from PGHOST, PGPORT, PGUSER, PGPASSWORD, PGPASSFILE, ~/.pgpass, PGDATABASE, PGSSLMODE and its
companions, ~/.postgresql, PGTARGETSESSIONATTRS, PGKRBSRVNAME and PGGSSLIB (connect_utils.py). Each is given here, an absent
password as an empty one, so that none is ever looked up; PGSERVICE is only read together with a DSN.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

import asyncpg

from llama_storage_tui.backends import failures
from llama_storage_tui.backends.postgres import tls
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.target import PostgresTarget

APPLICATION_NAME: Final = "llama-storage-tui"

_NO_RULE: Final = "28000"
"""No pg_hba.conf line lets this kind of connection in: the one login error that another kind may not get."""


async def connect(target: PostgresTarget, *, seconds: float) -> asyncpg.Connection:
    """Return a connection; raises BackendError, after `seconds` seconds at the latest, name lookup and TLS included.

    The error is raised outside of any handler: the frames of a driver's traceback hold the password.
    """
    where = location(target)
    _refuse_incomplete(target, where)
    attempts = tls.plan(target.ssl_mode, target.ca_cert_path, host=target.host, where=where).attempts
    failure: BackendError | None = None
    try:
        async with asyncio.timeout(seconds):
            for context in attempts:
                found = await _attempt(target, context, where)
                if isinstance(found, asyncpg.Connection):
                    return found
                failure, is_worth_another = found
                if not is_worth_another:
                    break
    except TimeoutError:
        failure = failures.timed_out(seconds, where=where, doing="connecting")
    if failure is None:
        failure = BackendError("No connection was tried.", failure=FailureKind.UNREACHABLE, where=where)
    raise failure


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
) -> asyncpg.Connection | tuple[BackendError, bool]:
    """Try once; return the connection, or the error with whether the other kind of connection may fare better."""
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
        return failures.translated(error, where=where), error.sqlstate == _NO_RULE
    except OSError as error:
        is_refused = context is not None and failures.is_tls_refused(error)
        return failures.of_network(error, where=where), is_refused
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError):
        return (
            BackendError(
                "What answers there is no PostgreSQL server, or one that this program cannot talk to.",
                failure=FailureKind.UNREACHABLE,
                where=where,
                help="Check host and port.",
            ),
            False,
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
