"""Rows under the name that was the default of earlier or later releases: another database, another folder.

At 0.8.0 the database `llamastack` became `ogx`, and the folder ~/.llama became ~/.ogx (every release's own configs name them so).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import BackendError, FailureKind, NotFoundError
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.finding import Finding, warns
from llama_storage_tui.model.target import Target
from llama_storage_tui.services.session import Session, closing
from llama_storage_tui.upstream import changes

ROWS_UNDER_OTHER_DEFAULT: Final = warns(
    id="rows-under-other-default",
    title="Rows are in the place that is the default of other releases",
    advice="Name that place in the config to keep using its rows.",
)


DATABASES: Final = ("llamastack", "ogx")
FOLDERS: Final = ("/.llama/", "/.ogx/")
_RENAMES: Final = " Where there is no ~/.ogx yet, change nothing: the first ogx command renames ~/.llama to it, with these rows."
SQLITE_KEYS: Final = "kvstore"


async def other_default(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Rows in the place that was the default of other releases, where the configured one is missing or empty."""
    found = _elsewhere(backend)
    if found is None or await _rows(session, backend, backend.target):
        return
    target, here, there, setting = found
    rows = await _rows(session, backend, target)
    if not rows:
        return
    version = session.catalog.version.chosen
    names = ", ".join(sorted(rows)[:4]) + (", …" if len(rows) > 4 else "")
    yield ROWS_UNDER_OTHER_DEFAULT.found_on(
        backend,
        f"{there} holds rows ({names}), and {here}, which {backend.name} names, holds none: the default changed at 0.8. "
        f"{version.product} {version} begins with an empty store",
        f"{setting} keeps using these rows. Back them up first: {version.product} {version} changes older tables when it starts."
        + (_RENAMES if version >= changes.OGX and FOLDERS[0] in setting else ""),
    )


def _elsewhere(backend: Backend) -> tuple[Target, str, str, str] | None:
    """Return the other place, the names of both, and the setting that leads there; None where no default is in use."""
    match backend.target:
        case PostgresTarget(database=database) as target if database in DATABASES:
            other = DATABASES[1 - DATABASES.index(database)]
            return (
                replace(target, database=other),
                f"database {database}",
                f"Database {other}",
                f"db: {other}",
            )
        case SqliteTarget(is_memory=False) as target:
            path = str(target.path)
            for folder, other in zip(FOLDERS, reversed(FOLDERS), strict=True):
                if folder in path:
                    moved = path.replace(folder, other, 1)
                    return replace(target, path=Path(moved)), path, moved, f"db_path: {moved}"
    return None


async def _rows(session: Session, backend: Backend, target: Target | None) -> set[str]:
    """Return which of the backend's tables hold rows at a target; none where that is missing."""
    if target is None:
        return set()
    wanted = _tables(session, backend, target)
    found = set()
    async with closing(session.other_reader(target)) as reader:
        try:
            for name in wanted:
                if await reader.tables.table(name) is not None and (await reader.tables.count(name)).value:
                    found.add(name)
        except NotFoundError:
            return found
        except BackendError as error:
            if error.failure not in (FailureKind.UNKNOWN_DATABASE, FailureKind.MISSING_FILE):
                raise
    return found


def _tables(session: Session, backend: Backend, target: Target) -> tuple[str, ...]:
    if isinstance(target, PostgresTarget) and target.table is not None:
        return (target.table, "llamastack_kvstore", "ogx_kvstore")
    if backend.type == "kv_sqlite":
        return (SQLITE_KEYS,)
    return tuple(sorted({*session.catalog.tables_on(backend.name), "openai_responses", "chat_completions"}))
