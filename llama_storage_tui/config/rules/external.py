"""Providers and APIs that come from elsewhere: folders of specifications, and packages."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Final

import yaml

from llama_storage_tui.config.document import Path, provider_entries
from llama_storage_tui.config.rules import serving
from llama_storage_tui.config.rules.serving import (
    enabled_providers,
    has_catalog,
    is_this_machine,
    provider_name,
)
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.finding import Finding, Severity, Stage, stops_start, warns
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.providers import is_known_api

EXTERNAL_PROVIDERS_MISSING: Final = stops_start(
    id="external-providers-missing",
    title="external_providers_dir does not exist",
    advice="Create the folder, or correct the path.",
    also=((Severity.WARNING, Stage.START),),
    since=changes.CATALOG,
)
EXTERNAL_APIS_MISSING: Final = warns(
    id="external-apis-missing",
    title="external_apis_dir is not a folder, and the server starts without the APIs in it",
    advice="Create the folder, or correct the path.",
    since=changes.CATALOG,
)
BAD_SPECIFICATION: Final = stops_start(
    id="bad-specification",
    title="A file in external_providers_dir or external_apis_dir is not a specification",
    advice="Correct the file, or move it out of the folder.",
    since=changes.CATALOG,
)
BAD_MODULE: Final = stops_start(
    id="bad-module",
    title="The module of a provider is not the name of a package",
    advice="Write the name of the package that brings the provider, or remove module.",
    since=changes.CATALOG,
)

_PROVIDERS_DIR: Final = "external_providers_dir"
_APIS_DIR: Final = "external_apis_dir"


@dataclass(frozen=True, slots=True)
class Specifications:
    """What the folders of a config add to a release.

    `unseen` names the settings whose folder cannot be looked into from here: it is in a pod, or its path is not known.
    """

    providers: frozenset[tuple[str, str]] = frozenset()
    apis: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    broken: tuple[tuple[str, str], ...] = ()
    """Setting and path of each file that no server can read."""


def read_specifications(view: View) -> Specifications:
    """Look into the folders of external providers and APIs, as a start does."""
    providers: set[tuple[str, str]] = set()
    apis: set[str] = set()
    broken: list[tuple[str, str]] = []
    settings = {key: view.context.data.get(key) for key in (_PROVIDERS_DIR, _APIS_DIR)}
    folders = {key: _folder(view, value) for key, value in settings.items() if value not in (None, "")}
    for path in _files(folders.get(_APIS_DIR), "*.yaml"):
        name = (_specification(path) or {}).get("name")
        if isinstance(name, str):
            apis.add(name)
        else:
            broken.append((_APIS_DIR, str(path)))
    for kind in ("remote", "inline"):
        for path in _files(folders.get(_PROVIDERS_DIR), f"{kind}/*/*.yaml"):
            api = path.parent.name
            if not is_known_api(api, view.version) and api not in apis:
                continue
            if _specification(path) is None:
                broken.append((_PROVIDERS_DIR, str(path)))
            providers.add((api, f"{kind}::{path.stem}"))
    unseen = frozenset(key for key, folder in folders.items() if folder is None)
    return Specifications(frozenset(providers), frozenset(apis), unseen, tuple(broken))


def _folder(view: View, value: object) -> FilePath | None:
    """Return where the folder is on this machine; None where it is in a pod, or depends on where the server is started."""
    if not is_this_machine(view) or not isinstance(value, str):
        return None
    path = view.context.map_path(view.context.environment.expand_user(value))
    return FilePath(path) if os.path.isabs(path) else None  # noqa: PTH117 - a text


def _files(folder: FilePath | None, pattern: str) -> list[FilePath]:
    try:
        return [path for path in sorted(folder.glob(pattern)) if path.is_file()] if folder is not None else []
    except OSError:
        return []


def _specification(path: FilePath) -> Mapping[str, object] | None:
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def external_folders(view: View) -> Iterator[Finding]:
    """Folders of specifications that are missing, that cannot be looked into from here, or that hold a broken file."""
    if not has_catalog(view):
        return
    outside = read_specifications(view)
    for key in sorted(outside.unseen):
        yield view.finding(
            serving.NOT_CHECKED,
            (key,),
            f"{key} cannot be read from here: providers and APIs that come from it were not checked",
        )
    for key, path in outside.broken:
        yield view.finding(
            BAD_SPECIFICATION,
            (key,),
            f"{path} is not a specification that a server can read: the server does not start",
        )
    yield from _missing_folders(view)


def _missing_folders(view: View) -> Iterator[Finding]:
    written, apis = view.context.data.get(_PROVIDERS_DIR), view.context.data.get(_APIS_DIR)
    folder = _folder(view, written) if written else None
    if folder is not None and not folder.exists():
        if isinstance(written, str) and written.startswith("~"):
            yield view.finding(
                EXTERNAL_PROVIDERS_MISSING,
                (_PROVIDERS_DIR,),
                f"{folder} does not exist: the run command creates a folder named ~ instead, and the server then does not start",
            )
        else:
            yield view.finding(
                EXTERNAL_PROVIDERS_MISSING,
                (_PROVIDERS_DIR,),
                f"{folder} does not exist here: the run command creates it empty, and a server that is started in another way "
                "does not start",
                severity=Severity.WARNING,
                help="Create the folder. If it is on another machine, check the config there.",
            )
    folder = _folder(view, apis) if apis else None
    if folder is not None and not folder.is_dir():
        yield view.finding(
            EXTERNAL_APIS_MISSING,
            (_APIS_DIR,),
            f"{folder} is not a folder here: the server starts without the APIs that it should bring",
            help="Create the folder. If it is on another machine, check the config there.",
        )


def modules(view: View) -> Iterator[Finding]:
    """Providers that a package brings: a start imports it, that of a provider that is switched off, too."""
    if not has_catalog(view):
        return
    for api, index, entry in provider_entries(view.context.data):
        module = entry.get("module")
        if not isinstance(module, str):
            continue
        where: Path = (*view.context.resolution.file_path(("providers", api, index)), "module")
        package = module.partition("==")[0]
        if not package or package.startswith("."):
            message = f"The module of the provider {provider_name(entry)} names no package"
            yield view.finding(BAD_MODULE, where, message)
        else:
            yield view.finding(
                serving.NOT_CHECKED,
                where,
                f"The server imports the package {package} when it starts, and does not start without it",
                help="Check that the package is installed where the server runs.",
            )


def external_packages(view: View) -> Iterator[Finding]:
    """Providers whose specification is in a folder: the package behind it is imported when the server starts."""
    if not has_catalog(view):
        return
    outside = read_specifications(view)
    for api, path, entry in enabled_providers(view):
        type_ = entry.get("provider_type")
        if not isinstance(type_, str):
            continue
        if ((api, type_) in outside.providers or api in outside.apis) and not entry.get("module"):
            yield view.finding(
                serving.NOT_CHECKED,
                (*path, "provider_type"),
                f"{type_} comes from a folder of the config: the server does not start unless the package behind it is installed",
                help="Check that the package is installed where the server runs.",
            )


CHECKS = (external_folders, modules, external_packages)
