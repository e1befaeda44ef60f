"""One user on one MongoDB server or set: whether a password logs in, and what the server says about the user.

Reading only. Every question is a login of its own, since it is the login that is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from bson.binary import Binary
from pymongo.errors import OperationFailure

from llama_storage_tui.backends.mongodb import failures, role_rules
from llama_storage_tui.backends.mongodb.connecting import Client, Document, FailedMongoConnection, ask, limits
from llama_storage_tui.backends.mongodb.target import MongoTarget
from llama_storage_tui.backends.program_name import SESSION_NAME
from llama_storage_tui.backends.protocols import RoleLogin
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import LoginAnswer, LoginState, RoleFacts, RoleSession
from llama_storage_tui.secrets import Secret

_REFUSALS: Final = frozenset({failures.AUTHENTICATION_FAILED, failures.USER_NOT_FOUND, failures.ATLAS})
"""Of a login: Atlas answers with its own code there."""

UNSEEN_SESSIONS: Final = (
    "Which processes are logged in as this user is unknown: the server does not show them to it. Restart every process that "
    "uses the password."
)


class MongoRole(RoleLogin):
    """A user at one address."""

    def __init__(self, target: MongoTarget, timeouts: Timeouts) -> None:
        self.where = target.location
        self._target = target
        self._timeouts = timeouts

    async def login(self, password: Secret) -> LoginAnswer:
        """Try one password; says nothing but what the answer means."""

        async def nothing(_: Client) -> None:
            return None

        found = await ask(
            self._target, password, nothing, connect=self._timeouts.connect, answer=self._timeouts.query
        )
        if not isinstance(found, FailedMongoConnection):
            return LoginAnswer(LoginState.ACCEPTED)
        is_refusal = found.is_of_login and found.code in _REFUSALS
        return LoginAnswer(LoginState.REFUSED if is_refusal else LoginState.UNKNOWN, found.error.message)

    async def describe(self, password: Secret) -> RoleFacts:
        """Log in and read what there is to know; raises BackendError."""
        found = await ask(
            self._target, password, self.facts, connect=self._timeouts.connect, answer=self._timeouts.query
        )
        if isinstance(found, FailedMongoConnection):
            raise found.error
        return found

    async def facts(self, client: Client) -> RoleFacts:
        """Read what there is to know through a client that is logged in."""
        answer = await self.answer(client)
        server, user = role_rules.identity(answer)
        operations = await self.operations(client, is_sharded=answer.is_sharded)
        return RoleFacts(
            system_identifier=server,
            role_oid=user,
            # Two routers of one sharded cluster are no copies of each other.
            started="" if answer.is_sharded else answer.process,
            is_replica=not answer.is_writable,
            checks=tuple(role_rules.checks(answer, self._target)),
            change_checks=tuple(role_rules.change_checks(answer, self._target)),
            strategy=role_rules.strategy(self._target),
            steps=role_rules.STEPS,
            privileges=role_rules.privileges(answer),
            notices=(
                *role_rules.notices(answer, self._target),
                *((UNSEEN_SESSIONS,) if operations is None else ()),
            ),
            unchecked=role_rules.UNCHECKED,
            sessions=tuple(sessions_of(operations or ())),
        )

    async def answer(self, client: Client) -> role_rules.MongoAnswer:
        """Ask who is logged in, and to what."""
        answer = await answer_of(client, self._target)
        return replace(answer, user_id=await self._user_id(client))

    async def _user_id(self, client: Client) -> int | None:
        """Return the user's UUID as a number; every user may see itself (documentation of usersInfo), where there is that."""
        try:
            return user_id_of(await client[self._target.auth_source].command("usersInfo", self._target.user))
        except OperationFailure:
            return None

    async def operations(self, client: Client, *, is_sharded: bool) -> tuple[Document, ...] | None:
        """Return the user's own operations and idle connections, None where that is not told.

        Needs no right (documentation of $currentOp: with `allUsers` false only what belongs to whoever asks). A router lists
        its own connections only when asked for local ones.
        """
        options = {"allUsers": False, "idleConnections": True} | ({"localOps": True} if is_sharded else {})
        try:
            cursor = await client.admin.aggregate([{"$currentOp": options}])
            return tuple([document async for document in cursor])
        except OperationFailure:
            return None


def user_id_of(reply: Mapping[str, Any]) -> int | None:
    """Return the UUID of the one user in an answer to usersInfo, as a number."""
    users = reply.get("users")
    user = users[0] if isinstance(users, list) and len(users) == 1 else {}
    id_ = user.get("userId")
    return int.from_bytes(id_, "big") if isinstance(id_, Binary) and len(id_) == 16 else None


async def answer_of(
    client: Client, target: MongoTarget, *, seconds: float | None = None
) -> role_rules.MongoAnswer:
    """Ask who is logged in, and to what, each in so many seconds; not for the user's own UUID."""
    hello = await client.admin.command("hello", **limits(seconds))
    status = await client.admin.command("connectionStatus", showPrivileges=True, **limits(seconds))
    info = status.get("authInfo") or {}
    version = hello.get("topologyVersion") or {}
    privileges = info.get("authenticatedUserPrivileges")
    address = await client.address
    return role_rules.MongoAnswer(
        users=_pairs(info.get("authenticatedUsers"), "user"),
        roles=_pairs(info.get("authenticatedUserRoles"), "role"),
        privileges=tuple(privileges) if isinstance(privileges, list) else None,
        is_writable=bool(hello.get("isWritablePrimary")) and not hello.get("readOnly"),
        set_name=hello.get("setName"),
        is_sharded=hello.get("msg") == "isdbgrid",
        process=str(version.get("processId", "")),
        address=f"{address[0]}:{address[1]}" if address else target.place,
    )


def _pairs(found: object, name: str) -> tuple[tuple[str, str], ...]:
    rows = found if isinstance(found, list) else []
    return tuple((str(row.get(name, "")), str(row.get("db", ""))) for row in rows if isinstance(row, Mapping))


def is_changing(operations: tuple[Document, ...]) -> bool:
    """Tell whether one of a user's own operations changes a user."""
    commands = (operation.get("command") for operation in operations)
    return any(isinstance(command, Mapping) and "updateUser" in command for command in commands)


def sessions_of(operations: tuple[Document, ...]) -> Iterator[RoleSession]:
    """Yield a session for each connection of other programs."""
    seen: set[object] = set()
    for operation in operations:
        id_, client = operation.get("connectionId"), operation.get("client")
        name = _application(operation)
        if client is None or name == SESSION_NAME or (client, id_) in seen:
            continue
        seen.add((client, id_))
        yield RoleSession(id_ if isinstance(id_, int) else 0, name, str(client), None, None)


def _application(operation: Mapping[str, Any]) -> str:
    """Return the name that a program gave itself, else that of its driver."""
    metadata = operation.get("clientMetadata")
    driver = metadata.get("driver") if isinstance(metadata, Mapping) else None
    name = driver.get("name") if isinstance(driver, Mapping) else None
    return str(operation.get("appName") or name or "")
