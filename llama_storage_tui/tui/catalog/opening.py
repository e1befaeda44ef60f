"""The first screen: it reads the run config, or looks for one, and says so; a config that cannot be read is explained here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.text import line
from llama_storage_tui.tui.messages import CandidatesFound, CatalogLoaded, PickerOpened, ReloadRequested
from llama_storage_tui.tui.screens.base import WorkScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.next_steps import help_words

if TYPE_CHECKING:
    from llama_storage_tui.services.catalog import Candidate, Opened

Load = Callable[[LoadRequest], Awaitable["Opened"]]
Find = Callable[[], "tuple[Candidate, ...]"]


class OpeningScreen(WorkScreen):
    """Reads `request`, or looks for configs where it is None. `escape` leads back to what is behind it, unless it `is_root`.

    `note` is handed on to the main screen, whose first sentence it is.
    """

    CSS_PATH = "opening.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("ctrl+r", "reload", "Try again", "screen.reload", "Read the file again"),
        shown_key("o", "pick", "Configs", "catalog.configs", "Choose another run config"),
    ]

    def __init__(
        self, request: LoadRequest | None, *, load: Load, find: Find, is_root: bool = True, note: str = ""
    ) -> None:
        super().__init__()
        self.is_root = is_root
        self._request = request
        self._load_catalog = load
        self._find = find
        self._note = note

    def body(self) -> ComposeResult:
        yield Static(id="explanation", classes="empty")

    def on_mount(self) -> None:
        self.headline.show(["llama-storage-tui"], place=self._request.config if self._request else "")
        if self._request is None:
            self.begin("Looking for run configs")
            self._look()
        else:
            self.begin(f"Reading {self._request.config}")
            # Only when this is drawn: what reading imports would hold the first frame back.
            self.call_after_refresh(self._read, self._request)

    @service_worker("open")
    async def _read(self, request: LoadRequest) -> None:
        opened = await self._load_catalog(request)
        self.post_message(CatalogLoaded(opened, request, self._note))

    @work(exclusive=True, group="open", exit_on_error=False)
    async def _look(self) -> None:
        self.post_message(CandidatesFound(await asyncio.to_thread(self._find)))

    @property
    def request(self) -> LoadRequest | None:
        """What is read here."""
        return self._request

    def failed(self, error: StorageToolError) -> None:
        parts: list[Content | tuple[str, str]] = [
            ("✗ This config cannot be opened\n\n", f"bold {Tone.BAD.style}"),
            (line(error.message, 2000), Tone.PLAIN.style),
        ]
        if error.where:
            parts.append((f"\n{line(error.where, 400)}", Tone.MUTED.style))
        if error.help:
            parts.append((f"\n\n→ {line(help_words(error.help) or '', 1000)}", Tone.PLAIN.style))
        self.query_one("#explanation", Static).update(Content.assemble(*parts))
        self.finish("ctrl+r reads it again", is_read=False)

    def action_reload(self) -> None:
        self.post_message(ReloadRequested(self._note))

    def action_pick(self) -> None:
        self.post_message(PickerOpened())
