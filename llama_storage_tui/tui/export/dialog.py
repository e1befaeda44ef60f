"""Writing something to a file: what, as what, where; then progress, until it is done or cancelled."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Label

from llama_storage_tui.errors import RefusedError, StorageToolError
from llama_storage_tui.text import line
from llama_storage_tui.tui.export.jobs import Job
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.screens.plan_options import choice
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.widgets.choice import Choice
from llama_storage_tui.tui.widgets.status_line import StatusLine


class ExportDialog(Dialog[None]):
    """A small form. `enter` begins, from every line; an existing file is replaced only after a second `enter`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("ctrl+s", "start", "Write", "export.start", "Begin to write"),
        # In the file's name `enter` is the field's own key; from everywhere else in this box it comes here.
        hidden_key("enter", "start", "Write", "export.enter", "Begin to write"),
        shown_key("escape", "close", "Cancel", "dialog.close", "Cancel the export, or close this box"),
    ]

    is_sent_alone = True

    def __init__(self, job: Job, *, folder: Path) -> None:
        super().__init__()
        self._job = job
        self.box_title = job.title
        self._folder = folder
        self._confirmed: str | None = None
        self._is_running = False

    def body(self) -> ComposeResult:
        if self._job.scopes:
            yield from choice("What", "scope", self._job.scopes, self._job.scopes[0])
        if self._job.formats:
            yield from choice("Format", "format", self._job.formats, self._job.formats[0])
        with Horizontal(id="file"):
            yield Label("File")
            field = Input(self._default_name(), compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
        yield StatusLine()

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        choices = "; tab goes to the choices" if self._job.scopes or self._job.formats else ""
        self.query_one(StatusLine).say(f"enter writes the file, readable by you alone{choices}")

    def _default_name(self) -> str:
        ending = self._job.formats[0] if self._job.formats else "txt"
        return str(self._folder / f"{self._job.stem}.{ending}")

    @on(Choice.Turned, "#format")
    def _format_changed(self, event: Choice.Turned) -> None:
        field = self.query_one(Input)
        path = Path(field.value)
        if path.suffix.lstrip(".") in self._job.formats:
            field.value = str(path.with_suffix(f".{event.choice.chosen}"))

    def _chosen(self, name: str) -> str:
        found = self.query(f"#{name}").results(Choice)
        return next((choice.chosen for choice in found), "")

    @on(Input.Changed)
    def _renamed(self) -> None:
        self._confirmed = None

    @on(Input.Submitted)
    def action_start(self) -> None:
        path = self.query_one(Input).value.strip()
        if self._is_running or not path:
            return
        self._is_running = True
        self.query_one(StatusLine).wait("Writing")
        self._write(
            self._chosen("scope"),
            self._chosen("format"),
            expanded(path),
            replaces=self._confirmed == path,
        )

    @service_worker("export")
    async def _write(self, scope: str, format_: str, path: Path, *, replaces: bool) -> None:
        def progressed(done: int, how_far: str = "") -> None:
            self.hand_on(self._progressed, done, how_far)

        try:
            summary = await self._job.run(scope, format_, path, replaces=replaces, on_progress=progressed)
        except RefusedError:
            exists = not replaces and await asyncio.to_thread(is_file, path)
            if not exists:
                raise
            self.hand_on(self._exists, str(path))
        else:
            self.hand_on(self._done, summary)

    def _progressed(self, done: int, how_far: str) -> None:
        if self._is_running:
            said = f", {how_far}" if how_far else ""
            self.query_one(StatusLine).wait(f"Writing: {done:,} so far{said}")

    def _done(self, summary: str) -> None:
        self.notify(line(summary, 300), title="Written", markup=False)
        self.dismiss()

    def _exists(self, path: str) -> None:
        self._is_running = False
        self._confirmed = self.query_one(Input).value.strip()
        self.query_one(StatusLine).fail(
            f"{path} exists",
            "enter replaces it; another name leaves it as it is; escape closes this box",
        )

    def failed(self, error: StorageToolError) -> None:
        self._is_running = False
        self.query_one(StatusLine).fail(error.message, help_words(error.help))

    def action_close(self) -> None:
        if self._is_running:
            self._is_running = False
            self.workers.cancel_node(self)
            self.query_one(StatusLine).say("Cancelled; no file was left behind.")
        else:
            self.dismiss()


def expanded(path: str) -> Path:
    """Return the path that an operator means by a text; a `~` of nobody stays what it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def is_file(path: Path) -> bool:
    """Tell whether a file that could be replaced is there; False too where that cannot be seen."""
    return os.path.isfile(path)  # noqa: PTH113 - says no where pathlib raises
