"""The configs of a fleet, each as it was read, with what is compared between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import get
from llama_storage_tui.config.environment import Environment
from llama_storage_tui.config.logins import find_holders
from llama_storage_tui.config.password_locations import find_carriers
from llama_storage_tui.errors import RefusedError, StorageToolError
from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.services.catalog import judged, read, read_environment
from llama_storage_tui.services.fleet.meaning import Meaning, meanings
from llama_storage_tui.services.requests import LoadRequest


@dataclass(frozen=True, slots=True)
class FleetLogin:
    """A place of a config that logs in with a password: where it stands, as whom, and what carries the password.

    `carrier` is what a new password would be written to: a file and the variable in it, or the path of a literal.
    """

    name: str
    path: str
    line: int | None
    target: LoginTarget = field(repr=False)
    carrier: tuple[str, str] | None = None
    variable: str | None = None
    """The variable of an env file that carries it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a server of the config runs, as far as that decides what its names mean.

    `machine` is what localhost and a path belong to: the deployment that a manifest starts, or for files the one machine that they
    are taken to be for. `namespace` completes the short names of a Kubernetes cluster.
    """

    machine: str = ""
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class FleetMember:
    """One config of a fleet; of one that cannot be read only the request and the error."""

    request: LoadRequest
    catalog: Catalog | None = None
    error: StorageToolError | None = None
    surroundings: Surroundings = Surroundings()
    logins: tuple[FleetLogin, ...] = field(default=(), repr=False)
    meaning: Mapping[str, Meaning] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """What the config is called everywhere."""
        if self.catalog is not None:
            return self.catalog.config
        return self.request.config + (f"#{self.request.key}" if self.request.key else "")


def read_members(requests: Sequence[LoadRequest]) -> Iterator[FleetMember]:
    """Read and judge configs, one after the other; what stops one of them is part of its member. Contacts nothing.

    They differ in the config and its entry alone: the env files are read once.
    """
    environment: Environment | None = None
    for request in requests:
        try:
            environment = environment or read_environment(request)
            reading = read(request, environment)
            catalog = judged(reading)
        except StorageToolError as error:
            yield FleetMember(request, error=error)
            continue
        context = reading.context
        found = meanings(context, catalog)
        learn_secrets(context.secrets)
        yield FleetMember(request, catalog, None, _surroundings(context), tuple(_logins(context)), found)


def _surroundings(context: Context) -> Surroundings:
    manifest = context.document.manifest
    if manifest is None:
        return Surroundings()
    namespace = get(manifest.document.data, *manifest.path[:-2], "metadata", "namespace")
    return Surroundings(context.document.name, str(namespace) if namespace else None)


def _logins(context: Context) -> Iterator[FleetLogin]:
    for holder in find_holders(context):
        if holder.target is None or holder.target.password is None:
            continue
        line = context.document.file_line(holder.path)
        try:
            used = find_carriers(context, holder.path, is_uri=holder.is_uri)[0]
        except RefusedError:
            yield FleetLogin(holder.name, holder.shown, line, holder.target)
            continue
        variable = None if used.is_of_document else used.variable
        place = (used.file or "", variable or holder.shown)
        yield FleetLogin(
            holder.name, holder.shown, line, holder.target, place, variable if used.file else None
        )
