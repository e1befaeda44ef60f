"""Paths of SQLite files that lead elsewhere than they seem to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.config.rules.view import View, setting
from llama_storage_tui.model.catalog import SourceKind
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage
from llama_storage_tui.upstream import changes

LITERAL_TILDE: Final = Rule(
    id="literal-tilde",
    severity=Severity.WARNING,
    stage=Stage.NEVER,
    title="kv_sqlite does not expand ~ in a path",
    advice="Write the path out, or ${env.SQLITE_STORE_DIR:=~/…}, which is expanded. Rows that a server wrote so"
    " far are in "
    "the directory named ~: stop the server and copy the file from there.",
    since=changes.CATALOG,
)
MEMORY_DATABASE: Final = Rule(
    id="memory-database",
    severity=Severity.WARNING,
    stage=Stage.NEVER,
    title="A SQLite database is in memory: every restart loses its rows",
    advice="Write the path of a file.",
)
RELATIVE_PATH: Final = Rule(
    id="relative-path",
    severity=Severity.INFO,
    stage=Stage.NEVER,
    title="A SQLite path depends on the folder that the server is started in",
    advice="Write the path from the root.",
)
UNEXPANDED_DEFAULT_PATH: Final = Rule(
    id="unexpanded-default-path",
    severity=Severity.WARNING,
    stage=Stage.NEVER,
    title="The default path of a backend is an expression that the release does not expand",
    advice="Write storage.backends out, or use 0.5.1 or later. Rows that a server wrote so far stay in that folder: stop "
    "the server and copy the files from there.",
    since=changes.STORAGE_OPTIONAL,
    until=changes.DEFAULT_PATH_EXPANDED,
)
TABLE: Final = (
    LITERAL_TILDE,
    MEMORY_DATABASE,
    RELATIVE_PATH,
    UNEXPANDED_DEFAULT_PATH,
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


CHECKS = (literal_tilde, fleeting_paths, unexpanded_default)
