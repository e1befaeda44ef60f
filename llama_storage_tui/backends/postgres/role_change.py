"""Changing a role's own password, so that nobody is ever locked out by a crash or by a second operator.

One explicit transaction: the ALTER first, which holds the role's row against every rival in the whole cluster; then the old
password must still log in on a fresh connection, as it does until COMMIT and would not had somebody else changed it; then COMMIT,
as a message of its own. A client that dies before that message has changed nothing, whatever the server still runs for it.
"""

from __future__ import annotations

import asyncio
from typing import Final, final

import asyncpg

from llama_storage_tui.backends.postgres import failures
from llama_storage_tui.backends.postgres.connecting import FailedConnection, close_quietly
from llama_storage_tui.backends.postgres.role import PostgresRole
from llama_storage_tui.backends.postgres.verifier import MD5, PATTERN
from llama_storage_tui.backends.protocols import Notify, RoleServer
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.rotation import CommitState, LoginState, RoleChange
from llama_storage_tui.secrets import Secret

LOCK_CLASS: Final = 0x6C7374
"""First half of the advisory lock's key ("lst"); the role's OID is the other. It names a holder and decides nothing."""

_LIMITS: Final = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '15s'"
_DURABLE: Final = """
    SELECT set_config('synchronous_commit',
                      CASE current_setting('synchronous_commit') WHEN 'off' THEN 'local'
                      ELSE current_setting('synchronous_commit') END, true)
"""
"""With synchronous_commit off a server that crashes right after COMMIT has the old password again, and no file has it."""
_WHO: Final = """
    SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
           (SELECT oid::bigint FROM pg_roles WHERE rolname = session_user) AS role_oid,
           session_user = current_user AS is_itself, quote_ident(session_user) AS quoted,
           pg_try_advisory_xact_lock($1::int, (SELECT oid FROM pg_roles WHERE rolname = session_user)::bigint::bit(32)::int)
             AS is_locked
"""
_COMMIT_SECONDS: Final = 15.0
_ANSWER_SECONDS: Final = 20.0
"""Longer than the server's own limits: for a network that is gone. Before COMMIT giving up changes nothing."""


@final
class PostgresRoleWriter(PostgresRole, RoleServer):
    """A role that can be changed; only `registry.open_role_server` makes one."""

    async def change(self, change: RoleChange, notify: Notify) -> CommitState:
        """Set the role's password to a SCRAM verifier, or to an md5 hash where that is what the change holds.

        Raises RefusedError where nothing was changed; returns UNKNOWN where the answer to COMMIT got lost.
        """
        if not PATTERN.fullmatch(change.verifier) and not MD5.fullmatch(change.verifier):
            raise RefusedError("The verifier is malformed; PostgreSQL would store it as a password")
        connection = await self._open(change.old)
        try:
            transaction = connection.transaction()
            quoted = await self._prepare(connection, transaction, change.identity)
            notify("connected")
            # The verifier's alphabet needs no quoting, which the pattern has made sure of.
            await self._run(connection, f"ALTER ROLE {quoted} PASSWORD '{change.verifier}'")
            notify("altered")
            await self._check_old(change.old)
            notify("old-checked")
            return await self._commit(transaction, notify)
        finally:
            await close_quietly(connection)

    async def settle(self, change: RoleChange) -> CommitState:
        """Return COMMITTED: what a COMMIT was answered for is on disk, which `_DURABLE` sees to."""
        del change
        return CommitState.COMMITTED

    async def hold(self, password: Secret, *, identity: tuple[str, int]) -> None:
        """Take the lock that an unfinished change would hold, and let it go; raises RefusedError where it is held."""
        connection = await self._open(password)
        try:
            await self._prepare(connection, connection.transaction(), identity)
        finally:
            await close_quietly(connection)

    async def _open(self, password: Secret) -> asyncpg.Connection:
        found = await self._connect(password)
        if isinstance(found, FailedConnection):
            raise RefusedError(found.error.message, where=self.where, help=found.error.help)
        return found

    async def _prepare(
        self,
        connection: asyncpg.Connection,
        transaction: asyncpg.transaction.Transaction,
        identity: tuple[str, int],
    ) -> str:
        """Begin, take the advisory lock, and return the role's name as SQL writes it."""
        failure: RefusedError | None = None
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await transaction.start()
                await connection.execute(_LIMITS)
                await connection.execute(_DURABLE)
                who = await connection.fetchrow(_WHO, LOCK_CLASS)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            failure = self._refused(error)
            who = None
        if failure is not None:
            raise failure
        if who is None or (who["system_identifier"], who["role_oid"]) != identity or not who["is_itself"]:
            raise RefusedError(
                "This is another server or another role than the plan was made for; nothing was changed",
                where=self.where,
                help="Make a new plan.",
            )
        if not who["is_locked"]:
            raise RefusedError(
                "Another session is changing this role's password",
                where=self.where,
                help="Wait for it, then look again.",
            )
        return str(who["quoted"])

    async def _run(self, connection: asyncpg.Connection, statement: str) -> None:
        failure: RefusedError | None = None
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await connection.execute(statement)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            failure = self._refused(error)
        if failure is not None:
            raise failure

    async def _check_old(self, old: Secret) -> None:
        answer = await self.login(old)
        if answer.state is not LoginState.ACCEPTED:
            raise RefusedError(
                "The old password no longer logs in, or that could not be determined: somebody else may have changed it;"
                f" nothing was changed ({answer.message})",
                where=self.where,
                help="Ask who else changes this role's password, and make a new plan.",
            )

    async def _commit(self, transaction: asyncpg.transaction.Transaction, notify: Notify) -> CommitState:
        try:
            async with asyncio.timeout(_COMMIT_SECONDS):
                await transaction.commit()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            return CommitState.UNKNOWN
        notify("committed")
        return CommitState.COMMITTED

    def _refused(self, error: BaseException) -> RefusedError:
        """Return the sentence without the driver's exception, which repeats the statement."""
        code = failures.sqlstate_of(error)
        if code == "XX000":
            return RefusedError(
                "Somebody else has just changed this role; nothing was changed here",
                where=self.where,
                help="Look again.",
            )
        if code in ("55P03", "57014"):
            return RefusedError(
                "Another transaction holds this role; nothing was changed",
                where=self.where,
                help="Wait for it.",
            )
        found = failures.translated(error, where=self.where)
        return RefusedError(f"{found.message} Nothing was changed.", where=self.where, help=found.help)
