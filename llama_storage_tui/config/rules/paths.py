"""Paths of SQLite files that lead elsewhere than they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from llama_storage_tui.config.rules.view import View, setting
from llama_storage_tui.model.catalog import SourceKind
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.target import SqliteTarget


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
                "literal-tilde",
                Severity.WARNING,
                Stage.NEVER,
                f"kv_sqlite does not expand ~: the server creates a directory named ~ for {backend.name}",
                help="Write the path out, or ${env.SQLITE_STORE_DIR:=~/…}, which is expanded. Rows that a server wrote so"
                " far are in "
                "the directory named ~: stop the server and copy the file from there.",
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
                "memory-database",
                Severity.WARNING,
                Stage.NEVER,
                f"{backend.name} is in memory: every restart loses its rows",
            )
        elif not path.value.startswith(("/", "~", "file:")):
            yield view.on_setting(
                backend,
                "db_path",
                "relative-path",
                Severity.INFO,
                Stage.NEVER,
                f"The path of {backend.name} is relative: it depends on the folder that the server is started in",
            )


def unexpanded_default(view: View) -> Iterator[Finding]:
    """From 0.4.0 to 0.5.0 the default path was the text of an expression that nobody expanded (llama-stack issue 4896)."""
    for backend in view.backends:
        path = setting(backend, "db_path")
        if backend.is_implied and path is not None and str(path.value).startswith("${env."):
            yield view.finding(
                "unexpanded-default-path",
                Severity.WARNING,
                Stage.NEVER,
                ("storage",),
                f"The file has no storage.backends, and the default path of {backend.name} in {view.version} is the literal text "
                f"{path.value}: the server makes a folder of that name",
                help="Write storage.backends out, or use 0.5.1 or later. Rows that a server wrote so far stay in that folder: stop "
                "the server and copy the files from there.",
            )


RULES = (literal_tilde, fleeting_paths, unexpanded_default)
