"""What a MongoDB server says about a user, and what must hold of both before a password is changed.

Sources: MongoDB's documentation of `connectionStatus`, `usersInfo`, `updateUser`, `hello` and of privilege actions, 4.4 to 8. A
user changes its own password with `changeOwnPassword` on its database, anybody's with `changePassword`; the built-in roles with
the latter are userAdmin, dbOwner, userAdminAnyDatabase and root. `readWrite` has neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from llama_storage_tui.backends.mongodb.target import MongoTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.rotation import Check
from llama_storage_tui.next_steps import Advice, Step

STEPS: Final = ("old-checked", "committed")
UNCHECKED: Final = (
    "",
    Advice("Find out how the server checks logins.", Step.ACCEPT_UNCHECKED),
)
MAJORITY_SECONDS: Final = 15
_ACTIONS: Final = frozenset({"changeOwnPassword", "changePassword"})
_OF_DATABASE: Final = frozenset({"userAdmin", "dbOwner"})
_OF_ALL: Final = frozenset({"userAdminAnyDatabase", "root"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ATLAS_SUFFIX: Final = ".mongodb.net"


@dataclass(frozen=True, slots=True)
class MongoAnswer:
    """What the server answered; `privileges` None where it was not told, `user_id` None where it keeps none or hides it."""

    users: tuple[tuple[str, str], ...]
    """Who is logged in: user and database."""
    roles: tuple[tuple[str, str], ...]
    privileges: tuple[Mapping[str, Any], ...] | None
    is_writable: bool
    set_name: str | None
    is_sharded: bool
    process: str
    address: str
    """The host that answered."""
    user_id: int | None = None


def checks(answer: MongoAnswer, target: MongoTarget) -> Iterator[Check]:
    """Yield what must hold of the session that the configured password opened."""
    is_own = answer.users == (target.principal,)
    names = ", ".join(f"{user}@{database}" for user, database in answer.users) or "nobody"
    yield Check(
        "role",
        is_ok=is_own,
        message=f"The session is {target.role}'s."
        if is_own
        else f"The session is that of {names}, not of {target.role}: the change could hit the wrong user.",
        help=None if is_own else "Check user, and authSource in the host's URI.",
    )


def change_checks(answer: MongoAnswer, target: MongoTarget) -> Iterator[Check]:
    """Yield what must hold where the server is to be changed."""
    yield Check(
        "primary",
        is_ok=answer.is_writable,
        message="The server takes changes."
        if answer.is_writable
        else "The server is not a writable primary: passwords are changed there.",
        help=None
        if answer.is_writable
        else "Leave directConnection out of the host's URI, or name the primary.",
    )
    yield _check_privilege(answer, target)


def _check_privilege(answer: MongoAnswer, target: MongoTarget) -> Check:
    if any(host.endswith(_ATLAS_SUFFIX) for host, _ in target.seeds):
        return Check(
            "privilege",
            is_ok=False,
            message="MongoDB Atlas keeps its users itself, and lets no user change a password through the database.",
            help=Advice("Change the password in Atlas.", Step.CHANGE_FILES_ONLY),
        )
    may = may_change(answer, target)
    messages = {
        True: f"{target.role} may change its own password.",
        False: f"{target.role} may not change its own password.",
        None: "Whether the user may change its own password is not known beforehand: the server does not list its privileges."
        " If it may not, the server says so, and nothing is changed.",
    }
    return Check(
        "privilege",
        is_ok=may is not False,
        message=messages[may],
        help=grant(target) if may is False else None,
    )


def may_change(answer: MongoAnswer, target: MongoTarget) -> bool | None:
    """Tell whether the user may change its password; None where that cannot be told.

    A role of the operator's own may allow it, so that names of roles prove it and never disprove it.
    """
    database = target.auth_source
    for role, home in answer.roles:
        if (role in _OF_DATABASE and home == database) or (role in _OF_ALL and home == "admin"):
            return True
    if answer.privileges:
        return any(_allows(privilege, database) for privilege in answer.privileges)
    return None if answer.roles else False


def _allows(privilege: Mapping[str, Any], database: str) -> bool:
    resource, actions = privilege.get("resource"), privilege.get("actions")
    if not isinstance(resource, Mapping) or not isinstance(actions, Sequence) or not _ACTIONS & set(actions):
        return False
    if resource.get("anyResource") is True:
        return True
    return resource.get("collection") == "" and resource.get("db") in ("", database)


def grant(target: MongoTarget) -> Advice:
    """Say how an administrator gives the user the right, and what else there is."""
    source, user = json.dumps(target.auth_source), json.dumps(target.user)
    return Advice(
        f"An administrator grants it in mongosh: use {target.auth_source}; db.createRole({{role: 'changeOwnPassword', privileges:"
        f" [{{resource: {{db: {source}, collection: ''}}, actions: ['changeOwnPassword']}}], roles: []}});"
        f" db.grantRolesToUser({user}, ['changeOwnPassword']). Or the administrator changes the password.",
        Step.CHANGE_FILES_ONLY,
    )


def identity(answer: MongoAnswer) -> tuple[str, int]:
    """Return server and user as they tell themselves from others, in what survives restarts, failovers and password changes.

    The user's UUID is its own for good; servers before 4.0.9 and some that are compatible have none, and are told apart by what
    they are.
    """
    kind = "sharded cluster" if answer.is_sharded else "standalone server"
    server = f"replica set {answer.set_name}" if answer.set_name else kind
    return server, answer.user_id or 0


def strategy(target: MongoTarget) -> tuple[str, ...]:
    """Say how the server would be changed."""
    first = (
        f"log in to the primary with the old password once more, and there updateUser {target.role} at once: MongoDB has"
        " nothing to compare and no lock, so that a change by somebody else in that moment shows only afterwards"
    )
    return (
        first,
        f"the server makes its SCRAM keys itself, and a majority of its members confirms them within {MAJORITY_SECONDS} s",
    )


def privileges(answer: MongoAnswer) -> tuple[str, ...]:
    """Say what the user may do."""
    roles = ", ".join(f"{role}@{database}" for role, database in answer.roles)
    return (f"roles of the user: {roles or 'none'}",)


def is_on_this_machine(answer: MongoAnswer) -> bool:
    """Tell whether what is sent stays here."""
    host = answer.address.rpartition(":")[0] or answer.address
    return host.strip("[]") in _LOOPBACK or host.startswith("/")


def notices(answer: MongoAnswer, target: MongoTarget) -> Iterator[str]:
    """Yield what the operator should know before the server is changed."""
    if not target.uses_tls and not is_on_this_machine(answer):
        yield (
            f"The connection to {answer.address} is not encrypted: MongoDB makes the keys itself, so that the new password goes"
            " over the wire readable. TLS is switched on in the host's URI (mongodb://HOST/?tls=true)."
        )
