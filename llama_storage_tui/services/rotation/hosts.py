"""Which of several hosts takes changes: a connection string may name a primary and its standbys in any order.

Each host is asked by a login with the password that all of them are given anyway. Only where the first that answers takes it are
the others asked: a wrong one is tried once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import Check, RoleFacts
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.secrets import Redactor, Secret
from llama_storage_tui.services.rotation.identity import open_login

_NONE_WRITABLE: Final = (
    "Name the host of the primary in the connection_string, or wait until there is one again."
)
_DIFFERENT: Final = (
    "Name the hosts of one server in the connection_string, and change the others' passwords by themselves."
)


@dataclass(frozen=True, slots=True)
class ChosenHost:
    """The host at which a password is changed, and a check that says so; None where there is none."""

    target: LoginTarget | None
    check: Check


@dataclass(frozen=True, slots=True)
class _Host:
    target: LoginTarget
    found: RoleFacts | BackendError

    @property
    def facts(self) -> RoleFacts | None:
        return self.found if isinstance(self.found, RoleFacts) else None

    @property
    def takes_changes(self) -> bool:
        return self.facts is not None and not self.facts.is_read_only

    @property
    def words(self) -> str:
        if isinstance(self.found, BackendError):
            return f"{self.target.place} does not answer ({self.found.message.rstrip('.')})"
        if self.found.is_replica:
            return f"{self.target.place} is a replica"
        kind = "is read-only for this role" if self.found.is_read_only else "takes changes"
        return f"{self.target.place} {kind}"


async def choose_host(
    hosts: Sequence[LoginTarget], password: Secret, timeouts: Timeouts, redact: Redactor
) -> ChosenHost:
    """Ask each host, and choose the first that takes changes."""
    asked: list[_Host] = []
    for index, target in enumerate(hosts):
        asked.append(await _ask(target, password, timeouts))
        found = asked[-1].found
        if isinstance(found, RoleFacts):
            asked += await asyncio.gather(*(_ask(other, password, timeouts) for other in hosts[index + 1 :]))
            break
        if found.failure is FailureKind.AUTHENTICATION:
            message = f"{target.place}: {found.message}"
            return ChosenHost(None, Check("host", is_ok=False, message=redact(message), help=found.help))
    chosen = next((host for host in asked if host.takes_changes), None)
    if chosen is None or chosen.facts is None:
        message = f"None of the {len(hosts)} hosts takes changes: {'; '.join(host.words for host in asked)}."
        return ChosenHost(None, Check("host", is_ok=False, message=redact(message), help=_NONE_WRITABLE))
    others = [host for host in asked if host is not chosen]
    if strange := [host.target.place for host in others if _is_another(host.facts, chosen.facts)]:
        message = f"The hosts are not one server: {chosen.target.place} and {', '.join(strange)} differ."
        return ChosenHost(None, Check("host", is_ok=False, message=message, help=_DIFFERENT))
    message = f"The password is changed at {chosen.target.place}; {'; '.join(_beside(others))}."
    return ChosenHost(chosen.target, Check("host", is_ok=True, message=redact(message)))


async def _ask(target: LoginTarget, password: Secret, timeouts: Timeouts) -> _Host:
    try:
        return _Host(target, await open_login(target, timeouts).describe(password))
    except BackendError as error:
        return _Host(target, error)


def _is_another(facts: RoleFacts | None, chosen: RoleFacts) -> bool:
    return facts is not None and (facts.identity != chosen.identity or facts.is_copy_of(chosen))


def _beside(others: Sequence[_Host]) -> Iterator[str]:
    for host in others:
        yield f"{host.target.place} is the same server" if host.takes_changes else host.words
