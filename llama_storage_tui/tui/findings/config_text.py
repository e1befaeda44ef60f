"""The text of the run config, secrets masked, at the line of a finding or of a reference."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable, Static

from llama_storage_tui.model.finding import Finding
from llama_storage_tui.services.config_view import ConfigLine, ConfigText, lines_around, read_config_text
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui.messages import CopyRequested, EditorOpened
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone, severity_glyph, severity_mark
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

COLUMNS: Final = (
    ListColumn("", width=1),
    ListColumn("Line", most=6, is_number=True),
    ListColumn("Config", grows=True, least=30),
    ListColumn("Value from", most=44, least=12, gives_way=True),
)
PART: Final = 400
"""Lines that are listed at a time: the list measures every one of them."""


class ConfigTextScreen(SessionScreen):
    """Lines of the file, the cursor on the wanted one, with the findings on it below."""

    CSS_PATH = "findings.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "E",
            "edit",
            "Edit",
            "config.edit",
            "Open the file in $VISUAL or $EDITOR at this line, and read it again afterwards",
        ),
        shown_key("n", "part(1)", "Next", "page.next", "Show the next part of a long config"),
        hidden_key("p", "part(-1)", "Previous", "page.previous", "Show the previous part of a long config"),
        shown_key("y", "copy", "Copy line", "screen.copy", "Copy the line under the cursor, secrets masked"),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Read the file again"),
    ]

    def __init__(self, session: Session, request: LoadRequest, number: int | None = None) -> None:
        """Show the config of a session at a line, its first one where none is named."""
        super().__init__(session)
        self._request = request
        self._number = number or 1
        self._text = ConfigText(())
        self._part = 0, 0
        self._findings: dict[int, list[Finding]] = {}
        for finding in session.catalog.findings:
            if finding.line is not None:
                self._findings.setdefault(finding.line, []).append(finding)

    def body(self) -> ComposeResult:
        yield Listing(id="config")
        yield Static(id="on-line", classes="note")

    def on_mount(self) -> None:
        self._head()
        self.listing.focus()
        self.action_reload()

    def _head(self) -> None:
        facts: list[Shown] = []
        if self._text.lines:
            first, last = self._text.lines[self._part[0]].number, self._text.lines[self._part[1] - 1].number
            whole = "" if last - first + 1 == len(self._text.lines) else f" of {len(self._text.lines):,}"
            facts.append(Shown(f"lines {first:,}–{last:,}{whole}", Tone.MUTED))
        if not self._text.is_whole:
            facts.append(Shown("only the config in the manifest", Tone.MUTED))
        if not self._text.has_file_lines:
            facts.append(Shown("▲ lines count within the entry", Tone.WARNING))
        facts.append(Shown("secrets masked", Tone.MUTED))
        self.headline.show([self.outermost, "config"], place=self._session.catalog.config, facts=facts)

    def action_reload(self) -> None:
        """Read the file again."""
        self.begin("Reading the config")
        self._read()

    @service_worker("browse")
    async def _read(self) -> None:
        text = await asyncio.to_thread(read_config_text, self._request, self._session.catalog)
        self.hand_on(self._arrived, text)

    def _arrived(self, text: ConfigText) -> None:
        self._text = text
        self._show(self._number)
        self.finish("")

    def _show(self, number: int) -> None:
        self._part = lines_around(self._text, number, PART)
        lines = self._text.lines[slice(*self._part)]
        self._head()
        listing = self.listing
        listing.show(COLUMNS, [self._cells(each) for each in lines], [str(each.number) for each in lines])
        listing.point(str(number))
        # Some lines before it belong to it: what encloses it.
        self.call_after_refresh(self.call_after_refresh, self._centre)
        self._tell()

    def _centre(self) -> None:
        """Bring the line under the cursor to the middle, when the list knows how tall it is."""
        listing = self.listing
        listing.scroll_to(
            y=max(0, listing.cursor_row - listing.size.height // 2), animate=False, immediate=True
        )

    def _cells(self, found: ConfigLine) -> tuple[Shown, ...]:
        findings = self._findings.get(found.number, ())
        worst = min(findings, key=lambda each: each.severity.rank, default=None)
        mark = Shown("") if worst is None else severity_glyph(worst.severity)
        is_comment = found.text.lstrip().startswith("#")
        return (
            mark,
            Shown(str(found.number), Tone.MUTED),
            Shown(found.text.expandtabs(), Tone.MUTED if is_comment else Tone.PLAIN),
            Shown(found.source, Tone.KEY),
        )

    @property
    def _current(self) -> ConfigLine | None:
        key = self.listing.current
        place = -1 if key is None or not self._text.lines else int(key) - self._text.lines[0].number
        return self._text.lines[place] if 0 <= place < len(self._text.lines) else None

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        found = self._current
        parts: list[Content] = []
        if found is not None:
            self._number = found.number
            if found.source:
                parts.append(Content.styled(line(found.source, 400), Tone.KEY.style))
            for each in self._findings.get(found.number, ()):
                mark = severity_mark(each.severity)
                said = f"{mark.text}  {each.rule}  {self.redact(each.message)}"
                parts.append(Content.styled(line(said, 400), mark.tone.style))
        # As tall as it is for every line: a list that changes its height is drawn as a whole.
        self.query_one("#on-line", Static).update(Content("\n").join(parts))

    def action_part(self, by: int) -> None:
        """Show another part, the cursor on its first line."""
        start, end = self._part
        index = end if by > 0 else start - PART
        middle = min(max(index, 0) + PART // 2, len(self._text.lines) - 1)
        self._show(self._text.lines[middle].number)
        self.listing.move_cursor(row=0, animate=False)

    def action_edit(self) -> None:
        """Open the file in the operator's editor."""
        self.post_message(EditorOpened(self._number if self._text.has_file_lines else 1))

    def action_copy(self) -> None:
        """Copy the line under the cursor."""
        found = self._current
        if found is not None:
            self.post_message(CopyRequested("line", found.text.strip()))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the parts that there are."""
        if action == "part":
            return self._part[1] < len(self._text.lines) if parameters == (1,) else self._part[0] > 0
        return super().check_action(action, parameters)
