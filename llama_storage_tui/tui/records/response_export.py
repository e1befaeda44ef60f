"""Stored responses as a file: those on show, or everything that is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from llama_storage_tui.model.responses import ResponseBatch, ResponseSummary
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.export import ExportFormat
from llama_storage_tui.services.responses.exporting import export_listed, export_responses
from llama_storage_tui.services.responses.viewing import ViewAs
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.tui.export.jobs import FORMATS, PAGE, Progress
from llama_storage_tui.tui.records.response_query import Question
from llama_storage_tui.tui.records.search_state import percent


class ResponseExport:
    """The responses on show, or all that a question asks for, as their user would get them."""

    title = "Export responses"
    formats = FORMATS
    stem = "responses"

    def __init__(self, session: Session, question: Question, listed: Sequence[ResponseSummary]) -> None:
        self._session = session
        self._question = question
        self._listed = tuple(listed)
        self.scopes: tuple[str, ...] = (
            PAGE,
            "All that match" if question.leaves_some_out else "All responses",
        )

    async def run(
        self, scope: str, format_: str, path: Path, *, replaces: bool, on_progress: Progress
    ) -> str:
        """Write them; all of them come as they are stored, in one pass."""
        kind = ExportFormat(format_)
        marks = self._question.marks and self._question.viewer is not None
        if scope == PAGE:
            done = await asyncio.to_thread(
                export_listed, self._listed, kind, path, marks=marks, replaces=replaces
            )
            return f"{plural(done, 'response')} written to {path}"

        def progressed(written: int, batch: ResponseBatch) -> None:
            on_progress(written, f"{percent(batch.done, batch.total)} searched")

        viewer = self._question.viewer
        sees = None if viewer is None else ViewAs(self._session.catalog, viewer)
        done, notices = await export_responses(
            self._session,
            self._question.query,
            kind,
            path,
            sees=sees,
            marks=marks,
            on_progress=progressed,
            replaces=replaces,
        )
        said = notice_words((*notices, *(sees.notices if sees is not None else ())))
        return " ".join((f"{plural(done, 'response')} written to {path}, as stored.", *said))
