"""Opening a run config: the one way in for the command line and the TUI."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from llama_storage_tui.config.compose import Service, is_compose, read_compose
from llama_storage_tui.config.document import ConfigDocument, decode
from llama_storage_tui.config.dotenv import merge, parse_env_file
from llama_storage_tui.config.environment import Environment, Variable
from llama_storage_tui.config.load import UnjudgedConfig, notice_of, read_catalog
from llama_storage_tui.config.locate import Candidate, find_configs, open_config
from llama_storage_tui.deferred import replace
from llama_storage_tui.errors import ConfigError
from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.services.loaded_config import Opened
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.upstream.versions import newest

log = logging.getLogger(__name__)

__all__ = [
    "Candidate",
    "Opened",
    "candidates",
    "load",
    "read_environment",
]


def load(request: LoadRequest) -> Catalog:
    """Read and judge the config; raises ConfigError or UsageError. Contacts nothing and writes nothing."""
    return judged(read(request))


def open_at_once(request: LoadRequest) -> Opened:
    """Read the config and leave the findings for later: what a first screen needs. Raises as `load` does."""
    reading = read(request)
    return Opened(reading.catalog, lambda: judged(reading))


def read(request: LoadRequest, environment: Environment | None = None) -> UnjudgedConfig:
    """Read the config in all its forms, with the `environment` that was read for it, if any. Raises as `load` does."""
    environment = environment or read_environment(request)
    return _read_as(request, open_document(request), environment)


def load_versions(request: LoadRequest, versions: Sequence[str | None]) -> tuple[Catalog, ...]:
    """Read a config once, and judge it as each of several versions does (None: the guessed one); raises as `load` does."""
    environment, document = read_environment(request), open_document(request)
    return tuple(
        judged(_read_as(replace(request, version=version), document, environment)) for version in versions
    )


def open_document(request: LoadRequest) -> ConfigDocument:
    return open_config(request.config, request.environ, key=request.key)


def _read_as(request: LoadRequest, document: ConfigDocument, environment: Environment) -> UnjudgedConfig:
    version = None if request.version is None else newest(request.version)
    reading = read_catalog(document, environment, version=version, path_map=request.path_map)
    if (
        request.version is not None
        and version is not None
        and request.version.strip() not in (str(version), f"{version.major}.{version.minor}")
    ):
        guess = replace(reading.catalog.version, label=request.version.strip())
        reading = replace(reading, catalog=replace(reading.catalog, version=guess))
    learn_secrets(reading.catalog.secrets)
    return reading


def judged(reading: UnjudgedConfig) -> Catalog:
    """Return the catalog of a config that was read, with its findings and verdict."""
    catalog = reading.judged()
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


def read_environment(request: LoadRequest) -> Environment:
    """Put the variables together that `${env…}` sees."""
    read = [_env_file(name, request) for name in request.env_files]
    process = request.environ if request.uses_environ else None
    if request.typed:
        process = {**(process or {}), **request.typed}
    files = [service.variables for service in read]
    merged = merge(files, process, assumes_set=request.assumes_set, home=request.environ.get("HOME"))
    elsewhere = tuple(place for service in read for place in service.elsewhere)
    mounts = next((service.mounts for service in reversed(read) if service.mounts is not None), None)
    return replace(
        merged,
        elsewhere=elsewhere,
        mounts=mounts,
        notices=(*merged.notices, *map(notice_of, elsewhere)),
    )


def _env_file(name: str, request: LoadRequest) -> Service:
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The env file {name} cannot be read: {error.strerror or type(error).__name__}", where=name
        ) from None
    return read_variables(
        decode(content, name), name, environ=request.environ if request.uses_environ else {}
    )


def read_variables(text: str, name: str, *, environ: Mapping[str, str]) -> Service:
    """Return the variables of an env file, or what a compose file gives to the server.

    Raises ConfigError or UsageError.
    """
    if not is_compose(name):
        return Service(parse_env_file(text, name))
    folder = Path(name).parent

    def beside(file: str) -> dict[str, Variable] | None:
        try:
            content = (folder / file).read_bytes()
        except OSError:
            return None
        return parse_env_file(decode(content, str(folder / file)), str(folder / file))

    beside_it = {key: variable.value or "" for key, variable in (beside(".env") or {}).items()}
    # Compose lets the shell win over its .env file.
    return read_compose(text, name, lookup=beside_it | dict(environ), env_file=beside)


def candidates(environ: Mapping[str, str] | None = None) -> tuple[Candidate, ...]:
    """Return the configs found in the usual places."""
    return find_configs(os.environ if environ is None else environ)
