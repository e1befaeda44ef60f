"""Lists of responses as files: the page on show, or everything that a query finds, streamed as it is found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Final

from llama_storage_tui.files.staging import StagedFile
from llama_storage_tui.model.data import Cell, Column
from llama_storage_tui.model.families import Query
from llama_storage_tui.model.notices import Notice
from llama_storage_tui.model.responses import ResponseBatch, ResponseSummary
from llama_storage_tui.services.export import Encoder, ExportFormat, export_page
from llama_storage_tui.services.responses.listing import Visibility, search_responses
from llama_storage_tui.services.session import Session

COLUMNS: Final = (
    Column("id", "text"),
    Column("created_at", "integer"),
    Column("model", "text"),
    Column("status", "text"),
    Column("owner", "text"),
    Column("tenant", "text"),
    Column("previous_response_id", "text"),
    Column("conversation", "text"),
    Column("conversation_inferred", "boolean"),
    Column("input_items", "integer"),
    Column("output_items", "integer"),
    Column("total_tokens", "integer"),
    Column("error", "json", is_json=True),
    Column("incomplete", "text"),
    Column("asked", "text"),
    Column("bytes", "integer"),
    Column("document", "text"),
    Column("backend", "text"),
    Column("table", "text"),
)
"""What `responses list --json` says of each, under the same names; `error` is an object, in CSV its text."""

HIDDEN_COLUMNS: Final = (Column("hidden_by", "text"), Column("hidden_because", "text"))
"""Where hidden responses are marked: the stage that hides one from the user, and why; empty where none does."""

Progress = Callable[[int, ResponseBatch], None]
"""Hears how many were written so far, and the batch that says how far the search is."""


def export_listed(
    responses: Sequence[ResponseSummary],
    format_: ExportFormat,
    path: Path,
    *,
    marks: bool = False,
    replaces: bool = False,
) -> int:
    """Write responses that are already here to a new file; returns how many there were."""
    columns = _columns(marks=marks)
    return export_page(columns, (_row(each, columns) for each in responses), format_, path, replaces=replaces)


async def export_responses(
    session: Session,
    query: Query,
    format_: ExportFormat,
    path: Path,
    *,
    sees: Visibility | None = None,
    marks: bool = False,
    on_progress: Progress | None = None,
    replaces: bool = False,
) -> tuple[int, tuple[Notice, ...]]:
    """Write all responses that a query finds to a new file, table after table as stored; a cancelled export leaves none.

    With `marks` what `sees` hides is written too, and marked. Returns how many there were, and notices of what was not
    looked at. Raises as `search_responses` does.
    """
    encoder = Encoder(format_, _columns(marks=marks))
    done = 0
    notices: dict[Notice, None] = {}
    with StagedFile(path, replaces=replaces) as file:
        file.write(encoder.head())
        async with aclosing(search_responses(session, query, sees=sees, marks=marks)) as batches:
            async for batch in batches:
                rows = [_row(each, encoder.columns) for each in batch.responses]
                # In a thread: a batch takes as long to encode as a frame to draw.
                file.write(await asyncio.to_thread(encoder.rows, rows))
                done += len(batch.responses)
                notices |= dict.fromkeys(batch.notices)
                if on_progress is not None:
                    on_progress(done, batch)
        file.write(encoder.tail())
    return done, tuple(notices)


def _columns(*, marks: bool) -> tuple[Column, ...]:
    return (*COLUMNS, *HIDDEN_COLUMNS) if marks else COLUMNS


def _row(summary: ResponseSummary, columns: Sequence[Column]) -> tuple[Cell, ...]:
    return tuple(
        _MADE[column.name](summary) if column.name in _MADE else getattr(summary, column.name)
        for column in columns
    )


def _error(summary: ResponseSummary) -> str | None:
    return None if summary.error is None else json.dumps(asdict(summary.error))


_MADE: Final[Mapping[str, Callable[[ResponseSummary], Cell]]] = {
    "error": _error,
    "document": lambda summary: summary.shape.value,
    "backend": lambda summary: summary.place.backend,
    "table": lambda summary: summary.place.table,
    "hidden_by": lambda summary: None if summary.hidden is None else summary.hidden.stage,
    "hidden_because": lambda summary: None if summary.hidden is None else summary.hidden.because,
}
"""What makes the cells that are not the attribute of their column's name."""
