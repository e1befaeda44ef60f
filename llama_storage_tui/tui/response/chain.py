"""The chain of a response: up to the first one, down to every branch, as a list that moves in at forks only."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable

from llama_storage_tui.model.chain import Chain
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses.chain import ChainProgress, chain
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui.messages import CopyRequested, DifferenceOpened, ResponseOpened
from llama_storage_tui.tui.records.frame import RecordFrame
from llama_storage_tui.tui.response.chain_tree import (
    COLUMNS,
    TreeRow,
    cells,
    facts,
    owners_before,
    remarks,
    tree,
)
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.zone import ZONE_KEY, Zone

WINDOW: Final = 300
"""Responses that are listed at a time: the list measures every cell of them before the next frame."""


class ChainScreen(RecordFrame):
    """A list, and the whole ids of the row under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "d",
            "difference",
            "Diff with previous",
            "chain.difference",
            "Compare with the previous response: what this one added",
        ),
        shown_key("n", "next", "Next", "page.next", "Show the next responses of a long chain"),
        shown_key("p", "previous", "Previous", "page.previous", "Show the previous responses"),
        ZONE_KEY,
        shown_key("y,Y", "copy", "Copy id", "screen.copy", "Copy the whole id under the cursor"),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Trace the chain again"),
    ]

    def __init__(self, session: Session, response: str, zone: Zone) -> None:
        super().__init__(session)
        self._response = response
        self._zone = zone
        self._chain: Chain | None = None
        self._rows: list[TreeRow] = []
        self._first = 0
        """The number of the first row that is listed."""

    def body(self) -> ComposeResult:
        yield from self.frame("responses")

    def on_mount(self) -> None:
        self._head()
        self.listing.focus()
        self.action_reload()

    def _head(self) -> None:
        found = [] if self._chain is None else facts(self._chain)
        if len(self._rows) > WINDOW:
            last = min(self._first + WINDOW, len(self._rows))
            found.append(Shown(f"rows {self._first + 1:,}–{last:,}", Tone.MUTED))
        self.headline.show([self.outermost, "chain", self._response], facts=found)

    @service_worker("browse")
    async def _trace(self) -> None:
        def heard(progress: ChainProgress) -> None:
            self.hand_on(self._came_further, progress)

        self.hand_on(self._found, await chain(self._session, self._response, progress=heard))

    def _came_further(self, progress: ChainProgress) -> None:
        if self.is_waiting and self._chain is None:
            self.begin(f"Tracing the chain: {progress.step}, {_percent(progress)}")

    def _found(self, chain: Chain) -> None:
        self._chain = chain
        self._rows = tree(chain)
        asked = next((at for at, row in enumerate(self._rows) if row.link.id == chain.asked), 0)
        self._first = asked // WINDOW * WINDOW
        self._fill()
        self.listing.point(chain.asked)
        self.finish(
            " ".join(
                (
                    *notice_words(chain.notices),
                    "◆ marks the response that was opened; enter opens another.",
                )
            )
        )

    def _fill(self) -> None:
        self._head()
        if self._chain is not None:
            shown = self._rows[self._first : self._first + WINDOW]
            self.listing.show(
                COLUMNS,
                cells(shown, self._chain, owners_before(self._chain), self._zone.info),
                [row.link.id for row in shown],
            )
            self._tell()

    @property
    def _current(self) -> TreeRow | None:
        id_ = self.listing.current
        return next((row for row in self._rows if row.link.id == id_), None)

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        row = self._current
        if row is None or self._chain is None:
            self.note(None)
            return
        link = row.link
        before = link.previous_response_id
        inferred = " (inferred)" if link.inferred else ""
        said = remarks(row, owners_before(self._chain), is_asked=link.id == self._chain.asked)
        parts = (
            f"{link.id}  turn {link.depth + 1:,}",
            f"after {before}{inferred}" if before else "the first",
        )
        self.note(
            Content.assemble(
                (line(parts[0], 200), Tone.KEY.style),
                (f"\n{line(parts[1], 200)}", Tone.MUTED.style),
                (f"\n{line(said.text, 200)}", said.tone.style),
            )
        )
        self.refresh_bindings()

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        row = self._current
        if row is not None:
            self.post_message(ResponseOpened(row.link.id))

    def action_difference(self) -> None:
        row = self._current
        if row is not None and row.link.previous_response_id is not None:
            self.post_message(DifferenceOpened(row.link.previous_response_id, row.link.id))

    def action_next(self) -> None:
        self._move(WINDOW)

    def action_previous(self) -> None:
        self._move(-WINDOW)

    def _move(self, step: int) -> None:
        self._first += step
        self._fill()
        self.refresh_bindings()

    def action_zone(self) -> None:
        self._zone.toggle()
        self._fill()

    def action_copy(self) -> None:
        row = self._current
        if row is not None:
            self.post_message(CopyRequested("response id", row.link.id))

    def action_reload(self) -> None:
        self._chain = None
        self.begin("Tracing the chain")
        self._trace()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the row under the cursor and the length of the chain have a use for."""
        row = self._current if self.is_mounted else None
        match action:
            case "difference":
                is_there = any(
                    row is not None and each.link.id == row.link.previous_response_id for each in self._rows
                )
                return True if is_there else None
            case "copy":
                return True if row is not None else None
            case "next":
                return self._first + WINDOW < len(self._rows)
            case "previous":
                return self._first > 0
        return super().check_action(action, parameters)


def _percent(progress: ChainProgress) -> str:
    if not progress.total:
        return f"{progress.done:,}"
    return f"{min(99, progress.done * 100 // progress.total)} %"
