"""A SQLite file as the config names it."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from llama_storage_tui.backends.settings import BackendSettings
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.target import Target

KEY_VALUE_TABLE: Final = "kvstore"


@dataclass(frozen=True, slots=True)
class SqliteTarget(Target):
    """A SQLite file; `table` is the key-value table, None for a SQL backend. A path of `:memory:` has no file to open."""

    path: Path
    table: str | None = None
    is_memory: bool = False
    makes_folders: bool = True
    """Whether a server makes the file's folder, too, where that is missing."""

    @property
    def location(self) -> str:
        """The file."""
        return str(self.path)


def file_of(target: SqliteTarget) -> Path:
    """Return the path of the file; raises BackendError for a database in memory."""
    if target.is_memory:
        raise BackendError(
            "A database in memory lives in the server's own process: there is no file to look into.",
            failure=FailureKind.UNSUPPORTED,
            help="Give the backend a db_path if its rows should outlive the server.",
        )
    return target.path


def sqlite_target(settings: BackendSettings) -> SqliteTarget:
    """Return the file of a SQLite backend, where it can be read here; raises NoTarget."""
    text = settings.text("db_path")
    is_key_value = settings.type == "kv_sqlite"
    table = KEY_VALUE_TABLE if is_key_value else None
    if text == ":memory:" or "mode=memory" in text:
        return SqliteTarget(Path(text), table, is_memory=True)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    # kv_sqlite takes a literal ~ as a directory's name; only sql_sqlite expands it.
    found = settings.path(text if is_key_value else settings.with_home(text))
    path = Path(os.path.abspath(found))  # noqa: PTH100 - resolve() would follow links
    return SqliteTarget(path, table, makes_folders=is_key_value)


def location(settings: BackendSettings, target: SqliteTarget | None) -> str:
    """Say where the file is."""
    if target is None:
        return settings.shown("db_path")
    return ":memory:" if target.is_memory else settings.masked(str(target.path))


def container(backend: Backend) -> str:
    """Name the key-value table, or the file."""
    return KEY_VALUE_TABLE if backend.type == "kv_sqlite" else backend.location
