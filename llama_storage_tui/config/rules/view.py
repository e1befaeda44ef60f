"""What a rule sees: the config in all its forms, and how to write a finding about a place in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, show_path
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend, Reference, Setting
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage
from llama_storage_tui.model.version import Version
from llama_storage_tui.next_steps import Help


@dataclass(frozen=True, slots=True)
class View:
    """One config under judgement."""

    context: Context
    backends: tuple[Backend, ...]
    references: tuple[Reference, ...]
    is_legacy: bool = False
    _by_name: dict[str, Backend] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {backend.name: backend for backend in reversed(self.backends)})

    @property
    def version(self) -> Version:
        """The version judged for."""
        return self.context.version

    @property
    def enabled(self) -> Iterator[Reference]:
        """The references that a server would use."""
        return (reference for reference in self.references if reference.is_enabled)

    def backend(self, name: str | None) -> Backend | None:
        """Return the backend of that name."""
        return None if name is None else self._by_name.get(name)

    def backends_of(self, *types: str) -> Iterator[Backend]:
        """Return the catalog's backends of some types, and the inline stores of 0.2 that are what the types became."""
        return (
            backend for backend in self.backends if catalog_type(backend) in types and not backend.is_implied
        )

    def finding(
        self,
        rule: Rule,
        where: Path | str,
        message: str,
        *,
        help: Help | None = None,  # noqa: A002 - the word of the interface
        line: int | None = None,
        severity: Severity | None = None,
        stage: Stage | None = None,
    ) -> Finding:
        """Write a finding; the line is that of `where` in the file unless given."""
        if isinstance(where, tuple):
            line = line or self.context.line(where)
            where = show_path(where)
        return rule.found(where, message, help=help, line=line, severity=severity, stage=stage)

    def on_setting(
        self,
        backend: Backend,
        setting: str,
        rule: Rule,
        message: str,
        *,
        help: Help | None = None,  # noqa: A002 - the word of the interface
        severity: Severity | None = None,
        stage: Stage | None = None,
    ) -> Finding:
        """Write a finding on one setting of a backend."""
        if backend.is_inline:
            return rule.found(
                f"{backend.path}.{setting}",
                message,
                help=help,
                line=backend.line,
                severity=severity,
                stage=stage,
            )
        path: Path = ("storage", "backends", backend.name, setting)
        return self.finding(rule, path, message, help=help, severity=severity, stage=stage)


def setting(backend: Backend, name: str) -> Setting | None:
    """Return a backend's setting by name, defaults included."""
    return next((found for found in backend.settings if found.name == name), None)


def is_set(backend: Backend, name: str) -> bool:
    """Tell whether the file sets a field, to whatever value."""
    found = setting(backend, name)
    return found is not None and not found.is_default


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant."""
    folded = {candidate.replace("_", "").lower(): candidate for candidate in known}
    exact = folded.get(name.replace("_", "").replace("-", "").lower())
    if exact is not None:
        return exact
    aliases = {
        "dbname": "db",
        "database": "db",
        "username": "user",
        "passwd": "password",
        "hostname": "host",
        "path": "db_path",
        "sslrootcert": "ca_cert_path",
        "url": "connection_string",
        "uri": "connection_string",
        "dsn": "connection_string",
        "poolsize": "pool_size",
        "table": "table_name",
        "collection": "collection_name",
    }
    alias = aliases.get(name.replace("_", "").lower())
    if alias in folded.values():
        return alias
    from difflib import get_close_matches  # here: most configs have nothing unknown

    matches = get_close_matches(name, list(known), n=1, cutoff=0.7)
    return matches[0] if matches else None


def catalog_type(backend: Backend) -> str:
    """Return a backend's type; of an inline store of 0.2 the type that it became."""
    return f"{backend.family}_{backend.type}" if backend.is_inline else backend.type
