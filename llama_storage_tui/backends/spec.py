"""What an engine's package exports: which backends it is for, and what it can do with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from llama_storage_tui.backends.settings import BackendSettings
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import LoginTarget, Target
from llama_storage_tui.model.version import Version

if TYPE_CHECKING:
    # Names of annotations only.
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter, Reader, RoleLogin, RoleServer
    from llama_storage_tui.model.raw_rows import Sheet

AnyTarget = TypeVar("AnyTarget", bound=Target)
AnyLogin = TypeVar("AnyLogin", bound=LoginTarget)


def later(module: str, name: str) -> Callable[..., Any]:
    """Return what calls a class or a function of a module, which is imported at that moment, its driver with it.

    A class is `final`: so a type checker tells which method of its protocol it lacks.
    """

    def called(*arguments: object) -> Any:  # noqa: ANN401 - one of the protocols
        return getattr(import_module(module), name)(*arguments)

    return called


def _nothing(*_: object) -> tuple[()]:
    return ()


def _none(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class WrittenHost:
    """The host in a backend's settings, and what decides how a server's driver reads it."""

    text: str
    port: int
    type: str
    version: Version


@dataclass(frozen=True, slots=True)
class HostFault:
    """What is wrong with a host: `reason` goes on after "the host of a backend". It quotes nothing but names."""

    reason: str
    is_refused: bool = True
    """Whether the driver refuses it; else it reads another place than was probably meant."""


@dataclass(frozen=True, slots=True)
class Roles(Generic[AnyLogin]):
    """Roles whose passwords can be asked about (`login`) and changed (`server`). Both import the driver."""

    login: Callable[[AnyLogin, Timeouts], RoleLogin]
    server: Callable[[AnyLogin, Timeouts], RoleServer]


@dataclass(frozen=True, slots=True)
class BulkCopy(Generic[AnyTarget]):
    """Whole containers, read as they are stored (`source`) and written (`writer`). Both import the driver."""

    source: Callable[[AnyTarget, Timeouts], ItemSource]
    writer: Callable[[AnyTarget, Timeouts], ItemWriter] | None
    """None where this program writes nothing."""
    statements: Callable[[Sheet], tuple[str, ...]] = _nothing
    """Returns the statements by which the writer makes a container that is not there; none where nothing is made."""
    note: str = ""
    """What an operator should know before rows are brought there."""
    only_moves: bool = False
    """Whether it is for moves alone, whose target is an empty place: the engine has no transactions, or is only read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec(Generic[AnyTarget]):
    """One engine; named in `registry.ENGINES`, and nowhere else outside of its package.

    Nothing here imports a driver before `reader` or a role is opened.
    """

    name: str
    """As an operator says it: `PostgreSQL`."""
    types: tuple[str, ...]
    """The backend types that are its own: `kv_postgres`, `sql_postgres`."""
    target: type[AnyTarget]
    read_target: Callable[[BackendSettings], AnyTarget]
    """Makes a target of a backend's settings; raises NoTarget with the reason where that cannot be told."""
    location: Callable[[BackendSettings, AnyTarget | None], str]
    """Says where a backend is, without secrets, as well as can be told."""
    container: Callable[[Backend], str]
    """Names what holds a backend's rows: the key-value table, the database, the collection."""
    reader: Callable[[AnyTarget, Timeouts], Reader]
    """Opens a target, which connects on its first question; raises BackendError for one that cannot be looked into."""
    roles: Roles[Any] | None = None
    """None where this program changes no passwords of the engine."""
    why_no_roles: str = ""
    """Where `roles` is None: why there is no password to change."""
    bulk_copy: BulkCopy[Any] | None = None
    """None where this program copies nothing from or to the engine."""
    driver: str | None = None
    """The optional driver's package and version, in words; None where it comes with this program."""
    extra: str | None = None
    """The extra of this program that brings the optional driver."""
    fields_note: str = ""
    """What a finding about a field that servers ignore adds, where people expect fields that no version has."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """For a field that people expect and no version has: what a server does without it."""
    is_local: bool = False
    """Whether its data is a file of this machine, so that to read it contacts nobody."""
    size_details: tuple[str, ...] = ()
    """The details of a test whose sum is how many bytes a backend takes; empty where a test does not tell."""
    unlike_config: Callable[[BackendSettings], Iterable[str]] = _nothing
    """Yields where a test's connection, or a server's, is not what the settings say."""
    cannot_connect: Callable[[BackendSettings, str], str | None] = _none
    """Returns why a server of the version cannot connect to the backend of that name, though this program can."""
    host_fault: Callable[[WrittenHost], HostFault | None] = _none
    """Returns what is wrong with a host as a server's driver reads it."""

    @property
    def inline_types(self) -> tuple[str, ...]:
        """What an inline store of 0.2 calls the engine: a type without its family."""
        return tuple(dict.fromkeys(type_.partition("_")[2] for type_ in self.types))
