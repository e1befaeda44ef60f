"""Paths of SQLite files that lead elsewhere than they seem to."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Final

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.config.document import get
from llama_storage_tui.config.rules.serving import (
    LATER,
    enabled_providers,
    is_this_machine,
    provider_name,
    used_texts,
)
from llama_storage_tui.config.rules.view import View, setting
from llama_storage_tui.model.catalog import SourceKind
from llama_storage_tui.model.finding import Finding, Severity, Stage, informs, stops_start, warns
from llama_storage_tui.upstream import changes

UNUSABLE_PATH: Final = stops_start(
    id="unusable-path",
    title="A path leads through a file, or to something that is not a database or a folder",
    advice="Correct the path. If it is a path of another machine, check the config there.",
    also=((Severity.WARNING, Stage.NEVER), (Severity.WARNING, Stage.START)),
)
NO_FILE_NAME: Final = stops_start(
    id="no-file-name",
    title="A SQLite path names no file",
    advice="Write the path of a file.",
    also=((Severity.WARNING, Stage.NEVER),),
)
LITERAL_TILDE: Final = warns(
    id="literal-tilde",
    title="kv_sqlite does not expand ~ in a path",
    advice="Write the path out, or ${env.SQLITE_STORE_DIR:=~/…}, which is expanded. Rows that a server wrote so"
    " far are in "
    "the directory named ~: stop the server and copy the file from there.",
    since=changes.CATALOG,
)
MEMORY_DATABASE: Final = warns(
    id="memory-database",
    title="A SQLite database is in memory: every restart loses its rows",
    advice="Write the path of a file.",
)
RELATIVE_PATH: Final = informs(
    id="relative-path",
    title="A SQLite path depends on the folder that the server is started in",
    advice="Write the absolute path of the file that the server uses now.",
)
UNEXPANDED_DEFAULT_PATH: Final = warns(
    id="unexpanded-default-path",
    title="The default path of a backend is an expression that the release does not expand",
    advice="Write storage.backends out, or use 0.5.1 or later. Rows that a server wrote so far stay in that folder: stop "
    "the server and copy the files from there.",
    since=changes.STORAGE_OPTIONAL,
    until=changes.DEFAULT_PATH_EXPANDED,
)


def literal_tilde(view: View) -> Iterator[Finding]:
    """A literal `~` in a kv_sqlite path names a directory called ~."""
    for backend in view.backends:
        path = setting(backend, "db_path")
        if (
            backend.type != "kv_sqlite"
            or path is None
            or path.source.kind is not SourceKind.LITERAL
            or backend.is_inline
        ):
            continue
        if isinstance(path.value, str) and path.value.startswith("~"):
            yield view.on_setting(
                backend,
                "db_path",
                LITERAL_TILDE,
                f"kv_sqlite does not expand ~: the server creates a directory named ~ for {backend.name}",
            )


def fleeting_paths(view: View) -> Iterator[Finding]:
    """Databases in memory, and paths that depend on where the server is started."""
    for backend in view.backends_of("kv_sqlite", "sql_sqlite"):
        path = setting(backend, "db_path")
        if not isinstance(backend.target, SqliteTarget) or path is None or not isinstance(path.value, str):
            continue
        if backend.target.is_memory:
            yield view.on_setting(
                backend,
                "db_path",
                MEMORY_DATABASE,
                f"{backend.name} is in memory: every restart loses its rows",
            )
        elif not path.value.startswith(("/", "~", "file:")):
            yield view.on_setting(
                backend,
                "db_path",
                RELATIVE_PATH,
                f"The path of {backend.name} is relative: it depends on the folder that the server is started in",
            )


def unexpanded_default(view: View) -> Iterator[Finding]:
    """From 0.4.0 to 0.5.0 the default path was the text of an expression that nobody expanded (llama-stack issue 4896)."""
    for backend in view.backends:
        path = setting(backend, "db_path")
        if backend.is_implied and path is not None and str(path.value).startswith("${env."):
            yield view.finding(
                UNEXPANDED_DEFAULT_PATH,
                ("storage",),
                f"The file has no storage.backends, and the default path of {backend.name} in {view.version} is the literal text "
                f"{path.value}: the server makes a folder of that name",
            )


def no_file_name(view: View) -> Iterator[Finding]:
    """A path of SQLite that names no file."""
    for backend, path, is_opened in used_texts(view, "db_path", "kv_sqlite", "sql_sqlite"):
        # A SQL path goes through pathlib, which takes the slash off.
        if path == "" or (backend.type == "kv_sqlite" and path.endswith("/")):
            yield view.on_setting(
                backend,
                "db_path",
                NO_FILE_NAME,
                f"The db_path of {backend.name} names no file{'' if is_opened else LATER}",
                severity=Severity.ERROR if is_opened else Severity.WARNING,
                stage=Stage.START if is_opened else Stage.NEVER,
            )


def unusable_paths(view: View) -> Iterator[Finding]:
    """Paths that no server can open or make, as this machine shows them; inside a pod they are not looked at."""
    if not is_this_machine(view):
        return
    for backend, _, is_opened in used_texts(view, "db_path", "kv_sqlite", "sql_sqlite"):
        target = backend.target
        problem = None
        if isinstance(target, SqliteTarget) and not target.is_memory:
            problem = _problem_of_database(target.path)
        if problem is not None:
            yield view.on_setting(
                backend,
                "db_path",
                UNUSABLE_PATH,
                f"The server cannot open the file of {backend.name}: {problem}{'' if is_opened else LATER}",
                severity=Severity.ERROR if is_opened else Severity.WARNING,
                stage=Stage.START if is_opened else Stage.NEVER,
            )
    for api, path, entry in enabled_providers(view):
        folder = get(entry, "config", "storage_dir")
        if (
            api == "files"
            and entry.get("provider_type") == "inline::localfs"
            and isinstance(folder, str)
            and folder
        ):
            here = FilePath(view.context.map_path(folder))
            problem = _obstacle(here / "file") if here.is_absolute() else None
            if problem is not None:
                yield view.finding(
                    UNUSABLE_PATH,
                    (*path, "config", "storage_dir"),
                    f"The server cannot make the folder of {provider_name(entry)}, and does not start: {problem}",
                )


def _obstacle(path: FilePath) -> str | None:
    """Return what of the folders above a path is no folder; None where they are, or can be made."""
    for folder in reversed(path.parents):
        try:
            mode = folder.stat().st_mode
        except FileNotFoundError:
            return f"{folder} is a link to nowhere" if folder.is_symlink() else None
        except OSError:
            return None
        if not stat.S_ISDIR(mode):
            return f"{folder} is a file"
    return None


def _problem_of_database(path: FilePath) -> str | None:
    try:
        problem = _obstacle(path)
        if problem is not None:
            return problem
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return f"{path} is a folder"
        # A pipe or a device would keep the reader waiting.
        if stat.S_ISREG(mode):
            with path.open("rb") as file:
                head = file.read(len(SQLITE_HEAD))
            return f"{path} is not a SQLite database" if head and head != SQLITE_HEAD else None
    except OSError:
        return None
    return None


SQLITE_HEAD: Final = b"SQLite format 3\0"
"""With what every database begins; an empty file is one, too."""

CHECKS = (no_file_name, unusable_paths, literal_tilde, fleeting_paths, unexpanded_default)
