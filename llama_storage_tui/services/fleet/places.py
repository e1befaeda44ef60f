"""Which servers and stores the configs of a fleet have in common, however each of them spells it.

By the files alone, one name is one server: case, a dot at the end and the short names of a Kubernetes namespace do not count, and
localhost belongs to its machine. What servers say of themselves, where they were asked, joins names that differ.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend, Physical
from llama_storage_tui.model.target import LOOPBACK, Target
from llama_storage_tui.services.fleet.member import FleetMember, Surroundings

_CLUSTER: Final = (".svc.cluster.local", ".svc")
FILE: Final = "file"
Address = tuple[str, str, str, int]
"""An engine, the machine that a local name belongs to, a host and a port; of a file its machine and path."""


@dataclass(frozen=True, slots=True)
class Store:
    """What holds rows: a database or a file, and in it what an engine keeps keys in."""

    server: Address
    database: str = ""
    container: str = ""


class Servers:
    """The servers of a fleet: addresses that are known to be one, and how each config spells it."""

    def __init__(self, members: Iterable[FleetMember], identities: Mapping[Address, str]) -> None:
        self._parents: dict[Address, Address] = {}
        self.spellings: dict[Address, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        """For each server the configs of each spelling."""
        self.identities: dict[Address, str] = {}
        targets = [(member, target) for member in members for target in targets_of(member)]
        for member, target in targets:
            first, *others = addresses(target, member.surroundings)
            self._find(first)
            for other in others:
                self._join(first, other)
        known: dict[str, Address] = {}
        for address, identity in identities.items():
            self._join(known.setdefault(identity, address), address)
        for address, identity in identities.items():
            self.identities[self._find(address)] = identity
        for member, target in targets:
            found = self.spellings[self.of(target, member.surroundings)][spelling(target)]
            if member.name not in found:
                found.append(member.name)

    def _find(self, address: Address) -> Address:
        self._parents.setdefault(address, address)
        while self._parents[address] != address:
            address = self._parents[address]
        return address

    def _join(self, one: Address, other: Address) -> None:
        self._parents[self._find(other)] = self._find(one)

    def of(self, target: Target, surroundings: Surroundings) -> Address:
        """Return the address that stands for a target's server."""
        return self._find(addresses(target, surroundings)[0])

    def store(self, target: Target, surroundings: Surroundings, physical: Physical) -> Store:
        """Return what a reference's rows lie in."""
        container = physical.container if physical.prefixes else ""
        return Store(self.of(target, surroundings), target.database_name, container)


def targets_of(member: FleetMember) -> Iterator[Target]:
    """Yield everything that a config connects to; what only exists in a server's memory is left out."""
    catalog = member.catalog
    backends: tuple[Backend, ...] = () if catalog is None else (*catalog.backends, *catalog.logins)
    for target in (*(backend.target for backend in backends), *(login.target for login in member.logins)):
        if target is not None and not (isinstance(target, SqliteTarget) and target.is_memory):
            yield target


def addresses(target: Target, surroundings: Surroundings) -> tuple[Address, ...]:
    """Return where a target is; several where it names several hosts, which are one server."""
    engine = type(target).__name__
    if not target.addresses:
        return ((FILE, *surroundings.file(target.location), 0),)
    return tuple((engine, *_host(host, surroundings), port) for host, port in target.addresses)


def _host(host: str, surroundings: Surroundings) -> tuple[str, str]:
    """Return the machine that a name belongs to, empty where it means the same everywhere, and the name in its one form."""
    if host.startswith("/") or host.lower() in LOOPBACK:
        return surroundings.machine, "localhost" if not host.startswith("/") else host
    try:
        return "", str(ipaddress.ip_address(host))
    except ValueError:
        name = host.lower().rstrip(".")
    for suffix in _CLUSTER:
        name = name.removesuffix(suffix)
    if surroundings.namespace is not None and "." not in name:
        name = f"{name}.{surroundings.namespace}"
    return "", name


def spelling(target: Target) -> str:
    """Return how a config names a server: hosts and ports as they are written, or the path of a file."""
    names = [(f"[{host}]" if ":" in host else host, port) for host, port in target.addresses]
    return ",".join(f"{host}:{port}" if port else host for host, port in names) or target.location
