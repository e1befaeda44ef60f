"""Whole tables, namespaces or single pages as JSON Lines, CSV or JSON: streamed, with progress, to be cancelled at any time."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from llama_storage_tui.errors import NotFoundError, UsageError
from llama_storage_tui.files.staging import StagedFile
from llama_storage_tui.model.data import Cell, Column, KeyEntry, Namespace, RowQuery, StoredValue
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import cell_to_json, json_text, stored_bytes, stored_to_json

Write = Callable[[str], None]
T = TypeVar("T")

KEY_COLUMNS = (Column("key", "text"), Column("value", "json", is_json=True), Column("expires_at", "text"))


class ExportFormat(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    CSV = "csv"
    JSON = "json"


Progress = Callable[[int], None]
"""Told the number of rows written so far, once a batch."""


def _no_progress(_rows: int) -> None:
    """Say nothing."""


class Encoder:
    """Turns batches of rows into text of one format."""

    def __init__(self, format_: ExportFormat, columns: Sequence[Column]) -> None:
        self.format = format_
        self.columns = columns
        self._is_first = True

    def head(self) -> str:
        """Return what comes before the first row."""
        match self.format:
            case ExportFormat.CSV:
                return _csv_lines([[column.name for column in self.columns]])
            case ExportFormat.JSON:
                return "["
            case ExportFormat.JSONL:
                return ""

    def rows(self, batch: Iterable[Sequence[Cell]]) -> str:
        """Return the text of a batch."""
        if self.format is ExportFormat.CSV:
            return _csv_lines([_csv_cell(cell) for cell in row] for row in batch)
        lines = [json_text(self.record(row)) for row in batch]
        if self.format is ExportFormat.JSONL:
            return "".join(f"{line}\n" for line in lines)
        text = "".join(
            f"{'' if self._is_first and not index else ','}\n{line}" for index, line in enumerate(lines)
        )
        self._is_first = self._is_first and not lines
        return text

    def tail(self) -> str:
        """Return what comes after the last row."""
        return "\n]\n" if self.format is ExportFormat.JSON else ""

    def record(self, row: Sequence[Cell]) -> dict[str, object]:
        """Return a row as a JSON object."""
        return {
            column.name: cell_to_json(cell, is_json=column.is_json)
            for column, cell in zip(self.columns, row, strict=True)
        }


def _csv_lines(rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _csv_cell(cell: Cell) -> object:
    if isinstance(cell, bytes):
        return f"base64:{base64.b64encode(cell).decode()}"
    return "" if cell is None else cell


async def columns_of(session: Session, backend: str, query: RowQuery) -> tuple[Column, ...]:
    """Return the columns that a query gives, in its order; raises NotFoundError for an unknown table."""
    table = await (await session.reader(backend)).tables.table(query.table)
    if table is None:
        raise NotFoundError(
            f"Backend {backend} has no table {query.table!r}", help=Advice("", Step.LIST_TABLES, backend)
        )
    if not query.columns:
        return table.columns
    found = {column.name: column for column in table.columns}
    for name in query.columns:
        if name not in found:
            raise UsageError(f"{query.table} has no column {name!r}", help=f"It has: {', '.join(found)}.")
    return tuple(found[name] for name in query.columns)


async def write_rows(
    session: Session,
    backend: str,
    query: RowQuery,
    format_: ExportFormat,
    write: Write,
    *,
    on_progress: Progress = _no_progress,
) -> int:
    """Stream every row that the query selects into `write`; returns how many there were."""
    encoder = Encoder(format_, await columns_of(session, backend, query))
    batches = (await session.reader(backend)).tables.stream(query)
    return await _stream(encoder, batches, tuple, write, on_progress)


async def _stream(
    encoder: Encoder,
    batches: AsyncGenerator[Sequence[T], None],
    row: Callable[[T], Sequence[Cell]],
    write: Write,
    on_progress: Progress,
) -> int:
    write(encoder.head())
    done = 0
    # Closed at once when an export stops early: a stream holds a connection.
    async with aclosing(batches):
        async for batch in batches:
            write(encoder.rows(map(row, batch)))
            done += len(batch)
            on_progress(done)
    write(encoder.tail())
    return done


async def export_rows(
    session: Session,
    backend: str,
    query: RowQuery,
    format_: ExportFormat,
    path: Path,
    *,
    on_progress: Progress = _no_progress,
    replaces: bool = False,
) -> int:
    """Write every row that the query selects to a new file; a cancelled export leaves none."""
    with StagedFile(path, replaces=replaces) as file:
        return await write_rows(session, backend, query, format_, file.write, on_progress=on_progress)


async def export_keys(
    session: Session,
    backend: str,
    wanted: Namespace,
    format_: ExportFormat,
    path: Path,
    *,
    on_progress: Progress = _no_progress,
    replaces: bool = False,
) -> int:
    """Write every key of a namespace with its value to a new file; a cancelled export leaves none."""
    encoder = Encoder(format_, KEY_COLUMNS)
    with StagedFile(path, replaces=replaces) as file:
        batches = (await session.reader(backend)).key_values.stream(wanted.selection)
        return await _stream(encoder, batches, _key_row, file.write, on_progress)


def _key_row(stored: StoredValue) -> tuple[Cell, ...]:
    expires = stored.entry.expires_at
    return (
        stored.entry.key,
        json_text({"$type": stored.other_type} if stored.other_type else stored_to_json(stored.value)),
        expires.isoformat() if expires else stored.entry.expiration_text,
    )


def export_page(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    format_: ExportFormat,
    path: Path,
    *,
    replaces: bool = False,
) -> int:
    """Write rows that are already here to a new file; returns how many there were."""
    encoder = Encoder(format_, columns)
    kept = list(rows)
    with StagedFile(path, replaces=replaces) as file:
        file.write(encoder.head() + encoder.rows(kept) + encoder.tail())
    return len(kept)


async def export_key_page(
    session: Session,
    backend: str,
    entries: Sequence[KeyEntry],
    format_: ExportFormat,
    path: Path,
    *,
    on_progress: Progress = _no_progress,
    replaces: bool = False,
) -> int:
    """Write the keys of one page with their values to a new file; a key that is gone meanwhile is left out."""
    reader = (await session.reader(backend)).key_values
    found = []
    for number, entry in enumerate(entries, 1):
        stored = await reader.value(entry.key)
        if stored is not None:
            found.append(stored)
        on_progress(number)
    return export_page(KEY_COLUMNS, map(_key_row, found), format_, path, replaces=replaces)


def save_value(value: Cell, path: Path, *, replaces: bool = False) -> int:
    """Write one value as it is stored to a new file, and nothing around it; returns its size in bytes."""
    data = stored_bytes(value)
    with StagedFile(path, replaces=replaces) as file:
        file.write_bytes(data)
    return len(data)
