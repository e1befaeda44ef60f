"""Asks the servers of a fleet who they are: the one part of it that contacts anything, and only when it is asked to."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import RoleFacts
from llama_storage_tui.model.target import LoginTarget, Target
from llama_storage_tui.secrets import Redactor, Secret
from llama_storage_tui.services.fleet.member import FleetMember
from llama_storage_tui.services.fleet.places import Address, addresses, spelling, targets_of
from llama_storage_tui.services.rotation.identity import open_login

AT_ONCE: Final = 16
"""Logins that wait at the same time: a fleet must not fill the server that it shares."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A server that did not say who it is: the configs that name it so, and why."""

    spelling: str
    configs: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class FleetContact:
    """What was learned from servers and files: who each is, by its address, and who did not answer."""

    identities: Mapping[Address, str] = field(default_factory=dict)
    unanswered: tuple[Unanswered, ...] = ()


async def ask_servers(members: Sequence[FleetMember], timeouts: Timeouts) -> FleetContact:
    """Log in to each server once for each login of the configs, read-only, and look at the files that are here.

    Engines whose servers have no roles are not asked: such servers do not say who they are. Never raises for what a server answers.
    """
    asked: dict[tuple[Address, Target], dict[str, FleetMember]] = defaultdict(dict)
    for member in members:
        for target in targets_of(member):
            if isinstance(target, LoginTarget):
                asked[addresses(target, member.surroundings)[0], target][member.name] = member
    limit = asyncio.Semaphore(AT_ONCE)

    async def ask(target: LoginTarget) -> RoleFacts | StorageToolError:
        async with limit:
            try:
                role = await asyncio.to_thread(open_login, target, timeouts)
                return await role.describe(target.password or Secret(""))
            except StorageToolError as error:
                return error

    answers = await asyncio.gather(*(ask(target) for _, target in asked if isinstance(target, LoginTarget)))
    facts: dict[Address, RoleFacts] = {}
    unanswered: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ((address, target), users), answer in zip(asked.items(), answers, strict=True):
        if isinstance(answer, RoleFacts):
            facts[address] = answer
            continue
        secrets = [secret for member in users.values() if member.catalog for secret in member.catalog.secrets]
        unanswered[spelling(target), Redactor(secrets)(answer.message)] += users
    files = await asyncio.to_thread(_files, members)
    return FleetContact(
        _identities(facts) | files,
        tuple(
            Unanswered(name, tuple(dict.fromkeys(configs)), message)
            for (name, message), configs in unanswered.items()
        ),
    )


def _identities(facts: Mapping[Address, RoleFacts]) -> dict[Address, str]:
    """Name each server by its identifier; one that was made from another's files has the same, and another start."""
    starts: dict[str, set[str]] = defaultdict(set)
    for fact in facts.values():
        if not fact.is_replica:
            starts[fact.system_identifier].add(fact.started)
    found: dict[Address, str] = {}
    for address, fact in facts.items():
        is_ambiguous = len(starts[fact.system_identifier]) > 1
        started = f", started {fact.started}" if is_ambiguous and not fact.is_replica else ""
        found[address] = f"system identifier {fact.system_identifier}{started}"
    return found


def _files(members: Sequence[FleetMember]) -> dict[Address, str]:
    """Name each SQLite file that is here by its place on the disk, which links share."""
    found: dict[Address, str] = {}
    for member in members:
        for target in targets_of(member):
            if not isinstance(target, SqliteTarget) or member.surroundings.machine:
                continue
            try:
                status = os.stat(target.path)  # noqa: PTH116 - follows links, as SQLite does
            except (OSError, ValueError):
                continue
            found[addresses(target, member.surroundings)[0]] = (
                f"device {status.st_dev}, inode {status.st_ino}"
            )
    return found
