"""What must hold of server and role before a password is changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.model.rotation import Check, LoginState, RoleFacts, Terms

NEEDED_CONNECTIONS: Final = 2
"""The one that changes the password, and beside it the fresh logins, one at a time."""


def check_role(facts: RoleFacts, user: str) -> Iterator[Check]:
    """Yield what must hold of the session that the configured password opened."""
    same = facts.session_user == facts.current_user == user
    yield Check(
        "role",
        is_ok=same,
        message=f"The session is {user}'s."
        if same
        else f"The session acts as {facts.current_user}, not as {user}: the change could hit the wrong role.",
        help=None if same else f"Reset the role's setting: ALTER ROLE {user} RESET role.",
    )
    stands = "a replica" if facts.is_replica else "read-only for this role" if facts.is_read_only else None
    yield Check(
        "primary",
        is_ok=stands is None,
        message=f"The server is {stands}: passwords are changed at the primary."
        if stands
        else "The server takes changes.",
        help="Name a backend that connects to the primary." if stands else None,
    )
    yield Check(
        "direct",
        is_ok=not facts.is_pooled,
        message="A pooler stands in between, which has a password list of its own."
        if facts.is_pooled
        else "The server is reached directly.",
        help="Connect to the server itself, and change the pooler's list together with it."
        if facts.is_pooled
        else None,
    )
    free = facts.maximum_connections - facts.connections + 1
    limit = facts.connection_limit
    own = None if limit is None else limit - len(facts.sessions)
    of_role = "" if own is None else f", {own} of them for this role"
    enough = min(free, own if own is not None else free) >= NEEDED_CONNECTIONS
    yield Check(
        "connections",
        is_ok=enough or facts.is_superuser,
        message=f"{free} connections are free{of_role}; {NEEDED_CONNECTIONS} are needed.",
        help=None if enough else "Stop a process that holds connections, or raise the limit.",
    )


def judge_wrong_password(state: LoginState, message: str | None, *, is_accepted: bool = False) -> Check:
    """Judge the answer to a random password: only a refusal proves that passwords are checked at all.

    `is_accepted` is the operator's word that an unchecked change is wanted all the same.
    """
    match state:
        case LoginState.REFUSED:
            return Check(
                "passwords-checked",
                is_ok=True,
                message="A random password is refused (one attempt was made).",
            )
        case LoginState.ACCEPTED:
            return Check(
                "passwords-checked",
                is_ok=is_accepted,
                message="The server lets this role in with any password (trust or peer in pg_hba.conf): nothing "
                + ("can be verified, which you accepted." if is_accepted else "could be verified."),
                help="Have pg_hba.conf ask for scram-sha-256 first, or accept an unchecked change (--accept-unchecked).",
            )
        case LoginState.UNKNOWN:
            return Check(
                "passwords-checked",
                is_ok=False,
                message=f"Whether the server checks passwords could not be told: {message}",
                help="Try again.",
            )


def strategy(user: str, facts: RoleFacts, terms: Terms, *, is_left: bool) -> Iterator[str]:
    """Say in which steps the password would be changed; `is_left` where places are left to the operator."""
    if terms.changes_server:
        yield (
            f"compute a SCRAM verifier here ({facts.scram_iterations} iterations), so that the server never logs the password"
        )
        yield f"ALTER ROLE {user} in a transaction, and log in with the old password once more before COMMIT"
        yield "log in with the new password through every address" + (
            "" if terms.is_server_only else ", then swap the files"
        )
    else:
        yield "leave the server alone: it has the new password already"
        yield "swap the files"
    if is_left:
        yield "keep the change open, both passwords in the journal, until you have written the other places"
        yield "when you confirm: read every site again and log in with what it yields"
    else:
        yield "read every site again and log in with what it yields"


def privileges(facts: RoleFacts) -> tuple[str, ...]:
    """Say what the role may do about its own password."""
    found = ["a role may change its own password without further rights"]
    if facts.is_superuser:
        found.append("the role is a superuser")
    if facts.valid_until is not None:
        found.append(
            f"the role's password is valid until {facts.valid_until}, which only an administrator can move"
        )
    return tuple(found)
