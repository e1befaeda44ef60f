"""Changing a MongoDB user's own password.

`updateUser` is one atomic command. There is no transaction around it, no lock, and no way to make it depend on the old password;
what PostgreSQL's transaction does is therefore done by order and by logins: the old password logs in on a fresh connection, the
command follows on that very connection, and whoever asked logs in with the new one afterwards. Where two operators pass each
other in that moment the later command counts, and the earlier one's new password does not log in, which its verification sees.

The server digests the password itself (SCRAM-SHA-256 has no other way: documentation of `updateUser`, `digestPassword`), so that
it is sent as it is. The driver and the server keep it out of their logs; the wire keeps nothing without TLS.

Writes a majority has not confirmed can be rolled back after a failover: then the old password counts again. So a change is
finished only when a majority has it, and `settle` asks for that again where it was not heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, final

from bson.errors import BSONError
from pymongo.errors import PyMongoError

from llama_storage_tui.backends.mongodb import failures, role_rules
from llama_storage_tui.backends.mongodb.connecting import Answer, Client, FailedMongoConnection, ask
from llama_storage_tui.backends.mongodb.role import MongoRole, is_changing
from llama_storage_tui.backends.protocols import Notify, RoleServer
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.rotation import CommitState, LoginState, RoleChange
from llama_storage_tui.next_steps import Advice, Help, Step
from llama_storage_tui.secrets import Secret

_ANSWER_SECONDS: Final = role_rules.MAJORITY_SECONDS + 5.0
"""Longer than the server's own limit: for a network that is gone."""
_LANDING_SECONDS: Final = 1.0
"""How long a command that a dead client has sent may still lie in the server's buffers."""
_NOT_DONE: Final = frozenset(
    {failures.UNAUTHORIZED, failures.USER_NOT_FOUND, failures.ATLAS, 2, 9, 14, 59, *failures.NOT_PRIMARY}
)
"""Answers to `updateUser` after which nothing was changed: the rest, a majority that did not confirm among them, prove nothing."""


@final
class MongoRoleWriter(MongoRole, RoleServer):
    """A user that can be changed; only `registry.open_role_server` makes one."""

    async def change(self, change: RoleChange, notify: Notify) -> CommitState:
        """Set the user's password.

        Raises RefusedError where nothing was changed; returns UNKNOWN where the answer got lost or a majority did not confirm.
        """

        async def question(client: Client) -> CommitState:
            await self._check(client, change.identity)
            notify("old-checked")
            found = await self._update(client, change.new)
            if found is CommitState.COMMITTED:
                notify("committed")
            elif not isinstance(found, CommitState):
                raise self._refusal(found)
            return found

        return await self._ask(change.old, question)

    async def settle(self, change: RoleChange) -> CommitState:
        """Set the same password again, which a majority confirms together with everything before it.

        COMMITTED also where the server does not let the user do that any more: it has the password, and more cannot be known.
        """

        async def question(client: Client) -> CommitState:
            answer = await self.answer(client)
            if answer.set_name is None and not answer.is_sharded:
                return CommitState.COMMITTED
            found = await self._update(client, change.new)
            if isinstance(found, CommitState):
                return found
            is_lasting = found not in failures.NOT_PRIMARY
            return CommitState.COMMITTED if is_lasting else CommitState.UNKNOWN

        try:
            return await self._ask(change.new, question)
        except RefusedError:
            return CommitState.UNKNOWN

    async def hold(self, password: Secret, *, identity: tuple[str, int]) -> None:
        """Raise RefusedError where an unfinished change still runs, or the password does not log in any more.

        A command that is executed is listed among the user's own operations; one that a dead client has sent and nobody has
        read yet is waited for. Nothing excludes one that comes later still, or a server that lists nothing: PostgreSQL's lock
        has no counterpart.
        """
        await self._ask(password, partial(self._look, identity))
        await asyncio.sleep(_LANDING_SECONDS)
        await self._ask(password, partial(self._look, identity))
        answer = await self.login(password)
        if answer.state is not LoginState.ACCEPTED:
            raise RefusedError(
                f"The password no longer logs in: {answer.message}",
                where=self.where,
                help="Look again.",
            )

    async def _ask(self, password: Secret, question: Callable[[Client], Awaitable[Answer]]) -> Answer:
        found = await ask(
            self._target, password, question, connect=self._timeouts.connect, answer=_ANSWER_SECONDS
        )
        if isinstance(found, FailedMongoConnection):
            raise RefusedError(
                f"{found.error.message} Nothing was changed.", where=self.where, help=found.error.help
            )
        return found

    async def _check(self, client: Client, identity: tuple[str, int]) -> None:
        answer = await self.answer(client)
        if role_rules.identity(answer) != identity or answer.users != (self._target.principal,):
            raise RefusedError(
                "This is another server or another user than the plan was made for; nothing was changed",
                where=self.where,
                help="Make a new plan.",
            )
        if not answer.is_writable:
            raise RefusedError(
                "The server is no longer a writable primary; nothing was changed",
                where=self.where,
                help="Wait until the set has a primary, and make a new plan.",
            )

    async def _update(self, client: Client, password: Secret) -> CommitState | int:
        """Send the command; return the code of an answer after which nothing was changed, and what is known otherwise."""
        command = {
            "updateUser": self._target.user,
            "pwd": password.reveal(),
            "writeConcern": {"w": "majority", "wtimeout": role_rules.MAJORITY_SECONDS * 1000},
        }
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                reply = await client[self._target.auth_source].command(command)
        except PyMongoError as error:
            code = failures.code_of(error)
            return code if code is not None and code in _NOT_DONE else CommitState.UNKNOWN
        except (TimeoutError, BSONError):
            return CommitState.UNKNOWN
        return CommitState.UNKNOWN if reply.get("writeConcernError") else CommitState.COMMITTED

    def _refusal(self, code: int) -> RefusedError:
        role = self._target.role
        advice: Help
        if code == failures.UNAUTHORIZED:
            words, advice = f"{role} may not change its own password", role_rules.grant(self._target)
        elif code == failures.ATLAS:
            words = "MongoDB Atlas keeps its users itself, and lets no user change a password through the database"
            advice = Advice("Change the password in Atlas.", Step.CHANGE_FILES_ONLY)
        elif code in failures.NOT_PRIMARY:
            words, advice = "The server is no longer the primary", "Make a new plan."
        else:
            words, advice = (
                f"The server refuses to change the password (code {code})",
                "See the server's log.",
            )
        return RefusedError(f"{words}; nothing was changed", where=self.where, help=advice)

    async def _look(self, identity: tuple[str, int], client: Client) -> None:
        await self._check(client, identity)
        answer = await self.answer(client)
        if is_changing(await self.operations(client, is_sharded=answer.is_sharded) or ()):
            raise RefusedError(
                "A change of this user's password still runs at the server",
                where=self.where,
                help="Wait for it, then look again.",
            )
