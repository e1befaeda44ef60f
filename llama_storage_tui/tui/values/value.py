"""One value or one record: as a tree where it has parts, as text, as hex."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import ContentSwitcher

from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import record_json
from llama_storage_tui.tui.export.jobs import ValueSave
from llama_storage_tui.tui.export.messages import ExportOpened
from llama_storage_tui.tui.messages import CopyRequested
from llama_storage_tui.tui.screens.detail import DetailScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.zone import ZONE_KEY, Zone
from llama_storage_tui.tui.values.viewables import FIRST_LOOK, PreparedView, Subject, cell_text
from llama_storage_tui.tui.widgets.json_tree import JsonTree, part_text
from llama_storage_tui.tui.widgets.text_pane import TextPane


class ValueScreen(DetailScreen):
    """A tree and a text, one of them on show."""

    CSS_PATH = "value.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("v", "view", "Tree/text", "value.view", "Show as a tree or as text"),
        shown_key(
            "i", "unfold", "Inner JSON", "value.unfold", "Open JSON that is stored inside JSON strings"
        ),
        shown_key("n", "next", "Next", "page.next", "Show the next part of a long text"),
        shown_key("p", "previous", "Previous", "page.previous", "Show the previous part of a long text"),
        shown_key("m", "more", "Load all", "value.more", "Read the whole value, however large"),
        ZONE_KEY,
        shown_key("y", "copy", "Copy", "screen.copy", "Copy the part under the cursor, or the whole text"),
        hidden_key("Y", "copy_all", "Copy all", "screen.copy-record", "Copy the whole value"),
        shown_key("e", "save", "Save", "screen.export", "Write the whole value to a file"),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Read the value again"),
    ]

    def __init__(self, session: Session, subject: Subject, zone: Zone) -> None:
        super().__init__(session)
        self._subject = subject
        self._zone = zone
        self._shown: PreparedView | None = None
        self._limit: int | None = FIRST_LOOK
        self._unfolds = False
        self._wants_text = False

    def body(self) -> ComposeResult:
        with ContentSwitcher(initial="text"):
            yield JsonTree(id="tree")
            yield TextPane(id="text")

    def on_mount(self) -> None:
        self._head()
        self._start()

    def _head(self) -> None:
        facts = list(self._shown.facts) if self._shown is not None else []
        pane = self.query_one(TextPane)
        if self._is_text and pane.windows > 1:
            facts.append(Shown(f"part {pane.window + 1} of {pane.windows}", Tone.MUTED))
        if self._unfolds:
            facts.append(Shown("inner JSON opened", Tone.KEY))
        self.headline.show(self._subject.names, facts=facts)

    @property
    def _is_text(self) -> bool:
        return self.query_one(ContentSwitcher).current == "text"

    @property
    def searchable(self) -> JsonTree | TextPane | None:
        """The tree or the text, whichever is on show."""
        if self._shown is None:
            return None
        return self.query_one(TextPane) if self._is_text else self.query_one(JsonTree)

    def hit_shown(self) -> None:
        """Say which part of a long text this is."""
        self._head()
        super().hit_shown()

    def _start(self) -> None:
        self.begin(f"Reading {self._subject.names[-1]}")
        self._load(limit=self._limit, unfolds=self._unfolds)

    @service_worker("browse")
    async def _load(self, *, limit: int | None, unfolds: bool) -> None:
        self.hand_on(self._loaded, await self._subject.load(limit=limit, unfolds=unfolds))

    def _loaded(self, shown: PreparedView) -> None:
        self._shown = shown
        self.query_one(TextPane).show(shown.text)
        if shown.has_parts:
            self.query_one(JsonTree).show(shown.data, self._zone.info)
        self._switch()
        cut = "m reads all of it, e writes it to a file." if shown.is_cut and self._limit is not None else ""
        self.finish(cut)

    def _switch(self) -> None:
        self.end_find()
        has_parts = self._shown is not None and self._shown.has_parts
        current = "text" if self._wants_text or not has_parts else "tree"
        self.query_one(ContentSwitcher).current = current
        self.query_one(f"#{current}").focus()
        self._head()
        self.refresh_bindings()

    def action_view(self) -> None:
        self._wants_text = not self._is_text
        self._switch()

    def action_unfold(self) -> None:
        self._unfolds = not self._unfolds
        self._start()

    @property
    def text_pane(self) -> TextPane | None:
        """The text, where that is on show."""
        return self.query_one(TextPane) if self._is_text else None

    def action_more(self) -> None:
        self._limit = None
        self._start()

    def action_zone(self) -> None:
        self._zone.toggle()
        if self._shown is not None and self._shown.has_parts:
            self.query_one(JsonTree).show(self._shown.data, self._zone.info)

    def action_copy(self) -> None:
        """Copy the part under the cursor, or everything where the text is on show."""
        part = self.query_one(JsonTree).current
        if self._is_text or part is None:
            self.action_copy_all()
        else:
            self.post_message(CopyRequested(part.name or "value", part_text(part.value)))

    def action_copy_all(self) -> None:
        if self._shown is not None:
            whole = self._shown.whole
            text = record_json(whole) if isinstance(whole, dict) else cell_text(whole)  # type: ignore[arg-type]
            self.post_message(CopyRequested("value", text))

    def action_save(self) -> None:
        self.post_message(
            ExportOpened(ValueSave(f"Save {self._subject.names[-1]}", self._subject.file_stem, self._whole))
        )

    async def _whole(self) -> object:
        if self._shown is not None and not self._shown.is_cut:
            return self._shown.whole
        return (await self._subject.load(limit=None, unfolds=False)).whole

    def action_reload(self) -> None:
        self._start()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what this value has a use for."""
        shown = self._shown
        match action:
            case "view" | "unfold":
                possible = shown is not None and shown.has_parts
            case "more":
                possible = shown is not None and shown.is_cut and self._limit is not None
            case "copy" | "copy_all" | "save":
                return True if shown is not None else None
            case _:
                return super().check_action(action, parameters)
        # What only large or nested values need is not even shown for the others.
        return possible
