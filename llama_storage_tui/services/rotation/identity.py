"""Which logins are one credential: the same role of the same server, whatever host they name.

The server itself tells (its system identifier and the role's OID), to a login that works. The current password is never sent to
an address that is not already known to be its server, and a password that may be wrong is tried nowhere. A server that was restored
from another's files shares its identifier, but not the moment of its start.
"""

from __future__ import annotations

import asyncio
import socket
from enum import StrEnum

from llama_storage_tui.backends.protocols import RoleLogin
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import LoginState, RoleFacts
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.discovery import CredentialEntry


class CredentialMatch(StrEnum):
    """What a login is to the credential that is rotated."""

    SAME = "same"
    DRIFTED = "drifted"
    """The same role, with another password in the file."""
    OTHER = "other"
    UNCLEAR = "unclear"
    """It has the same user and password, and cannot be reached: writing it or leaving it may both be wrong."""
    UNTRIED = "untried"
    """The same user with another password at another address: not this credential as it stands."""


@dataclass(frozen=True, slots=True)
class ComparedCredential:
    """An entry, what it is, and why that could not be told."""

    entry: CredentialEntry
    match: CredentialMatch
    reason: str | None = None


def open_login(target: LoginTarget, timeouts: Timeouts) -> RoleLogin:
    """Return the role of a target, to ask and not to change."""
    # Imported here: a command that contacts nothing must not pay for SQLAlchemy.
    from llama_storage_tui.backends.registry import open_role

    return open_role(target, timeouts=timeouts)


async def compare_credentials(
    chosen: CredentialEntry,
    entries: tuple[CredentialEntry, ...],
    facts: RoleFacts,
    working: Secret,
    timeouts: Timeouts,
) -> tuple[ComparedCredential, ...]:
    """Tell of every login what it is to the chosen one, whose login with the `working` password gave `facts`."""
    target, old = chosen.holder.target, chosen.password
    assert target is not None, "the chosen login has a target: it was logged in with"  # noqa: S101 - a programming error
    assert old is not None, "and a password"  # noqa: S101 - the same
    asked: dict[tuple[object, ...], ComparedCredential] = {}
    found: list[ComparedCredential] = []
    for entry in entries:
        other = entry.holder.target
        if entry is chosen:
            found.append(ComparedCredential(entry, CredentialMatch.SAME))
        elif other is None or other.principal != target.principal or other.password is None:
            found.append(_without_login(entry, chosen))
        elif await _is_same_address(target, other):
            if other.endpoint not in asked:
                asked[other.endpoint] = await _ask(
                    entry, other, working, facts, timeouts, is_same_address=True
                )
            credentials = asked[other.endpoint]
            is_drifted = credentials.match is CredentialMatch.SAME and other.password != old
            found.append(
                ComparedCredential(
                    entry, CredentialMatch.DRIFTED if is_drifted else credentials.match, credentials.reason
                )
            )
        elif other.password == old:
            found.append(await _ask(entry, other, old, facts, timeouts, is_same_address=False))
        else:
            found.append(
                ComparedCredential(
                    entry, CredentialMatch.UNTRIED, "another password at another address; it was not tried"
                )
            )
    return tuple(found)


def _without_login(entry: CredentialEntry, chosen: CredentialEntry) -> ComparedCredential:
    """Judge a login that cannot be tried: of another user, or incomplete."""
    mine = {(carrier.file, carrier.variable) for carrier in chosen.carriers if carrier.variable}
    shares = any((carrier.file, carrier.variable) in mine for carrier in entry.carriers)
    if entry.holder.target is None and shares:
        return ComparedCredential(entry, CredentialMatch.UNCLEAR, entry.problem)
    if entry.holder.target is None and entry.holder.has_password:
        return ComparedCredential(entry, CredentialMatch.UNTRIED, entry.problem)
    return ComparedCredential(entry, CredentialMatch.OTHER, entry.problem)


async def _ask(
    entry: CredentialEntry,
    target: LoginTarget,
    password: Secret,
    facts: RoleFacts,
    timeouts: Timeouts,
    *,
    is_same_address: bool,
) -> ComparedCredential:
    role = open_login(target, timeouts)
    try:
        answer = await role.describe(password)
    except BackendError as error:
        state = (await role.login(password)).state if is_same_address else LoginState.UNKNOWN
        if state is LoginState.ACCEPTED:
            # The password was right, and the database is missing or full: at this address there is one server.
            return ComparedCredential(entry, CredentialMatch.SAME, error.message)
        return ComparedCredential(entry, CredentialMatch.UNCLEAR, error.message)
    if answer.identity != facts.identity or answer.is_copy_of(facts):
        return ComparedCredential(entry, CredentialMatch.OTHER)
    return ComparedCredential(entry, CredentialMatch.SAME)


async def _is_same_address(one: LoginTarget, other: LoginTarget) -> bool:
    """Tell whether the two have a place in common; at one place there is one server."""
    for host, port in one.seeds:
        for another, its_port in other.seeds:
            if port == its_port and await _is_same_host(host, another, port):
                return True
    return False


async def _is_same_host(one: str, other: str, port: int) -> bool:
    if one == other:
        return True
    if one.startswith("/") or other.startswith("/"):
        return False
    mine, theirs = await asyncio.gather(_addresses(one, port), _addresses(other, port))
    return bool(mine & theirs)


async def _addresses(host: str, port: int) -> frozenset[str]:
    try:
        async with asyncio.timeout(2):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return frozenset()
    return frozenset(str(entry[4][0]) for entry in found)
