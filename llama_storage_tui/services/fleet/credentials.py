"""Roles that several configs log in as: passwords that contradict each other, and what a change of one would break."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from llama_storage_tui.model.finding import Finding
from llama_storage_tui.model.fleet import Collision, CollisionKind, FleetFinding, FleetPlace
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.fleet.member import FleetLogin, FleetMember
from llama_storage_tui.services.fleet.places import Address, Servers, spelling
from llama_storage_tui.services.fleet.rules import (
    FLEET_PASSWORD_DIFFERS,
    FLEET_ROTATION_BREAKS_NEIGHBOUR,
    FLEET_VARIABLE_OF_TWO_ROLES,
)
from llama_storage_tui.services.fleet.sharing import listed


class _Login(NamedTuple):
    member: FleetMember
    login: FleetLogin

    @property
    def place(self) -> FleetPlace:
        return FleetPlace(self.member.name, self.login.path, self.login.line)


Credential = tuple[Address, tuple[str, ...]]


def credential_findings(members: Sequence[FleetMember], servers: Servers) -> Iterator[FleetFinding]:
    """Yield what is found about the roles of all configs; passwords are compared and never shown."""
    roles: dict[Credential, list[_Login]] = defaultdict(list)
    for member in members:
        for login in member.logins:
            address = servers.of(login.target, member.surroundings)
            roles[address, login.target.principal].append(_Login(member, login))
    for logins in roles.values():
        if len({login.member.name for login in logins}) > 1:
            yield from _of_role(logins)
    yield from _of_variables(roles)


def _of_role(logins: Sequence[_Login]) -> Iterator[FleetFinding]:
    first = logins[0].login
    who = f"{first.target.role} on {spelling(first.target)}"
    by_password: dict[Secret | None, list[_Login]] = defaultdict(list)
    for login in logins:
        by_password[login.login.target.password].append(login)
    if len(by_password) > 1:
        groups = [listed(_configs(found)) for found in by_password.values()]
        yield _found(
            FLEET_PASSWORD_DIFFERS.found(
                first.path,
                f"{len(by_password)} passwords for {who}: one in {', another in '.join(groups)}",
                line=first.line,
            ),
            logins,
            CollisionKind.PASSWORD,
        )
    for alike in by_password.values():
        carriers = {login.login.carrier or login.place for login in alike}
        configs = _configs(alike)
        if len(carriers) > 1 and len(configs) > 1:
            yield _found(
                FLEET_ROTATION_BREAKS_NEIGHBOUR.found(
                    alike[0].login.path,
                    f"{listed(configs)} log in as {who}, and its password is in {len(carriers)} places: "
                    "a change planned for one config alone leaves the old password in the others",
                    help=Advice(
                        "A change that is planned for all of them writes the password in every place.",
                        Step.CHANGE_TOGETHER,
                        ", ".join(configs),
                    ),
                    line=alike[0].login.line,
                ),
                alike,
                CollisionKind.ROTATION,
            )


def _of_variables(roles: Mapping[Credential, Sequence[_Login]]) -> Iterator[FleetFinding]:
    """Yield each variable of a file that passwords of several roles are read from, by several configs."""
    users: dict[tuple[str, str], dict[Credential, _Login]] = defaultdict(dict)
    for role, logins in roles.items():
        for login in logins:
            if login.login.variable is not None and login.login.carrier is not None:
                users[login.login.carrier].setdefault(role, login)
    for (file, variable), found in users.items():
        configs = _configs(found.values())
        if len(found) < 2 or len(configs) < 2:
            continue
        first = next(iter(found.values())).login
        names = [f"{each.login.target.role} on {spelling(each.login.target)}" for each in found.values()]
        yield _found(
            FLEET_VARIABLE_OF_TWO_ROLES.found(
                first.path,
                f"{variable} in {file} is the password of {listed(names)}",
                line=first.line,
            ),
            [*found.values()],
        )


def _configs(logins: Iterable[_Login]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(login.member.name for login in logins))


def _found(finding: Finding, logins: Sequence[_Login], kind: CollisionKind | None = None) -> FleetFinding:
    places = tuple(dict.fromkeys(login.place for login in logins))
    first = logins[0].login
    collision = None
    if kind is not None:
        server, role = spelling(first.target), first.target.role
        collision = Collision(kind, first.name, server, role, _configs(logins))
    return FleetFinding(finding, places, collision)
