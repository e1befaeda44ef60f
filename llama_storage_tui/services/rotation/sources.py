"""The files that a rotation is about, each read once: what was looked at is what will be compared and changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import decode
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.environment import Variable
from llama_storage_tui.config.load import load_context
from llama_storage_tui.config.locate import config_path, read_document, read_file
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.places import real_path
from llama_storage_tui.services.catalog import read_variables
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.upstream.versions import newest


@dataclass(frozen=True, slots=True)
class RotationRequest:
    """Which backend of which config, and in which further run configs the same credential may stand."""

    load: LoadRequest
    backend: str
    also: tuple[str, ...] = ()
    userlist: str | None = None
    """PgBouncer's list of users and passwords, where it is to follow."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """An env file as read: its variables by name, the last assignment of each."""

    name: str
    real: Path
    variables: Mapping[str, Variable] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sources:
    """Configs (the operator's first) and env files (in their order), with the bytes of each real file."""

    contexts: tuple[Context, ...] = field(repr=False)
    env_files: tuple[EnvFile, ...]
    real: Mapping[str, Path]
    """The real path behind each name that configs, env files and messages use."""
    contents: Mapping[Path, bytes] = field(repr=False)
    key: str | None = None
    userlist: str | None = None
    """PgBouncer's list, as the operator named it."""

    def names(self) -> tuple[str, ...]:
        """Return the name of each config's file, the operator's first."""
        manifests = ((context.document, context.document.manifest) for context in self.contexts)
        return tuple(
            document.name if manifest is None else manifest.document.name for document, manifest in manifests
        )

    @property
    def config_name(self) -> str:
        """The operator's own config, as commands name it from any folder."""
        return os.path.abspath(self.names()[0])  # noqa: PTH100 - a link stays one


def read_sources(request: RotationRequest, changed: Mapping[Path, bytes] | None = None) -> Sources:
    """Read everything; `changed` holds, by real path, bytes to take in place of a file's own.

    Raises ConfigError or UsageError as opening a config does, and RefusedError for what cannot be written later.
    """
    load = request.load
    real: dict[str, Path] = {}
    contents: dict[Path, bytes] = {}

    def read(path: Path) -> bytes:
        found = real_path(path)
        real[str(path)] = found
        if found not in contents:
            contents[found] = changed[found] if changed and found in changed else read_file(found)
        return contents[found]

    env_files = tuple(
        EnvFile(name, real[name], variables)
        for name in load.env_files
        for variables in [_variables(read(Path(name)), name, real, load)]
    )
    if request.userlist is not None:
        real[request.userlist] = _read_first(read, Path(request.userlist), real)
    environment = merge(
        [dict(file.variables) for file in env_files],
        load.environ if load.uses_environ else None,
        assumes_set=load.assumes_set,
        home=load.environ.get("HOME"),
    )
    version = None if load.version is None else newest(load.version)
    contexts: dict[Path, Context] = {}
    for path in _config_paths(request):
        document = read_document(read(path), str(path), key=load.key)
        context = load_context(document, environment, version=version, path_map=load.path_map)
        contexts.setdefault(real[str(path)], context)
    return Sources(tuple(contexts.values()), env_files, real, contents, load.key, request.userlist)


def _read_first(read: Callable[[Path], bytes], path: Path, real: Mapping[str, Path]) -> Path:
    """Read a file and return its real path; a link and its file are one name."""
    read(path)
    return real[str(path)]


def _variables(content: bytes, name: str, real: dict[str, Path], load: LoadRequest) -> Mapping[str, Variable]:
    # A link and its file are one name to merge(), which tells files apart by what the operator called them.
    real[name] = real[str(Path(name))]
    environ = load.environ if load.uses_environ else {}
    return read_variables(decode(content, name), name, environ=environ).variables


def _config_paths(request: RotationRequest) -> Iterator[Path]:
    for argument in (request.load.config, *request.also):
        path = config_path(argument, request.load.environ)
        if path is None:
            raise RefusedError(
                "A config from stdin cannot be changed",
                help="Name the file, so that its password can be written.",
            )
        if not path.exists() and not path.is_symlink():
            read_file(path)  # says in its own words what is missing
        yield path
