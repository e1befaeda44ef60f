"""What a PostgreSQL server says about a role, and what must hold of both before a password is changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.backends.postgres.identifiers import quoted_identifier
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.rotation import Check
from llama_storage_tui.next_steps import Advice, Step

NEEDED_CONNECTIONS: Final = 2
"""The one that changes the password, and beside it the fresh logins, one at a time."""
STEPS: Final = ("connected", "altered", "old-checked", "committed")
UNCHECKED: Final = (
    " (trust or peer in pg_hba.conf)",
    Advice("Have pg_hba.conf ask for scram-sha-256 first.", Step.ACCEPT_UNCHECKED),
)


@dataclass(frozen=True, slots=True)
class PostgresAnswer:
    """What the server answered."""

    system_identifier: str
    role_oid: int
    started: str
    user: str
    """Who was to log in."""
    session_user: str
    current_user: str
    is_replica: bool
    is_read_only: bool
    is_superuser: bool
    is_pooled: bool
    scram_iterations: int
    valid_until: str | None
    connection_limit: int | None
    connections: int
    maximum_connections: int
    sessions: int
    """How many of the role there are, besides this program's own."""


def checks(answer: PostgresAnswer) -> Iterator[Check]:
    """Yield what must hold of the session that the configured password opened."""
    user = answer.user
    same = answer.session_user == answer.current_user == user
    yield Check(
        "role",
        is_ok=same,
        message=f"The session is {user}'s."
        if same
        else f"The session acts as {answer.current_user}, not as {user}: the change could hit the wrong role.",
        help=None
        if same
        else f"Only where the servers do not need the rights of {answer.current_user}: ALTER ROLE {quoted_identifier(user)}"
        " RESET role."
        " Otherwise an administrator changes the password.",
    )
    stands = "a replica" if answer.is_replica else "read-only for this role" if answer.is_read_only else None
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
        is_ok=not answer.is_pooled,
        message="A pooler is in between, which has a password list of its own."
        if answer.is_pooled
        else "The server is reached directly.",
        help="Connect to the server itself, and change the pooler's list together with it."
        if answer.is_pooled
        else None,
    )
    yield _check_connections(answer)


def _check_connections(answer: PostgresAnswer) -> Check:
    free = answer.maximum_connections - answer.connections + 1
    limit = answer.connection_limit
    own = None if limit is None else limit - answer.sessions
    of_role = "" if own is None else f", {own} of them for this role"
    enough = min(free, own if own is not None else free) >= NEEDED_CONNECTIONS
    return Check(
        "connections",
        is_ok=enough or answer.is_superuser,
        message=f"{free} connections are free{of_role}; {NEEDED_CONNECTIONS} are needed.",
        help=None if enough else "Stop a process that holds connections, or raise the limit.",
    )


def strategy(answer: PostgresAnswer) -> tuple[str, ...]:
    """Say how the server would be changed."""
    return (
        f"compute a SCRAM verifier here ({answer.scram_iterations} iterations), so that the server never logs the password",
        f"ALTER ROLE {answer.user} in a transaction, and log in with the old password once more before COMMIT",
    )


def privileges(answer: PostgresAnswer) -> tuple[str, ...]:
    """Say what the role may do about its own password."""
    found = ["a role may change its own password without further rights"]
    if answer.is_superuser:
        found.append("the role is a superuser")
    if answer.valid_until is not None:
        found.append(
            f"the role's password is valid until {answer.valid_until}, which only an administrator can move"
        )
    return tuple(found)
