"""Where and how the server runs: what loses rows, or locks writers out, though the config is valid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.config.document import Keeps, Mount, get, list_at
from llama_storage_tui.config.document import Path as DocumentPath
from llama_storage_tui.config.pools import workers_of
from llama_storage_tui.config.rules.serving import volumes_of
from llama_storage_tui.config.rules.view import View, setting
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.finding import Finding, stops_start, warns
from llama_storage_tui.upstream import changes

READ_ONLY_VOLUME: Final = stops_start(
    id="read-only-volume",
    title="Rows or files are kept on a volume that cannot be written",
    advice="Keep it on a volume that can be written, such as a persistentVolumeClaim.",
)
LOST_WITH_THE_POD: Final = warns(
    id="lost-with-the-pod",
    title="Rows or files are kept inside the pod or container, and are lost when it is replaced",
    advice="Copy the file out of the pod before the pod is replaced, then put it on a persistentVolumeClaim. "
    "PostgreSQL begins without these rows.",
)
TEMPORARY_FOLDER: Final = warns(
    id="temporary-folder",
    title="Rows or files are kept in a folder that a restart may empty",
    advice="Stop the server, copy the file or folder to a volume that outlives the server, and name it there.",
)
OLD_CONFIG_FOLDER: Final = warns(
    id="old-config-folder",
    title="A path is below ~/.llama, which the first ogx command renames to ~/.ogx",
    advice="Before the first ogx command, and with the server stopped: copy the file with its -wal and -journal to"
    " a folder "
    "that is not below ~/.llama and name that here, or set OGX_CONFIG_DIR, which stops the renaming.",
    since=changes.OGX,
)
WORKERS_ON_SQLITE: Final = warns(
    id="workers-on-sqlite",
    title="Several workers or replicas keep their rows in SQLite",
    advice="Use one worker in one replica. PostgreSQL takes several; a backend there begins without these rows, which no server "
    "copies.",
    since=changes.SEVERAL_WORKERS,
)


TEMPORARY: Final = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/var/run")  # noqa: S108 - names to look for
"""Folders that a restart of the machine or of a container empties."""


def temporary_folders(view: View) -> Iterator[Finding]:
    """Files in a folder that a restart empties."""
    for backend, path in _files(view):
        folder = _temporary(path)
        if folder is not None and not _is_on_lasting_volume(view, path):
            yield view.on_setting(
                backend,
                "db_path",
                TEMPORARY_FOLDER,
                f"{backend.name} keeps its rows under {folder}, which a restart of the machine or the container may empty",
                help="Stop the server, copy the file with its -wal and -journal to a volume that outlives the server, and name it "
                "there in db_path.",
            )
    for where, text in _folders_of_files(view):
        folder = _temporary(text)
        if folder is not None and not _is_on_lasting_volume(view, text):
            yield view.finding(
                TEMPORARY_FOLDER,
                where,
                f"Uploaded files are kept under {folder}, which a restart of the machine or the container may empty",
                help="Stop the server, copy the folder to a volume that outlives the server, and name it there. The rows of files "
                "hold their full paths (file_path), which have to follow.",
            )


def volumes(view: View) -> Iterator[Finding]:
    """What a server writes inside its container or pod and not on a volume that outlives it, as the manifests say."""
    mounts = volumes_of(view)
    if mounts is None:
        return
    places: list[tuple[str, DocumentPath | str, str]] = []
    for backend, path in _files(view):
        where: DocumentPath | str = ("storage", "backends", backend.name, "db_path")
        places.append(
            (
                f"{backend.name} keeps its rows in {path}",
                f"{backend.path}.db_path" if backend.is_inline else where,
                path,
            )
        )
    places += [(f"Uploaded files are kept in {text}", path, text) for path, text in _folders_of_files(view)]
    for said, where, text in places:
        path = text.removeprefix("file:")
        if not path.startswith("/") or _is_at_home(view, path) or _temporary(path) is not None:
            # What is relative, or in a home, depends on the image; a temporary folder has a finding of its own.
            continue
        mount = _mount_of(mounts, path)
        if mount is not None and mount.keeps is Keeps.FOR_GOOD:
            continue
        if mount is not None and mount.keeps is Keeps.NOTHING:
            yield view.finding(
                READ_ONLY_VOLUME,
                where,
                f"{said}, on {mount.what}, which a server cannot write to",
            )
            continue
        is_compose = view.context.document.mounts is None
        on = (
            f"on {mount.what}"
            if mount is not None
            else f"on no volume of the {'service' if is_compose else 'manifests'}"
        )
        what = "container" if is_compose or mount is None else "pod"
        yield view.finding(
            LOST_WITH_THE_POD,
            where,
            f"{said}, {on}: it is lost when the {what} is replaced",
            help="Copy the file out of the container before it is replaced, then keep its folder on a volume of the service."
            if is_compose
            else None,
        )


def _mount_of(mounts: Sequence[Mount], path: str) -> Mount | None:
    """Return the mount that a path lies on: of several the deepest."""
    held = [mount for mount in mounts if PurePosixPath(path).is_relative_to(mount.path)]
    return max(held, key=lambda mount: len(PurePosixPath(mount.path).parts), default=None)


def _is_on_lasting_volume(view: View, path: str) -> bool:
    mount = _mount_of(volumes_of(view) or (), path.removeprefix("file:"))
    return mount is not None and mount.keeps is Keeps.FOR_GOOD


def _is_at_home(view: View, path: str) -> bool:
    home = view.context.environment.home
    return bool(home) and PurePosixPath(path).is_relative_to(str(home))


def old_folder(view: View) -> Iterator[Finding]:
    """Paths that spell ~/.llama, which the first ogx command renames."""
    if view.version < changes.OGX or _names_folder(view):
        return
    places: list[tuple[str, DocumentPath, str]] = [
        (f"{backend.name} is kept at {path}", ("storage", "backends", backend.name, "db_path"), path)
        for backend, path in _files(view)
        if not backend.is_implied and not backend.is_inline
    ]
    places += [(f"Uploaded files are kept at {text}", path, text) for path, text in _folders_of_files(view)]
    for said, where, text in places:
        if _is_old(text, view.context.environment.home):
            yield view.finding(
                OLD_CONFIG_FOLDER,
                where,
                f"{said}. The first ogx command renames ~/.llama to ~/.ogx where there is no ~/.ogx yet; the server then makes an "
                "empty store at the old path",
            )


def workers_on_sqlite(view: View) -> Iterator[Finding]:
    """Several processes that write one SQLite file."""
    workers, replicas = workers_of(view.context), view.context.document.replicas
    if view.version < changes.SEVERAL_WORKERS or max(workers, replicas) < 2:
        return
    used = {reference.backend for reference in view.enabled}
    names = [backend.name for backend, _ in _files(view) if backend.name in used]
    if names and replicas > 1:
        yield view.finding(
            WORKERS_ON_SQLITE,
            ("storage", "backends"),
            f"{replicas} replicas keep their rows in SQLite ({', '.join(names)}): on a volume that they share, writes fail with "
            "'database is locked'; on a volume each, they do not see each other's rows",
        )
    if names and workers > 1:
        yield view.finding(
            WORKERS_ON_SQLITE,
            ("server", "workers"),
            f"{workers} workers write the same SQLite {'file' if len(names) == 1 else 'files'} ({', '.join(names)}): under load "
            "writes fail with 'database is locked', and what one worker keeps in memory the others do not see",
        )


def _files(view: View) -> Iterator[tuple[Backend, str]]:
    for backend in view.backends:
        path = setting(backend, "db_path")
        is_file = isinstance(backend.target, SqliteTarget) and not backend.target.is_memory
        if is_file and path is not None and isinstance(path.value, str):
            yield backend, path.value


def _folders_of_files(view: View) -> Iterator[tuple[DocumentPath, str]]:
    for index, entry in enumerate(list_at(view.context.data, "providers", "files")):
        folder = get(entry, "config", "storage_dir")
        if isinstance(folder, str):
            path = view.context.resolution.file_path(("providers", "files", index))
            yield (*path, "config", "storage_dir"), folder


def _temporary(path: str) -> str | None:
    parts = PurePosixPath(path.removeprefix("file:"))
    return next((folder for folder in TEMPORARY if parts.is_relative_to(folder)), None)


def _is_old(path: str, home: str | None) -> bool:
    plain = path.removeprefix("file:")
    homes = ["~", *([home] if home else [])]
    return any(PurePosixPath(plain).is_relative_to(PurePosixPath(each) / ".llama") for each in homes)


def _names_folder(view: View) -> bool:
    found = view.context.environment.variables.get("OGX_CONFIG_DIR")
    return found is not None and bool(found.value)


CHECKS = (temporary_folders, volumes, old_folder, workers_on_sqlite)
