"""The configs of a fleet, each as it was read, with what is compared between them: values alone, which need nothing of reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.secrets import Secret, conceal
from llama_storage_tui.services.requests import FOUND, LoadRequest


@dataclass(frozen=True, slots=True)
class Meaning:
    """A value as it is compared, and as it is shown: masked where it is a secret."""

    key: Secret
    shown: str


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
    claims: tuple[tuple[str, str], ...] = ()
    """Where volumes are mounted that other pods may mount, too, each with its claim."""

    def file(self, path: str) -> tuple[str, str]:
        """Return what a file belongs to, and its path there: of a claim that other pods mount elsewhere, that in the claim."""
        for folder, claim in self.claims:
            if path.startswith(f"{folder.rstrip('/')}/"):
                return "claim", f"{claim}/{path[len(folder.rstrip('/')) + 1 :]}"
        return self.machine, path


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
        return name_of(self.request)


@dataclass(frozen=True, slots=True)
class FleetInputs:
    """The run configs that were named, each once; `left_out` are files of folders and patterns that hold none."""

    requests: tuple[LoadRequest, ...]
    left_out: tuple[str, ...] = ()


def name_of(request: LoadRequest) -> str:
    """Return what a config is called before it is read."""
    name = request.config if request.config == "-" else str(Path(request.config))
    return f"{name}#{request.key}" if request.key else name


def sendable(member: FleetMember) -> FleetMember:
    """Return a member as it goes through a pipe: without its request, which holds the environment and is known at the other end."""
    return replace(member, request=LoadRequest(FOUND, environ={}))


def received(member: FleetMember, request: LoadRequest) -> FleetMember:
    """Return a member that came through a pipe, with its request."""
    if member.catalog is not None:
        learn_secrets(member.catalog.secrets)
        conceal(member.catalog.concealed)
    return replace(member, request=request)
