"""What can be written to a file, and by which service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from llama_storage_tui.model.data import Cell, KeyEntry, Namespace, RowQuery
from llama_storage_tui.services import browse
from llama_storage_tui.services.export import (
    ExportFormat,
    export_key_page,
    export_keys,
    export_page,
    export_rows,
    save_value,
)
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import record_json
from llama_storage_tui.text import plural
from llama_storage_tui.tui.style.wording import size

PAGE: Final = "This page"
FORMATS: Final = tuple(format_.value for format_ in ExportFormat)
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")


class Progress(Protocol):
    """Hears how much was written, and in a few words how far that is, where it can be told."""

    def __call__(self, done: int, how_far: str = "") -> None:
        """Take the number of records written so far."""


class Job(Protocol):
    """Something that can be written: empty `scopes` and `formats` where there is nothing to choose."""

    title: str
    scopes: tuple[str, ...]
    formats: tuple[str, ...]
    stem: str

    async def run(
        self, scope: str, format_: str, path: Path, *, replaces: bool, on_progress: Progress
    ) -> str:
        """Write the file and say in a sentence what is in it; raises RefusedError where it exists."""


def file_stem(*names: str) -> str:
    """Return a harmless file name, without its ending, made of stored names."""
    return _ODD.sub("-", "-".join(names)).strip(".-")[:80] or "export"


class RowExport:
    """The rows of a query: those on show, or all that it selects."""

    formats = FORMATS

    def __init__(self, session: Session, backend: str, query: RowQuery) -> None:
        self._session = session
        self._backend = backend
        self._query = replace(query, cell_limit=None)
        self.title = f"Export rows of {query.table}"
        self.scopes: tuple[str, ...] = (PAGE, "All selected rows" if query.filters else "The whole table")
        self.stem = file_stem(backend, query.table)

    async def run(
        self, scope: str, format_: str, path: Path, *, replaces: bool, on_progress: Progress
    ) -> str:
        """Write the rows."""
        kind = ExportFormat(format_)
        if scope == PAGE:
            page = await browse.rows(self._session, self._backend, self._query)
            done = await asyncio.to_thread(
                export_page, page.columns, page.rows, kind, path, replaces=replaces
            )
        else:
            whole = replace(self._query, after=None)
            done = await export_rows(
                self._session, self._backend, whole, kind, path, on_progress=on_progress, replaces=replaces
            )
        return f"{plural(done, 'row')} written to {path}"


class KeyExport:
    """The keys of a namespace with their values: those on show, or all."""

    formats = FORMATS

    def __init__(
        self, session: Session, backend: str, namespace: Namespace, entries: tuple[KeyEntry, ...]
    ) -> None:
        self._session = session
        self._backend = backend
        self._namespace = namespace
        self._entries = entries
        name = namespace.title.strip("()")
        self.title = f"Export keys of {name}"
        self.scopes: tuple[str, ...] = (PAGE, "The whole namespace")
        self.stem = file_stem(backend, name)

    async def run(
        self, scope: str, format_: str, path: Path, *, replaces: bool, on_progress: Progress
    ) -> str:
        """Write the keys."""
        kind = ExportFormat(format_)
        if scope == PAGE:
            done = await export_key_page(
                self._session,
                self._backend,
                self._entries,
                kind,
                path,
                on_progress=on_progress,
                replaces=replaces,
            )
        else:
            done = await export_keys(
                self._session,
                self._backend,
                self._namespace,
                kind,
                path,
                on_progress=on_progress,
                replaces=replaces,
            )
        return f"{plural(done, 'key')} written to {path}"


class ValueSave:
    """One value as it is stored; `read` gives it whole."""

    scopes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    def __init__(self, title: str, stem: str, read: Callable[[], object]) -> None:
        self.title = title
        self.stem = file_stem(stem)
        self._read = read

    async def run(
        self, scope: str, format_: str, path: Path, *, replaces: bool, on_progress: Progress
    ) -> str:
        """Write the value; there is nothing to choose, and no progress to speak of."""
        del scope, format_, on_progress
        found = self._read()
        value = await found if asyncio.iscoroutine(found) else found
        if isinstance(value, Mapping):
            value = await asyncio.to_thread(record_json, value)
        cell: Cell = value if isinstance(value, bytes) else str("" if value is None else value)
        done = await asyncio.to_thread(save_value, cell, path, replaces=replaces)
        return f"{size(done)} written to {path}"
