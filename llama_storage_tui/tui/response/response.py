"""One response: its timeline, what the model was sent, whether a server can go on from it, and what is stored."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import ContentSwitcher

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.resume import Examination
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.reports.resume import missing_beginning_words
from llama_storage_tui.services.responses.parsing import OBJECT
from llama_storage_tui.services.responses.reading import (
    Rebuilt,
    examine_response,
    find_conversation,
    read_response,
    rebuild,
)
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.export.jobs import ValueSave
from llama_storage_tui.tui.export.messages import ExportOpened
from llama_storage_tui.tui.messages import (
    ChainOpened,
    ConversationOpened,
    CopyRequested,
    LinksOpened,
    WhoOpened,
)
from llama_storage_tui.tui.records.response_wording import id_text
from llama_storage_tui.tui.response.headline import facts
from llama_storage_tui.tui.response.timeline import (
    COLUMNS,
    comparison_fact,
    messages,
    start_of,
    timeline,
)
from llama_storage_tui.tui.response.timeline_lines import TimelineLine
from llama_storage_tui.tui.response.verdict import resume_mark, resume_text
from llama_storage_tui.tui.screens.detail import DetailScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.zone import ZONE_KEY, Zone
from llama_storage_tui.tui.values.viewables import cell_text
from llama_storage_tui.tui.widgets.json_tree import JsonTree, part_text
from llama_storage_tui.tui.widgets.prose import Prose
from llama_storage_tui.tui.widgets.reading import ReadingPane
from llama_storage_tui.tui.widgets.tab_title import TabTitle
from llama_storage_tui.tui.widgets.text_pane import TextPane

TABS: Final = ("timeline", "messages", "resume", "raw")
HELP: Final = {
    "timeline": "What was asked and what came back, item by item",
    "messages": "The chat messages that the model was really sent",
    "resume": "Whether a server can continue from this response, how, and what would be lost",
    "raw": "What is stored, as a tree",
}
TAB_KEYS: Final = tuple(
    hidden_key(str(number), f"tab('{name}')", name.capitalize(), f"response.{name}", HELP[name])
    for number, name in enumerate(TABS, 1)
)


@dataclass(frozen=True, slots=True)
class _Shown:
    examination: Examination
    timeline: tuple[TimelineLine, ...]
    messages: tuple[TimelineLine, ...]
    notice: str = ""


class ResponseScreen(DetailScreen):
    """Four panes, one of them on show."""

    CSS_PATH = ["../values/value.tcss", "response.tcss"]  # noqa: RUF012 - Textual reads it and leaves it

    BINDINGS: ClassVar[list[BindingType]] = [
        *TAB_KEYS,
        shown_key("c", "chain", "Chain", "response.chain", "Earlier and later responses"),
        shown_key(
            "C",
            "conversation",
            "Conversation",
            "response.conversation",
            "The conversation that it belongs to",
        ),
        shown_key(
            "L",
            "links",
            "Links",
            "response.links",
            "Its conversation, files, vector stores, prompt and chat completions",
        ),
        shown_key("w", "who", "Who may read", "response.who", "Whose it is, and whether a user may read it"),
        shown_key("n", "next", "Next part", "page.next", "Show the next part of a long text"),
        shown_key("p", "previous", "Previous part", "page.previous", "Show the previous part of a long text"),
        ZONE_KEY,
        shown_key("y", "copy", "Copy", "screen.copy", "Copy the text of what is under the cursor"),
        hidden_key("Y", "copy_id", "Copy id", "screen.copy-record", "Copy the response's id"),
        shown_key("e", "save", "Save", "screen.export", "Write the stored object to a file, as it is"),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Read the response again"),
    ]

    def __init__(self, session: Session, id_: Cell, zone: Zone) -> None:
        super().__init__(session)
        self._response_id = id_text(id_)
        self._zone = zone
        self._shown: _Shown | None = None
        self._filled: set[str] = set()
        """The panes that were filled: each is only when it is looked at."""

    def body(self) -> ComposeResult:
        with Horizontal(id="titles"):
            for tab in TABS:
                yield TabTitle(tab)
        with ContentSwitcher(initial=TABS[0]):
            yield ReadingPane(id="timeline")
            yield ReadingPane(id="messages")
            yield Prose(id="resume")
            yield JsonTree(id="raw")

    def on_mount(self) -> None:
        self._head()
        self._open(TABS[0])
        self._start()

    @property
    def _tab(self) -> str:
        return self.query_one(ContentSwitcher).current or TABS[0]

    def _head(self) -> None:
        found = [] if self._shown is None else facts(self._shown.examination, self._zone.info)
        self.headline.show([self.outermost, "responses", self._response_id], facts=found)
        self._titles()

    def _titles(self) -> None:
        said = dict.fromkeys(TABS, "")
        if self._shown is not None:
            examination = self._shown.examination
            said["timeline"] = str(len(self._shown.timeline))
            fact = comparison_fact(examination.response.transcript, examination.comparison)
            mark = "▲ " if fact.tone is Tone.WARNING else ""
            said["messages"] = f"{mark}{len(examination.response.transcript.messages)}"
            said["resume"] = resume_mark(examination.resume).text[:1]
        for number, tab in enumerate(TABS, 1):
            self.query_one(f"#title-{tab}", TabTitle).update(
                f"{number} {tab.capitalize()} {said[tab]}".rstrip()
            )

    def _start(self) -> None:
        self.begin(f"Reading {self._response_id}")
        self._load()

    @service_worker("browse")
    async def _load(self) -> None:
        response = await read_response(self._session, self._response_id)
        examination = await find_conversation(self._session, await examine_response(self._session, response))
        self.hand_on(self._loaded, examination)
        if response.transcript.is_incremental:
            self.hand_on(self._rebuilt, await rebuild(self._session, examination))

    def _loaded(self, found: Examination) -> None:
        transcript = found.response.transcript
        self._shown = _Shown(
            found, tuple(timeline(transcript)), tuple(messages(transcript, found.comparison))
        )
        self._filled.clear()
        self._head()
        self._open(self._tab)
        self.finish(" ".join(notice_words(found.response.notices)))

    def _rebuilt(self, rebuilt: Rebuilt) -> None:
        if self._shown is None:
            return
        found = rebuilt.examination
        transcript = found.response.transcript
        lines = tuple(timeline(transcript, input_=rebuilt.input))
        why = None if rebuilt.missing is None else missing_beginning_words(rebuilt.missing)
        notice = "" if why is None else f"▲ The input does not reach the beginning: {why}."
        self._shown = _Shown(found, lines, tuple(messages(transcript, found.comparison)), notice)
        self._filled.clear()
        self._head()
        self._open(self._tab)

    # The panes

    @property
    def searchable(self) -> ReadingPane | Prose | JsonTree | None:
        """The pane on show."""
        pane = self.query_one(f"#{self._tab}")
        return pane if self._shown is not None and isinstance(pane, ReadingPane | Prose | JsonTree) else None

    def hit_shown(self) -> None:
        """Say which part of a long text this is."""
        self._say()
        super().hit_shown()

    def _open(self, tab: str) -> None:
        self.end_find()
        self.query_one(ContentSwitcher).current = tab
        for title in self.query(TabTitle):
            title.set_class(title.id == f"title-{tab}", "-active")
        if self._shown is not None and tab not in self._filled:
            self._filled.add(tab)
            self._fill(tab, self._shown)
        pane = self.query_one(f"#{tab}")
        (pane.listing if isinstance(pane, ReadingPane) else pane).focus()
        self._say()

    def _fill(self, tab: str, shown: _Shown) -> None:
        response = shown.examination.response
        match tab:
            case "timeline" | "messages":
                lines = shown.timeline if tab == "timeline" else shown.messages
                at = start_of(response.transcript, lines) if tab == "timeline" else 0
                self.query_one(f"#{tab}", ReadingPane).show(
                    COLUMNS, [line.cells for line in lines], lambda place: lines[place].whole, at=at
                )
            case "resume":
                version = self._session.catalog.version.chosen
                text = resume_text(shown.examination, f"{version.product} {version}")
                self.query_one("#resume", Prose).put(text)
            case _:
                stored = response.transcript.stored
                data = {**response.row, OBJECT: response.row.get(OBJECT) if stored is None else stored}
                self.query_one(JsonTree).show(data, self._zone.info)

    def _say(self) -> None:
        if self._shown is None or self.is_waiting:
            return
        pane = self._reading_pane
        if pane is not None and pane.text.windows > 1:
            self.status.say(f"Part {pane.text.window + 1} of {pane.text.windows} of a long text.")
        elif self._tab == "messages":
            examination = self._shown.examination
            fact = comparison_fact(examination.response.transcript, examination.comparison)
            self.status.say(f"{fact.text}; system messages are never stored")
        elif self._tab == "raw":
            self.status.say("Credentials inside the object are masked; e writes it as it is stored.")
        else:
            self.status.say(
                " ".join((*notice_words(self._shown.examination.response.notices), self._shown.notice))
            )

    @on(ReadingPane.Read)
    def _read(self) -> None:
        self._say()
        self.refresh_bindings()

    @on(ReadingPane.Chosen)
    def _chosen(self) -> None:
        if self._reading_pane is not None:
            self._reading_pane.text.focus()

    @on(TabTitle.Clicked)
    def _title_clicked(self, message: TabTitle.Clicked) -> None:
        self._open(message.tab)

    def action_tab(self, name: str) -> None:
        self._open(name)
        self.refresh_bindings()

    @property
    def _reading_pane(self) -> ReadingPane | None:
        pane = self.query_one(f"#{self._tab}")
        return pane if isinstance(pane, ReadingPane) else None

    @property
    def text_pane(self) -> TextPane | None:
        """The text of the line under the cursor, in the panes that list lines."""
        pane = self._reading_pane
        return None if pane is None else pane.text

    def action_zone(self) -> None:
        self._zone.toggle()
        self._head()
        self._filled.discard("raw")
        if self._tab == "raw":
            self._open("raw")

    def action_chain(self) -> None:
        self.post_message(ChainOpened(self._response_id))

    def action_conversation(self) -> None:
        if self._shown is not None and self._shown.examination.conversation is not None:
            self.post_message(ConversationOpened(self._shown.examination.conversation))

    def action_links(self) -> None:
        if self._shown is not None:
            self.post_message(LinksOpened(self._response_id, self._shown.examination.conversation))

    def action_who(self) -> None:
        if self._shown is not None:
            self.post_message(WhoOpened(self._shown.examination.response))

    # Out of the program

    def action_copy(self) -> None:
        """Copy what is under the cursor, of the verdict all of it."""
        if self._shown is None:
            return
        pane = self._reading_pane
        if pane is not None:
            text = pane.current_text
        elif self._tab == "resume":
            version = self._session.catalog.version.chosen
            text = resume_text(self._shown.examination, f"{version.product} {version}").plain
        else:
            part = self.query_one(JsonTree).current
            text = None if part is None else part_text(part.value)
        if text is not None:
            self.post_message(CopyRequested("text", text))

    def action_copy_id(self) -> None:
        self.post_message(CopyRequested("response id", self._response_id))

    def action_save(self) -> None:
        if self._shown is not None:
            stored = self._shown.examination.response.row.get(OBJECT)
            save = ValueSave(
                f"Save {self._response_id}", self._response_id, lambda: asyncio.to_thread(_as_stored, stored)
            )
            self.post_message(ExportOpened(save))

    def action_reload(self) -> None:
        self._start()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what this response and the pane on show have a use for."""
        match action:
            case "conversation":
                return self._shown is not None and self._shown.examination.conversation is not None
            case "tab" | "copy" | "save" | "who" | "chain" | "links":
                return True if self._shown is not None else None
        return super().check_action(action, parameters)


def _as_stored(cell: Cell) -> Cell:
    return cell if isinstance(cell, bytes) else cell_text(cell)
