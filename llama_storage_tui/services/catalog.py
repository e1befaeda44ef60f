"""Opening a run config: the one way in for the command line and the TUI."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llama_storage_tui.config.document import decode
from llama_storage_tui.config.dotenv import merge, parse_env_file
from llama_storage_tui.config.environment import Environment, Variable
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.config.locate import Candidate, find_configs, open_config
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.upstream.versions import newest

log = logging.getLogger(__name__)

__all__ = [
    "Candidate",
    "LoadRequest",
    "candidates",
    "load",
    "load_async",
    "parse_path_map",
    "read_environment",
]


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load and how: the words of the command line, parsed by nobody but this room.

    `config` is a file, `-`, a distribution's name or `@`; `env_files` in order, the last one wins; `version` as typed
    (`0.3.5`, `0.3`), None to guess; `path_map` pairs of FROM and TO; `key` names a ConfigMap's entry. `environ` is the process
    environment, or what a test puts in its place.
    """

    config: str
    env_files: tuple[str, ...] = ()
    uses_environ: bool = True
    assumes_set: bool = False
    version: str | None = None
    path_map: tuple[tuple[str, str], ...] = ()
    key: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)


def load(request: LoadRequest) -> Catalog:
    """Read the config; raises ConfigError or UsageError. Contacts nothing and writes nothing."""
    version = newest(request.version) if request.version else None
    environment = read_environment(request)
    document = open_config(
        request.config, environ=request.environ, home=home_of(request.environ), key=request.key
    )
    catalog = load_catalog(document, environment, version=version, path_map=request.path_map)
    learn_secrets(catalog.secrets)
    log.info(
        "loaded %s for %s: %d backends, %d references, findings: %s",
        catalog.config,
        catalog.version.chosen,
        len(catalog.backends),
        len(catalog.references),
        ", ".join(sorted({finding.rule for finding in catalog.findings})) or "none",
    )
    return catalog


async def load_async(request: LoadRequest) -> Catalog:
    """Read the config off the event loop: a slow mount must not freeze a screen."""
    return await asyncio.to_thread(load, request)


def read_environment(request: LoadRequest) -> Environment:
    """Put the variables together that `${env…}` sees."""
    files = [_env_file(name) for name in request.env_files]
    process = request.environ if request.uses_environ else None
    return merge(files, process, assumes_set=request.assumes_set, home=request.environ.get("HOME"))


def _env_file(name: str) -> dict[str, Variable]:
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The env file {name} cannot be read: {error.strerror or type(error).__name__}", where=name
        ) from None
    return parse_env_file(decode(content, name), name)


def candidates(environ: Mapping[str, str] | None = None) -> tuple[Candidate, ...]:
    """Return the configs found in the usual places."""
    values = os.environ if environ is None else environ
    return find_configs(values, home_of(values))


def home_of(environ: Mapping[str, str]) -> Path:
    """Return the home folder of an environment."""
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def parse_path_map(text: str) -> tuple[str, str]:
    """Read FROM=TO; raises UsageError for anything else."""
    before, separator, after = text.partition("=")
    if not separator or not before or not after:
        raise UsageError(f"{text!r} is not FROM=TO", help="For example: --map-path /.ogx=/mnt/pvc")
    return before, after
