"""One role on one PostgreSQL server: whether a password logs in, and what the server says about the role.

Reading only. Every question opens a connection of its own, since it is the login that is asked about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import asyncpg

from llama_storage_tui.backends.postgres import failures, role_rules
from llama_storage_tui.backends.postgres.asking import ask
from llama_storage_tui.backends.postgres.connecting import (
    AFTER_THE_PASSWORD,
    FailedConnection,
    close_quietly,
    try_to_connect,
)
from llama_storage_tui.backends.postgres.stored_form import stored_form
from llama_storage_tui.backends.postgres.target import PLAIN_SESSION, PostgresTarget
from llama_storage_tui.backends.program_name import SESSION_NAME
from llama_storage_tui.backends.protocols import RoleLogin
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import LoginAnswer, LoginState, RoleFacts, RoleSession, StoredForm
from llama_storage_tui.secrets import Secret

_WRONG_PASSWORD: Final = "28P01"  # noqa: S105 - an SQLSTATE
_FACTS: Final = """
    SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
           r.oid::bigint AS role_oid, session_user::text AS session_user, current_user::text AS current_user,
           pg_postmaster_start_time()::text AS started, pg_is_in_recovery() AS is_replica,
           current_setting('default_transaction_read_only') = 'on' AS is_read_only, r.rolsuper AS is_superuser,
           coalesce(nullif(current_setting('scram_iterations', true), ''), '4096')::int AS scram_iterations,
           pg_backend_pid() AS pid, r.rolvaliduntil::text AS valid_until, nullif(r.rolconnlimit, -1) AS connection_limit,
           (SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL)::int AS connections,
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
             - coalesce(current_setting('reserved_connections', true), '0')::int AS maximum_connections
      FROM pg_roles r WHERE r.rolname = session_user
"""
"""The fields of `PostgresAnswer`, and `pid`. Servers before 16 have no setting of iterations, and 4096."""
_SESSIONS: Final = """
    SELECT pid, application_name, client_addr::text AS client, datname::text AS database, backend_start
      FROM pg_stat_activity
     WHERE usename = session_user AND datname IS NOT NULL AND application_name IS DISTINCT FROM $1
     ORDER BY backend_start, pid
"""


class PostgresRole(RoleLogin):
    """A role at one address."""

    def __init__(self, target: PostgresTarget, timeouts: Timeouts) -> None:
        self.where = target.location
        self._target = replace(target, session=PLAIN_SESSION)
        self._timeouts = timeouts

    async def login(self, password: Secret) -> LoginAnswer:
        """Try one password; says nothing but what the answer means."""
        try:
            found = await self._connect(password)
        except BackendError as error:
            return LoginAnswer(LoginState.UNKNOWN, error.message)
        if isinstance(found, FailedConnection):
            return LoginAnswer(_state(found), found.error.message)
        await close_quietly(found)
        return LoginAnswer(LoginState.ACCEPTED)

    async def stored_form(self) -> StoredForm | None:
        """Begin a login without a password, and see what the server asks for."""
        return await stored_form(self._target, seconds=self._timeouts.connect)

    async def describe(self, password: Secret) -> RoleFacts:
        """Log in and read what there is to know; raises BackendError."""
        found = await self._connect(password)
        if isinstance(found, FailedConnection):
            raise found.error
        failure: BackendError
        try:
            return await self._facts(found)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            failure = failures.translated(error, where=self.where)
        finally:
            await close_quietly(found)
        raise failure

    async def _facts(self, connection: asyncpg.Connection) -> RoleFacts:
        async def asked(
            connection: asyncpg.Connection,
        ) -> tuple[asyncpg.Record | None, list[asyncpg.Record]]:
            return await connection.fetchrow(_FACTS), await connection.fetch(_SESSIONS, SESSION_NAME)

        facts, sessions = await ask(connection, asked, seconds=self._timeouts.query, where=self.where)
        if facts is None:
            raise BackendError(
                "The server does not know the role that it let in.",
                failure=FailureKind.QUERY,
                where=self.where,
            )
        told = dict(facts)
        # A pooler greets with a process number of its own.
        is_pooled = connection.get_server_pid() != told.pop("pid")
        answer = role_rules.PostgresAnswer(
            **told, user=self._target.user, is_pooled=is_pooled, sessions=len(sessions)
        )
        return RoleFacts(
            system_identifier=answer.system_identifier,
            role_oid=answer.role_oid,
            started=answer.started,
            is_replica=answer.is_replica,
            is_read_only=answer.is_replica or answer.is_read_only,
            checks=tuple(role_rules.checks(answer)),
            strategy=role_rules.strategy(answer),
            steps=role_rules.STEPS,
            privileges=role_rules.privileges(answer),
            unchecked=role_rules.UNCHECKED,
            scram_iterations=answer.scram_iterations,
            connections=(answer.connections, answer.maximum_connections),
            sessions=tuple(
                RoleSession(pid, name or "", client, database, started)
                for pid, name, client, database, started in sessions
            ),
        )

    async def _connect(self, password: Secret) -> asyncpg.Connection | FailedConnection:
        return await try_to_connect(replace(self._target, password=password), seconds=self._timeouts.connect)


def _state(failed: FailedConnection) -> LoginState:
    """Tell what a failed login says about the password: by code and routine, since messages are localised."""
    if failed.sqlstate == _WRONG_PASSWORD:
        return LoginState.REFUSED
    if failed.sqlstate is not None and failed.routine in AFTER_THE_PASSWORD:
        return LoginState.ACCEPTED
    return LoginState.UNKNOWN
