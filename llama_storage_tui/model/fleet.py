"""What several run configs have to do with each other."""

from __future__ import annotations

from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.finding import Finding


@dataclass(frozen=True, slots=True)
class FleetPlace:
    """A place in one of the configs: its path and line."""

    config: str
    where: str
    line: int | None = None


class CollisionKind(StrEnum):
    """What several configs use."""

    TABLE = "table"
    NAMESPACE = "namespace"
    KEYS = "keys"
    """Keys of a store that keeps no namespaces."""
    FORM = "form"
    """A store that releases keep in two forms; `name` is the first reference to it."""
    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    """A role with different passwords."""
    ROTATION = "rotation"
    """A role whose password a change through one config would leave in another."""


@dataclass(frozen=True, slots=True)
class Collision:
    """What several configs use in one store or of one server; `backend` is the first config's name of that."""

    kind: CollisionKind
    backend: str
    place: str
    """Where the store or the server is, without secrets."""
    name: str
    """Of the table, the namespace, the keys, the role or the reference."""
    configs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FleetFinding:
    """A finding between configs, and the places that it is about; its own `where` is the first of them."""

    finding: Finding
    places: tuple[FleetPlace, ...]
    collision: Collision | None = None
    """What the configs cannot both have, where it is one thing."""

    @property
    def configs(self) -> tuple[str, ...]:
        """The configs that it is about, each once."""
        return tuple(dict.fromkeys(place.config for place in self.places))


@dataclass(frozen=True, slots=True)
class FleetServer:
    """A server, or a file, that configs connect to.

    `identity` is what it says of itself, None where it was not asked, or did not answer.
    """

    identity: str | None
    spellings: tuple[str, ...]
    configs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DriftedValue:
    """What one config says; None where it says nothing. Equal numbers of `alike` are equal values, also where they are masked."""

    config: str
    value: str | None
    alike: int


@dataclass(frozen=True, slots=True)
class Drift:
    """A setting that differs between configs of one distribution."""

    path: str
    values: tuple[DriftedValue, ...]


@dataclass(frozen=True, slots=True)
class FleetReport:
    """All that was found between the configs of a fleet; findings the worst first."""

    servers: tuple[FleetServer, ...] = ()
    files: tuple[FleetServer, ...] = ()
    """SQLite files, in the form of servers."""
    collisions: tuple[Collision, ...] = ()
    drift: tuple[Drift, ...] = ()
    findings: tuple[FleetFinding, ...] = ()

    def of(self, config: str) -> tuple[FleetFinding, ...]:
        """Return the findings that one config has a part in."""
        return tuple(found for found in self.findings if config in found.configs)
